"""Charges on energy delivered to the grid as a structure file writes them."""

from typing import Annotated, Literal

from pydantic import Field

from adapters.tariff_files.parts import Frame, PeriodsPart
from adapters.tariff_files.values import Code, SomeText
from domain.charges import ExportCredit, NetMetering
from domain.errors import InvalidTariff


class ExportCreditPart(PeriodsPart):
    """Delivered energy at a sell price by period, or at the published prices of `series`."""

    kind: Literal["export_credit"]
    series: Code | None = None
    limited_to: SomeText | None = None

    def to_domain(self, place: str, frame: Frame) -> ExportCredit:
        if self.series is not None and self.periods is not None:
            raise InvalidTariff(
                f"{place}.periods: {self.periods}: published prices hold for every hour; remove it, or 'series'"
            )
        limited_to = tuple(self.limited_to or ())
        return ExportCredit(*self.named, self.indexed(place, frame), self.series or "", limited_to)


class NetMeteringPart(PeriodsPart):
    """Drawn less delivered energy, with a bank for each period."""

    kind: Literal["net_metering"]
    expires_in_month: Annotated[int, Field(ge=1, le=12)] | None = None
    buy_out: bool = False

    def to_domain(self, place: str, frame: Frame) -> NetMetering:
        if self.buy_out and self.expires_in_month is None:
            raise InvalidTariff(f"{place}.buy_out: true: when is the bank bought out? add expires_in_month")
        indexed = self.indexed(place, frame)
        if self.buy_out and "buy_out" in (name for _, name in indexed):
            raise InvalidTariff(
                f"{place}.buy_out: true: its rate and that of period 'buy_out' are one; rename the period"
            )
        return NetMetering(*self.named, indexed, self.expires_in_month, self.buy_out)
