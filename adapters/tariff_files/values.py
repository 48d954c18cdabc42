"""The small strict types that structure files and rate tables share."""

import re
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from domain.budget import LARGEST_LOAD_KW
from domain.calendar import MINUTES_PER_DAY, Window

MOST_BARE_DIGITS = 15
"""A decimal of up to 15 digits survives a binary float; more of them, out of quotes, are what a program left over."""
PLAIN_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?")
WINDOW = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d) (\S+)")
WORDS = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*")


class Part(BaseModel):
    """A table of a tariff file: nothing unknown in it, nothing converted in silence."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def number(value: object) -> Decimal:
    """A decimal from TOML text, integer or decimal; never from a binary float. Raises ValueError."""
    if isinstance(value, str) and PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 20:
        if len(value.as_tuple().digits) > MOST_BARE_DIGITS:
            raise ValueError('has the digits of a binary fraction; write the number itself, in quotes, like "0.1"')
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20:
        return Decimal(value)
    raise ValueError('not a number; write it in digits with a decimal point, like "0.7530"')


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("is negative; no rate or limit is")
    return value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("must be above 0")
    return value


def _at_most_hundred(value: Decimal) -> Decimal:
    if not 0 <= value <= 100:
        raise ValueError("a percentage lies between 0 and 100")
    return value


def _within_largest_load(value: Decimal) -> Decimal:
    if value > LARGEST_LOAD_KW:
        raise ValueError(f"is beyond the largest load, {LARGEST_LOAD_KW:,} kW; give it in kW, not in W")
    return value


def _above_zero_to_one(value: Decimal) -> Decimal:
    if not 0 < value <= 1:
        raise ValueError('a load factor lies above 0 and up to 1, like "0.57"')
    return value


def ascending(limits: list[Decimal]) -> list[Decimal]:
    """Limits of tiers, checked for their order. Raises ValueError."""
    for lower, upper in pairwise(limits):
        if lower >= upper:
            raise ValueError(f"{upper} comes after {lower}; write the limits from the lowest to the highest")
    return limits


def _different(months: list[int]) -> list[int]:
    if len(set(months)) < len(months):
        raise ValueError("a month is there twice; remove one")
    return months


def _id(value: str) -> str:
    if not WORDS.fullmatch(value):
        raise ValueError("use small letters and digits, joined by - or ., like mx-gdmth")
    return value


def _code(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", value):
        raise ValueError("use at most 60 small letters, digits and _, like supplier_fixed")
    return value


def _period(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", value):
        raise ValueError("use at most 60 letters, digits, - and _, like summer-peak")
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; say it in words")
    return value


Number = Annotated[Decimal, BeforeValidator(number), AfterValidator(_not_negative)]
Positive = Annotated[Decimal, BeforeValidator(number), AfterValidator(_positive)]
Percent = Annotated[Decimal, BeforeValidator(number), AfterValidator(_at_most_hundred)]
Kilowatts = Annotated[Positive, AfterValidator(_within_largest_load)]
LoadFactor = Annotated[Decimal, BeforeValidator(number), AfterValidator(_above_zero_to_one)]
Id = Annotated[str, AfterValidator(_id)]
Code = Annotated[str, AfterValidator(_code)]
PeriodName = Annotated[str, AfterValidator(_period)]
Text = Annotated[str, AfterValidator(_text)]
SomeText = Annotated[list[Text], Field(min_length=1, max_length=200)]
Months = Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(max_length=12), AfterValidator(_different)]


def instant(value: object) -> datetime:
    """A TOML date and time with an offset. Raises ValueError."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise ValueError("write an instant without quotes and with its offset, like 2026-07-15T18:00:00-05:00")


def window(value: object) -> Window:
    """`06:00-20:00 intermediate` as minutes of the day. Raises ValueError."""
    match = WINDOW.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('write a window as "06:00-20:00 name-of-period"')
    start, end = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
    if int(match[2]) > 59 or int(match[4]) > 59 or end > MINUTES_PER_DAY:
        raise ValueError("there is no such time; a day goes from 00:00 to 24:00")
    if end <= start:
        raise ValueError("ends before it begins; cut a window that crosses midnight in two")
    return Window(start, end, match[5])
