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


class TooLarge(Refusal):
    """An amount beyond what is counted exactly; nothing is cut, wrapped or rounded to make it fit."""


class UnknownDevice(BadReadings):
    """A device that belongs to no supply point."""


class NotSigned(BadReadings):
    """A record that the device whose name it bears did not sign, though its key is registered."""


class UnknownMeter(BadReadings):
    """A meter that was not registered, or that has left."""


class NotYetCommissioned(BadReadings):
    """A reading of a time before its meter counted."""


class FromTheFuture(BadReadings):
    """A reading of an instant that has not come yet."""


class EnergyDisagrees(BadReadings):
    """A rise over several intervals that contradicts what is known of them."""


class ImpossibleJump(BadReadings):
    """A register that moved as its meter cannot; its energy is a gap."""


class MeterReplaced(BadReadings):
    """A meter with another serial number than before, of which the registry knows no swap."""


class PeriodIsClosed(Refusal):
    """The billing period has its bill; it changes only by a correction."""


class PeriodIsOpen(Refusal):
    """The billing period has no bill that could be reopened or re-rated."""


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
