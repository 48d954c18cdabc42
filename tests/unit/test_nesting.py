"""Depth is told before parsing: exactly, for every honest text, and without descending."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.nesting import MOST_LEVELS, NestedTooDeeply, check_json, check_toml

TEXTS = st.text(st.sampled_from("[]{}\"'\\#.=\n,x"), max_size=80)
JSON = st.recursive(
    TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=40
)


@given(JSON)
def test_brackets_in_quotes_are_no_levels(content: object) -> None:
    check_json(json.dumps(content).encode())
    check_json(json.dumps(content, ensure_ascii=False).encode())


@pytest.mark.parametrize("bracket", ["[]", '{"x":}'])
def test_json_may_nest_to_the_bound_and_no_further(bracket: str) -> None:
    opened, closed = bracket[:-1], bracket[-1]
    check_json((opened * MOST_LEVELS + "0" + closed * MOST_LEVELS).encode())
    with pytest.raises(NestedTooDeeply, match="nested too deeply"):
        check_json((opened * (MOST_LEVELS + 1) + "0" + closed * (MOST_LEVELS + 1)).encode())


@pytest.mark.parametrize(
    "text",
    [
        "a = [" + ", ".join(["[1.5, 2.5]"] * 500) + "]",
        "# " + "[" * 500 + "\na = 1",
        f'a = "{"[" * 500}"',
        f"a = '{'{' * 500}'",
        'a = """\n' + "[" * 500 + '\\" "" ' + "[" * 500 + '"""',
        f"a = '''\n{'[' * 500}\n'''",
        f'"{"." * 500}" = 1',
        "[[a]]\n" * 500,
        "".join(f"x{n} = 1.25\n" for n in range(500)),
        ".".join("a" * MOST_LEVELS) + " = 1",
    ],
    ids=[
        "a long list", "comment", "basic", "literal", "basic lines", "literal lines", "key", "tables", "rows", "names"
    ],
)  # fmt: skip
def test_honest_toml_is_let_through(text: str) -> None:
    tomllib.loads(text)
    check_toml(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * (MOST_LEVELS + 1),
        "a = " + "{a = " * (MOST_LEVELS + 1),
        'a = "\\"" + ' + "[" * 100_000,
        ".".join("a" * (MOST_LEVELS + 1)) + " = 1",
        "[" + " . ".join(['"a"'] * 100_000) + "]",
        '"' + "[" * 100_000,
    ],
    ids=["lists", "tables", "after quotes", "names", "header", "open quotes"],
)
def test_deep_toml_is_refused_unparsed(text: str) -> None:
    with pytest.raises(NestedTooDeeply):
        check_toml(text.encode())


@given(st.text(st.sampled_from("[]{}\"'\\#.=\n,:x "), max_size=400))
def test_whatever_is_let_through_is_parsed_or_refused_without_descending(text: str) -> None:
    """The one that matters: what the check calls shallow, the parser finds shallow."""
    data = ("[" * 9 + text + "[" * 3000).encode()
    for check, parse in ((check_json, json.loads), (check_toml, tomllib.loads)):
        try:
            check(data)
            parse(data.decode())
        except ValueError:
            pass
