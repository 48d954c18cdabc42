"""The people of the simulated plant: who closes months, corrects, registers, replays. They try until it is done."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from adapters.correction_records import WattledgerCorrections
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.ports import SomeoneElseWrote, Unavailable
from application.published_tariffs import PublishRates
from application.register_site import SwapMeter
from application.reopen_period import AmendPeriod
from domain.errors import Refusal
from domain.measurement import Correction
from domain.site_events import MeterSwapped
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from tests.simulation.cloud import Cloud, Worker
from tests.simulation.plant import POINT
from tests.simulation.power import PowerCut

CORRECTIONS = WattledgerCorrections()
SAID = ("ana", "the meter was read wrongly")
Found = TypeVar("Found")


@dataclass
class Office:
    """What they asked for, as far as it was accepted."""

    cloud: Cloud
    corrected: dict[tuple[str, datetime], set[tuple[int, int]]] = field(default_factory=dict)
    waiting: dict[tuple[str, datetime], set[tuple[int, int]]] = field(default_factory=dict)
    swaps: list[MeterSwapped] = field(default_factory=list)
    factor_percent: int = 100

    def until_done(self, act: Callable[[Worker], Found], moments: int = -1) -> Found | None:
        """The first try may be cut short at a moment; None where it is refused, which is an answer."""
        for cut_at in (moments, -1, -1, -1):
            worker = Worker(self.cloud)
            worker.fuse.set(cut_at)
            try:
                return act(worker)
            except (PowerCut, SomeoneElseWrote, Unavailable):
                continue
            except Refusal:
                return None
            finally:
                worker.fuse.set(None)
        raise AssertionError("what people do is never done")

    def close(self, first: date, moments: int = -1) -> None:
        month = BillingMonth(first, POINT.zone)
        self.until_done(lambda worker: self._close(worker)(POINT, month), moments)

    def correct(self, meter: str, start: datetime, wh: int, moments: int, reopen: bool) -> None:
        told = Correction(meter, start, wh, wh // 3, *SAID)

        def act(worker: Worker) -> bool:
            self._correct(worker)(self.point(worker), told, reopen)
            return True

        place, energy = (meter, start), (told.energy_wh, told.reactive_varh)
        if self.until_done(act, moments):
            self.corrected[place] = {energy, *self.waiting.get(place, ())}
        elif any(kept.data == CORRECTIONS.record(POINT.device, told) for kept in self.cloud.quarantine.kept()):
            self.waiting.setdefault(place, set()).add(energy)
            self.corrected.setdefault(place, set()).add(energy)

    def replay(self, permitted: bool, moments: int = -1) -> None:
        """Everything that waits, or, where a process dies at it, again."""

        def act(worker: Worker) -> None:
            late = self.cloud.parts.record_late(worker.price, AmendPeriod.of(self._close(worker)))
            replay = self.cloud.parts.replay_quarantine(worker.price, self._correct(worker), CORRECTIONS, late)
            replay(said=SAID if permitted else None)

        self.until_done(act, moments)

    def tell_swaps(self, moments: int = -1) -> None:
        for swap in self.swaps:
            self.until_done(lambda worker, swap=swap: SwapMeter(worker.sites)(POINT.id, swap), moments)  # type: ignore[misc]
        self.swaps.clear()

    def publish_rates(self, factor_percent: int) -> None:
        """Other rates for every month, after the fact."""
        self.factor_percent = factor_percent
        [rates] = self.cloud.tariff.rate_table.rates
        values = {key: round(value * factor_percent / 100, 6) for key, value in rates.values.items()}
        amended = replace(rates, values=values)
        self.until_done(
            lambda worker: PublishRates(worker.tariffs.tariffs, worker.rates)(self.cloud.tariff.id, amended)
        )

    def rerate(self, first: date, moments: int = -1) -> None:
        month = BillingMonth(first, POINT.zone)

        def act(worker: Worker) -> None:
            self.cloud.parts.rerate_month(worker.days, worker.periods, worker.terms_of)(
                self.point(worker), month, *SAID
            )

        self.until_done(act, moments)

    def point(self, worker: Worker) -> SupplyPoint:
        return worker.sites.of_device(POINT.device)

    def _correct(self, worker: Worker) -> CorrectReading:
        amend = AmendPeriod.of(self._close(worker))
        return self.cloud.parts.correct_reading(worker.days, worker.terms_of, amend, worker.quarantine, CORRECTIONS)

    def _close(self, worker: Worker) -> ClosePeriod:
        return self.cloud.parts.close_period(worker.days, worker.periods, worker.terms_of)
