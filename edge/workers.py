"""What runs beside the poll, each in its own thread: sending, and pricing. Neither can delay a poll or stop it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event, Thread

from application.ports import Clock, Unavailable
from application.price_locally import PriceLocally
from application.todays_figures import Today
from application.upload_outbox import Outcome, Round
from application.upload_pace import UploadPace
from application.upload_stores import UploadStores
from domain.errors import Refusal
from edge.journal import LOG

LONGEST_SLEEP_S = 60.0
PRICING_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class LineState:
    """What the line did last."""

    outcome: str = "not tried yet"
    reason: str = ""
    failures: int = 0
    delivered: int = 0
    set_aside: int = 0
    last_delivery: datetime | None = None


class Worker:
    """A thread that is woken when a cycle was stored, and stopped once. One that ended by a fault is started anew."""

    def __init__(self, name: str) -> None:
        self._woken, self._stopping = Event(), Event()
        self._name = name
        self._thread: Thread | None = None

    def start(self) -> None:
        """Also again, when the thread ended by a fault of ours."""
        if not self.alive:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """A cycle was stored."""
        self._woken.set()

    def stop(self, timeout_s: float) -> None:
        """Ask it to end, and wait so long. A thread that hangs on the line ends with the process."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    @property
    def started(self) -> bool:
        return self._thread is not None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            wait_s = self._work()
            stored = self._woken.wait(min(wait_s, LONGEST_SLEEP_S))
            self._woken.clear()
            if stored and not self._stopping.is_set():
                self._stored()

    def _work(self) -> float:
        """Do what is due, and give the seconds until there may be something again."""
        raise NotImplementedError

    def _stored(self) -> None:
        """A cycle was stored since."""


class UploadWorker(Worker):
    """Sends what is due when it is due."""

    def __init__(self, upload: UploadStores, pace: UploadPace, elapsed_s: Callable[[], float], clock: Clock) -> None:
        super().__init__("upload")
        self._upload, self._pace, self._elapsed_s, self._clock = upload, pace, elapsed_s, clock
        self.state = LineState()

    def _work(self) -> float:
        now_s = self._elapsed_s()
        if now_s >= self._pace.due_s:
            done = self._upload.round(self._pace.allowance(now_s))
            self._pace.after(done, self._elapsed_s())
            self._tell(done)
        return max(0.0, self._pace.due_s - self._elapsed_s())

    def _stored(self) -> None:
        self._pace.stored(self._elapsed_s())

    def told(self) -> LineState:
        """The line as it is now: a thread that ended by a fault of ours sends no more until the next poll."""
        if self.alive or not self.started:
            return self.state
        return replace(self.state, outcome="stopped", reason="a fault of ours; the journal says which")

    def _tell(self, done: Round) -> None:
        before = self.state
        self.state = LineState(
            outcome=done.outcome.value,
            reason=done.reason,
            failures=self._pace.failures,
            delivered=before.delivered + done.delivered,
            set_aside=before.set_aside + done.set_aside,
            last_delivery=self._clock.now() if done.delivered else before.last_delivery,
        )
        if done.set_aside:
            LOG.error("%d cycles were refused by the stream and set aside; their bytes are kept", done.set_aside)
        if done.reason and done.reason != before.reason:  # said once, not every time it is tried
            level = LOG.error if done.outcome is Outcome.NOT_ALLOWED else LOG.warning
            level("not delivered: %s", done.reason)
        if before.reason and not done.reason:
            LOG.info("the line is back: %d cycles delivered", done.delivered)


class PricingWorker(Worker):
    """Prices what was stored. `figures`, those of today, are replaced whole, so that any thread may read them."""

    def __init__(self, price: PriceLocally, figures: Callable[[], Today | None]) -> None:
        super().__init__("pricing")
        self._price, self._figures = price, figures
        self.figures: Today | None = None
        self.fault = ""

    def _work(self) -> float:
        try:
            self._price()
            self.figures = self._figures()
            self.fault = ""
        except (Refusal, Unavailable) as fault:
            self.fault = str(fault)
            return PRICING_RETRY_S
        return LONGEST_SLEEP_S
