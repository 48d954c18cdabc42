"""What could not be priced, and the kind of reason why: the form in which it goes to quarantine."""

from dataclasses import dataclass
from datetime import date

from application.ports import CannotUnderstand, Quarantine, Reason
from domain.errors import (
    ContractIncomplete,
    EnergyDisagrees,
    FromTheFuture,
    ImpossibleJump,
    InvalidTariff,
    MeterReplaced,
    NoPriceInForce,
    NothingToCorrect,
    NotSigned,
    NotYetCommissioned,
    PeriodIsClosed,
    Refusal,
    UnknownDevice,
    UnknownMeter,
)

REASONS: dict[type[Refusal], Reason] = {
    CannotUnderstand: Reason.UNREADABLE,
    UnknownDevice: Reason.UNKNOWN_DEVICE,
    NotSigned: Reason.NOT_SIGNED,
    UnknownMeter: Reason.UNKNOWN_METER,
    NotYetCommissioned: Reason.BEFORE_COMMISSIONING,
    FromTheFuture: Reason.FUTURE,
    ImpossibleJump: Reason.JUMP,
    MeterReplaced: Reason.REPLACED,
    EnergyDisagrees: Reason.ENERGY_DISAGREES,
    PeriodIsClosed: Reason.CLOSED_PERIOD,
    NoPriceInForce: Reason.NO_PRICE,
    InvalidTariff: Reason.NO_PRICE,
    ContractIncomplete: Reason.NO_PRICE,
    NothingToCorrect: Reason.NOTHING_TO_CORRECT,
}

AT_THE_DOOR = {Reason.UNREADABLE, Reason.UNKNOWN_DEVICE, Reason.NOT_SIGNED}
"""Refused before anybody could say who signed it: it is asked again when it is replayed. All else was let in."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record with nothing in it but what was refused; `day` is the local day, where it got as far as that."""

    data: bytes
    refusal: Refusal
    device: str = ""
    day: date | None = None

    @property
    def reason(self) -> Reason:
        return REASONS.get(type(self.refusal), Reason.BAD_READING)

    def keep_in(self, quarantine: Quarantine) -> None:
        quarantine.keep(self.data, self.reason, str(self.refusal))
