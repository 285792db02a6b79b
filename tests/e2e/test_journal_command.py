"""The journal command on the journals of real runs, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.unit.journal_builders import LOG_ID, NOON_NS, add
from tools.live.journal.frame import genesis, is_chained
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits
from tools.live.journal.writer import Journal

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = ("tools.live.exec_demo", "--shadow", "--iterations", "20", "--edge-threshold", "3.0")
JOURNAL = "tools.live.journal_cli"
FREEZE = "2025-01-01T00:00:00Z"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "MM_FREEZE_UTC_ISO": FREEZE, **more}


def done(*argv: object, **more: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, argv)], cwd=ROOT, env=environment(**more),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def lines(*argv: object, code: int = 0, **more: str) -> list[str]:
    """What a verb prints, when it has nothing to say beside."""
    one = done(JOURNAL, *argv, **more)
    assert (one.returncode, one.stderr) == (code, ""), one.stderr
    return one.stdout.splitlines()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The folder of a finished run, and its report."""
    folder = tmp_path_factory.mktemp("runs") / "run-1"
    one = done(*DEMO, "--journal", folder)
    assert one.returncode == 0, one.stderr
    return folder, json.loads(one.stdout)


@pytest.fixture(scope="module")
def run_1(report: tuple[Path, dict[str, object]]) -> Path:
    return report[0]


def test_a_run_can_be_verified(run_1: Path) -> None:
    told = json.loads(lines("verify", run_1, "--json")[0])
    assert told["closed"] and told["records"] == told["last_seq"] + 1 > 300
    assert (told["first_utc"], told["torn"]) == (FREEZE, None)


def test_an_order_can_be_followed_from_its_quote_to_its_fill(run_1: Path) -> None:
    shown = lines("show", run_1, "--order", "ORD000001")
    assert [line.split()[3] for line in shown] == ["order.place", "order.accepted", "order.fill"]
    chain = lines("show", run_1, "--corr", "2", "--json")
    kinds = [json.loads(line)["r"]["topic"] for line in chain]
    assert kinds[0] == "md.quote" and {"order.place", "order.fill"} <= set(kinds)


def test_what_is_shown_is_the_same_under_every_hash_seed(run_1: Path) -> None:
    for argv in (["show"], ["show", "--json"], ["tail", "-n", "20"], ["verify"]):
        told = [lines(argv[0], run_1, *argv[1:], PYTHONHASHSEED=seed) for seed in ("0", "1")]
        assert told[0] == told[1]


def test_an_export_is_the_journal_again(run_1: Path, tmp_path: Path) -> None:
    (line,) = lines("export", run_1, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "export.json").read_text())
    assert line.startswith(f"exported {manifest['records']} records of {manifest['log_id']} ")
    chain: list[bytes] = []
    for name, about in manifest["files"].items():
        data = (tmp_path / "out" / name).read_bytes()
        assert sha256(data).hexdigest() == about["sha256"]
        chain += data.splitlines()
    chain.sort(key=lambda one: int(json.loads(one)["r"]["q"]))
    assert [one.decode() for one in chain] == lines("show", run_1, "--json")
    head = genesis(manifest["log_id"])
    for one in chain:
        assert is_chained(head, one)
        head = bytes.fromhex(one[6:70].decode())
    assert head.hex() == manifest["head_hash"]


def test_a_packed_run_reads_as_before(tmp_path: Path) -> None:
    folder = tmp_path / "run-2"
    assert done(*DEMO, "--journal", folder).returncode == 0
    before = lines("show", folder, "--json")
    head = json.loads(lines("verify", folder, "--json")[0])["head_hash"]
    assert lines("compact", folder)[-1] == "packed 1 segment"
    assert lines("show", folder, "--json") == before
    assert json.loads(lines("verify", folder, "--json")[0])["head_hash"] == head
    assert lines("index", folder, "--check") == ["1 complete segment, 0 without a right index"]


def test_damage_is_told_and_its_remedy_can_be_typed(tmp_path: Path) -> None:
    folder = tmp_path / "run 3"
    assert done(*DEMO, "--journal", folder).returncode == 0
    segment = folder / "segments" / "00000000000000000000.jsonl"
    data = segment.read_bytes()
    segment.write_bytes(data.replace(b"FIL000009", b"FIL000008", 1))
    refused = done(JOURNAL, "verify", folder)
    assert refused.returncode == 3 and refused.stderr.count("\n") == 1
    command = refused.stderr.split("`")[1].replace(
        "python -m tools.live journal", f"{sys.executable} -m {JOURNAL}"
    )
    mended = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (mended.returncode, mended.stderr) == (0, "")
    assert lines("verify", folder)[-1].startswith("end       open")
    kept = [one.read_bytes() for one in (folder / "torn").iterdir()]
    assert data.replace(b"FIL000009", b"FIL000008", 1) in kept


def test_a_reader_may_stop_listening(run_1: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", JOURNAL, "show", str(run_1), "--json"], cwd=ROOT,
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_a_live_journal_is_followed_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "run-4"
    limits = Limits(rotate_bytes=500)
    journal = Journal.open(
        OsDisk(folder), log_id=LOG_ID, holder="a test", time_ns=NOON_NS, limits=limits
    )
    with subprocess.Popen(
        [sys.executable, "-m", JOURNAL, "tail", str(folder), "-f", "--kind", "md"], cwd=ROOT,
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        for sseq in range(1, 7):
            add(journal, sseq)
            journal.commit()
            journal.pack_oldest()
            assert process.stdout.readline().rstrip().endswith(f"bid={sseq}.5")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert len(list((folder / "segments").iterdir())) > 2
    journal.close(NOON_NS)


def test_a_journal_in_use_can_be_read_and_not_packed(tmp_path: Path) -> None:
    folder = tmp_path / "run-5"
    journal = Journal.open(OsDisk(folder), log_id=LOG_ID, holder="the desk", time_ns=NOON_NS)
    add(journal, 1)
    journal.commit()
    assert lines("verify", folder)[-1].startswith("end       open: a process is writing")
    assert len(lines("tail", folder)) == 2
    for verb in ("index", "compact"):
        refused = done(JOURNAL, verb, folder)
        assert refused.returncode == 4
        assert refused.stderr == (
            "error: lock: the log is held by the desk; stop it, or read without writing\n"
        )
    journal.close(NOON_NS)
