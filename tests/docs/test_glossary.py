"""Every word of the glossary lives where the glossary says."""

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<word>[^|]+) \| (?P<meaning>[^|]+) \| (?P<code>[^|]+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))[1:]  # the first is the heading
NAMES = [(word, name) for word, _, code in ROWS for name in re.findall(r"`([^`]+)`", code)]


def resolve(name: str) -> object:
    """The module, class or member of a dotted name. Raises `LookupError`."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = module_of(".".join(parts[:length]))
        if module is not None:
            return member_of(module, parts[length:], name)
    raise LookupError(f"{name}: there is no module {parts[0]}")


def module_of(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, and something it needs is not
        return None


def member_of(owner: object, parts: list[str], name: str) -> object:
    for at, part in enumerate(parts):
        if not hasattr(owner, part):
            # a field of a dataclass, or of a protocol, without a default exists in the class as an annotation only
            classes = owner.__mro__ if isinstance(owner, type) else ()
            if at + 1 == len(parts) and any(part in vars(one).get("__annotations__", {}) for one in classes):
                return None
            raise LookupError(f"{name}: there is no {part} in {owner}")
        owner = getattr(owner, part)
    return owner


def test_the_table_was_found() -> None:
    assert len(ROWS) > 50
    assert len(NAMES) > len(ROWS)


@pytest.mark.parametrize(("word", "name"), NAMES, ids=[f"{word}: {name}" for word, name in NAMES])
def test_a_word_lives_where_the_glossary_says(word: str, name: str) -> None:
    resolve(name)


@pytest.mark.parametrize(("word", "meaning", "code"), ROWS, ids=[word for word, _, _ in ROWS])
def test_a_word_has_a_meaning_and_a_place(word: str, meaning: str, code: str) -> None:
    assert meaning.strip().endswith("."), "a meaning is a sentence"
    assert re.fullmatch(r"`[\w.]+`(, `[\w.]+`)*", code.strip())


def test_a_word_is_there_once_and_easy_to_find() -> None:
    words = [word.casefold() for word, _, _ in ROWS]
    assert words == sorted(set(words))


@pytest.mark.parametrize(
    "name", ["domain.tariff.Tarif", "domain.tarif.Tariff", "nowhere.at.all", "domain.tariff.Tariff.charges.code"]
)
def test_a_name_that_is_gone_is_noticed(name: str) -> None:
    with pytest.raises(LookupError):
        resolve(name)
