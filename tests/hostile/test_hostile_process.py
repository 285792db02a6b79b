"""The process under attack: closed and full streams, signals, a disk that ends, a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = [sys.executable, "-B", "-m", "tools.live.exec_demo"]
ENDLESS = ["--shadow", "--iterations", "100000000", "--retain", "1000", "--progress"]
NOTHING = subprocess.DEVNULL

# A small disk: no file of this process may grow beyond a hundred bytes.
SMALL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.argv = ["demo", *sys.argv[1:]]
from tools.live.exec_demo import main
sys.exit(main())
"""


def environment(**extra: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    return kept | {"PYTHONPATH": str(ROOT)} | extra


def start(argv: list[str], **streams: Any) -> subprocess.Popen[bytes]:
    extra = streams.pop("extra", {})
    cwd = streams.pop("cwd", ROOT)
    streams.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen(argv, cwd=cwd, env=environment(**extra), stdin=NOTHING, **streams)


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["", "unbuffered"])
@pytest.mark.parametrize("argv", [["--shadow"], ["--shadow", "--pretty"], ["--help"]], ids=str)
def test_a_reader_who_left_is_met_with_silence(
    argv: list[str], unbuffered: dict[str, str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    child = start([*DEMO, *argv], stdout=write, extra=unbuffered)
    os.close(write)
    _, err = child.communicate()
    assert (child.returncode, err) == (0, b"")


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["", "unbuffered"])
def test_a_full_stdout_is_a_storage_fault(unbuffered: dict[str, str]) -> None:
    with open("/dev/full", "wb") as full:
        child = start([*DEMO, "--shadow"], stdout=full, extra=unbuffered)
        _, err = child.communicate()
    line = b"error: storage: No space left on device; check the disk and the name\n"
    assert (child.returncode, err) == (5, line)


def test_a_closed_stdout_is_a_storage_fault() -> None:
    child = start(["sh", "-c", 'exec "$@" >&-', "sh", *DEMO, "--shadow"])
    _, err = child.communicate()
    line = b"error: storage: stdout is closed; open it or give --out FILE\n"
    assert (child.returncode, err) == (5, line)


def test_a_closed_stdout_is_no_fault_where_a_file_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    child = start(["sh", "-c", 'exec "$@" >&-', "sh", *DEMO, "--shadow", "--out", str(target)])
    _, err = child.communicate()
    assert (child.returncode, err) == (0, b"") and target.stat().st_size > 1000


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_stderr_that_takes_nothing_hides_no_exit_code(stderr: str) -> None:
    child = start(["sh", "-c", f'exec "$@" {stderr}', "sh", *DEMO, "--bad"], stdout=NOTHING)
    child.communicate()
    assert child.returncode == 2


def test_a_disk_that_ends_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    argv = [sys.executable, "-B", "-c", SMALL, "--shadow", "--out", str(target)]
    child = start(argv, stdout=subprocess.PIPE)
    out, err = child.communicate()
    assert (child.returncode, out) == (5, b"")
    assert err.startswith(b"error: storage: --out '") and err.count(b"\n") == 1
    assert err.endswith(b"File too large; free space or name another file\n")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert target.read_text() == "old"


def first_progress(stream: IO[bytes]) -> bytes:
    """The first line of progress: from here on the run is known to be under way."""
    line = stream.readline()
    assert b" of 100,000,000 steps " in line, line + stream.read()
    return line


@pytest.mark.parametrize(
    ("sent", "code", "line"),
    [
        (signal.SIGINT, 130, b"error: interrupted: SIGINT"),
        (signal.SIGTERM, 143, b"error: terminated: SIGTERM"),
    ],
)
def test_a_signal_ends_the_run_in_one_line(
    sent: signal.Signals, code: int, line: bytes, tmp_path: Path
) -> None:
    argv = [*DEMO, *ENDLESS, "--out", str(tmp_path / "report.json")]
    child = start(argv, stdout=subprocess.PIPE)
    assert child.stderr is not None and child.stdout is not None
    with child:
        first_progress(child.stderr)
        child.send_signal(sent)
        rest = child.stderr.read().splitlines()
        assert child.wait() == code
        assert rest[-1] == line + b" ended the run before its report; start it again"
        assert all(b" of 100,000,000 steps " in progress for progress in rest[:-1])
        assert child.stdout.read() == b"" and list(tmp_path.iterdir()) == []


def test_a_reader_of_progress_who_leaves_does_not_end_the_run() -> None:
    child = start([*DEMO, *ENDLESS], stdout=NOTHING)
    assert child.stderr is not None
    with child:
        first_progress(child.stderr)
        child.stderr.close()
        child.send_signal(signal.SIGTERM)
        assert child.wait() == 143


def test_a_terminal_sees_progress_and_is_left_clean() -> None:
    controller, terminal = os.openpty()
    argv = [*DEMO, *ENDLESS[:-1]]  # on a terminal progress needs no asking
    child = start(argv, stdout=NOTHING, stderr=terminal)
    os.close(terminal)
    seen = b""
    with child:
        while seen.count(b"\r") < 2:
            seen += os.read(controller, 4096)
        child.send_signal(signal.SIGINT)
        assert child.wait() == 130
    seen += rest_of(controller)
    *shown, last = seen.split(b"\r", 2)[2].rpartition(b"\r\n")[0].split(b"\r")
    assert last.startswith(b"error: interrupted: SIGINT ended the run")
    assert shown[-1].strip() == b""  # the line of progress was wiped
    assert seen.startswith(b"\r  0 %  ") and b"\n" not in seen.partition(b"error")[0]


def rest_of(controller: int) -> bytes:
    """What is still to be read from a terminal whose other end is closed."""
    seen = b""
    try:
        while more := os.read(controller, 4096):
            seen += more
    except OSError:  # how Linux tells that nobody holds the other end any more
        pass
    os.close(controller)
    return seen
