"""Tariffs with the rates that were published since: as they are today, or as they were known at a past moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from application.ports import PublishedRates, Tariffs
from domain.errors import InvalidTariff
from domain.tariff import Rates, Tariff


@dataclass(frozen=True)
class PublishedTariffs:
    """Tariffs. Published rates count for their days instead of those that a tariff came with."""

    tariffs: Tariffs
    published: PublishedRates
    known_at: datetime | None = None
    _made: dict[str, tuple[Tariff, int, Tariff]] = field(default_factory=dict)

    def get(self, tariff: str) -> Tariff:
        """Raises `InvalidTariff` for an id that is not there."""
        came, found = self.tariffs.get(tariff), self.published.of(tariff, self.known_at)
        if not found:
            return came
        made = self._made.get(tariff)
        if made is None or made[0] is not came or made[1] != len(found):
            made = (came, len(found), _amended(came, found))
            self._made[tariff] = made
        return made[2]

    def as_known_at(self, instant: datetime) -> "PublishedTariffs":
        """The same as it was known at a UTC instant."""
        return PublishedTariffs(self.tariffs, self.published, instant)


@dataclass(frozen=True)
class PublishRates:
    """Rates became known, late or changed. Months that are closed stay as they are until somebody re-rates them."""

    tariffs: Tariffs
    published: PublishedRates

    def __call__(self, tariff: str, rates: Rates) -> None:
        """Raises `InvalidTariff` for a tariff that is not there, or one that needs other rates."""
        known = self.tariffs.get(tariff)
        needed = {key for charge in known.charges for key in (*charge.rate_keys, *charge.percent_keys)}
        if missing := sorted(needed - rates.values.keys()):
            raise InvalidTariff(
                f"rates of {tariff} from {rates.valid_from}: {', '.join(missing)} missing; give them all"
            )
        self.published.publish(tariff, rates)


def _amended(tariff: Tariff, published: Sequence[Rates]) -> Tariff:
    table, digest = tariff.rate_table, sha256(tariff.version.encode())
    for rates in published:
        table = table.amended_by(rates)
        digest.update(repr((rates.valid_from, rates.valid_to, sorted(rates.values.items()))).encode())
    return replace(tariff, rate_table=table, version=digest.hexdigest()[: max(12, len(tariff.version))])
