"""A structure that says only where it differs from another: `like = "mx-gdmth"`.

What it gives itself counts, everything else is the other's: in the heading and in the calendar field by field, among
charges by code. A charge with its `kind` replaces the other's; one without changes only the fields it gives. `without`
names charges of the other that it does not have. Rates are never taken over.
"""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.tariff_files.reading import Document, shown
from domain.errors import InvalidTariff

MOST_STEPS = 4
"""How long a chain of likenesses may be; it ends circles, too."""

Find = Callable[[str], Document]


def resolve(document: Document, find: Find, steps: int = MOST_STEPS) -> Document:
    """The whole structure. `find` gives another by its id or raises `InvalidTariff`, as this does."""
    if "like" not in document.content:
        return document
    name = document.text("like")
    if not steps:
        raise InvalidTariff(
            f"{document.path}: like: {name!r}: more than {MOST_STEPS} structures are like each other in a row, or in a "
            "circle; name one that stands alone"
        )
    try:
        other = find(name)
    except InvalidTariff as fault:
        raise InvalidTariff(f"{document.path}: like: {fault}") from fault
    return Document(document.path, _merged(document, resolve(other, find, steps - 1).content))


def _merged(document: Document, other: Mapping[str, Any]) -> dict[str, Any]:
    """What is of the wrong kind to be merged stays as it is written: the strict reading says what is wrong with it."""
    own = {key: value for key, value in document.content.items() if key not in {"like", "without"}}
    merged = {key: value for key, value in other.items() if key != "rates"} | own
    calendars = other.get("calendar"), own.get("calendar")
    if all(isinstance(calendar, dict) for calendar in calendars):
        merged["calendar"] = {key: value for calendar in calendars for key, value in (calendar or {}).items()}
    theirs, mine = _by_code(other.get("charge", [])), _by_code(own.get("charge", []))
    if theirs is not None and mine is not None:
        kept = _left(document, theirs)
        changed = {code: one if "kind" in one else kept.get(code, {}) | one for code, one in mine.items()}
        merged["charge"] = list({**kept, **changed}.values())
    return merged


def _by_code(charges: object) -> dict[str, dict[str, Any]] | None:
    """Charges by code; None where they are not a list of tables with a code each, no two alike."""
    if not isinstance(charges, list) or not all(isinstance(one, dict) for one in charges):
        return None
    coded = {one["code"]: one for one in charges if isinstance(one.get("code"), str)}
    return coded if len(coded) == len(charges) else None


def _left(document: Document, theirs: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The charges of the other without those that `without` names."""
    codes = document.content.get("without", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise InvalidTariff(f'{document.path}: without: {shown(codes)}: write a list of charge codes, like ["vat"]')
    for code in codes:
        if code not in theirs:
            raise InvalidTariff(
                f"{document.path}: without: {code!r}: {document.text('like')!r} has no such charge; "
                f"use {', '.join(theirs)}"
            )
    return {code: charge for code, charge in theirs.items() if code not in codes}
