"""A record that is spoilt in any way is a whole tariff or a refusal, and what is imported reads back as itself."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from adapters.urdb import Record, import_record, to_toml
from domain.errors import InvalidTariff, Refusal

HALVES = [[0] * 8 + [1] * 10 + [0] * 6] * 6 + [[0] * 24] * 6
RECORD: dict[str, Any] = {
    "label": "5b1",
    "name": "Industrial",
    "utility": "Utility",
    "startdate": 1514764800,
    "enddate": 1546214400,
    "energyratestructure": [
        [{"rate": Decimal("0.08"), "adj": Decimal("0.01"), "max": 5000, "unit": "kWh"}, {"rate": Decimal("0.07")}],
        [{"rate": Decimal("0.12")}],
    ],
    "energyweekdayschedule": HALVES,
    "energyweekendschedule": [[0] * 24] * 12,
    "demandratestructure": [[{"rate": 0}], [{"rate": 12}]],
    "demandweekdayschedule": HALVES,
    "demandweekendschedule": [[0] * 24] * 12,
    "demandrateunit": "kW",
    "demandwindow": 15,
    "flatdemandstructure": [[{"rate": 5, "max": 100}, {"rate": 6}]],
    "flatdemandmonths": [0] * 12,
    "flatdemandunit": "kVA",
    "fueladjustmentsmonthly": [0] * 6 + [Decimal("0.002")] * 6,
    "fixedchargefirstmeter": 10,
    "fixedchargeunits": "$/day",
    "minmonthlycharge": 500,
    "usenetmetering": True,
}
SEASONAL: dict[str, Any] = {
    **{key: value for key, value in RECORD.items() if not key.startswith("demand") and key != "minmonthlycharge"},
    "energyratestructure": [
        [{"rate": Decimal("0.0812345"), "max": 200, "unit": "kWh/kVA"}, {"rate": Decimal("0.07"), "unit": "kWh/kVA"}],
        [{"rate": Decimal("0.12")}],
    ],
    "flatdemandstructure": [[{"rate": 5, "unit": "kW"}], [{"rate": 9, "unit": "kW"}]],
    "flatdemandmonths": [0] * 5 + [1] * 4 + [0] * 3,
    "flatdemandunit": "kW",
    "demandratchetpercentage": [0] * 12,
    "lookbackpercent": Decimal("0.8"),
    "lookbackrange": 0,
    "lookbackmonths": [False] * 5 + [True] * 4 + [False] * 3,
    "mincharge": 2,
    "minchargeunits": "$/day",
}
"""Prices of seasons with a ratchet, hours of use of kVA, seven decimals, a minimum of a day."""
JUNK: list[Any] = [
    None,
    -1,
    10**30,
    Decimal("1e30"),
    Decimal("1e-30"),
    "x",
    "",
    [],
    {},
    [[]],
    [[{}]],
    True,
    Decimal("0.1234567"),
]


def spots(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place] * bool(place) + [spot for key, one in inside for spot in spots(one, (*place, key))]


SPOTS = {id(record): spots(record) for record in (RECORD, SEASONAL)}


@st.composite
def spoilt(draw: st.DrawFn) -> Record:
    record = draw(st.sampled_from((RECORD, SEASONAL)))
    fields = deepcopy(record)
    for place in draw(st.lists(st.sampled_from(SPOTS[id(record)]), max_size=3)):
        inside: Any = fields
        for key in place[:-1]:
            inside = inside[key] if _has(inside, key) else {}
        if _has(inside, place[-1]):
            inside[place[-1]] = deepcopy(draw(st.sampled_from(JUNK)))
    return Record("rates.json", fields)


def _has(value: Any, key: Any) -> bool:
    return (
        key in value
        if isinstance(value, dict)
        else isinstance(value, list) and isinstance(key, int) and key < len(value)
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoilt())
def test_a_spoilt_record_is_a_whole_tariff_or_a_refusal(tmp_path: Path, record: Record) -> None:
    path = tmp_path / "own.toml"
    try:
        tariff = import_record(record, "Etc/UTC")
    except Refusal as refusal:
        said = str(refusal)
    else:
        said = ""
        path.write_text(to_toml(tariff), encoding="utf-8")
        assert replace(TariffFiles().get(str(path)), version=tariff.version) == tariff
    assert not said or (said.startswith("rates.json: record ") and "\n" not in said)


def test_the_record_itself_is_whole() -> None:
    tariff = import_record(Record("rates.json", RECORD), "Etc/UTC")
    codes = [charge.code for charge in tariff.charges]
    assert codes == ["fixed", "flat_demand", "demand_d1", "energy", "minimum"]
    tariff = import_record(Record("rates.json", SEASONAL), "Etc/UTC")
    codes = [charge.code for charge in tariff.charges]
    assert codes == ["fixed", "flat_m01", "flat_m06", "use_demand_kva", "energy", "minimum"]


@pytest.mark.parametrize("field", ["sell", "demandreactivepowercharge", "coincidentratestructure", "annualmincharge"])
def test_a_refusal_tells_how_to_import_the_rest(field: str) -> None:
    fields = deepcopy(RECORD)
    if field == "sell":
        fields["energyratestructure"][1][0]["sell"] = Decimal("0.03")
    else:
        fields[field] = [[{"rate": 4}]] if field.endswith("structure") else 7
    with pytest.raises(InvalidTariff, match=f"--leave-out {field} imports the rest"):
        import_record(Record("rates.json", fields), "Etc/UTC")
    assert import_record(Record("rates.json", fields), "Etc/UTC", [field]).notes[0].startswith("Left out as you asked")
