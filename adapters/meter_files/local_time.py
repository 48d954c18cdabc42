"""Local time becomes instants: whole UTC seconds since 1970. None is guessed that exists twice or never."""

from datetime import UTC, datetime, timedelta

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.faults import RowFault

DAY = 86_400
QUARTER_HOUR = 900
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1990, 2100
EARLIEST, LATEST = (
    (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1) for year in (FIRST_YEAR, LAST_YEAR + 1)
)
BEFORE_ALL = -(1 << 62)
"""The instant before the first row of a meter."""


class LocalTime:
    """The clock of the declared time zone."""

    def __init__(self, declaration: Declaration) -> None:
        self._column = declaration.time_column
        self._zone = declaration.zone
        self._zone_name = declaration.timezone or "UTC"
        self._in_order = declaration.ambiguous == "in-order"
        self._step = declaration.step_seconds
        self._offsets: dict[int, int | None] = {}

    def instant(self, midnight: int, seconds: int, previous: int, cell: object) -> int:
        """The instant of a wall time: midnight of its date and the seconds after it, both counted as if UTC.

        `previous` is the instant of the row before, which decides the hour that autumn repeats; `cell` is for messages.
        """
        try:
            offset = self._offsets[midnight]
        except KeyError:
            offset = self._offsets[midnight] = self._offset_of_day(midnight, cell)
        if offset is None or seconds >= DAY:
            return self._judged(midnight + seconds, previous, cell)
        return midnight + seconds - offset

    def wall(self, instant: int) -> int:
        """Local seconds since 1970 as if UTC; UTC itself where no time zone is declared."""
        local = (EPOCH + timedelta(seconds=instant)).astimezone(self._zone or UTC)
        return instant + int((local.utcoffset() or timedelta()).total_seconds())

    def words(self, instant: int) -> str:
        """An instant as a person reads it: local time and the name of its zone."""
        return f"{self.minute(instant)} ({self._zone_name})"

    def minute(self, instant: int) -> str:
        local = EPOCH + timedelta(seconds=self.wall(instant))
        return local.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")

    def repeated_spans(self) -> list[tuple[int, int, int]]:
        """Where the clock was put back on a day that was read: the hour, its repetition, and the end, as instants."""
        spans = []
        for midnight in (midnight for midnight, offset in self._offsets.items() if offset is None):
            walls = range(midnight, midnight + DAY, QUARTER_HOUR)  # no zone changes its offset within one
            pairs = [(wall - self._offset(wall, 0), wall - self._offset(wall, 1)) for wall in walls]
            twice = [(first, second) for first, second in pairs if first < second]
            if twice:
                spans.append((twice[0][0], twice[0][1], twice[-1][1] + QUARTER_HOUR))
        return spans

    def _offset_of_day(self, midnight: int, cell: object) -> int | None:
        """The UTC offset of a local day in seconds; None on a day that changes it."""
        if self._zone is None:
            raise RowFault(
                self._column,
                cell,
                "does not say its time zone",
                "declare --timezone (timezone), as America/Mexico_City",
            )
        found = {self._offset(midnight + hours * 3600, fold) for hours in (0, 12, 24) for fold in (0, 1)}
        return found.pop() if len(found) == 1 else None

    def _offset(self, wall: int, fold: int) -> int:
        local = (EPOCH + timedelta(seconds=wall)).replace(tzinfo=self._zone, fold=fold)
        return int((local.utcoffset() or timedelta()).total_seconds())

    def _judged(self, wall: int, previous: int, cell: object) -> int:
        """The instant of a local time on a day that changes its offset."""
        first, second = (wall - self._offset(wall, fold) for fold in (0, 1))
        if first == second:
            return first
        if first > second:
            problem = f"does not exist in {self._zone_name}: clocks were put forward over it"
            remedy = "correct the stamp, or declare with --timezone (timezone) what the meter's clock really keeps"
        elif self._in_order and previous <= second:
            return self._next_in_order(first, second, previous)
        else:
            problem = f"exists twice in {self._zone_name}: clocks were put back over it"
            remedy = (
                "write stamps with their offset, or declare --ambiguous in-order (ambiguous) for rows in order of time"
            )
        raise RowFault(self._column, cell, problem, remedy)

    def _next_in_order(self, first: int, second: int, previous: int) -> int:
        """The earlier instant, unless the row before was there already.

        The same stamp again at once is a repeated row, and not the repeated hour, unless one step is as long as that.
        """
        repeats_at_once = previous == first and second - first > self._step
        return first if previous < first or repeats_at_once else second
