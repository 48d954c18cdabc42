"""The report: one self-contained HTML page with key figures, charts and the bills, readable without a network.

`page` puts it together, `figures` draws from what `reduction` leaves of a load, `tables` prints the bills.
"""

from adapters.report.page import write_report

__all__ = ["write_report"]
