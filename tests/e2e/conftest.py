"""What the end-to-end tests of the ledger share."""

import sys
from pathlib import Path

import pytest

from tests.reference.ledger_desk import Desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Desk:
    """`wattledger ledger` in this process, in a folder of its own."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)
    return Desk(monkeypatch, capsys)
