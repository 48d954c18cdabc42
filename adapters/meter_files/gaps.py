"""What lies between two good rows and was not measured, in words; and how far a file may reach at all."""

from collections.abc import Iterable, Iterator, Mapping

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.local_time import DAY, LocalTime
from adapters.meter_files.series import MISSING, SPREAD, Gridded, Hole, Series
from domain.measurement import Quality, Verdict

LONGEST_SPAN_DAYS = 30 * 366

OUTCOME = {
    MISSING: "missing",
    SPREAD: "not read; the registers know how much was used meanwhile ({detail}), not when",
    Verdict.RESET: "of unknown energy: {detail}, a fall that is no rollover (register_modulus)",
    Verdict.JUMP: "of unknown energy: {detail}, a rise that rated_power_kw does not allow",
}
REMEDY = {
    MISSING: "marks them as missing",
    SPREAD: "spreads it evenly and marks it as estimated",
    Verdict.RESET: "marks them as missing",
    Verdict.JUMP: "marks them as missing",
}


def words(hole: Hole, meter: str, declaration: Declaration, local_time: LocalTime, row_word: str) -> str:
    """One hole as a sentence: meter, how many intervals, from and to in local time, and what happened."""
    count = (hole.end - hole.start) // declaration.step_seconds
    intervals = (
        f"{count} interval{'s' * (count > 1)} from {local_time.minute(hole.start)} to {local_time.words(hole.end)}"
    )
    outcome = OUTCOME[hole.rule].format(detail=hole.detail)
    return f"meter {meter}: {intervals}, after {row_word} {hole.before}, {'is' if count == 1 else 'are'} {outcome}"


def too_long(series: Series, local_time: LocalTime, row_word: str) -> str | None:
    """Why a meter's rows cannot be one load: with a mistyped year it would consist of empty intervals."""
    first, last = min(series.rows), max(series.rows)
    if last - first <= LONGEST_SPAN_DAYS * DAY:
        return None
    return (
        f"meter {series.meter}: {row_word} {series.rows[first][0]} is of {local_time.minute(first)} and "
        f"{row_word} {series.rows[last][0]} of {local_time.words(last)}; correct the year, or split the file"
    )


def notes(gridded: Iterable[Gridded]) -> Iterator[str]:
    """What was done to good rows, meter by meter."""
    for each in gridded:
        meter = each.load.meter
        if each.finer:
            yield (
                f"meter {meter}: {each.finer} values are finer than 1 Wh or varh; "
                "what is rounded off one is carried to the next, and the total is kept"
            )
        if each.rollovers:
            yield f"meter {meter}: registers started again at zero {each.rollovers} time{'s' * (each.rollovers > 1)}"
        for quality, said in ((Quality.ESTIMATED, "estimated, their sum is measured"), (Quality.MISSING, "missing")):
            count = int((each.load.quality == quality).sum())
            if count:
                yield f"meter {meter}: {count} of {each.load.quality.size} intervals are {said}"


def finer_registers(finer: Mapping[str, int]) -> Iterator[str]:
    """How many register values were rounded, by meter."""
    for meter, count in finer.items():
        yield f"meter {meter}: {count} register values are finer than 1 Wh or varh, and were rounded"
