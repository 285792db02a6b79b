"""Copies by topic and date: `tools.live.journal.export`."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from tests.sim.sim_disk import Crash, SimDisk
from tests.unit import prop
from tests.unit.journal_builders import (
    DAY_NS, FIRST, LOG_ID, NOON_NS, a_log, add, edit, opened, told,
)  # fmt: skip
from tests.unit.journal_folders import a_journal
from tools.live.journal.errors import IntegrityRefused, StorageFailed
from tools.live.journal.export import MANIFEST, Exported, export
from tools.live.journal.frame import genesis, is_chained
from tools.live.journal.outcome import Limits
from tools.live.journal.segments import list_segments

SMALL = Limits(rotate_bytes=900)


def exported(disk: SimDisk) -> tuple[Exported, dict[str, bytes]]:
    target = SimDisk()
    done = export(disk, target)
    target.power_loss(0)
    return done, target.image()


def test_records_stand_in_files_by_topic_and_date() -> None:
    disk = SimDisk()
    a_journal(disk)
    done, files = exported(disk)
    assert done == Exported(LOG_ID, 0, 10, told(disk)[-1].hash.hex(), 9, 11)
    day = "2025-01-01.jsonl"
    assert sorted(files) == sorted([
        f"edge.update/{day}", MANIFEST, f"md.quote/{day}", f"order.accepted/{day}",
        f"order.fill/{day}", f"order.open_listed/{day}", f"order.place/{day}", f"risk.frozen/{day}",
        f"system.log.closed/{day}", f"system.log.created/{day}",
    ])  # fmt: skip
    lines = disk.image()[FIRST].splitlines(keepends=True)
    assert files[f"order.place/{day}"] == lines[2] + lines[4]
    assert files[f"system.log.closed/{day}"] == lines[10]


def test_the_manifest_names_the_log_and_every_file() -> None:
    disk = SimDisk()
    a_journal(disk)
    done, files = exported(disk)
    manifest = json.loads(files.pop(MANIFEST))
    assert manifest.pop("files") == {
        path: {
            "bytes": len(data), "records": data.count(b"\n"), "sha256": sha256(data).hexdigest(),
        }
        for path, data in files.items()
    }  # fmt: skip
    assert manifest == {
        "first_seq": 0, "format": "journal-export", "head_hash": done.head_hash, "last_seq": 10,
        "log_id": LOG_ID, "records": 11, "version": 1,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_all_files_together_are_the_chain_again(seed: int) -> None:
    rng = prop.chance(seed)
    disk = SimDisk(seed)
    journal = opened(disk, limits=SMALL)
    for sseq in range(1, 120):
        src, ts = rng.choice(["a", "b"]), NOON_NS + rng.randint(-3, 3) * DAY_NS
        journal.append(rng.choice(["md.quote", "x", "x.y"]), ts, src, sseq, {"n": str(sseq)})
        if rng.random() < 0.3:
            journal.commit_all()
        if rng.random() < 0.1:
            journal.pack_oldest()
    journal.close(NOON_NS)
    done, files = exported(disk)
    del files[MANIFEST]
    lines = [line for data in files.values() for line in data.splitlines()]
    lines.sort(key=lambda line: int(json.loads(line)["r"]["q"]))
    head = genesis(LOG_ID)
    for line in lines:
        assert is_chained(head, line)
        head = bytes.fromhex(line[6:70].decode())
    assert (head.hex(), len(lines), len(files)) == (done.head_hash, done.records, done.files)
    for path, data in files.items():
        topic, _, name = path.partition("/")
        records = [json.loads(line)["r"] for line in data.splitlines()]
        assert {one["topic"] for one in records} == {topic}
        days = {one["ts"] // DAY_NS for one in records}
        assert len(days) == 1 and len(name) == len("2025-01-01.jsonl")
        assert [one["q"] for one in records] == sorted(one["q"] for one in records)


def test_more_files_than_may_be_open_are_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tools.live.journal.export._MOST_OPEN", 2)
    monkeypatch.setattr("tools.live.journal.export._BUFFER_BYTES", 300)
    disk = SimDisk()
    journal = opened(disk)
    for sseq in range(1, 41):
        add(journal, sseq, ts=NOON_NS + sseq % 7 * DAY_NS)
        journal.commit()
    target = SimDisk()
    most = 0
    create = target.create

    def counting(path: str) -> int:
        nonlocal most
        most = max(most, len(target._handles) + 1)
        return create(path)

    monkeypatch.setattr(target, "create", counting)
    done = export(disk, target)
    assert (done.records, done.files, most) == (41, 8, 2)
    written = {path: data for path, data in target.image().items() if path != MANIFEST}
    assert sum(data.count(b"\n") for data in written.values()) == 41
    assert not target._handles


def test_a_large_file_is_written_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.live.journal.export._BUFFER_BYTES", 500)
    target = SimDisk()
    sizes: list[int] = []
    write = target.write

    def noting(handle: int, data: bytes) -> int:
        sizes.append(len(data))
        return write(handle, data)

    monkeypatch.setattr(target, "write", noting)
    disk = a_log((50,), close=True)
    export(disk, target)
    quotes = target.image()["md.quote/2025-01-01.jsonl"]
    assert quotes == b"".join(disk.image()[FIRST].splitlines(keepends=True)[1:-1])
    assert sizes.count(0) == 0 and len(sizes) > 10


def test_what_comes_while_it_is_copied_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    journal.commit()
    target = SimDisk()
    make_folder = target.make_folder

    def meanwhile(path: str) -> None:
        if journal.durable_seq == 1:
            add(journal, 2)
            journal.commit()
        make_folder(path)

    monkeypatch.setattr(target, "make_folder", meanwhile)
    done = export(disk, target)
    assert (done.last_seq, done.records) == (1, 2)
    assert b"2.5" not in b"".join(target.image().values())


def test_a_trimmed_log_is_copied_from_where_it_begins() -> None:
    disk = a_log((1,) * 20, limits=SMALL)
    second = list_segments(disk)[1].first_seq
    journal = opened(disk)
    journal.trim(second, NOON_NS)
    journal.close(NOON_NS)
    seqs = [one.seq for one in told(disk)]
    done, files = exported(disk)
    assert (done.first_seq, done.last_seq, done.records) == (second, seqs[-1], len(seqs))
    assert sum(data.count(b"\n") for path, data in files.items() if path != MANIFEST) == len(seqs)


def test_a_damaged_log_is_not_copied() -> None:
    disk = a_log((3,))
    edit(disk, disk.image()[FIRST].replace(b'"2.5"', b'"9.5"'))
    target = SimDisk()
    with pytest.raises(IntegrityRefused):
        export(disk, target)
    assert target.ops == 0


def test_a_torn_end_stays_out() -> None:
    disk = a_log((3,))
    edit(disk, disk.image()[FIRST] + b"half")
    done, files = exported(disk)
    assert done.records == 4 and b"half\n" not in b"".join(files.values())


def test_a_target_that_fails_is_a_storage_fault() -> None:
    disk = a_log((3,), close=True)
    failed = 0
    for call in range(1, 200):
        target = SimDisk()
        target.faults = target.faults._replace(planted=call)
        try:
            export(disk, target)
        except StorageFailed:
            failed += 1
    assert failed > 10


def test_after_a_crash_the_manifest_is_missing_or_all_is_there() -> None:
    disk = a_log((1,) * 8, close=True, limits=SMALL)
    _, whole = exported(disk)
    crashes = 0
    for call in range(1, 200):
        target = SimDisk(call)
        target.crash_at = call
        try:
            export(disk, target)
        except Crash:
            crashes += 1
        target.power_loss(call)
        if MANIFEST in target.image():
            assert {p: d for p, d in target.image().items() if not p.endswith(".tmp")} == whole
    assert crashes > 20


def test_several_segments_are_copied_in_their_order() -> None:
    disk = a_log((1,) * 30, limits=SMALL)
    assert len(list_segments(disk)) > 4
    _, files = exported(disk)
    quotes = [json.loads(line)["r"]["id"] for line in files["md.quote/2025-01-01.jsonl"].split()]
    assert quotes == [str(number) for number in range(1, 31)]
