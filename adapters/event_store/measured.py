"""The measurements of a day out of its events, all meters at once and without their costs."""

from array import array
from collections.abc import Sequence

from adapters.event_codec import Measured
from domain.events import DayJoined, DayOpened, ReadingCorrected, ReadingsPriced
from domain.measured_day import MeasuredDay
from domain.measurement import NO_EXTRA, Extra, Quality


class MeasuredSlots:
    """Energy and quality of all meters of a day: a meter's slots in a row, one meter after the other.

    Mostly an upload is one slot of all meters, which is then written at once.
    """

    def __init__(self, opened: DayOpened) -> None:
        self.opened = opened
        self._wh, self._varh, self._quality = array("Q"), array("Q"), bytearray()
        self._extra: list[dict[int, Extra]] = []
        for _ in opened.meters:
            self._make_room()

    def join(self, event: DayJoined) -> None:
        self.opened = self.opened.joined_by(event)
        self._make_room()

    def see(self, upload: Measured | ReadingsPriced) -> None:
        """What an upload tells."""
        meters, slots, many = upload.meters, upload.slots, self.opened.slots
        if isinstance(meters, range) and slots.count(slots[0]) == len(slots):
            places = slice(meters.start * many + slots[0], meters.stop * many, many)
            self._wh[places], self._varh[places] = _numbers(upload.wh), _numbers(upload.varh)
            self._quality[places] = bytes(upload.estimated)
        else:
            for meter, slot, *told in zip(meters, slots, upload.wh, upload.varh, upload.estimated, strict=True):
                self._set(meter * many + slot, *told)
        if upload.export_wh or upload.capacitive_varh:
            nothing = (None,) * len(slots)
            extras = zip(upload.export_wh or nothing, upload.capacitive_varh or nothing, strict=True)
            for meter, slot, extra in zip(meters, slots, extras, strict=True):
                self._extra[meter][slot] = Extra(*extra)

    def correct(self, event: ReadingCorrected) -> None:
        self._set(event.meter * self.opened.slots + event.slot, event.wh, event.varh, Quality.MEASURED)
        extra = Extra(event.export_wh, event.capacitive_varh)
        if extra != NO_EXTRA or event.slot in self._extra[event.meter]:
            self._extra[event.meter][event.slot] = extra

    def of(self, meter: int) -> MeasuredDay:
        its = slice(meter * self.opened.slots, (meter + 1) * self.opened.slots)
        columns = self._wh[its], self._varh[its], self._quality[its]
        return MeasuredDay(self.opened.start, self.opened.step_minutes, *columns, self._extra[meter])

    def _set(self, place: int, wh: int, varh: int, quality: int) -> None:
        self._wh[place], self._varh[place], self._quality[place] = wh, varh, quality

    def _make_room(self) -> None:
        nothing = bytes(8 * self.opened.slots)
        self._wh.frombytes(nothing)
        self._varh.frombytes(nothing)
        self._quality += bytes((Quality.MISSING,)) * self.opened.slots
        self._extra.append({})


def _numbers(column: Sequence[int]) -> "array[int]":
    return column if isinstance(column, array) else array("Q", column)
