"""What no tariff expresses is refused, all of it at once; and what a file of records may look like."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.urdb import Record, choose, import_record, read_records
from domain.errors import InvalidTariff

ALWAYS = [[0] * 24] * 12
PLAIN: dict[str, Any] = {
    "label": "5b1",
    "energyratestructure": [[{"rate": Decimal("0.1")}]],
    "energyweekdayschedule": ALWAYS,
    "energyweekendschedule": ALWAYS,
}
FLAT: dict[str, Any] = {"flatdemandstructure": [[{"rate": 5}]], "flatdemandmonths": [0] * 12}
TIERS = [{"rate": 1, "max": 10}, {"rate": 2}]
OTHER_TIERS = [{"rate": 1, "max": 20}, {"rate": 2}]
HALVES = [[0] * 12 + [1] * 12] * 12


def energy(*tiers: dict[str, Any]) -> dict[str, Any]:
    return {"energyratestructure": [list(tiers)]}


def refusal(leave_out: tuple[str, ...] = (), **fields: Any) -> str:
    with pytest.raises(InvalidTariff) as refused:
        import_record(Record("rates.json", {**PLAIN, **fields}), "Etc/UTC", leave_out)
    return str(refused.value)


NOT_EXPRESSIBLE = [
    # money that a tariff cannot say
    ({"demandreactivepowercharge": Decimal("0.51")}, "demandreactivepowercharge: 0.51: a price per kVAr"),
    ({"coincidentratestructure": [[{"rate": 4}]]}, "coincidentratestructure: rate: 4: demand at the hours"),
    ({"annualmincharge": 100}, "annualmincharge: 100: a minimum over a year"),
    ({"mincharge": 5, "minchargeunits": "$/year"}, "minchargeunits: $/year: a minimum over a year, while bills are"),
    ({"mincharge": 5}, "minchargeunits: is missing"),
    ({"mincharge": 5, "minchargeunits": "$/month", "minmonthlycharge": 6}, "minmonthlycharge says 6"),
    (energy({"rate": 1, "sell": Decimal("0.03")}), "energyratestructure[0][0].sell: 0.03: a price for energy sold"),
    (
        {**energy({"rate": 1, "sell": Decimal("0.03")}), "dgrules": "Net Billing Hourly"},
        "[0].sell: 0.03: a price for energy sold to the utility, and dgrules does not say 'Net Billing Instantaneous'",
    ),
    (
        {**energy({"rate": 1, "max": 9, "sell": 1}, {"rate": 2, "sell": 2}), "dgrules": "Net Billing Instantaneous"},
        "energyratestructure[0].sell: is missing or differs by tier",
    ),
    (
        {
            "energyratestructure": [[{"rate": 1, "sell": 1}], [{"rate": 2}]],
            "energyweekdayschedule": HALVES,
            "dgrules": "Net Billing Instantaneous",
        },
        "energyratestructure[1].sell: is missing or differs by tier",
    ),
    (
        {**energy({"rate": 1, "sell": 1}), "dgrules": "Net Billing Instantaneous", "minmonthlycharge": 6},
        "minmonthlycharge: 6: the record does not say whether energy sold counts towards it",
    ),
    (energy({"rate": Decimal("-0.01")}), "energyratestructure[0][0]: -0.01: a rate here lies between 0 and 4000"),
    (energy({"rate": Decimal("0.05"), "adj": Decimal("-0.06")}), "energyratestructure[0][0]: -0.01"),
    (energy({"rate": 5000}), "5000: a rate here lies between"),
    (energy({"rate": Decimal("1e30")}), "1000000000000000000000000000000: a rate here lies between"),
    (energy({"rate": Decimal("0.1234567891")}), "0.1234567891: finer than 0.000000001, which no bill here is exact"),
    ({**FLAT, "flatdemandstructure": [[{"rate": Decimal("1.1234567")}]]}, "[0][0]: 1.1234567: finer than 0.000001"),
    ({"fixedchargefirstmeter": 100, "fixedchargeunits": "$/year"}, "fixedchargefirstmeter: 8.333"),
    ({"fixedchargefirstmeter": 100}, "fixedchargeunits: is missing: use $/day, $/month or $/year"),
    ({"country": "CAN"}, "country: CAN: only rates of the USA"),
    # demand
    ({**FLAT, "flatdemandunit": "hp"}, "flatdemandunit: 'hp': only kW and kVA"),
    ({**FLAT, "flatdemandunit": "kW daily"}, "flatdemandunit: 'kW daily'"),
    (
        {"flatdemandstructure": [[{"rate": 5, "unit": "kVA"}]], "flatdemandmonths": [0] * 12, "flatdemandunit": "kW"},
        "flatdemandstructure[0].unit: 'kva': flatdemandunit says 'kW'; one of them is wrong",
    ),
    (
        {"flatdemandstructure": [[{"rate": 5, "unit": "kW daily"}]], "flatdemandmonths": [0] * 12},
        "flatdemandstructure[0].unit: 'kw daily': only kW and kVA",
    ),
    (
        {
            "demandratestructure": [[{"rate": 5, "unit": "hp"}], [{"rate": 0, "unit": "kW"}]],
            "demandweekdayschedule": HALVES,
            "demandweekendschedule": HALVES,
            "demandrateunit": "kW",
        },
        "demandratestructure[0].unit: 'hp': demandrateunit says 'kW'; one of them is wrong",
    ),
    ({**FLAT, "demandwindow": 10}, "demandwindow: 10: only 5, 15, 30 and 60"),
    (
        {**FLAT, "demandratchetpercentage": [50] * 6 + [0] * 6},
        "demandratchetpercentage: differs by month; the record does",
    ),
    ({**FLAT, "demandratchetpercentage": [50] * 12, "lookbackpercent": 50, "lookbackrange": 3}, "must say which"),
    ({**FLAT, "lookbackpercent": 50}, "lookbackPercent: needs lookbackRange or lookbackMonths"),
    ({**FLAT, "lookbackpercent": 50, "lookbackrange": Decimal("1.5")}, "lookbackRange: 1.5: a whole number"),
    ({**FLAT, "lookbackpercent": 150, "lookbackrange": 3}, "lookbackPercent: 150: a percentage"),
    ({**FLAT, "lookbackpercent": Decimal("1e-30"), "lookbackrange": 3}, "lookbackPercent: 1E-30: a percentage"),
    ({"lookbackpercent": 50, "lookbackrange": 3}, "a ratchet of 50 % has no demand that it could change"),
    (
        {
            **FLAT,
            "demandratestructure": [[{"rate": 0}], [{"rate": 6}]],
            "demandweekdayschedule": HALVES,
            "demandweekendschedule": HALVES,
            "lookbackpercent": 50,
            "lookbackrange": 3,
        },
        "a ratchet of 50 %, with demand by time of use: the record does not say which of its demands look back",
    ),
    # tiers
    (energy({"rate": 1, "unit": "kWh/kW daily"}), "energyratestructure[0].unit: 'kwh/kw daily'"),
    (energy({"rate": 1, "max": 5, "unit": "kWh"}, {"rate": 2, "unit": "kWh/kW"}), "in different units"),
    (energy({"rate": 1, "max": 5}), "energyratestructure[0][0].max: 5: is the last tier"),
    (energy({"rate": 1}, {"rate": 2}), "energyratestructure[0][0].max: is missing"),
    (energy({"rate": 1, "max": 9}, {"rate": 2, "max": 5}, {"rate": 3}), "a limit of 5 comes after one of 9"),
    (energy({"rate": 1, "max": -9}, {"rate": 2}), "energyratestructure[0][0].max: -9: a limit lies above 0"),
    (energy({"unit": "kWh"}), "energyratestructure[0][0]: has no rate"),
    (energy({"rate": 1, "min": 3}), "energyratestructure[0][0].min: no field of a tier"),
    (energy({"rate": "0.1"}), "energyratestructure[0][0].rate: '0.1' is not a number"),
    (
        {
            "energyratestructure": [TIERS, OTHER_TIERS],
            "energyweekdayschedule": HALVES,
        },
        "energyratestructure[0] and energyratestructure[1] limit their tiers differently within Jan",
    ),
    # schedules
    (
        {"energyweekdayschedule": [*ALWAYS[:5], [0] * 14 + [7] * 10, *ALWAYS[6:]]},
        "energyweekdayschedule: Jun 14:00 and 9 more hours in period 7, which energyratestructure (0 to 0) does",
    ),
    ({"energyweekendschedule": [*ALWAYS[:11], [0] * 23 + [-1]]}, "energyweekendschedule: Dec 23:00 in period -1"),
    ({"energyweekendschedule": None}, "energyweekendschedule: is missing"),
    ({"energyweekendschedule": ALWAYS[1:]}, "energyweekendschedule: must have 12 months"),
    ({"energyweekendschedule": [[0] * 23] * 12}, "energyweekendschedule: every month must have 24 hours"),
    ({"flatdemandstructure": [[{"rate": 5}]], "flatdemandmonths": [0] * 11 + [1]}, "flatdemandmonths: Dec in period 1"),
    ({"flatdemandstructure": [[{"rate": 5}]]}, "flatdemandmonths: is missing"),
    ({"demandratestructure": [[{"rate": 5}]]}, "demandweekdayschedule: is missing"),
    ({"energyratestructure": None}, "energyweekdayschedule: names periods, but energyratestructure is missing"),
    ({"energyratestructure": 5}, "energyratestructure: must be a list of periods"),
    ({"energyratestructure": [[]]}, "energyratestructure[0]: must be a list of at least one tier"),
    ({"fueladjustmentsmonthly": [1]}, "fueladjustmentsmonthly: must have 12 numbers"),
    # dates
    ({"startdate": 1514764800, "enddate": 1483228800}, "enddate: 2017-01-01: is before startdate 2018-01-01"),
    ({"startdate": "soon"}, "startdate: soon: is no date"),
    # fields
    ({"flatratebuy": Decimal("0.1")}, "flatratebuy: 0.1: no field of URDB version 7 or 8"),
]


@pytest.mark.parametrize(("fields", "reason"), NOT_EXPRESSIBLE)
def test_what_is_not_expressible_is_refused(fields: dict[str, Any], reason: str) -> None:
    record = {name: value for name, value in {**PLAIN, **fields}.items() if value is not None}
    with pytest.raises(InvalidTariff) as refused:
        import_record(Record("rates.json", record), "Etc/UTC")
    assert reason in str(refused.value)
    assert str(refused.value).startswith("rates.json: record 5b1: not imported")
    assert "\n" not in str(refused.value)


def test_every_reason_is_told_at_once() -> None:
    said = refusal(
        demandreactivepowercharge=1,
        strange="x\ny",
        **energy({"rate": 1, "sell": 2}, {"rate": -1}),
        demandwindow=7,
        **FLAT,
    )
    assert "not imported, 6 reasons: (1) " in said
    for reason in ("reactive", "strange: x y", ".sell", "[0].max: is missing", "[0][1]: -1", "demandwindow: 7"):
        assert reason in said


def test_zeros_say_nothing() -> None:
    zeros = {
        "demandreactivepowercharge": 0,
        "coincidentratestructure": [[{"rate": 0}]],
        "lookbackpercent": 0,
        "lookbackmonths": [0] * 12,
        "flatdemandstructure": [[{"rate": 0}]],
        "demandratestructure": [[{"rate": 0, "adj": 0, "sell": 0, "unit": "hp"}]],
        "demandwindow": 0,
        "mincharge": 0,
        "fixedchargefirstmeter": 0,
    }
    tariff = import_record(Record("rates.json", {**PLAIN, **zeros}), "Etc/UTC")
    assert [charge.code for charge in tariff.charges] == ["energy"]


def test_a_record_without_a_price_is_refused() -> None:
    with pytest.raises(InvalidTariff, match="nothing in it costs anything"):
        import_record(Record("rates.json", {"label": "5b1", "name": "empty"}), "Etc/UTC")


def test_too_many_combinations_of_periods_are_refused() -> None:
    said = refusal(
        energyratestructure=[[{"rate": 1}]] * 24,
        energyweekdayschedule=[list(range(24))] * 12,
        fueladjustmentsmonthly=list(range(12)),
    )
    assert "combine to 288 periods; a tariff has at most 100" in said


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("demandreactivepowercharge", {"demandreactivepowercharge": 1}),
        ("sell", energy({"rate": 1, "sell": 2})),
        ("flatratesell", {"flatratesell": 2}),
    ],
)
def test_a_user_may_leave_out_what_stands_apart_and_the_tariff_says_so(name: str, fields: dict[str, Any]) -> None:
    record = Record("rates.json", {**PLAIN, **fields})
    tariff = import_record(record, "Etc/UTC", [name])
    assert tariff.notes[0].startswith(f"Left out as you asked, and not in any bill: {name}")
    assert tariff.version != import_record(Record("rates.json", PLAIN), "Etc/UTC").version


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("energyratestructure", "--leave-out energyratestructure: the rest depends on it"),
        ("annualmincharge", "--leave-out annualmincharge: the record does not have it"),
    ],
)
def test_nothing_else_can_be_left_out(name: str, reason: str) -> None:
    assert reason in refusal((name,))


@pytest.mark.parametrize("wrapped", [PLAIN, [PLAIN], {"items": [PLAIN]}])
def test_a_file_holds_one_record_or_a_list(wrapped: Any, tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(json.dumps(wrapped, default=float), encoding="utf-8")
    record = choose(read_records(path), None)
    assert import_record(record, "Etc/UTC").id == "urdb-5b1"


def test_names_of_fields_may_have_capitals_and_nothing_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text('{"label": "a", "lookbackMonths": [1], "energycomments": "", "sector": null}', encoding="utf-8")
    assert read_records(path)[0].fields == {"label": "a", "lookbackmonths": [1]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not valid JSON"),
        ('{"label": NaN}', "not valid JSON: NaN is no number"),
        ('{"error": {"message": "no key"}}', "holds no URDB records"),
        ('{"items": []}', "holds no URDB records"),
        ('[{"label": "a"}, 5]', "holds no URDB records"),
        ("7", "holds no URDB records"),
        ('{"label": "a", "revisions": ' + "[" * 8 + "]" * 8 + "}", "nests more than 8 levels deep"),
        ('{"label": "a", "Label": "b"}', "field 'Label' is there twice"),
    ],
)
def test_a_file_without_records_is_refused(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidTariff, match=reason):
        read_records(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTariff, match=r"absent\.json: cannot be read"):
        read_records(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("label", "fault"), [(None, "there are 2 records"), ("c", "there are no records 'c'"), ("", "there are 2 records")]
)
def test_one_of_several_records_must_be_named(label: str | None, fault: str) -> None:
    records = [Record("rates.json", {"label": one, "name": f"rate {one}"}) for one in "ab"]
    with pytest.raises(InvalidTariff, match=rf"{fault}; name one with --label: a \(rate a\); b \(rate b\)"):
        choose(records, label)
    assert choose(records, "b") is records[1]
