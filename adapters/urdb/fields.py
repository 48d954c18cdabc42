"""Every field of a record: what it is for here. A field that is in none of these sets is refused."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.urdb.numbers import Faults, number

PRICED = frozenset(
    {
        "energyratestructure",
        "energyweekdayschedule",
        "energyweekendschedule",
        "fueladjustmentsmonthly",
        "demandratestructure",
        "demandweekdayschedule",
        "demandweekendschedule",
        "demandrateunit",
        "demandwindow",
        "demandratchetpercentage",
        "flatdemandstructure",
        "flatdemandmonths",
        "flatdemandunit",
        "lookbackpercent",
        "lookbackrange",
        "lookbackmonths",
        "fixedchargefirstmeter",
        "fixedchargeunits",
        "fixedmonthlycharge",
        "mincharge",
        "minchargeunits",
        "minmonthlycharge",
        "startdate",
        "enddate",
        "country",
        "label",
        "name",
        "utility",
        "uri",
        "source",
    }
)
"""What the tariff is made of."""

NET_BILLING = "Net Billing Instantaneous"
"""The value of `dgrules` by which what the meter delivers at any instant is credited at `sell`; the other rules net by
the hour or by the month, and do not say what becomes of what is left over, or sell what another meter counts."""

TOLD = (
    "dgrules",
    "usenetmetering",
    "fixedchargeeaaddl",
    "energyattrs",
    "demandattrs",
    "fixedattrs",
    "description",
    "basicinformationcomments",
    "energycomments",
    "demandcomments",
)
"""Not priced, yet may matter to who reads the bill: repeated in the tariff's notes."""

INFORMATIVE = frozenset(
    {
        "approved",
        "is_default",
        "eiaid",
        "revisions",
        "latest_update",
        "supercedes",
        "supersedes",
        "sector",
        "servicetype",
        "sourceparent",
        "type",
        "peakkwcapacitymin",
        "peakkwcapacitymax",
        "peakkwcapacityhistory",
        "peakkwhusagemin",
        "peakkwhusagemax",
        "peakkwhusagehistory",
        "demandunits",
        "voltageminimum",
        "voltagemaximum",
        "voltagecategory",
        "phasewiring",
        "coincidentrateunit",
        "coincidentrateschedule",
    }
)
"""Whom the rate is for and where it comes from: no money depends on it. The last two serve a charge refused below."""

APART = {
    "demandreactivepowercharge": "a price per kVAr, of which the record does not say which kVAr are billed",
    "coincidentratestructure": "demand at the hours of a system peak, which the record does not tell",
    "annualmincharge": "a minimum over a year, while bills are monthly",
    "sell": "a price for energy sold to the utility, which stands in the tiers of energyratestructure",
}
"""What no tariff expresses, and why. Each stands apart from the rest, so that a user may leave it out, knowingly."""

MOST_SHOWN = 300


def check_fields(fields: Mapping[str, Any], faults: Faults) -> None:
    """Refuses unknown fields, and the known ones that are not expressible unless they are zero."""
    for name in sorted(fields.keys() - PRICED - INFORMATIVE - set(TOLD) - APART.keys()):
        faults.add(
            f"{shown(name)}: {shown(fields[name])}: no field of URDB version 7 or 8; --leave-out {shown(name)} imports "
            "the rest"
        )
    for name, why in APART.items():
        if name in fields and _is_priced(fields[name]):
            faults.add(f"{name}: {shown(fields[name])}: {why}; --leave-out {name} imports the rest")


def told(fields: Mapping[str, Any]) -> Iterable[str]:
    """The notes that repeat what the record says and nobody bills."""
    if fields.get("servicetype", "Bundled") != "Bundled":
        yield f"Only a part of the cost of electricity: the record prices {shown(fields['servicetype'])}."
    if str(fields.get("approved", True)).lower() == "false":
        yield "The record is not approved: nobody has checked it against what the utility publishes."
    for name in TOLD:
        if name in fields and fields[name] is not False and fields[name] != NET_BILLING:
            yield f"Said by the record and not billed ({name}): {shown(fields[name], MOST_SHOWN)}"


def shown(value: object, most: int = 60) -> str:
    """A value on one line, and nothing long."""
    text = " ".join(str(_plain(value)).split())
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _plain(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(_plain(one)) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(one)}" for key, one in value.items())
    return value


def _is_priced(value: object) -> bool:
    """Anything but zeros in every rate; what cannot be read counts as priced, because it may be."""
    if isinstance(value, list):
        return any(_is_priced(one) for one in value)
    if isinstance(value, dict):
        return any(_is_priced(value[key]) for key in ("rate", "adj") if key in value) or not value
    return number(value) != 0
