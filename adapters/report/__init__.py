"""The report: one self-contained HTML page with key figures, charts and the bills, readable without a network.

`page` puts it together, `figures` draws from what `reduction` leaves of a load, `tables` prints the bills.
`comparison` is a page of the same look that sets the bills of several tariffs side by side.
"""

from adapters.report.comparison import write_comparison_page
from adapters.report.page import write_report

__all__ = ["write_comparison_page", "write_report"]
