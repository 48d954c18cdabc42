"""What a history may break, by name: a planted bug must be found for its own reason, not by any exception."""

from enum import StrEnum


class Broken(StrEnum):
    """The promises."""

    NOT_STORED = "a poll was called stored and is not on the disk"
    MARKED = "a cycle is marked or gone that never arrived"
    CLOCK = "the time since a boot goes back"
    LOST = "energy that was stored is nowhere"
    TWICE = "an interval was priced twice"
    INVENTED = "the ledger has what no meter counted"
    ENERGY = "the ledger's energy is not what the registers rose by"
    QUALITY = "an estimate is called measured, or a measurement estimated"
    DAY = "a measurement stands on another local day than its own"
    GAP = "a gap is not told, or told as energy"
    UNTOLD = "cycles were thinned and nobody was told"
    CORRECTED = "a correction did not do what it said"
    BILL = "live costs and true-ups are not the bill"
    SHARES = "the shares are not the bill"
    SINK = "a sink has other costs than the ledger"
    VIEW = "the view built anew is not the live one"
    VERIFIED = "the ledger computed a second time differs"
    QUARANTINE = "quarantine holds what it should not"
    HISTORY = "stored events or old bills changed"
    STUCK = "all is well again, and work is left undone"
    FAULT = "something failed that must not"


class Violation(AssertionError):
    """A promise was broken."""

    def __init__(self, broken: Broken, text: str) -> None:
        super().__init__(f"{broken}: {text}")
        self.broken = broken
