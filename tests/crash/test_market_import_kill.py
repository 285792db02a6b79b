"""An import that is killed leaves what is known to be unfinished; a recording keeps what it had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.market_files import TRADE_LINE, items, written
from tools.live import journal_cli
from tools.live.core.errors import ContractError
from tools.live.market_cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
KILLED = """
import os, signal, sys
from tools.live import market_journal
from tools.live.__main__ import main

market_journal.BATCH = 10
write, left = market_journal.MarketJournal.{method}, [{after}]

def dying(self):
    write(self)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

market_journal.MarketJournal.{method} = dying
main(sys.argv[1:])
"""


def killed(method: str, after: int, *words: str, stdin: bytes = b"") -> None:
    """Run a command that kills itself behind its so many-th write."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(method=method, after=after), *words],
        cwd=ROOT, input=stdin, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("after", [1, 2, 7])
def test_a_killed_import_is_known_as_unfinished(
    tmp_path: Path, after: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = written(tmp_path, TRADE_LINE * 100), tmp_path / "m"
    killed("write", after, "import", str(path), "--journal", str(folder))
    assert os.listdir(folder)
    with pytest.raises(ContractError, match="holds an import that was cut short; remove it, and"):
        items(folder)
    assert journal_cli.main(["verify", str(folder)]) == 0
    assert main([str(path), "--journal", str(folder)]) == 2
    assert "is there and not empty; name a new folder" in capsys.readouterr().err


def test_a_killed_recording_has_all_that_was_committed(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    killed("commit", 1, "record", "--journal", str(folder), stdin=TRADE_LINE * 25)
    assert len(items(folder)) == 25
