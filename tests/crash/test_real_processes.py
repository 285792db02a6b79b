"""Real processes on a real disk, killed and starved by the system-call tracer.

Killing a process never tests a sync, because the page cache lives on; the power cuts are those of
the simulated disk. What is shown here is that the real disk is asked for what the simulated one
was asked for, that a failure ends in its exit code, and that the next start goes on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import MustHave
from tests.unit import prop
from tools.live.journal.os_disk import OsDisk

ROOT = Path(__file__).resolve().parents[2]
FIRST = "segments/00000000000000000000.jsonl"
SECONDS = 120
SEED = 20
KILLS = 10


@pytest.fixture(scope="module")
def tracer(must_have: MustHave) -> str:
    """The system-call tracer."""
    found = shutil.which("strace")
    must_have("strace", found is not None)
    return str(found)


def demo(
    folder: Path, *prefix: str, steps: int = 120, seconds: int = SECONDS
) -> subprocess.CompletedProcess[bytes]:
    command = [
        *prefix, sys.executable, "-m", "tools.live.exec_demo", "--shadow", "--iterations",
        str(steps), "--requote", "--journal", str(folder),
    ]  # fmt: skip
    environment = {**os.environ, "MM_FREEZE_UTC_ISO": "2025-01-01T00:00:00Z"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the tracer, and what it traces
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report of a run that nothing interrupts."""
    done = demo(tmp_path_factory.mktemp("whole") / "run")
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def injected(tracer: str, what: str, *paths: Path) -> list[str]:
    """The tracer's words for one fault."""
    only = [word for path in paths for word in ("-P", str(path))]
    call = what.partition(":")[0]
    return [tracer, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", *only, "-e",
            f"inject={what}"]  # fmt: skip


def goes_on(folder: Path, expected: bytes, *, halted: bool = False) -> None:
    """The next start: where a run's line has failed, not before an operator says so."""
    assert (folder / "HALT").exists() == halted
    if halted:
        refused = demo(folder)
        assert (refused.returncode, refused.stdout) == (6, b"")
        assert refused.stderr.startswith(b"error: halted: HALT stands at ")
        assert refused.stderr.count(b"\n") == 1
        assert b" the line failed behind seq " in refused.stderr
        resume = [sys.executable, "-m", "tools.live", "journal", "resume", str(folder)]
        said = ["--actor", "a test", "--reason", "the tracer did it"]
        done = subprocess.run(
            resume + said, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
    done = demo(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


@pytest.mark.parametrize("only", [(), (FIRST,)], ids=["all", "the segment's"])
def test_P01_killed_at_every_sync_it_goes_on(
    tracer: str, expected: bytes, tmp_path: Path, figures: Counter[str], only: tuple[str, ...]
) -> None:
    """The tracer counts for each thread on its own: the second round is that of the one which
    syncs the segment behind the run."""
    for number in range(1, 100):
        folder = tmp_path / f"at-{number}"
        paths = [folder / name for name in only]
        done = demo(folder, *injected(tracer, f"fsync:signal=SIGKILL:when={number}", *paths))
        if done.returncode == 0:
            assert number > (6 if only else 10), "the tracer killed nothing"
            return
        assert done.stdout == b""
        figures["processes killed"] += 1
        if number % 2 or number < 6:  # the others are of the same kind
            ended = demo(folder)
            if ended.returncode == 2 and b"a finished run" in ended.stderr:
                continue  # it died behind the last word
            assert ended.returncode == 0, ended.stderr
            assert ended.stdout == expected
    pytest.fail("100 syncs were not enough")


def test_P01_killed_at_any_system_call_it_goes_on(
    tracer: str, expected: bytes, tmp_path: Path, figures: Counter[str]
) -> None:
    """Calls of all kinds, from the first look at the folder to the last close."""
    seen = tmp_path / "calls"
    whole = demo(tmp_path / "whole", tracer, "-f", "-qq", "-o", str(seen))
    assert whole.returncode == 0
    calls = [line.split(None, 1)[1] for line in seen.read_text(errors="replace").splitlines()]
    begun = next(place for place, call in enumerate(calls) if "/whole" in call)
    rng = prop.chance(SEED)
    for number in sorted(rng.sample(range(begun, len(calls)), KILLS)):
        folder = tmp_path / f"at-{number}"
        kill = f"inject=all:signal=SIGKILL:when={number}"
        done = demo(folder, tracer, "-f", "-qq", "-o", "/dev/null", "-e", kill)
        if done.returncode == 0:
            continue  # a call or two fewer than the run that was counted
        figures["processes killed"] += 1
        ended = demo(folder)
        if ended.returncode == 2 and b"a finished run" in ended.stderr:
            continue
        assert (ended.returncode, ended.stdout) == (0, expected), (number, ended.stderr)


@pytest.mark.parametrize("number", [3, 7])
def test_P04_a_disk_that_stalls_is_waited_for(
    tracer: str, expected: bytes, tmp_path: Path, number: int
) -> None:
    """Nothing is acknowledged meanwhile; when the disk is back, so is the run."""
    done = demo(tmp_path / "run", *injected(tracer, f"fsync:delay_exit=700000:when={number}"))
    assert (done.returncode, done.stdout) == (0, expected)


def test_P01_a_process_that_is_killed_while_its_disk_stalls_can_be_taken_up(
    tracer: str, expected: bytes, tmp_path: Path, figures: Counter[str]
) -> None:
    folder = tmp_path / "run"
    for_ever = injected(tracer, "fsync:delay_exit=60000000:when=8")
    with pytest.raises(subprocess.TimeoutExpired) as stalled:
        demo(folder, *for_ever, seconds=4)
    assert not stalled.value.stdout
    figures["processes killed"] += 1
    goes_on(folder, expected)


@pytest.mark.parametrize(
    "number, only", [(3, ()), (6, ()), (9, ()), (4, (FIRST,)), (7, (FIRST,)), (8, (FIRST,))]
)
def test_P04_a_sync_that_fails_ends_the_process_with_5(
    tracer: str, expected: bytes, tmp_path: Path, number: int, only: tuple[str, ...],
    figures: Counter[str],
) -> None:  # fmt: skip
    folder = tmp_path / "run"
    paths = [folder / name for name in only]
    done = demo(folder, *injected(tracer, f"fsync:error=EIO:when={number}", *paths))
    assert done.returncode == 5, done.stderr
    figures["processes without a disk"] += 1
    assert done.stderr.startswith(b"error: storage: ") and done.stderr.count(b"\n") == 1
    assert done.stdout == b""
    of_the_start = number <= 6 and not only
    goes_on(folder, expected, halted=not of_the_start)


@pytest.mark.parametrize("number", [4, 6])
def test_P04_a_full_disk_ends_the_process_with_5(
    tracer: str, expected: bytes, tmp_path: Path, number: int, figures: Counter[str]
) -> None:
    folder = tmp_path / "run"
    fault = injected(tracer, f"write:error=ENOSPC:when={number}", folder / FIRST)
    done = demo(folder, *fault)
    assert done.returncode == 5, done.stderr
    figures["processes without a disk"] += 1
    assert b"error: storage: " in done.stderr and done.stdout == b""
    goes_on(folder, expected, halted=True)


def test_a_file_that_may_not_grow_ends_the_process_with_5(
    expected: bytes, tmp_path: Path, figures: Counter[str]
) -> None:
    """A limit of the system gives short writes first, and then none."""
    folder = tmp_path / "run"
    limit = ["/bin/sh", "-c", 'ulimit -f 64; trap "" XFSZ; exec "$@"', "sh"]
    done = demo(folder, *limit)
    assert done.returncode == 5, done.stderr
    figures["processes without a disk"] += 1
    goes_on(folder, expected, halted=True)


def test_a_second_process_is_refused_with_4(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    disk = OsDisk(str(folder))
    disk.make_folder("")
    lock = disk.lock("LOCK", "the test of the lock")
    try:
        done = demo(folder, steps=5)
    finally:
        disk.close(lock)
    assert done.returncode == 4
    assert done.stderr.startswith(b"error: lock: the log is held by the test of the lock")
    assert done.stdout == b""
