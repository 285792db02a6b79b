"""Journals of version 0.1.0 are kept: every later release must read, replay and verify them.

The files are never written anew. When a test here fails, the new code cannot go on with a run of
the field; what has changed needs a new version beside the old one.
"""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from tools.live.core import codec
from tools.live.journal.checkpoint import save
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.projection import Projection
from tools.live.journal.reader import Reader, verify
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.journal.run_checkpoint import replay_checkpoint, restore_from

GOLDENS = Path(__file__).parent / "goldens" / "journals"
FILES = {
    "adopting/durable.mark":
        "e70e5b8d2e0195ddfae4251d28becb59a64faa792c60e6a72025601a0237b45a",
    "adopting/segments/00000000000000000000.jsonl":
        "1c32029fd32f023c7c3587a91556f5603f78c35a57114cc68a8eb654954d4ad7",
    "demo/durable.mark":
        "1e1acd129ea24018eace92a9f386042f1c0b78937ff68389056555de8d6ef3ba",
    "demo/segments/00000000000000000000.jsonl":
        "ab688c2b651d779bb196a91bab825972d2ce220b6b22759044bfcd6508daa18e",
    "demo/segments/00000000000000000066.jsonl":
        "4ef6a6dd66b24914192dee517a2d9917454f3a0a7cb77cc225297f608f7418ae",
    "demo/segments/00000000000000000130.jsonl":
        "1bb4228186beb581c26aa2bef6d4b2c53e2e7af4ed7df25df9945d8eade1819c",
    "demo/segments/00000000000000000194.jsonl":
        "c32b56bc60377cce16a973c0f78379ecb687a065dfa59dfe8159b39f97d317fd",
    "durable/durable.mark":
        "82f8637f46090fac82050fa3a8234795c355bf513bf79ee103d0003571cd81b2",
    "durable/segments/00000000000000000000.jsonl":
        "00ecfd6c1458c582c7e155bac97fff43a68a85146416377b4dda7f20fc0768be",
}
STATES = {  # how many entries, and the hash of the state behind the last
    "adopting": (193, "f2ad049234bf73ad828aa923abe64b86d283a5826f015db0e4b9c31e996555cc"),
    "demo": (241, "ae1741b15849db0f2db3c42e50f99bd2b9e30ba20f197384d7d5b8b517fd6af5"),
    "durable": (130, "d8296b47915238a0579d051b7f07ad1ae6f1f89a8b6dcd9ab72acb3bfb555dfb"),
}


@pytest.fixture(params=STATES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, OsDisk]:
    """A copy of a golden journal."""
    name: str = request.param
    shutil.copytree(GOLDENS / name, tmp_path / name)
    return name, OsDisk(str(tmp_path / name))


def test_the_files_are_as_they_were() -> None:
    found = {
        path.relative_to(GOLDENS).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(GOLDENS.rglob("*"))
        if path.is_file()
    }
    assert found == FILES


def test_they_are_whole(kept: tuple[str, OsDisk]) -> None:
    scan = verify(kept[1])
    assert scan.bad is None


def test_they_fold_to_the_state_of_their_time(kept: tuple[str, OsDisk]) -> None:
    name, disk = kept
    replay = rebuild(disk)
    assert (replay.seq, replay.state_sha256) == STATES[name]


def test_their_decisions_come_out_again(kept: tuple[str, OsDisk]) -> None:
    verified = rederive(kept[1])
    assert verified.holds
    assert verified.compared > 20


def test_a_checkpoint_of_the_middle_leads_to_the_same_state(kept: tuple[str, OsDisk]) -> None:
    name, disk = kept
    quotes = [one.sseq - 1 for one in Reader(disk).poll() if one.topic == "md.quote"]
    half = rebuild(disk, until=quotes[len(quotes) // 2])
    save(disk, replay_checkpoint(half), durable_seq=verify(disk).next_seq - 1)
    replay = rebuild(disk, restore=restore_from(disk, half.log_id))
    assert replay.begun == half.seq
    assert (replay.seq, replay.state_sha256) == STATES[name]


def test_they_become_tables(kept: tuple[str, OsDisk], tmp_path: Path) -> None:
    name, disk = kept
    projection = Projection.open(str(tmp_path / "orders.db"), disk)
    projection.close()
    assert rebuild(disk).seq == STATES[name][0]


def test_the_report_has_the_bytes_of_its_time(tmp_path: Path) -> None:
    shutil.copytree(GOLDENS / "demo", tmp_path / "demo")
    report = rebuild(OsDisk(str(tmp_path / "demo")), digest=True).report()
    assert codec.sha256(report) == (
        "c399e74dfe736d026acc2f5bfd24869545e76bf7e7c1b0a633b9c9744d983138"
    )


@pytest.mark.parametrize(
    ("name", "topics"),
    [
        ("durable", (
            "order.unknown", "order.absent", "order.query", "order.abandoned",
            "order.cancel_failed", "run.resumed", "run.timer", "run.reconciled",
            "system.log.recovered",
        )),
        ("adopting", ("order.adopted", "order.fill_adopted", "risk.position_adopted")),
    ],
)  # fmt: skip
def test_they_hold_what_can_go_wrong(name: str, topics: tuple[str, ...]) -> None:
    found = dict.fromkeys(one.topic for one in Reader(OsDisk(str(GOLDENS / name))).poll())
    for topic in topics:
        assert topic in found
