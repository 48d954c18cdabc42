"""How deeply text nests, told before a parser descends into it.

The parsers of the standard library call themselves once a level and give up in a RecursionError, at a depth that
depends on how deep their caller stands already, and at the one place where nothing else can be done any more either.
"""

import re
from itertools import accumulate

MOST_LEVELS = 20
"""More than any file of ours or of a customer needs; a name of so many parts in so many lists is still no danger."""


class NestedTooDeeply(ValueError):
    """The text nests more than 20 levels deep; no parser has seen it."""

    def __init__(self) -> None:
        super().__init__("nested too deeply")


def check_json(data: bytes) -> None:
    """Raises `NestedTooDeeply` for JSON in UTF-8, whole or broken."""
    _check_brackets(_TEXT.sub(b"", data))


def check_toml(data: bytes) -> None:
    """Raises `NestedTooDeeply` for TOML in UTF-8, whole or broken; a name `a.b.c` has three levels."""
    bare = _TEXT.sub(b"", data)
    _check_brackets(bare)
    if max(part.count(b".") for part in _AROUND_NAMES.split(bare)) >= MOST_LEVELS:
        raise NestedTooDeeply


_TEXT = re.compile(
    rb'"""(?:[^\\]|\\.)*?"""'
    rb"|'''.*?'''"
    rb'|"(?:[^"\\\n]|\\.)*"'
    rb"|'[^'\n]*'"
    rb"|\#[^\n]*",
    re.DOTALL,
)
"""Quoted text of both languages, and comments. JSON has fewer kinds, and ends at the first of those it has not."""

_AROUND_NAMES = re.compile(rb"[=,\n\[\]{}]")

_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(set(range(256)) - set(_STEPS))


def _check_brackets(bare: bytes) -> None:
    steps = map(_STEPS.__getitem__, bare.translate(None, _NO_BRACKETS))
    if max(accumulate(steps), default=0) > MOST_LEVELS:
        raise NestedTooDeeply
