"""Tariffs with what was published for them since: as they are today, or as they were known at a past moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from application.ports import PublishedRates, Tariffs
from domain.budget import over_budget
from domain.errors import BadPriceSeries, InvalidTariff
from domain.price_series import PriceSeries, news_of, series_between
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth


@dataclass(frozen=True)
class PublishedTariffs:
    """Tariffs. Published rates count for their days instead of those that a tariff came with.

    A tariff has the prices that were published for the series it follows.
    """

    tariffs: Tariffs
    published: PublishedRates
    known_at: datetime | None = None
    _made: dict[str, tuple[Tariff, int, int, Tariff]] = field(default_factory=dict)

    def get(self, tariff: str) -> Tariff:
        """Raises `InvalidTariff` for an id that is not there."""
        came, found = self.tariffs.get(tariff), self.published.of(tariff, self.known_at)
        prices = self.published.prices_of(tariff, self.known_at) if came.series_asked else ()
        if not found and not prices:
            return came
        made = self._made.get(tariff)
        if made is None or made[0] is not came or made[1:3] != (len(found), len(prices)):
            made = (came, len(found), len(prices), _amended(came, found, prices))
            self._made[tariff] = made
        return made[3]

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


@dataclass(frozen=True)
class PublishPrices:
    """Prices of a series became known, late or changed. Closed months stay as they are until somebody re-rates them."""

    tariffs: Tariffs
    published: PublishedRates

    def __call__(self, tariff: str, series: Sequence[PriceSeries]) -> list[PriceSeries]:
        """What is new of them, and was published; to publish the same again publishes nothing. `tariffs` knows those
        that were published before.

        Raises `InvalidTariff` for a tariff that is not there, `BadPriceSeries` for a series that it does not follow and
        for prices that are beyond any bill, `NoPriceInForce` where a month would have several rates of exchange.
        """
        known, new = self.tariffs.get(tariff), list[PriceSeries]()
        for one in series:
            if one.name not in known.series_asked:
                follows = ", ".join(known.series_asked) or "none"
                raise BadPriceSeries(f"series {one.name!r}: tariff {tariff} does not follow it; it follows {follows}")
            before = [each for each in (*known.series, *new) if each.name == one.name]
            news = news_of(one, before)
            if news is not None:
                _check_exchange(known, news, (*before, news))
                new.append(news)
        _check_budget(replace(known, series=(*known.series, *new)))
        self.published.publish_prices(tariff, new)
        return new


def _check_exchange(tariff: Tariff, news: PriceSeries, published: Sequence[PriceSeries]) -> None:
    """Each month that gets new prices has one rate of exchange. Raises `NoPriceInForce`."""
    month = BillingMonth.of(news.start, ZoneInfo(tariff.timezone))
    while month.start_utc < news.end:
        series_between(published, month.start_utc, month.end_utc)
        month = month.next()


def _check_budget(tariff: Tariff) -> None:
    """Raises `BadPriceSeries` where a bill could leave 64 bits."""
    for rates in tariff.rate_table.rates:
        fault = over_budget(tariff.charges, rates.values, tariff.series)
        if fault is not None:
            raise BadPriceSeries(f"tariff {tariff.id} from {rates.valid_from}: at these prices {fault}")


def _amended(tariff: Tariff, published: Sequence[Rates], prices: Sequence[PriceSeries]) -> Tariff:
    table, digest = tariff.rate_table, sha256(tariff.version.encode())
    for rates in published:
        table = table.amended_by(rates)
        digest.update(repr((rates.valid_from, rates.valid_to, sorted(rates.values.items()))).encode())
    for series in prices:
        digest.update(repr((series.name, series.minutes, series.start, series.worth, series.prices_micro)).encode())
    version = digest.hexdigest()[: max(12, len(tariff.version))]
    return replace(tariff, rate_table=table, series=(*tariff.series, *prices), version=version)
