"""The benchmarks tell the truth: what is compared is equal, what is divided is the right way round."""

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.meter_files import load_declaration, read_meter_file
from adapters.tariff_files import TariffFiles
from benchmarks import ledger_runs, meter_year, peer_event_each, peer_eventsourcing
from benchmarks.__main__ import main
from benchmarks.measuring import Command, Spread, run
from benchmarks.peer_plain_python import bills
from benchmarks.results import Disagreement, Figure, Peer, Result, Trial, conduct, whole
from benchmarks.selftimed import SelfTimed, Wanted, check_installed, conduct_selftimed
from benchmarks.table import lines, values
from benchmarks.trials import same_bills
from domain.arrays import bill_load
from domain.terms import Contract

OURS, PEER = Spread(2.0, 1.5, 2.5, 3), Spread(8.0, 7.0, 9.0, 3)
PEER_SHOWN = ("8.00", "s", "(7.00-9.00)")
NOTHING = Command((sys.executable, "-c", "print('done')"), Path())


def test_the_table_says_what_was_measured_promised_and_compared() -> None:
    figures = (Figure("price", "s", OURS, 3, "a script", PEER), Figure("  memory", "MB", Spread(400, 399, 401, 3), 350))
    head, _, _, price, memory, peer, note = lines("two CPUs", [Result("price", figures, ("12 bills are equal",))])
    assert head == "two CPUs"
    assert price.split() == ["price", "2.00", "s", "(1.50-2.50)", "3", "<", "3", "s", "PASS", *PEER_SHOWN, "0.25"]
    assert memory.split() == ["memory", "400", "MB", "(399-401)", "3", "<", "350", "MB", "OVER", "-", "-"]
    assert (peer, note) == ("  peer: a script", "  12 bills are equal")


def test_the_table_fits_100_columns_however_slow_the_machine() -> None:
    slow = Spread(1234.56, 1234.5, 9999.9, 10)
    failed = Result("demo", failure="ended with exit code 2: " + "no such option " * 20)
    shown = list(lines("", [Result("row", (Figure("simulate-10x10x31", "s", slow, 60, "a peer", slow),)), failed]))
    assert max(map(len, shown)) <= 100
    assert "demo  FAILED" in shown


def test_the_ratio_is_ours_over_the_peers() -> None:
    assert Figure("x", "s", OURS, None, "a script", PEER).ratio == 0.25
    assert Figure("x", "s", OURS).ratio is None
    assert Figure("x", "s", OURS).verdict == ""


def test_what_takes_exactly_as_long_as_the_target_is_over_it() -> None:
    assert [Figure("x", "s", OURS, below).verdict for below in (2.0, 2.1)] == ["OVER", "PASS"]


def test_the_start_up_of_a_part_is_not_multiplied() -> None:
    assert whole([3.0, 5.0], [1.0, 1.0], 10) == Spread(31.0, 21.0, 41.0, 2)
    assert whole([3.0], [], 1) == Spread(3.0, 3.0, 3.0, 1)
    assert whole([], [], 1) is None


def test_a_run_is_the_whole_child_process() -> None:
    found = run(Command((sys.executable, "-c", "held = b'x' * 300_000_000; print(len(held))"), Path()))
    assert (found.exit_code, found.output) == (0, "300000000\n")
    assert found.wall_s > 0
    assert found.peak_mb > 300


def test_both_sides_take_turns(tmp_path: Path) -> None:
    said: list[str] = []
    a, b = (Command((sys.executable, "-c", "pass", name), tmp_path) for name in "ab")
    result = conduct(Trial("row", a, 60, peer=Peer("a script", b)), 2, said.append)
    assert [line.partition(":")[0] for line in said] == ["row, run 1 of 2"] * 2 + ["row, run 2 of 2"] * 2
    assert {(f.ours.count, f.peer.count if f.peer else 0) for f in result.figures} == {(2, 2)}


def test_a_command_that_fails_has_no_figures_but_its_last_words(tmp_path: Path) -> None:
    failing = Command((sys.executable, "-c", "import sys; sys.exit('no such tariff')"), tmp_path)
    result = conduct(Trial("row", failing, 60), 1, lambda _: None)
    assert (result.figures, result.failure) == ((), "ended with exit code 1: no such tariff")


def test_an_answer_that_differs_has_no_figures() -> None:
    def wrong(ours: str, peer: str) -> str:
        raise Disagreement(f"ours said {ours.strip()}")

    result = conduct(Trial("row", NOTHING, 60, check=wrong), 1, lambda _: None)
    assert (result.figures, result.failure) == ((), "ours said done")


def test_json_has_the_same_figures() -> None:
    said = json.loads(json.dumps(values("two CPUs", [Result("price", (Figure("price", "s", OURS, 3, "", PEER),))])))
    [figure] = said["rows"][0]["figures"]
    assert (figure["ours"]["median"], figure["ratio"], figure["verdict"]) == (2.0, 0.25, "PASS")


def test_a_misspelt_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "price-yaer"])
    assert stopped.value.code == 2
    assert "invalid choice: 'price-yaer'" in capsys.readouterr().err


def test_the_peer_bills_a_year_as_we_do(tmp_path: Path) -> None:
    """April and October, in which the season changes, too."""
    file = tmp_path / "year.csv"
    meter_year.main(file)
    assert bills(file) == our_bills(file)


def our_bills(file: Path) -> dict[str, str]:
    """By month, before power factor and VAT."""
    declared = {"kind": "interval", "unit": "kWh", "step_minutes": 5, "stamp": "start", "time_column": "time"}
    columns = {"energy_column": "kwh", "reactive_column": "kvarh", "reactive_unit": "kvarh"}
    zone = ZoneInfo("America/Mexico_City")
    declaration = load_declaration(file, declared | columns | {"timezone": zone.key}, None)
    [load] = read_meter_file(file, declaration, "stop").loads
    tariff = TariffFiles().get("mx-gdmth:golfo-centro")
    billed = bill_load(load, tariff, Contract({"all": Decimal(800)}), zone, date(2026, 1, 1))
    return {f"{bill.first:%Y-%m}": str(bill.amount_of("supply")) for bill in billed}


def test_bills_that_differ_by_a_cent_are_noticed(tmp_path: Path) -> None:
    line = {"group": "supply", "amount": "10.01"}
    file = tmp_path / "bill.json"
    file.write_text(json.dumps({"bills": [{"from": "2025-01-01", "lines": [line]}]}), encoding="utf-8")
    assert same_bills(file, "", '{"2025-01": "10.01"}').startswith("1 bills before power factor")
    with pytest.raises(Disagreement, match=r"bill of 2025-01: ours 10\.01, the peer's 10\.02"):
        same_bills(file, "", '{"2025-01": "10.02"}')


def test_the_peer_of_the_simulation_finds_every_reading_in_its_log() -> None:
    assert peer_eventsourcing.simulate(days=1) == 10 * 288


def self_timed(child: str, line: Wanted) -> SelfTimed:
    return SelfTimed("row", {"ours": Command((sys.executable, "-c", child), Path())}, (line,))


SAYS = "import json; print(json.dumps({'figures': {'each': [1.0, 2.0, 9.0]}}))"


def test_a_child_that_times_itself_is_quoted_by_its_median() -> None:
    found = conduct_selftimed(self_timed(SAYS, Wanted("row", "ms", ("ours", "each"), below=2.5)), 2, lambda _: None)
    assert found.figures[0].ours == Spread(2.0, 1.0, 9.0, 6)
    assert found.figures[0].verdict == "PASS"


def test_a_child_that_answers_wrongly_has_no_figures() -> None:
    line = Wanted("row", "ms", ("ours", "each"))
    found = conduct_selftimed(self_timed("import sys; sys.exit('wrong answer')", line), 1, lambda _: None)
    assert (found.figures, found.failure) == ((), "ours ended with exit code 1: wrong answer")


def test_a_promise_may_be_a_share_of_the_peers_time_or_a_least_speed() -> None:
    slow, fast = (Figure("x", "ms", OURS, None, "p", PEER, peers_share=share) for share in (1 / 5, 1 / 4))
    assert (slow.verdict, fast.verdict) == ("OVER", "PASS")
    assert [Figure("x", "M/s", OURS, above=least).verdict for least in (2.0, 1.9)] == ["LOW", "PASS"]
    shown = list(
        lines("", [Result("row", (Figure("x", "ms", Spread(1, 1, 1, 1), None, "p", PEER, peers_share=1 / 5),))])
    )
    assert shown[3].split()[-4:] == ["8.00", "ms", "(7.00-9.00)", "0.12"]
    assert shown[3].split()[5:8] == ["1/5", "peer", "PASS"]


def test_a_peer_many_times_slower_is_told_in_times() -> None:
    figure = Figure("x", "ms", Spread(1, 1, 1, 1), None, "p", Spread(26, 26, 26, 1))
    assert list(lines("", [Result("row", (figure,))]))[3].endswith("1/26.0")


def test_a_peer_that_is_not_installed_is_told_with_the_way_to_install_it() -> None:
    check_installed("json")
    with pytest.raises(Disagreement, match=r"no_such_engine not installed.*requirements/oracles\.txt"):
        check_installed("json", "no_such_engine")


def test_the_ledger_of_a_day_is_whole_and_its_children_find_all_of_it(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    assert ledger_runs.make(ledger, 1)["bytes"] > 0
    for child in (ledger_runs.projection, ledger_runs.cold_load, ledger_runs.verify):
        found = child(ledger, 1)
        assert found["measurements"] == 50 * 288
        assert all(one > 0 for figures in found["figures"].values() for one in figures)


@pytest.mark.parametrize("what", sorted(peer_event_each.RUNS))
def test_the_ledgers_peer_finds_again_what_it_stored(what: str, tmp_path: Path) -> None:
    assert all(one > 0 for figures in peer_event_each.RUNS[what](tmp_path, 1).values() for one in figures)
