"""The tariffs that ship: complete, cited, and with the calendars that the law gives them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from adapters.tariff_files import TariffFiles
from domain.bill import make_bill
from domain.charges import PowerFactorAdjustment
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.errors import ContractIncomplete, NoPriceInForce
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, Terms

IDS = TariffFiles().ids()
TAXED = [name for name in IDS if name.startswith("br-") and "-net:" not in name]
"""Brazil with its taxes, which change by state and month: whoever bills gives them."""
COMPLETE = [name for name in IDS if "6.1td-types-4-5" not in name and name not in TAXED]
DIVISIONS = [
    *("bajio", "centro-occidente", "centro-oriente", "centro-sur", "golfo-centro", "golfo-norte", "jalisco"),
    *("noroeste", "norte", "oriente", "peninsular", "sureste"),
    *("valle-de-mexico-centro", "valle-de-mexico-norte", "valle-de-mexico-sur"),
]
"""Of the interconnected system; the two of Lower California have tariffs of their own."""
COMMUNES = ["cge-rancagua", "cge-san-bernardo", "frontel-temuco", "saesa-osorno", "saesa-puerto-montt"]
SUPPLY = ["supplier_fixed", "distribution", "transmission", "cenace", "energy", "capacity", "scnmem"]


def terms_of(tariff: Tariff, first: date, contract: Contract) -> Terms:
    month = BillingMonth(first, ZoneInfo(tariff.timezone))
    return Terms(tariff, tariff.rate_table.in_force(month.first, month.end), contract, month, 15)


def gdmth() -> Tariff:
    return TariffFiles().get("mx-gdmth:golfo-centro")


def period_at(tariff: Tariff, local: str) -> str:
    at = datetime.fromisoformat(local)
    return tariff.periods[tariff.calendar.period_at(at.date(), at.hour * 60 + at.minute)]


def test_these_tariffs_ship() -> None:
    zones = ["", "-baleares", "-canarias", "-ceuta", "-melilla"]
    tolls = ["3.0td", "3.0td-types-4-5", "6.1td", "6.1td-types-4-5", "6.2td", "6.3td", "6.4td"]
    spain = [f"es-{toll}{zone}" for toll in tolls for zone in zones]
    mexico = ["mx-gdmth:2018"]
    for kind in ("gdmth", "gdmto", "dist", "dit"):
        mexico += [f"mx-{kind}:{division}" for division in DIVISIONS]
        mexico += [f"mx-{kind}-bc:baja-california", f"mx-{kind}-bcs:baja-california-sur"]
    chile = [f"cl-{kind}:{place}" for kind in ("at4.3", "bt4.3") for place in COMMUNES]
    brazil = [
        f"br-a4-{colour}{hours}{net}:{distributor}"
        for colour in ("azul", "verde")
        for hours, distributors in (("", ["cpfl-paulista"]), ("-1730", ["enel-sp", "cosern"]))
        for net in ("", "-net")
        for distributor in distributors
    ]
    usa = ["us-pge-e20-primary-2018", "us-sce-tou-gs-3-cpp-2016"]
    assert list(IDS) == sorted([*spain, *mexico, *chile, *brazil, *usa])


def test_every_structure_has_rates_of_somewhere() -> None:
    assert set(TariffFiles().structure_ids()) == {name.partition(":")[0] for name in IDS}


def test_a_structure_that_is_like_another_is_as_if_it_were_written_out() -> None:
    peninsula, ceuta = (TariffFiles().structure(f"es-6.3td{zone}") for zone in ("", "-ceuta"))
    assert [part.code for part in ceuta.charge] == ["power", "energy", "excess", "reactive", "electricity_tax", "ipsi"]
    assert ceuta.charge[:5] == peninsula.charge[:5]
    assert ceuta.calendar.holiday == peninsula.calendar.holiday
    assert ceuta.calendar.season != peninsula.calendar.season


@pytest.mark.parametrize("name", COMPLETE)
def test_every_charge_has_its_rates(name: str) -> None:
    tariff = TariffFiles().get(name)
    for rates in tariff.rate_table.rates:
        assert terms_of(tariff, rates.valid_from, Contract()).micro


@pytest.mark.parametrize("name", IDS)
def test_every_number_says_where_it_comes_from(name: str) -> None:
    tariff = TariffFiles().get(name)
    assert tariff.source
    assert tariff.notes
    assert all(isinstance(charge, Named) and charge.source for charge in tariff.charges)
    assert all(rates.source for rates in tariff.rate_table.rates)


def test_the_bill_of_gdmth_has_its_charges_in_this_order() -> None:
    tariff = gdmth()
    assert [charge.code for charge in tariff.charges] == [*SUPPLY, "low_side", "power_factor", "vat"]
    assert [charge.group for charge in tariff.charges] == ["supply"] * 7 + ["adjustment"] * 2 + ["tax"]


def test_a_rate_that_is_given_counts_instead_of_the_tables() -> None:
    given = TariffFiles().get("mx-gdmth:peninsular", overrides={"supplier_fixed": Decimal("461.75")})
    assert terms_of(given, date(2026, 3, 1), Contract()).micro["supplier_fixed"] == 461_750_000


PRINTED = {
    "mx-gdmth:golfo-centro": ("2026-01", "1.0012 1.6932 1.9621"),
    "mx-gdmth:peninsular": ("2025-12", "1.2620 2.1256 2.3720"),
    "mx-gdmth:valle-de-mexico-centro": ("2020-01", "0.9862 1.6219 1.8922"),
    "mx-gdmth:2018": ("2018-12", "0.9260 1.6539 1.8665"),  # Centro Oriente
    "mx-gdmth-bc:baja-california": ("2026-03", "0.6129 0.9519 1.2850"),
    "mx-dist:centro-sur": ("2026-08", "1.0511 1.7288 2.0184"),
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_a_kwh_costs_is_what_cfes_page_prints(name: str) -> None:
    """The page adds transmission, CENACE, SCnMEM and energy; bills, and so the tables here, keep them apart."""
    month, printed = PRINTED[name]
    first = date.fromisoformat(f"{month}-01")
    values = TariffFiles().get(name).rate_table.in_force(first, first + timedelta(days=28)).values
    parts = sum(values[key] for key in ("transmission", "cenace", "scnmem"))
    found = [values[f"energy.{period}"] + parts for period in ("base", "intermediate", "peak")]
    assert found == [Decimal(price) for price in printed.split()]


@pytest.mark.parametrize("division", DIVISIONS)
def test_the_four_tariffs_of_a_division_agree_in_what_they_share(division: str) -> None:
    gdmth_values, gdmto, dist, dit = (
        TariffFiles().get(f"mx-{kind}:{division}").rate_table.rates[0].values
        for kind in ("gdmth", "gdmto", "dist", "dit")
    )
    if division != "peninsular":  # its table of GDMTH begins in 2025
        shared = ("supplier_fixed", "distribution", "transmission", "cenace", "scnmem")
        assert [gdmth_values[key] for key in shared] == [gdmto[key] for key in shared]
    assert dist["transmission"] == gdmto["transmission"] > dit["transmission"]
    assert abs(dist["supplier_fixed"] - 3 * gdmto["supplier_fixed"]) <= Decimal("0.02")
    assert dist["supplier_fixed"] == dit["supplier_fixed"]
    assert all(values["energy.base"] < values["energy.intermediate"] < values["energy.peak"] for values in (dist, dit))


@pytest.mark.parametrize("month", [date(2025, 4, 1), date(2025, 10, 1), date(2026, 4, 1)])
def test_months_that_nobody_knows_have_no_price(month: date) -> None:
    with pytest.raises(NoPriceInForce, match="it covers 2025-05-01 to 2025-10-01, 2025-11-01 to 2026-04-01"):
        terms_of(TariffFiles().get("mx-gdmth:peninsular"), month, Contract())


@pytest.mark.parametrize(
    ("local", "period"),
    [
        ("2025-07-07 05:59", "base"),  # a Monday in summer
        ("2025-07-07 06:00", "intermediate"),
        ("2025-07-07 19:59", "intermediate"),
        ("2025-07-07 20:00", "peak"),
        ("2025-07-07 21:59", "peak"),
        ("2025-07-07 22:00", "intermediate"),
        ("2025-07-05 06:59", "base"),  # Saturday
        ("2025-07-05 07:00", "intermediate"),
        ("2025-07-05 20:30", "intermediate"),
        ("2025-07-06 18:59", "base"),  # Sunday
        ("2025-07-06 19:00", "intermediate"),
        ("2026-01-12 17:59", "intermediate"),  # a Monday in winter
        ("2026-01-12 18:00", "peak"),
        ("2026-01-12 22:00", "intermediate"),
        ("2026-01-10 07:59", "base"),  # Saturday
        ("2026-01-10 19:00", "peak"),
        ("2026-01-10 21:00", "intermediate"),
        ("2026-01-11 17:59", "base"),  # Sunday
        ("2026-01-11 18:00", "intermediate"),
        ("2025-04-05 19:30", "peak"),  # the Saturday before the first Sunday of April is winter
        ("2025-04-06 18:30", "base"),  # that Sunday is summer
        ("2025-04-07 19:30", "intermediate"),
        ("2025-10-24 18:30", "intermediate"),  # summer ends on the Saturday before the last Sunday of October
        ("2025-10-26 18:30", "intermediate"),
        ("2025-10-27 18:30", "peak"),
        ("2025-05-01 08:00", "base"),  # a Thursday, and Labour Day
    ],
)
def test_gdmth_has_this_period_at_this_minute(local: str, period: str) -> None:
    assert period_at(gdmth(), local) == period


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2018, "01-01 02-05 03-19 05-01 09-16 11-19 12-01 12-25"),
        (2023, "01-01 02-06 03-20 05-01 09-16 11-20 12-25"),
        (2024, "01-01 02-05 03-18 05-01 09-16 10-01 11-18 12-25"),
        (2025, "01-01 02-03 03-17 05-01 09-16 11-17 12-25"),
        (2026, "01-01 02-02 03-16 05-01 09-16 11-16 12-25"),
        (2027, "01-01 02-01 03-15 05-01 09-16 11-15 12-25"),
        (2030, "01-01 02-04 03-18 05-01 09-16 10-01 11-18 12-25"),
    ],
)
def test_mexican_holidays_are_the_compulsory_rest_days(year: int, days: str) -> None:
    assert [f"{day:%m-%d}" for day in sorted(gdmth().calendar.holidays_of(year))] == days.split()


@pytest.mark.parametrize(
    ("month", "kw", "percent"),
    [
        (date(2023, 12, 1), 1000, 90),
        (date(2024, 1, 1), 999, 90),
        (date(2024, 1, 1), 1000, 95),
        (date(2026, 4, 1), 2000, 95),
        (date(2026, 5, 1), 1000, 97),
        (date(2026, 5, 1), 999, 90),
    ],
)
def test_the_power_factor_asked_depends_on_date_and_size(month: date, kw: int, percent: int) -> None:
    tariff = gdmth()
    charge = next(c for c in tariff.charges if isinstance(c, PowerFactorAdjustment))
    billed = BillingMonth(month, ZoneInfo(tariff.timezone))
    terms = Terms(tariff, tariff.rate_table.rates[0], Contract({"all": Decimal(kw)}), billed, 15)
    assert charge.threshold(terms).percent == percent


def test_from_2024_on_the_contracted_power_must_be_known() -> None:
    tariff = gdmth()
    charge = next(c for c in tariff.charges if isinstance(c, PowerFactorAdjustment))
    with pytest.raises(ContractIncomplete, match="--contracted-kw all=KW"):
        charge.threshold(terms_of(tariff, date(2026, 1, 1), Contract()))


@pytest.mark.parametrize(("low_side", "percent_of_supply"), [(False, 0), (True, 2)])
def test_metering_on_the_low_side_costs_two_percent_more(low_side: bool, percent_of_supply: int) -> None:
    contract = Contract({"all": Decimal(500)}, metered_on_low_side=low_side)
    d = Determinants([0, 100_000_000, 0], 0, [0, 25_000, 0], [None, None, None])
    bill = make_bill("plant", d, terms_of(gdmth(), date(2026, 1, 1), contract))
    supply = bill.amount_of("supply")
    assert abs(bill.amount_of("low_side") - supply * percent_of_supply / 100) <= Decimal("0.005")


def test_the_spanish_electricity_tax_is_at_least_half_a_euro_for_each_megawatt_hour() -> None:
    tariff = TariffFiles().get("es-6.1td")
    d = Determinants([0, 0, 0, 0, 0, 1_000_000_000], 0, [0] * 6, [None] * 6)
    bill = make_bill("plant", d, terms_of(tariff, date(2025, 2, 1), Contract({"all": Decimal(0)})))
    assert bill.amount_of("energy") == Decimal("1443.00")
    assert bill.amount_of("electricity_tax") == Decimal("500.00")
    assert bill.amount_of("vat") == Decimal("408.03")


def test_spanish_holidays_are_national_and_of_fixed_date() -> None:
    holidays = TariffFiles().get("es-6.1td").calendar.holidays_of(2025)
    days = "01-01 01-06 05-01 08-15 10-12 11-01 12-06 12-08 12-25"
    assert [f"{day:%m-%d}" for day in sorted(holidays)] == days.split()


@pytest.mark.parametrize(
    ("name", "power", "energy"),
    [
        ("es-3.0td", "19.658495", "0.061031"),
        ("es-6.1td", "28.791866", "0.044778"),
        ("es-6.2td", "19.628657", "0.023063"),
        ("es-6.3td", "13.200058", "0.019092"),
        ("es-6.4td", "7.768462", "0.010526"),
    ],
)
def test_spanish_rates_are_tolls_plus_charges(name: str, power: str, energy: str) -> None:
    values = TariffFiles().get(name).rate_table.rates[0].values
    assert (values["power.P1"], values["energy.P1"]) == (Decimal(power), Decimal(energy))


@pytest.mark.parametrize(
    ("name", "period", "excess"),
    [("es-3.0td", "P2", "1.776546"), ("es-6.1td", "P5", "0.009852"), ("es-6.4td", "P6", "0.005465")],
)
def test_the_spanish_price_of_excess_power_is_its_coefficient_times_tep(name: str, period: str, excess: str) -> None:
    assert TariffFiles().get(name).rate_table.rates[0].values[f"excess.{period}"] == Decimal(excess)


@pytest.mark.parametrize(
    ("name", "power", "energy", "excess"),
    [
        ("es-3.0td", "20.376927", "0.063352", "3.325715"),
        ("es-6.1td", "29.595368", "0.046274", "3.431797"),
        ("es-6.2td", "20.103588", "0.023880", "3.243495"),
        ("es-6.3td", "13.053392", "0.018775", "3.063808"),
        ("es-6.4td", "7.905445", "0.011275", "2.736629"),
        ("es-3.0td-types-4-5", "20.376927", "0.063352", "0.171373"),
        ("es-6.1td-types-4-5", "29.595368", "0.046274", "0.275735"),
    ],
)
def test_spanish_rates_of_2026_are_those_of_the_new_year(name: str, power: str, energy: str, excess: str) -> None:
    values = TariffFiles().get(name).rate_table.in_force(date(2026, 1, 1), date(2026, 2, 1)).values
    found = [values[key] for key in ("power.P1", "energy.P1", "excess.P1")]
    assert found == [Decimal(power), Decimal(energy), Decimal(excess)]


@pytest.mark.parametrize(
    ("day", "percent"),
    [("2026-03-21", "5.11269632"), ("2026-03-22", "0.5"), ("2026-05-31", "0.5"), ("2026-06-01", "5.11269632")],
)
def test_the_electricity_tax_of_spain_was_lower_in_spring_2026(day: str, percent: str) -> None:
    on = date.fromisoformat(day)
    table = TariffFiles().get("es-6.2td").rate_table
    assert table.in_force(on, on + timedelta(days=1)).values["electricity_tax"] == Decimal(percent)


def test_what_the_tax_is_from_november_2026_on_nobody_knew() -> None:
    with pytest.raises(NoPriceInForce, match="it covers 2025-01-01 to 2026-11-01"):
        TariffFiles().get("es-6.1td").rate_table.in_force(date(2026, 11, 1), date(2026, 12, 1))


@pytest.mark.parametrize(("zone", "tax"), [("canarias", "igic"), ("ceuta", "ipsi"), ("melilla", "ipsi")])
def test_the_weak_general_tax_of_the_islands_and_of_africa_says_that_it_is_weak(zone: str, tax: str) -> None:
    tariff = TariffFiles().get(f"es-6.1td-{zone}")
    assert any("weak: one public calculator" in note and f"--rate {tax}=PERCENT" in note for note in tariff.notes)
    given = TariffFiles().get(f"es-6.1td-{zone}", overrides={tax: Decimal(7)})
    assert given.rate_table.rates[0].values[tax] == 7


def test_excess_power_of_small_meters_in_high_voltage_is_unknown_and_must_be_given() -> None:
    with pytest.raises(NoPriceInForce, match=r"no rate for excess\.P1.*--rate excess\.P1=AMOUNT"):
        terms_of(TariffFiles().get("es-6.1td-types-4-5"), date(2025, 5, 1), Contract())


@pytest.mark.parametrize(
    ("local", "period"),
    [
        ("2018-07-02 11:59", "summer-part-peak"),
        ("2018-07-02 12:00", "summer-peak"),
        ("2018-07-02 18:00", "summer-part-peak"),
        ("2018-07-02 21:00", "summer-off-peak"),
        ("2018-07-04 12:00", "summer-peak"),  # Independence Day: the record has no holidays
        ("2018-07-07 12:00", "summer-off-peak"),
        ("2018-11-01 08:00", "winter-part-peak"),
        ("2018-04-30 20:59", "winter-part-peak"),
        ("2018-05-01 07:59", "summer-off-peak"),
    ],
)
def test_e20_has_this_period_at_this_minute(local: str, period: str) -> None:
    assert period_at(TariffFiles().get("us-pge-e20-primary-2018"), local) == period
