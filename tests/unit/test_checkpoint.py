"""A checkpoint proves itself or is passed over: `tools.live.journal.checkpoint`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import Faults, SimDisk
from tests.unit.checkpoint_builders import (
    CONFIG, LAST, STATE_HASH, a_checkpoint, a_disk, hashes, kept, newest, respelled, saved,
    with_hash,
)  # fmt: skip
from tests.unit.journal_builders import (
    LOG_ID, NOON_NS, a_log, edit, lines_of, opened, told,
)  # fmt: skip
from tools.live.core import codec
from tools.live.core.errors import ContractError, InvariantBroken
from tools.live.journal import checkpoint as module
from tools.live.journal.checkpoint import (
    FORMAT, Checkpoint, Skipped, checkpoint_path, hash_in, load_newest, save, spell,
)  # fmt: skip
from tools.live.journal.errors import IntegrityRefused, NotOurs, StorageFailed
from tools.live.journal.migrations import VERSION
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits
from tools.live.journal.upkeep import oldest_checkpoint

PATH_9, PATH_20 = checkpoint_path(9), checkpoint_path(20)


def reason(disk: SimDisk, **options: Any) -> str:
    """Why the newest of two was passed over; the older must be found."""
    found = newest(disk, **options)
    assert found.checkpoint == a_checkpoint(disk, 9)
    (skipped,) = found.skipped
    assert skipped.path == PATH_20
    return skipped.reason


# What is stored.


def test_a_checkpoint_is_a_line_of_canonical_json_with_its_own_hash() -> None:
    disk = saved(a_disk(), 9)
    raw = disk.image()["checkpoints/00000000000000000009.json"]
    content = json.loads(raw)
    assert raw == (codec.canonical(content) + "\n").encode()
    digest = content.pop("sha256")
    assert digest == hashlib.sha256(codec.canonical(content).encode()).hexdigest()
    assert content == {
        "format": "shadow-checkpoint", "version": VERSION, "log_id": LOG_ID, "seq": 9,
        "head_hash": hashes(disk)[9], "state_hash": STATE_HASH, "config_hash": CONFIG,
        "state": {"of": 9},
    }  # fmt: skip


def test_the_newest_that_fits_is_found() -> None:
    disk = saved(a_disk(), 9, 20)
    assert newest(disk).checkpoint == a_checkpoint(disk, 20)
    assert newest(disk).skipped == ()
    assert oldest_checkpoint(disk) == 9


def test_without_checkpoints_there_is_none() -> None:
    assert newest(a_disk()) == module.Found(None, ())


def test_a_state_may_say_anything_that_json_can() -> None:
    disk = a_disk()
    state = {"\u00e9\u2028\ud800": [None, True, 1.5, ',"state":', ',"sha256":"', 10**50]}
    written = a_checkpoint(disk, 9, state=state)
    save(disk, written, durable_seq=9)
    assert newest(disk).checkpoint == written


def test_three_are_kept() -> None:
    disk = saved(a_disk(), 1, 2, 3)
    assert kept(disk) == [1, 2, 3]
    assert kept(saved(disk, 5)) == [2, 3, 5]
    assert kept(saved(disk, 5)) == [2, 3, 5]


def test_what_was_stored_of_a_longer_log_does_not_crowd_out_the_rest() -> None:
    disk = saved(a_disk(), 4, 28, 29, 30)
    assert kept(disk) == [28, 29, 30]
    assert kept(saved(disk, 5, 6, 7)) == [5, 6, 7, 28, 29, 30]
    assert kept(saved(disk, 8)) == [6, 7, 8, 28, 29, 30]


def test_a_checkpoint_waits_for_the_log() -> None:
    disk = a_disk()
    before = disk.image()
    for seq in (10, -1):
        said = f"seq {seq} must wait: the log is durable to seq 9"
        with pytest.raises(ContractError, match=said):
            save(disk, a_checkpoint(disk, seq), durable_seq=9)
    assert disk.image() == before
    assert save(disk, a_checkpoint(disk, 9), durable_seq=9) == PATH_9


@pytest.mark.parametrize("name", ["head_hash", "state_hash", "config_hash"])
def test_what_is_no_hash_is_not_stored(name: str) -> None:
    disk = a_disk()
    for value in ("", "ab" * 31, "AB" * 32, "ab" * 32 + "\n", None):
        with pytest.raises(ContractError, match=f"^{name} .* is not 64 hexadecimal digits$"):
            spell(a_checkpoint(disk, 9, **{name: value}))
    with pytest.raises(ContractError, match=r"^log_id '\.\.' is not of letters"):
        spell(a_checkpoint(disk, 9, log_id=".."))


def test_a_checkpoint_that_is_too_large_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = saved(a_disk(), 9, 20)
    size = len(disk.image()[PATH_20])
    monkeypatch.setattr(module, "MAX_BYTES", size)
    save(disk, a_checkpoint(disk, 20), durable_seq=LAST)
    assert newest(disk).skipped == ()
    with pytest.raises(ContractError, match=f"of {size + 1} bytes passes the limit of {size}"):
        save(disk, a_checkpoint(disk, 20, state={"of": 200}), durable_seq=LAST)
    disk.put(PATH_20, disk.image()[PATH_20] + b" ")
    assert reason(disk) == f"it has more than {size} bytes"


# What is passed over.


def test_every_flipped_bit_is_noticed() -> None:
    disk = saved(a_disk(), 9, 20)
    fits = hashes(disk).get
    for bit in range(len(disk.image()[PATH_20]) * 8):
        disk.flip(PATH_20, bit)
        found = load_newest(disk, LOG_ID, fits, CONFIG)
        disk.flip(PATH_20, bit)
        assert found.checkpoint == a_checkpoint(disk, 9), f"bit {bit}"
        assert len(found.skipped) == 1


def test_every_other_length_is_noticed() -> None:
    disk = saved(a_disk(), 9, 20)
    raw, fits = disk.image()[PATH_20], hashes(disk).get
    others = [raw[:size] for size in range(len(raw))]
    others += [raw + b"\n", raw + b"\0" * 512, raw + raw, b" " + raw, b"\xef\xbb\xbf" + raw]
    for other in others:
        disk.put(PATH_20, other)
        found = load_newest(disk, LOG_ID, fits, CONFIG)
        assert found.checkpoint == a_checkpoint(disk, 9), other


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "it is damaged: not JSON"),
        (b"\xff", "it is damaged: not JSON"),
        (b"[" * 100_000, "it is damaged: not JSON"),
        (b"1" * 5_000, "it is damaged: not JSON"),
        (b"NaN\n", "it is damaged: not the canonical form of an object"),
        (b'{"a":NaN}\n', "it is damaged: not JSON"),
        (b"[]\n", "it is damaged: not the canonical form of an object"),
        (b'{"a":1,"a":1}\n', "it is damaged: not the canonical form of an object"),
        (b'{"a": 1}\n', "it is damaged: not the canonical form of an object"),
        (b'{"a":1e1}\n', "it is damaged: not the canonical form of an object"),
        (b'{"a":1}\n', "format None is not shadow-checkpoint"),
        (b'{"format":"shadow-checkpoint"}\n', "it is damaged: its hash is of other bytes"),
        (b'{"format":"shadow-checkpoint","sha256":1}\n', "it is damaged: its hash is of other"),
        (with_hash({"a": 1, "format": FORMAT}), "version None is not a whole number from 1 to"),
        (with_hash({"a": 1, "format": FORMAT, "version": 0}), "version 0 is not a whole number"),
        (with_hash({"a": 1, "format": FORMAT, "version": True}), "version True is not a whole"),
        (with_hash({"a": 1, "format": FORMAT, "version": 1}), "it lacks config_hash"),
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_passed_over(raw: bytes, said: str) -> None:
    disk = saved(a_disk(), 9, 20)
    disk.put(PATH_20, raw)
    assert reason(disk).startswith(said)


def test_a_checkpoint_of_something_else_is_passed_over() -> None:
    def said(**changed: Any) -> str:
        return reason(respelled(saved(a_disk(), 9, 20), PATH_20, **changed))

    head, no = hashes(a_disk())[20], "ee" * 32
    assert said(log_id="other") == f"log_id 'other' is not that of this log, {LOG_ID}"
    assert said(log_id=7) == "log_id 7 is not text"
    assert said(config_hash=no) == f"config_hash {no!r} is not that of this run, {CONFIG}"
    assert said(head_hash=no) == f"head_hash {no!r} is not that of seq 20, {head}"
    assert said(seq=19) == "seq 19 is not that of its name, 20"
    assert said(seq="20") == "seq '20' is not a whole number from 0 to 9007199254740991"
    assert said(state_hash="no") == "state_hash 'no' is not 64 hexadecimal digits"
    assert said(state_hash=None) == "it lacks state_hash"
    assert said(more=1) == "it has 'more', which nobody knows"


def test_a_checkpoint_beyond_the_log_is_passed_over() -> None:
    disk = saved(a_disk(), 9)
    save(disk, a_checkpoint(disk, 40), durable_seq=40)
    found = newest(disk)
    assert found.checkpoint == a_checkpoint(disk, 9)
    reason_given = "seq 40 is not a record that the log has"
    assert found.skipped == (Skipped(checkpoint_path(40), reason_given),)


def test_names_that_are_no_checkpoint_s_are_passed_over() -> None:
    disk = saved(a_disk(), 9)
    raw = disk.image()[PATH_9]
    for name in ("9.json", "0000000000000000000\u0669.json", "00000000000000000021.JSON", "x"):
        disk.put(f"checkpoints/{name}", raw)
    disk.put(f"{PATH_20}.tmp", raw)
    found = newest(disk)
    assert found.checkpoint == a_checkpoint(disk, 9)
    assert [one.reason for one in found.skipped] == ["it is not named as a checkpoint is"] * 4
    saved(disk, 10)
    assert f"{PATH_20}.tmp" not in disk.image(), "what a crash left half made goes"


def test_the_state_itself_may_be_refused() -> None:
    disk = saved(a_disk(), 9, 20)
    seen: list[Checkpoint] = []

    def accept(checkpoint: Checkpoint) -> None:
        seen.append(checkpoint)
        if checkpoint.seq == 20:
            raise ContractError("not this one")

    assert reason(disk, accept=accept) == "not this one"
    assert [one.seq for one in seen] == [20, 9]


def test_nothing_that_fits_is_told_with_every_reason() -> None:
    disk = saved(a_disk(), 9, 20)
    for path in (PATH_9, PATH_20):
        disk.put(path, b"")
    found = newest(disk)
    assert found.checkpoint is None
    assert [one.path for one in found.skipped] == [PATH_20, PATH_9]


def test_a_file_that_cannot_be_read_is_passed_over() -> None:
    disk = saved(a_disk(), 9, 20)
    fits = hashes(disk).get
    disk.faults = Faults(planted=disk.ops + 2)
    found = load_newest(disk, LOG_ID, fits, CONFIG)
    assert found.checkpoint == a_checkpoint(disk, 9)
    assert found.skipped[0].reason.startswith("it cannot be read: [Errno 5]")
    disk.faults = Faults(planted=disk.ops + 1)
    with pytest.raises(StorageFailed, match="the checkpoints cannot be read"):
        load_newest(disk, LOG_ID, fits, CONFIG)


# What is refused.


def test_a_newer_version_is_refused_and_stays() -> None:
    newer = VERSION + 1
    disk = respelled(saved(a_disk(), 9, 20), PATH_20, version=newer, state_hash=None, more=[1])
    before = disk.image()
    with pytest.raises(NotOurs) as refused:
        newest(disk)
    assert str(refused.value) == (
        f"a checkpoint of version {newer} (this program knows {VERSION}; go on with the newer"
        " program) at"
        f" {PATH_20} byte 0 (seq 20); nothing was changed"
    )
    assert refused.value.exit_code == 3
    assert disk.image() == before
    with pytest.raises(NotOurs):
        newest(respelled(disk, PATH_20, log_id="other"))


def test_an_older_version_is_brought_up_to_date() -> None:
    disk = saved(a_disk(), 9, 20)

    def better(content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "state": {"was": content["state"]["of"]}}

    found = newest(disk, table={VERSION: better}, version=VERSION + 1)
    assert found.checkpoint == a_checkpoint(disk, 20, state={"was": 20})
    why = f"no migration leads from checkpoint version {VERSION}"
    with pytest.raises(InvariantBroken, match=why):
        newest(disk, version=VERSION + 1)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path, real: path.symlink_to(real), "link"),
        (lambda path, real: os.mkfifo(path), "pipe"),
    ],
)  # fmt: skip
def test_what_is_no_file_is_refused_and_not_followed(
    tmp_path: Path, make: Callable[[Path, Path], None], found: str
) -> None:
    disk = a_disk()
    fits = hashes(disk).get
    real = tmp_path / "elsewhere.json"
    real.write_bytes(spell(a_checkpoint(disk, 20)))
    root = tmp_path / "log"
    save(OsDisk(root), a_checkpoint(disk, 9), durable_seq=9)
    make(root / PATH_20, real)
    with pytest.raises(NotOurs) as refused:
        load_newest(OsDisk(root), LOG_ID, fits, CONFIG)
    assert str(refused.value) == (
        f"no file of ours (a regular file is needed, found a {found}; remove it) at {PATH_20}"
        " byte 0 (seq 20); nothing was changed"
    )
    with pytest.raises(NotOurs):
        save(OsDisk(root), a_checkpoint(disk, 20), durable_seq=LAST)
    assert real.read_bytes() == spell(a_checkpoint(disk, 20))


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    disk = a_disk()
    (tmp_path / "log").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "log" / "checkpoints").symlink_to(tmp_path / "elsewhere")
    there = OsDisk(tmp_path / "log")
    with pytest.raises(NotOurs, match="not a folder; remove it"):
        load_newest(there, LOG_ID, hashes(disk).get, CONFIG)
    with pytest.raises(NotOurs, match="not a folder; remove it"):
        save(there, a_checkpoint(disk, 9), durable_seq=9)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_damaged_log_is_not_passed_over_for_an_older_checkpoint() -> None:
    disk = saved(a_disk(), 9, 20)
    lines = lines_of(disk)
    edit(disk, b"".join([*lines[:20], lines[20].replace(b"md.quote", b"md.quotf"), *lines[21:]]))
    with pytest.raises(IntegrityRefused, match=r"\(seq 20\)"):
        newest(disk)


# The hash of a record.


def test_the_hash_of_a_record_is_that_of_the_log() -> None:
    disk = a_disk()
    hash_at = hash_in(disk)
    assert {seq: hash_at(seq) for seq in range(LAST + 1)} == hashes(disk)
    assert hash_at(LAST + 1) is None
    assert hash_at(2**62) is None


def test_a_record_that_was_let_go_has_no_hash() -> None:
    disk = a_log((4, 4, 4, 4), limits=Limits(rotate_bytes=500))
    journal = opened(disk, limits=Limits(rotate_bytes=500))
    journal.trim(9, NOON_NS)
    journal.close(NOON_NS)
    first = told(disk)[0].seq
    assert first > 1
    assert hash_in(disk)(first - 1) is None
    assert hash_in(disk)(first) == told(disk)[0].hash.hex()
