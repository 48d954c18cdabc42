"""Refusals of the domain: each is one sentence that names the thing, its value and the remedy.

Everything a user can cause derives from `Refusal`; entrypoints print its text and exit. Anything else is a bug of ours.
"""


class Refusal(Exception):
    """The input or the question cannot be answered; `str(refusal)` is one line for the user."""


class BadOption(Refusal):
    """An option or argument of a command that cannot mean anything."""


class BadSettings(Refusal):
    """The device's settings, or a file that they name, cannot be used."""


class InvalidTariff(Refusal):
    """A tariff or rate table contradicts itself; raised when it is loaded, never while it is used."""


class NoPriceInForce(Refusal):
    """No rate covers a date. Never a price of zero."""


class ContractIncomplete(Refusal):
    """A charge needs a fact of the supply contract (contracted kW, voltage) that was not given."""


class BadReadings(Refusal):
    """Readings that cannot be priced: missing data, wrong grid, an unknown meter."""


class PeriodIsClosed(Refusal):
    """The billing period has its bill; it changes only by a correction."""


class NothingToCorrect(Refusal):
    """A correction names a measurement that was never recorded."""


class BadPriceSeries(Refusal):
    """A file of published prices that cannot be understood."""


class BadHistory(Refusal):
    """Demand of earlier months that cannot be understood, or that belongs to nothing."""


class InvalidProfile(Refusal):
    """A meter profile contradicts itself or names what there is not; raised when it is loaded, never later."""


class MeterOutOfReach(Refusal):
    """The meter that was asked for did not answer, or what answered is another device."""
