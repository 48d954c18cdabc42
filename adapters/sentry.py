"""Faults of ours, reported to Sentry: only where it was asked for, off the hot path, and without anything of the plant.

The library queues in memory and sends from its own thread; when its queue is full it drops. Nothing of what the device
reads, holds or is called with leaves it: no local variables, no request, no breadcrumb, no name of the machine.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration

KEPT = {"event_id", "timestamp", "level", "platform", "exception", "logentry", "release", "environment", "tags", "sdk"}
LONGEST_TEXT = 300


def report_faults(dsn: str, device: str, release: str, environment: str, transport: Any = None) -> None:
    """From now on. Importing and starting the library takes a second on a small device: call it from a thread."""
    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        release=f"wattledger@{release}",
        environment=environment,
        server_name="",
        before_send=scrubbed,
        integrations=[LoggingIntegration(level=None)],  # errors become events; nothing becomes a breadcrumb
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        shutdown_timeout=2,
    )
    sentry_sdk.set_tag("device", device)


def scrubbed(event: Any, _hint: Any = None) -> Any:
    """Only what says where our code failed."""
    kept = {key: value for key, value in event.items() if key in KEPT}
    for one in kept.get("exception", {}).get("values", ()):
        one["value"] = str(one.get("value", ""))[:LONGEST_TEXT]
        for frame in one.get("stacktrace", {}).get("frames", ()):
            frame.pop("vars", None)
            frame.pop("abs_path", None)
    return kept
