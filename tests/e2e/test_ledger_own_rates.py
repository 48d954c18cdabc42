"""Structures without rates in a ledger, as that of a commune whose rates do not ship: they are published there."""

from pathlib import Path

from tests.reference.ledger_desk import SAID, SITE, Desk

HERE = 'schema = "wattledger-tariff/1"\nid = "at4.3-here"\nlike = "cl-at4.3"\nname = "AT4.3 of our commune"\n'
CHILE = SITE.replace("mx-gdmth:golfo-centro", "here.toml").replace("America/Mexico_City", "America/Santiago")
RATES = """schema = "wattledger-rates/1"
tariff = "at4.3-here"
region = "own"

[[rates]]
valid_from = {first}
valid_to = {end}
source = "invented for a test"

[rates.values]
fixed = "1500"
public_service = "0.5"
transmission = "12"
energy = "{energy}"
demand = "8000"
peak_demand = "9000"
power_factor = "1"
vat = "19"
"""


def register(desk: Desk) -> None:
    Path("here.toml").write_text(HERE, encoding="utf-8")
    desk.register(CHILE)


def publish(desk: Desk, first: str, end: str, energy: str) -> str:
    Path("own.toml").write_text(RATES.format(first=first, end=end, energy=energy), encoding="utf-8")
    return desk.done("publish", "own.toml", "--tariff", "here.toml")


def chilean(desk: Desk, month: int, kwh: str) -> str:
    """Two quarter hours on the first day of a month."""
    rows = [(f"2026-{month:02}-01T0{n // 4}:{n % 4 * 15:02}:00", "main", kwh) for n in range(8)]
    words = ("--timezone", "America/Santiago")
    return desk.record(rows, *words)


def test_readings_wait_for_the_first_rates_and_are_billed_by_them(desk: Desk) -> None:
    register(desk)
    assert "here.toml has no rates yet: `wattledger ledger publish" in desk.done("register", "site.toml")
    chilean(desk, 3, "10")
    [(reason, text)] = desk.waiting()
    assert reason == "no price"
    assert "it covers no day yet" in text
    publish(desk, "2026-03-01", "2026-04-01", "90")
    assert "1 tried, 1 accepted" in desk.done("replay")
    [energy] = [one for one in desk.bill(month="2026-03")["lines"] if one["code"] == "energy"]
    assert (energy["quantity"], energy["amount"]) == ("80.000", "7200")
    assert desk("verify")[0] == 0


def test_a_month_looks_back_upon_the_maxima_of_those_before_it(desk: Desk) -> None:
    register(desk)
    publish(desk, "2026-02-01", "2026-05-01", "90")
    for month, kwh in ((2, "50"), (3, "10"), (4, "10")):
        chilean(desk, month, kwh)
    for name in ("2026-02", "2026-03", "2026-04"):
        desk.done("close", "--month", name)
    billed = {name: demand(desk, name) for name in ("2026-02", "2026-03", "2026-04")}
    assert billed == {"2026-02": "200", "2026-03": "120", "2026-04": "120"}
    told = desk.done("correct", "main", "2026-02-01T00:00", "--wh", 90_000, "--varh", 0, *SAID, "--reopen")
    assert "the bills of 2026-03, 2026-04 look back upon 2026-02, which changed" in told
    desk.done("rerate", "--from", "2026-03", *SAID)
    assert demand(desk, "2026-04") == "200"
    assert desk("verify")[0] == 0


def test_a_decree_in_the_middle_of_a_closed_month_cuts_it_and_moves_no_other(desk: Desk) -> None:
    register(desk)
    publish(desk, "2026-02-01", "2026-04-01", "90")
    for month in (2, 3):
        chilean(desk, month, "50")
        desk.done("close", "--month", f"2026-{month:02}")
    before = desk.bill(month="2026-02")
    publish(desk, "2026-03-01", "2026-03-11", "70")
    assert "closed months billed again: 2, changed: 1" in desk.done("rerate", *SAID)
    assert desk.bill(month="2026-02") == before
    energy = [one for one in desk.bill(month="2026-03")["lines"] if one["code"] == "energy"]
    assert [(one["part"], one["rate"]) for one in energy] == [(0, "70"), (1, "90")]
    assert desk.done("verify").count("not compared: edge-1 2026-03-01") == 1


def test_a_difference_from_before_there_was_a_price_is_told_as_none(desk: Desk) -> None:
    register(desk)
    publish(desk, "2026-03-01", "2026-04-01", "90")
    chilean(desk, 3, "10")
    words = ("history", "--month", "2026-03", "--from", "2026-03-01T00:00Z")
    assert "no difference is told: as known at 2026-03-01 00:00:00 UTC, tariff at4.3-here has no rates" in desk.done(
        *words
    )
    assert "no rates" in desk.json(*words)["no_difference"]


def test_a_name_that_is_no_tariff_is_refused_as_ever(desk: Desk) -> None:
    Path("site.toml").write_text(CHILE.replace("here.toml", "cl-at43"), encoding="utf-8")
    assert "there is no tariff 'cl-at43'; near it: cl-at4.3" in desk.refused("register", "site.toml")
    Path("site.toml").write_text(CHILE.replace("here.toml", "mx-gdmth"), encoding="utf-8")
    assert "has rates for several regions" in desk.refused("register", "site.toml")


def test_a_tariff_file_of_ones_own_may_leave_its_rates_to_the_ledger(desk: Desk) -> None:
    Path("mine.toml").write_text('schema = "wattledger-tariff/1"\nid = "mine"\nlike = "cl-at4.3"\nname = "Mine"\n')
    desk.register(CHILE.replace("here.toml", "mine.toml"))
    assert "mine.toml has no rates yet" in desk.done("register", "site.toml")
    text = RATES.replace("at4.3-here", "mine").format(first="2026-03-01", end="2026-04-01", energy="90")
    Path("own.toml").write_text(text, encoding="utf-8")
    desk.done("publish", "own.toml", "--tariff", "mine.toml")
    chilean(desk, 3, "10")
    assert desk.bill(month="2026-03")["tariff"] == "mine"


def test_rates_of_a_tariff_that_bills_nobody_here_are_refused(desk: Desk) -> None:
    register(desk)
    Path("own.toml").write_text(
        RATES.replace("at4.3-here", "mx-gdmth").format(first="2026-03-01", end="2026-04-01", energy="90")
    )
    told = desk.refused("publish", "own.toml", "--tariff", "mx-gdmth")
    assert f"no supply point here is billed by it; they are billed by {Path('here.toml').resolve()}" in told


def demand(desk: Desk, month: str) -> str:
    [found] = [one["quantity"] for one in desk.bill(month=month)["lines"] if one["code"] == "demand"]
    return str(found)
