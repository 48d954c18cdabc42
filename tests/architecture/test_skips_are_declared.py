"""The rule of `tests/conftest.py`, tried on small test suites of its own."""

from pathlib import Path

import pytest

RULE = (Path(__file__).parents[1] / "conftest.py").read_text(encoding="utf-8")
SKIPS = "import pytest\ndef test_a():\n    pytest.skip('no database')\n"
DECLARED = '[[skip]]\ntests = "*::test_a*"\ncondition = "no database here"\nreason = "memory passes the same tests"\n'


def run(pytester: pytest.Pytester, tests: str, declared: str = "") -> pytest.RunResult:
    pytester.makeconftest(RULE)
    pytester.makefile(".toml", expected_skips=declared)
    pytester.makepyfile(tests)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider")


@pytest.mark.parametrize(
    "tests",
    [
        SKIPS,
        "import pytest\n@pytest.mark.skip(reason='later')\ndef test_a(): pass\n",
        "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_a(): assert False\n",
        "import pytest\npytest.importorskip('no_such_package')\ndef test_a(): pass\n",
        "import pytest\npytest.skip('not here', allow_module_level=True)\n",
    ],
    ids=["skip", "mark-skip", "xfail", "importorskip", "whole-module"],
)
def test_a_skip_nobody_declared_fails_the_run(pytester: pytest.Pytester, tests: str) -> None:
    result = run(pytester, tests)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["UNDECLARED SKIP: *expected_skips.toml"])


def test_a_declared_skip_passes_and_is_told_with_its_reason(pytester: pytest.Pytester) -> None:
    result = run(pytester, SKIPS, DECLARED)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["declared skip: *::test_a: no database here; memory passes the same tests"])


def test_a_parametrised_test_is_declared_by_its_own_name(pytester: pytest.Pytester) -> None:
    tests = "import pytest\n@pytest.mark.parametrize('x', [1, 2])\ndef test_a(x):\n    if x == 1: pytest.skip('one')\n"
    assert run(pytester, tests, DECLARED.replace("test_a*", "test_a[1]")).ret == pytest.ExitCode.OK
    assert run(pytester, tests, DECLARED.replace("test_a*", "test_a[2]")).ret == pytest.ExitCode.TESTS_FAILED


def test_a_declaration_without_a_reason_is_refused(pytester: pytest.Pytester) -> None:
    result = run(pytester, SKIPS, DECLARED.replace("reason", "because"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*must have exactly*"])


def test_a_run_without_skips_says_nothing(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_a(): pass\n", DECLARED)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*declared skip*")
