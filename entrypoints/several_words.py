"""An option that takes several words, `--tariffs A B C`: the parser below takes one word an option."""

from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand


class SeveralTariffs(TyperCommand):
    """A command whose `--tariffs` takes all words until the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, one_by_one(args, "--tariffs"))


def one_by_one(words: Iterable[str], option: str) -> list[str]:
    """The option before each of its words, as if it had been repeated."""
    found: list[str] = []
    taking = False
    for word in words:
        if taking and not word.startswith("-") and found[-1] != option:
            found.append(option)
        taking = word == option or (taking and not word.startswith("-"))
        found.append(word)
    return found
