"""A feature belongs to a product owner: it says why, it has a law and examples, and it knows no machinery."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from gherkin.parser import Parser
from gherkin.parser_types import Envelope, RuleEnvelope, Scenario, ScenarioEnvelope

FEATURES = Path(__file__).parents[2] / "features"
FILES = sorted(FEATURES.rglob("*.feature"))
NARRATIVE = ("To ", "As ", "I want ")
TECHNICAL = re.compile(
    r"json|csv|sqlite|lambda|kinesis|dynamo|http|null|exception|traceback|status code|\buuid\b|\butc\b|\bevent\b"
    r"|\bstream\b|\boutbox\b|\bslot\b|\bwh\b|\w\(\)|`",
    re.IGNORECASE,
)
GOOD = """@ledger
Feature: A reading sent twice
  To be charged once
  As the controller of a factory
  I want a repeated reading to change nothing

  Rule: A reading is charged once

    Scenario: It comes again
      Given a reading
      When it comes again
      Then it is charged once
"""


def faults_of(text: str, folder: str) -> Iterator[str]:
    """What a product owner would not say, or could not check."""
    feature = Parser().parse(text)["feature"]
    if [tag["name"] for tag in feature["tags"]] != [f"@{folder}"]:
        yield f"its tag is not that of its folder, @{folder}"
    told = [line.strip() for line in feature["description"].splitlines() if line.strip()]
    if len(told) != len(NARRATIVE) or not all(map(str.startswith, told, NARRATIVE)):
        yield "its narrative is not To, As, I want"
    for word in TECHNICAL.findall(text):
        yield f"{word!r} is a technical word"
    if any("scenario" in child for child in feature["children"]):
        yield "a scenario stands under no rule"
    titles = [scenario["name"] for scenario in scenarios_of(feature["children"])]
    for title in sorted({title for title in titles if titles.count(title) > 1}):
        yield f"{title}: two scenarios have this title"  # pytest-bdd runs only the last of them, in silence
    for scenario in scenarios_of(feature["children"]):
        yield from (f"{scenario['name']}: {fault}" for fault in faults_of_scenario(scenario))


def scenarios_of(children: list[Envelope]) -> Iterator[Scenario]:
    for child in children:
        if "scenario" in child:
            yield cast(ScenarioEnvelope, child)["scenario"]
        elif "rule" in child:
            yield from scenarios_of(cast(RuleEnvelope, child)["rule"]["children"])


def faults_of_scenario(scenario: Scenario) -> Iterator[str]:
    kinds = [step["keywordType"] for step in scenario["steps"] if step["keywordType"] != "Conjunction"]
    if not 2 <= len(scenario["steps"]) <= 6:
        yield f"{len(scenario['steps'])} steps"  # none at all would pass green
    if kinds not in (["Action", "Outcome"], ["Context", "Action", "Outcome"]):
        yield f"its steps are {kinds}, not Given, one When, Then"
    every = [step["keywordType"] for step in scenario["steps"]]
    if ("Action", "Conjunction") in pairwise(every):
        yield "more than one When"
    for examples in scenario["examples"]:
        if not examples["name"]:
            yield "a table of examples has no name"
        columns = {cell["value"] for cell in examples["tableHeader"]["cells"]}
        if not any(f"<{column}>" in scenario["name"] for column in columns):
            yield "its title names no column, so its rows read alike"


def test_the_features_were_found() -> None:
    assert len(FILES) >= 20
    assert {path.parent.name for path in FILES} == {"bills", "edge", "ledger", "readings", "tariffs"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_feature_speaks_business(path: Path) -> None:
    assert list(faults_of(path.read_text(encoding="utf-8"), path.parent.name)) == []


def test_a_good_feature_has_no_fault() -> None:
    assert list(faults_of(GOOD, "ledger")) == []


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("@ledger\n", "", "its tag is not that of its folder, @ledger"),
        ("  To be charged once\n", "", "its narrative is not To, As, I want"),
        ("a reading\n", "a JSON body\n", "'JSON' is a technical word"),
        ("  Rule: A reading is charged once\n", "", "a scenario stands under no rule"),
        ("      Given a reading\n      When it comes again\n", "", "It comes again: 1 steps"),
        ("      Then it is charged once\n", "", "It comes again: its steps are ['Context', 'Action'], not"),
        ("      Then", "      When more comes\n      Then", "not Given, one When, Then"),
        ("      Then", "      And more comes\n      Then", "It comes again: more than one When"),
        ("again\n      Then it is charged once", "again" + "\n      Then a" * 6, "It comes again: 8 steps"),
        (
            "    Scenario: It comes",
            "    Scenario: It comes again\n    Scenario: It comes",
            "two scenarios have this title",
        ),
        ("    Scenario: It comes again\n", "    Scenario: Nothing\n    Scenario: It comes again\n", "Nothing: 0 steps"),
    ],
)
def test_a_fault_is_noticed(good: str, bad: str, fault: str) -> None:
    assert good in GOOD
    assert any(fault in found for found in faults_of(GOOD.replace(good, bad, 1), "ledger"))


@pytest.mark.parametrize(
    ("title", "examples", "fault"),
    [
        ("It comes <times> times", "Examples:", "a table of examples has no name"),
        ("It comes", "Examples: Twice", "its title names no column, so its rows read alike"),
    ],
)
def test_an_outline_names_its_rows(title: str, examples: str, fault: str) -> None:
    text = GOOD.replace("Scenario: It comes again", f"Scenario Outline: {title}")
    text += f"\n      {examples}\n        | times |\n        | 2     |\n"
    assert list(faults_of(text, "ledger")) == [f"{title}: {fault}"]
