"""`wattledger ledger`: a plant's ledger in a file, where late, corrected and re-priced readings are ordinary events."""

import typer

from entrypoints import (
    ledger_bill,
    ledger_change,
    ledger_history,
    ledger_quarantine,
    ledger_record,
    ledger_register,
    ledger_verify,
)

HELP = """A plant's ledger in a file: readings recorded once, bills as they were known at any moment.

Register the supply point, record readings, close the month; correct, re-rate and verify it. `docs/ledger.md` tells how.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="markdown")
app.command("register", help=ledger_register.REGISTER)(ledger_register.register)
app.command("record", help=ledger_record.HELP)(ledger_record.command)
app.command("bill", help=ledger_bill.BILL)(ledger_bill.bill)
app.command("explain", help=ledger_bill.EXPLAIN)(ledger_bill.explain)
app.command("history", help=ledger_history.HELP)(ledger_history.command)
app.command("close", help=ledger_change.CLOSE)(ledger_change.close)
app.command("correct", help=ledger_change.CORRECT)(ledger_change.correct)
app.command("publish", help=ledger_register.PUBLISH)(ledger_register.publish)
app.command("rerate", help=ledger_change.RERATE)(ledger_change.rerate)
app.command("quarantine", help=ledger_quarantine.LIST)(ledger_quarantine.quarantine)
app.command("replay", help=ledger_quarantine.REPLAY)(ledger_quarantine.replay)
app.command("rebuild", help=ledger_verify.REBUILD)(ledger_verify.rebuild)
app.command("verify", help=ledger_verify.VERIFY)(ledger_verify.verify)
