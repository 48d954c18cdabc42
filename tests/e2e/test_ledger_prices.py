"""A tariff that follows published prices, in a ledger: prices come late and are revised, each by an event."""

import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.event_store import EventStore
from adapters.system_clock import SystemClock
from entrypoints.cli import main
from tests.e2e.test_prices_and_history import SPOT
from tests.reference.ledger_desk import INTERVALS, SAID, SITE, Desk

MEXICO = ZoneInfo("America/Mexico_City")
PLAN = SITE.replace("mx-gdmth:golfo-centro", "spot-plan.toml")
FOLLOWED = ("--tariff", "spot-plan.toml")
DECEMBER = datetime(2025, 12, 1, tzinfo=MEXICO)
HOURS = [DECEMBER.astimezone(UTC) + timedelta(hours=n) for n in range(31 * 24)]
DICE = random.Random(12)
PRICES = {hour: f"{DICE.randint(-2_000, 250_000) / 100:.2f}" for hour in HOURS}
LOAD = [
    (
        (DECEMBER + timedelta(minutes=15 * n)).replace(tzinfo=None).isoformat(" "),
        "main",
        f"{DICE.randint(0, 200_000) / 1000:.3f}",
    )
    for n in range(31 * 96)
]
"""December has no change of clock in Mexico."""


def spot(prices: dict[datetime, str], name: str = "spot.csv") -> str:
    rows = [f"{hour.isoformat()},{price}" for hour, price in prices.items()]
    Path(name).write_text("\n".join(["start,MXN/MWh", *rows]) + "\n", encoding="utf-8")
    return name


def publish(desk: Desk, prices: dict[datetime, str], name: str = "spot.csv") -> str:
    return desk.done("publish", "--series", f"spot={spot(prices, name)}", *FOLLOWED)


@pytest.fixture
def plant(desk: Desk) -> Desk:
    Path("spot-plan.toml").write_text(SPOT, encoding="utf-8")
    desk.register(PLAN)
    return desk


def lines(bill: Any) -> dict[str, str]:
    return {one["code"]: one["amount"] for one in bill["lines"]}


def priced(desk: Desk, series: str) -> dict[str, str]:
    """The bill of the same readings and prices by `wattledger price`."""
    words = (
        "price",
        "some.csv",
        *INTERVALS,
        *FOLLOWED,
        "--series",
        f"spot={series}",
        "--out",
        "priced",
        "--rated-power-kw",
        "1500",
    )
    desk.monkeypatch.setattr("sys.argv", ["wattledger", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code, desk.capsys.readouterr().err
    desk.capsys.readouterr()
    return lines(json.loads(Path("priced/bill.json").read_text(encoding="utf-8"))["bills"][0])


def test_december_is_billed_at_its_published_prices_and_a_revised_hour_moves_one_line(plant: Desk) -> None:
    told = publish(plant, PRICES)
    assert "spot-plan.toml: spot: 744 prices of 60 min, 2025-12-01 00:00-06:00 to 2026-01-01 00:00-06:00" in told
    plant.record(LOAD)
    plant.done("close", "--month", "2025-12")
    first = plant.bill(month="2025-12")
    assert lines(first) == priced(plant, "spot.csv")
    assert plant("verify")[0] == 0

    revised = {**PRICES, HOURS[100]: "4000"}
    between = SystemClock().now().isoformat()
    assert "spot: 1 prices of 60 min, 2025-12-05 04:00-06:00 to 2025-12-05 05:00-06:00" in publish(
        plant, revised, "r.csv"
    )
    assert "spot: nothing new" in publish(plant, revised, "r.csv")
    assert lines(plant.bill(month="2025-12")) == lines(first), "a closed month stays until somebody re-rates it"
    assert "changed: 1" in plant.done("rerate", *SAID)
    second = plant.bill(month="2025-12")
    kwh = sum((Decimal(row[2]) for row in LOAD[400:404]), Decimal(0))
    grown = kwh * (4000 - Decimal(PRICES[HOURS[100]])) / 1000 * Decimal("1.02")
    before, after = lines(first), lines(second)
    assert {code for code in after if after[code] != before[code]} == {"energy"}
    assert abs(Decimal(after["energy"]) - Decimal(before["energy"]) - grown) <= Decimal("0.01")
    assert after == priced(plant, "r.csv")
    assert lines(plant.bill("--as-known-at", between, month="2025-12")) == before
    assert "changed: 0" in plant.done("rerate", *SAID)
    assert plant("verify")[0] == 0


def test_readings_wait_for_the_first_prices_of_a_series(plant: Desk) -> None:
    assert "spot-plan.toml has no prices of spot yet: `wattledger ledger publish --series spot=FILE" in plant.done(
        "register", "site.toml"
    )
    plant.record(LOAD[:96])
    [(reason, text)] = plant.waiting()
    assert reason == "no price"
    assert "`wattledger ledger publish --series spot=FILE`" in text
    publish(plant, PRICES)
    assert "1 tried, 1 accepted" in plant.done("replay")
    assert "no prices" not in plant.done("register", "site.toml")


def test_an_hour_without_a_price_refuses_the_close_until_it_is_published(plant: Desk) -> None:
    publish(plant, dict(list(PRICES.items())[:240]))
    plant.record(LOAD)
    for words in (("close", "--month", "2025-12"), ("bill", "--month", "2025-12")):
        told = plant.refused(*words)
        assert "tariff spot-plan: series 'spot' has no price for 2025-12-11 06:00 UTC" in told
    publish(plant, PRICES)
    told = plant.done("close", "--month", "2025-12")
    assert lines(plant.bill(month="2025-12")) == priced(plant, "spot.csv")
    assert "known live" in told
    assert plant("verify")[0] == 0


def test_prices_that_come_day_by_day_are_live_on_the_next_and_settle_nothing(plant: Desk) -> None:
    """As a day-ahead market publishes them: each day's before it begins."""
    for day in range(3):
        publish(plant, dict(list(PRICES.items())[day * 24 : day * 24 + 24]), f"{day}.csv")
        plant.record(LOAD[day * 96 : day * 96 + 96])
    plant.record(LOAD[:288])
    told = plant.done("close", "--month", "2025-12")
    spot(dict(list(PRICES.items())[:72]))
    assert lines(plant.bill(month="2025-12")) == priced(plant, "spot.csv")
    [settled] = [line for line in told.splitlines() if "settled by the close" in line]
    assert settled[-6:] in {" +0.00", " -0.00"}, f"less than a cent, for rounding: {settled}"
    assert "2.csv in MXN/MWh" in plant.done("explain", "--month", "2025-12", "--line", "energy")
    assert plant("verify")[0] == 0


def test_prices_that_come_in_the_middle_of_a_day_are_settled_by_the_close_and_no_other_line_is(plant: Desk) -> None:
    publish(plant, dict(list(PRICES.items())[:12]))
    plant.record(LOAD[:32])
    publish(plant, dict(list(PRICES.items())[:24]))
    plant.record(LOAD[:96])
    [settled] = [line for line in plant.done("close", "--month", "2025-12").splitlines() if "settled" in line]
    hours = [sum((Decimal(row[2]) for row in LOAD[4 * n : 4 * n + 4]), Decimal(0)) for n in range(12, 24)]
    at = [Decimal(PRICES[HOURS[n]]) / 1000 * Decimal("1.02") + Decimal("0.01") for n in range(12, 24)]
    unknown = sum((kwh * price for kwh, price in zip(hours, at, strict=True)), Decimal(0))
    told = Decimal(settled.rpartition(" ")[2].replace(",", ""))
    assert abs(told - unknown) <= Decimal("0.02")
    assert lines(plant.bill(month="2025-12")) == priced(plant, "spot.csv")
    assert plant("verify")[0] == 0


def test_a_day_keeps_its_own_prices_and_a_month_of_quarters_is_small(plant: Desk) -> None:
    quarters = {HOURS[0] + timedelta(minutes=15 * n): PRICES[HOURS[n // 4]] for n in range(2976)}
    publish(plant, quarters)
    plant.record(LOAD[:192])
    store = EventStore.sqlite(Path("ledger.sqlite"), SystemClock())
    [gauge] = store.days.get("edge-1", DECEMBER.date()).grid.gauges
    assert len(gauge.prices_micro) == 96  # type: ignore[attr-defined]
    [size] = sizes()
    assert size < 8_000


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "nothing to publish; give a rate table file, or --series NAME=FILE, or both"),
        (("--series", "spot"), "--series 'spot' is not NAME=FILE"),
        (("--series", "omie=spot.csv"), "does not follow it; it follows spot"),
        (("--series", "spot=none.csv"), "none.csv: there is no such file"),
        (("--series", "spot=eur.csv"), "prices are in EUR, the tariff is in MXN; say what 1 EUR is in MXN with"),
        (
            ("--series", "spot=eur.csv", "--rate-of-exchange", "EUR=20"),
            "published at the rates of exchange 1 and 20, and a month has one",
        ),
    ],
)
def test_what_cannot_be_published_is_refused_and_nothing_is(plant: Desk, words: tuple[str, ...], told: str) -> None:
    publish(plant, PRICES)
    Path("eur.csv").write_text("start,EUR/MWh\n2025-12-10T00:00Z,50\n2025-12-10T01:00Z,51\n", encoding="utf-8")
    assert told in plant.refused("publish", *words, *FOLLOWED)
    assert len(sizes()) == 1


def sizes() -> list[int]:
    """Bytes of each publication of prices in the ledger file."""
    with sqlite3.connect("ledger.sqlite") as file:
        rows = file.execute("SELECT length(state) FROM stored_events WHERE topic = 'PricesPublished.v1'")
        return [size for (size,) in rows]
