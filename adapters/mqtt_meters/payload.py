"""From the bytes of one message to values: strict JSON, exact decimals, and a reason for whatever is not that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from domain.nesting import NestedTooDeeply, check_json
from domain.push_profile import Path, PushProfile, TimeIn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_SERIAL = 64
MOST_DIGITS = 30
"""No register has more; a number beyond it is no register, and arithmetic with it could take for ever."""


class BadMessage(Exception):
    """The message cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a message holds: values in base units, when it says they were measured, and the meter's serial number."""

    values: Mapping[str, Decimal | None]
    measured: datetime | None
    serial: str


def understand(profile: PushProfile, data: bytes) -> Message:
    """What a message holds. Raises `BadMessage`.

    A value that is null, or not there, is None: the meter has none. Without the active counter that is told apart by
    whoever makes a reading of it.
    """
    if len(data) > profile.most_bytes:
        raise BadMessage(f"{len(data)} bytes, and at most {profile.most_bytes} were expected")
    try:
        check_json(data)
        content = json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except NestedTooDeeply as error:
        raise BadMessage(str(error)) from error
    except (ValueError, ArithmeticError) as error:
        raise BadMessage("not JSON in UTF-8") from error
    values = {value.quantity: _scaled(_at(content, value.path), value.path, value.factor) for value in profile.values}
    measured = None if profile.time is None else _time(_at(content, profile.time.path), profile.time)
    return Message(values, measured, _serial(content, profile))


def _at(content: object, path: Path) -> object:
    """What stands at a path; None where there is nothing. Raises `BadMessage` where the shape is another."""
    for step in path:
        if isinstance(content, dict) and isinstance(step, str):
            content = content.get(step)
        elif isinstance(content, list) and isinstance(step, int):
            content = content[step] if step < len(content) else None
        elif content is None:
            return None
        else:
            raise BadMessage(f"{_place(path)}: there is a {type(content).__name__} where {step!r} should be")
    return content


def _scaled(value: object, path: Path, factor: Decimal) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadMessage(f"{_place(path)}: a number was expected, not a {type(value).__name__}")
    if isinstance(value, int) and value.bit_length() > MOST_DIGITS * 4:
        raise BadMessage(f"{_place(path)}: a number of {value.bit_length()} bits is no register")
    number = Decimal(value)
    if number and abs(number.adjusted()) > MOST_DIGITS:
        raise BadMessage(f"{_place(path)}: a number of size 10^{number.adjusted()} is no register")
    return number * factor


def _serial(content: object, profile: PushProfile) -> str:
    """Empty where messages hold none."""
    told = None if profile.serial is None else _at(content, profile.serial)
    if told is None:
        return ""
    text = str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
    if not text or len(text) > MOST_SERIAL or not text.isprintable():
        raise BadMessage(
            f"{_place(profile.serial or ())}: a serial number of 1 to {MOST_SERIAL} characters was expected"
        )
    return text


def _time(value: object, time: TimeIn) -> datetime:
    try:
        if time.format == "iso":
            return _aware(datetime.fromisoformat(value)) if isinstance(value, str) else _no_time(time)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            _no_time(time)
        return EPOCH + timedelta(milliseconds=int(value * (1000 if time.format == "epoch_s" else 1)))
    except (ValueError, ArithmeticError) as error:
        raise BadMessage(f"{_place(time.path)}: no time of the form {time.format} that there is") from error


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise BadMessage("the time has no offset, so nobody knows when it was")
    return instant.astimezone(UTC)


def _no_time(time: TimeIn) -> NoReturn:
    raise BadMessage(f"{_place(time.path)}: a time of the form {time.format} was expected")


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def _place(path: Path) -> str:
    return ".".join(str(step) for step in path)
