"""A file is one room and a function fits in one look; a name says what is inside."""

import ast
from pathlib import Path

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = {
    *("base", "common", "core", "helper", "helpers", "lib"),
    *("manager", "misc", "tools", "util", "utils"),
}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_files_were_found(python_files: list[Path]) -> None:
    assert len(python_files) > 30
    assert sum(len(functions(path)) for path in python_files) > 100


def test_no_file_holds_two_rooms(python_files: list[Path]) -> None:
    sizes = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files}
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES_OF_A_FILE} == {}


def test_every_function_fits_in_one_look(python_files: list[Path]) -> None:
    sizes = {f"{path}:{node.lineno} {node.name}": length(node) for path in python_files for node in functions(path)}
    assert {name: lines for name, lines in sizes.items() if lines >= MOST_LINES_OF_A_FUNCTION} == {}


def test_every_file_name_says_what_is_inside(python_files: list[Path]) -> None:
    assert [path for path in python_files if path.stem in NAMES_THAT_SAY_NOTHING] == []


def test_tests_are_not_packages(python_files: list[Path], root: Path) -> None:
    # with tests/application/__init__.py, `import application` would find the tests
    assert [path for path in python_files if path.is_relative_to(root / "tests") and path.name == "__init__.py"] == []
