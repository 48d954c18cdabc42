"""What can be and what cannot: the rules that judge a meter's values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plausibility import RULES, Plausibility, judge, shown, verdict_on
from domain.quantity import QUANTITIES, UNITS, whole
from tests.reference.meter_servers import sane_values

EVERY = tuple(RULES)


def verdict(quantity: str, value: str | None) -> Plausibility:
    number = None if value is None else Decimal(value)
    return verdict_on(quantity, number, judge({quantity: number}, ["ranges"]))


def test_a_sane_meter_is_not_doubted() -> None:
    assert judge(sane_values(), EVERY) == ()


@pytest.mark.parametrize(
    ("quantity", "value", "expected"),
    [
        ("voltage_l1", "230", Plausibility.PLAUSIBLE),
        ("voltage_l1", "0", Plausibility.DOUBTFUL),  # a phase without voltage, which happens
        ("voltage_l1", "12000", Plausibility.DOUBTFUL),  # behind a voltage transformer, which also happens
        ("voltage_l1", "15165030", Plausibility.IMPOSSIBLE),  # an EM340 with its words the wrong way round
        ("voltage_l1", "-1", Plausibility.IMPOSSIBLE),
        ("voltage_l1", "2.4e-41", Plausibility.IMPOSSIBLE),  # 230.0 as float32 with its words the wrong way round
        ("frequency", "50", Plausibility.PLAUSIBLE),
        ("frequency", "43", Plausibility.DOUBTFUL),
        ("frequency", "0", Plausibility.DOUBTFUL),
        ("frequency", "5", Plausibility.IMPOSSIBLE),
        ("frequency", "500", Plausibility.IMPOSSIBLE),
        ("power_factor", "-0.9", Plausibility.PLAUSIBLE),
        ("power_factor", "1.9", Plausibility.DOUBTFUL),
        ("power_factor", "-3", Plausibility.IMPOSSIBLE),
        ("active_energy_import", "123456000", Plausibility.PLAUSIBLE),
        ("active_energy_import", "-1", Plausibility.IMPOSSIBLE),
        ("active_energy_import", "1e15", Plausibility.IMPOSSIBLE),
        ("active_power", "2e9", Plausibility.IMPOSSIBLE),
        ("current_l1", None, Plausibility.NO_VALUE),
    ],
)
def test_a_value_alone_is_judged_by_its_range(quantity: str, value: str | None, expected: Plausibility) -> None:
    assert verdict(quantity, value) is expected


@pytest.mark.parametrize(
    ("rule", "quantity", "value"),
    [
        ("apparent_power", "reactive_power", "5000"),
        ("sum_of_phases", "active_power_l2", "-2000"),  # a transformer the wrong way round
        ("power_factor", "power_factor", "0.5"),
        ("volts_and_amps", "current_l3", "60"),  # a transformer of the wrong ratio
    ],
)
def test_values_that_contradict_each_other_are_doubted(rule: str, quantity: str, value: str) -> None:
    values = sane_values() | {quantity: Decimal(value)}
    (finding,) = judge(values, [rule])
    assert (finding.rule, finding.verdict) == (rule, Plausibility.DOUBTFUL)
    assert quantity in finding.quantities
    assert finding.said


@pytest.mark.parametrize("rule", EVERY)
def test_a_rule_says_nothing_about_what_is_not_measured(rule: str) -> None:
    assert judge({}, [rule]) == ()
    assert judge(dict.fromkeys(QUANTITIES), [rule]) == ()


ANY = st.none() | st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e310", max_value="1e310")


@given(st.dictionaries(st.sampled_from(sorted(QUANTITIES)), ANY))
def test_no_values_whatsoever_break_the_rules(values: dict[str, Decimal | None]) -> None:
    for finding in judge(values, EVERY):
        assert finding.said


def test_every_unit_of_a_quantity_is_known_with_its_size() -> None:
    assert {quantity.unit for quantity in QUANTITIES.values()} <= set(UNITS)
    assert UNITS["kWh"] == ("Wh", Decimal(1000))
    assert UNITS["mA"] == ("A", Decimal("0.001"))


def test_a_counter_is_rounded_to_the_nearest_so_that_differences_do_not_drift() -> None:
    assert [whole(Decimal(text)) for text in ("12699.99", "0.4", "0.5", "1.5")] == [12700, 0, 0, 2]


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("230.4", "230.4"), ("15165030", "15,165,030"), ("2.4e-41", "2.400e-41"), ("0.96", "0.960")],
)
def test_a_value_is_shown_with_the_digits_that_matter(value: str, text: str) -> None:
    assert shown(Decimal(value)) == text
