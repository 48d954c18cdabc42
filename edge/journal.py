"""The log: lines on standard error. Under systemd each begins with its priority, and the journal adds the time."""

import logging
import os
import sys
import threading

LOG = logging.getLogger("wattledger")
TELL_EACH_TRY = ("botocore", "urllib3")
"""Libraries that warn at every try, botocore with a traceback; what came of the tries is told once, by us."""
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


class JournalLines(logging.Formatter):
    """One line an entry, `<priority>` first: a traceback's lines carry it too, or the journal would split it."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next(number for level, number in PRIORITIES if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


def log_to_standard_error() -> None:
    """For the process. What nobody caught in a thread is logged too: the thread ends, the poll goes on."""
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JournalLines("%(message)s") if under_systemd else logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for library in TELL_EACH_TRY:
        logging.getLogger(library).setLevel(logging.ERROR)
    LOG.setLevel(logging.INFO)
    threading.excepthook = _log_thread


def _log_thread(fault: threading.ExceptHookArgs) -> None:
    name = fault.thread.name if fault.thread else "a thread"
    if fault.exc_value is not None:
        LOG.critical("%s ended by a fault of ours", name, exc_info=fault.exc_value)
