"""The command `wattledger`: what did our electricity cost, measurement by measurement, and why?"""

import sys
from importlib.util import find_spec
from tempfile import NamedTemporaryFile
from traceback import format_exception
from types import TracebackType
from typing import Annotated

import typer
from typer.main import get_command

from adapters.sqlite_files import trouble
from application.ports.errors import SomeoneElseWrote, Unavailable
from domain.errors import Refusal
from entrypoints import edge
from entrypoints.screen import complain

EXIT_REFUSED = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

HELP = """
What did our electricity cost, measurement by measurement, and why?

Start with `wattledger demo`: a simulated factory, its readings, its bill. Then price your own file with
`wattledger price READINGS --tariff TARIFF --out DIR`; `wattledger tariffs list` shows the tariffs that ship.

Exit codes: 0 done; 1 done, and the check at the end failed; 2 refused, with the reason on one line; 70 a fault of
ours, with a file that tells where; 130 interrupted.
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # they print local variables, which may be secrets
)


def add_desk_commands() -> None:
    """The commands of a desk load what a device neither has nor could hold: numpy, pyarrow, plotly."""
    from entrypoints import compare, demo, explain, ledger, price, simulate, tariffs
    from entrypoints.several_words import SeveralTariffs

    app.command("price", help=price.HELP)(price.command)
    app.command("explain", help=explain.HELP)(explain.command)
    app.command("compare", cls=SeveralTariffs, help=compare.HELP)(compare.command)
    app.command("simulate", help=simulate.HELP)(simulate.command)
    app.command("demo", help=demo.HELP)(demo.command)
    app.add_typer(tariffs.app, name="tariffs")
    app.add_typer(ledger.app, name="ledger")


if sys.argv[1:2] != ["edge"] and find_spec("pyarrow") is not None:
    add_desk_commands()
app.add_typer(edge.app, name="edge")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("wattledger"))
        raise typer.Exit


def main() -> None:
    """Run the command; a refusal is one line on standard error, never a traceback."""
    sys.excepthook = _tell_of_a_bug
    try:
        get_command(app)(prog_name="wattledger")
    except Refusal as refusal:
        complain(str(refusal))
        sys.exit(EXIT_REFUSED)
    except (Unavailable, SomeoneElseWrote) as error:
        complain(_said(error))
        sys.exit(EXIT_REFUSED)
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        complain(f"{error.filename or 'the system'}: {error.strerror or error}; check the path and its permissions")
        sys.exit(EXIT_REFUSED)


def _said(error: Unavailable | SomeoneElseWrote) -> str:
    """What went wrong outside of us, with the cause that the outside gave and what to do about it."""
    if isinstance(error, SomeoneElseWrote):
        return f"{error}: somebody else wrote to it at the same time; do it again"
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return trouble(str(error) if str(cause) in str(error) else f"{error}: {cause}")


def _tell_of_a_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody foresaw: one line for the user, and a file for whoever mends it."""
    with NamedTemporaryFile("w", prefix="wattledger-fault-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(format_exception(kind, error, trace))
    complain(f"a fault of wattledger ({kind.__name__}); nothing you did wrong. Please report it with {file.name}")
    raise SystemExit(EXIT_BUG)
