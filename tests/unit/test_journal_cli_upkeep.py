"""The verbs that copy a journal or work on it: `tools.live.journal_cli`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.unit.journal_builders import DAY_NS, LOG_ID, NOON_NS
from tests.unit.journal_folders import (
    Capture, a_folder, a_journal, contents, flip, in_segments, said, seqs, shown,
)  # fmt: skip
from tools.live.journal.checkpoint import Checkpoint, save
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.reader import Reader
from tools.live.journal.segments import segment_path

FIRST = segment_path(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "run-1")


def test_export_makes_a_new_folder(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    before = contents(folder, lock=True)
    target = tmp_path / "out"
    assert shown(capsys, "export", folder, target) == [
        f"exported 11 records of desk-1 (seq 0 to 10) into 9 files in {target}"
    ]
    lines = (folder / FIRST).read_bytes().splitlines(keepends=True)
    assert (target / "order.fill" / "2025-01-01.jsonl").read_bytes() == lines[6]
    assert json.loads((target / "export.json").read_text())["records"] == 11
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "run-1"]
    assert contents(folder, lock=True) == before
    line = said(capsys, "export", folder, target, code=2)
    assert line.endswith("is there already; name a new folder")


@pytest.mark.parametrize("named", ["", "a\0b", "none/out", "run-1", "run-1/out", "run-1/segments/x",
                                   "link", "left"])  # fmt: skip
def test_export_refuses_a_folder_that_cannot_be_new(
    folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "left.partial").mkdir()
    before = sorted(tmp_path.rglob("*"))
    line = said(capsys, "export", "run-1", named, code=2)
    assert line.startswith("error: usage: export needs" if "\0" in named or not named
                           else f"error: input: OUTDIR '{named}'")  # fmt: skip
    assert sorted(tmp_path.rglob("*")) == before


def test_an_export_that_fails_leaves_nothing(
    folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: OsDisk, handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(OsDisk, "write", full)
    line = said(capsys, "export", folder, tmp_path / "out", code=5)
    assert line.startswith("error: storage: the export cannot be written: ")
    assert [one.name for one in tmp_path.iterdir()] == ["run-1"]


def test_index_tells_and_mends(tmp_path: Path, capsys: Capture) -> None:
    folder = in_segments(tmp_path / "run-1")
    whole = contents(folder)
    names = sorted((folder / "segments").glob("*.idx"))
    count = f"{len(names)} complete segments, "
    assert shown(capsys, "index", folder) == [count + "0 without a right index"]
    names[0].unlink()
    names[1].write_bytes(b"wrong")
    paths = [f"segments/{name.name}" for name in names]
    assert shown(capsys, "index", folder, "--check", code=1) == [
        f"{paths[0]}  missing", f"{paths[1]}  wrong", count + "2 without a right index",
    ]  # fmt: skip
    assert not names[0].exists()
    assert shown(capsys, "index", folder) == [
        f"{paths[0]}  missing, written anew", f"{paths[1]}  wrong, written anew",
        count + "2 without a right index",
    ]  # fmt: skip
    assert contents(folder) == whole
    assert shown(capsys, "index", folder, "--check") == [count + "0 without a right index"]


def test_compact_packs_and_changes_no_record(folder: Path, capsys: Capture) -> None:
    before = shown(capsys, "show", folder, "--json")
    size = (folder / FIRST).stat().st_size
    lines = shown(capsys, "compact", folder)
    packed = (folder / f"{FIRST}.gz").stat().st_size
    assert lines == [f"{FIRST}.gz  {size:,} bytes, now {packed:,}", "packed 1 segment"]
    assert shown(capsys, "show", folder, "--json") == before
    assert shown(capsys, "compact", folder) == ["packed 0 segments"]
    assert "segments  0 plain, 1 packed" in "\n".join(shown(capsys, "verify", folder))


def test_compact_may_let_go_what_a_checkpoint_stands_for(tmp_path: Path, capsys: Capture) -> None:
    folder = in_segments(tmp_path / "run-1")
    before = contents(folder)
    line = said(capsys, "compact", folder, "--drop-before-checkpoint", code=2)
    assert line == "error: input: the journal has no checkpoint, so all of it is needed; see --help"
    assert contents(folder) == before
    head = list(Reader(OsDisk(folder)).poll())[7].hash.hex()
    checkpoint = Checkpoint(LOG_ID, 7, head, "ab" * 32, "cd" * 32, {})
    save(OsDisk(folder), checkpoint, durable_seq=7)
    lines = shown(capsys, "compact", folder, "--drop-before-checkpoint")
    assert lines[0].startswith("dropped ") and lines[0].endswith("before the checkpoint at seq 7")
    first = seqs(shown(capsys, "show", folder))[0]
    assert 0 < first <= 7
    assert shown(capsys, "verify", folder)[-1] == "end       closed"


def test_the_time_of_what_upkeep_records_can_be_frozen(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-02T12:00:00Z")
    folder = a_folder(tmp_path / "run-1")
    data = (folder / FIRST).read_bytes()
    flip(folder / FIRST, data.index(b"F-1"))
    shown(capsys, "repair", folder, "--accept-loss-from", "6")
    last = list(Reader(OsDisk(folder)).poll())[-1]
    assert (last.topic, last.ts) == ("system.log.repaired", NOON_NS + DAY_NS)


@pytest.mark.parametrize("verb", ["index", "compact"])
def test_a_journal_in_use_is_left_alone(tmp_path: Path, capsys: Capture, verb: str) -> None:
    journal = a_journal(OsDisk(tmp_path / "run-1"), close=False)
    before = contents(tmp_path, lock=True)
    assert said(capsys, verb, tmp_path / "run-1", code=4) == (
        "error: lock: the log is held by a test; stop it, or read without writing"
    )
    assert contents(tmp_path, lock=True) == before
    journal.let_go()


@pytest.mark.parametrize("verb", ["index", "compact"])
def test_the_holder_is_a_process_and_its_verb(folder: Path, capsys: Capture, verb: str) -> None:
    shown(capsys, verb, folder)
    assert (folder / "LOCK").read_text() == f"process {os.getpid()} (journal {verb})"
