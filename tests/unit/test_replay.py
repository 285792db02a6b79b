"""tools.live.journal.replay, .folding and .fast_fold: the state out of the journal."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import T0_NS, a_monitor
from tests.unit.journal_builders import FIRST, add, edit, lines_of, opened
from tests.unit.prop import chance
from tests.unit.run_journals import Ran, a_moody_run, a_run, an_opening, write_run
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.core.quiet_gc import no_gc
from tools.live.edge_modes import COMPUTED, MARKOUTS
from tools.live.journal import replay as replay_module
from tools.live.journal.errors import IntegrityRefused, StorageFailed
from tools.live.journal.fast_fold import FastFold
from tools.live.journal.folding import NotARun, Replay, ReplayFailed, Start
from tools.live.journal.outcome import Limits
from tools.live.journal.reader import Reader
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run_facts import new_fold, opened_payload
from tools.live.journal.segments import list_segments
from tools.live.journal.writer import Journal
from tools.live.reports.snapshot import state_sha256

SMALL = Limits(rotate_bytes=20_000)


def state_of(ran: Ran) -> tuple[int, str]:
    return ran.loop.seq, state_sha256(ran.loop.fold, ran.loop.seq, T0_NS)


def prefix_hash(ran: Ran, seq: int) -> str:
    """The state behind an entry, by a fold of the entries in memory."""
    fold = new_fold(find_run(ran.disk)[1])
    for entry in ran.entries[:seq]:
        if entry.src != "loop":
            fold.step(entry.event)  # type: ignore[arg-type]
    return state_sha256(fold, seq, T0_NS)


def careful_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FastFold, "run", lambda self, disk: None)


def outcome(disk: SimDisk) -> Any:
    """What a rebuild comes to, as plain data."""
    try:
        found = rebuild(disk)
    except (ContractError, IntegrityRefused, ReplayFailed) as error:
        return error.__class__.__name__
    return found.seq, found.journal_seq, found.head, found.state_sha256


@pytest.mark.parametrize("options", [
    {}, {"edge": "computed", "steps": 40}, {"edge": "markouts", "steps": 40, "threshold": 99.0},
    {"requote": False}, {"threshold": 6.0},
    {"max_inv": 700.0}, {"retain": 3}, {"limits": SMALL, "steps": 40},
])  # fmt: skip
def test_P05_replay_gives_the_state_and_the_report_of_the_run(options: dict[str, Any]) -> None:
    ran = a_run(**options)
    found = rebuild(ran.disk, digest=True)
    assert (found.seq, found.state_sha256) == state_of(ran)
    assert codec.canonical(found.report()) == codec.canonical(ran.report)
    assert found.reported is not None
    assert found.head.hex() == list(Reader(ran.disk).poll())[found.journal_seq].hash.hex()


@pytest.mark.parametrize("seed", range(25))
def test_P05_replay_gives_the_state_of_a_random_run(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = a_moody_run(seed, edge=(COMPUTED, MARKOUTS)[seed % 2])
    found = rebuild(ran.disk)
    assert (found.seq, found.state_sha256) == state_of(ran)
    careful_only(monkeypatch)
    assert outcome(ran.disk) == (found.seq, found.journal_seq, found.head, found.state_sha256)


def test_replay_stops_behind_any_entry() -> None:
    ran = a_run(4, limits=Limits(rotate_bytes=9_000))
    for seq in range(len(ran.entries) + 1):
        found = rebuild(ran.disk, until=seq)
        assert (found.seq, found.state_sha256) == (seq, prefix_hash(ran, seq))
    with pytest.raises(ContractError, match="is behind the end of the line"):
        rebuild(ran.disk, until=len(ran.entries) + 1)


def test_P05_replay_from_any_start_gives_the_same_state() -> None:
    ran = a_run(5, limits=Limits(rotate_bytes=15_000))
    whole = rebuild(ran.disk)
    for seq in range(1, len(ran.entries), 3):
        part = rebuild(ran.disk, until=seq)
        start = Start(part.seq, part.journal_seq, part.head.hex(), part.fold)
        found = rebuild(ran.disk, restore=lambda opened, until, one=start: one)
        assert found.fold is part.fold
        assert outcome_of(found) == outcome_of(whole)
    asked: list[int | None] = []
    rebuild(ran.disk, until=7, restore=lambda opened, until: asked.append(until))
    assert asked == [7]
    last = Start(whole.seq, whole.journal_seq, whole.head.hex(), whole.fold)
    assert outcome_of(rebuild(ran.disk, until=whole.seq, restore=lambda o, u: last)) == (
        outcome_of(whole)
    )


def outcome_of(found: Replay) -> Any:
    return found.seq, found.journal_seq, found.head, found.state_sha256


def test_a_start_that_is_not_of_this_log_is_refused() -> None:
    ran = a_run(5)
    part = rebuild(ran.disk, until=20)
    foreign = Start(part.seq, part.journal_seq, "00" * 32, part.fold)
    with pytest.raises(IntegrityRefused, match="another record than"):
        rebuild(ran.disk, restore=lambda opened, until: foreign)
    beyond = Start(part.seq, 10**6, "00" * 32, part.fold)
    with pytest.raises(IntegrityRefused):
        rebuild(ran.disk, restore=lambda opened, until: beyond)


def test_packed_segments_replay_the_same() -> None:
    ran = a_run(20, limits=SMALL)
    before = outcome(ran.disk)
    journal = Journal.open(
        ran.disk, log_id=find_run(ran.disk)[0], holder="a test", time_ns=T0_NS, limits=SMALL
    )
    while journal.pack_oldest():
        pass
    ran.disk.kill9()
    assert list_segments(ran.disk)[0].packed
    found = rebuild(ran.disk)
    assert (found.seq, found.state_sha256) == (before[0], before[3])


def test_an_open_journal_is_read_as_far_as_it_goes() -> None:
    disk = SimDisk()
    journal = opened(disk)
    with pytest.raises(NotARun, match="no run was begun"):
        rebuild(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(an_opening(a_monitor(), {})))
    journal.commit_all()
    found = rebuild(disk)
    assert (found.seq, found.journal_seq, found.reported) == (0, 1, None)
    with pytest.raises(ReplayFailed, match="was interrupted behind seq 0"):
        found.report()


def test_a_log_without_a_run_is_refused_in_words() -> None:
    with pytest.raises(NotARun, match="there is no log in this folder"):
        rebuild(SimDisk())
    disk = SimDisk()
    journal = opened(disk)
    add(journal, 1)
    journal.close(T0_NS)
    with pytest.raises(NotARun, match="begins with md.quote, not with run.opened"):
        rebuild(disk)


def test_P03_no_flipped_bit_is_taken_for_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a flip does, the fast way comes to what the careful way comes to."""
    rng = chance(3)
    ran = a_run(2)
    data = ran.disk.image()[FIRST]
    right = outcome(ran.disk)
    places = [rng.randrange(len(data)) for _ in range(250)]
    places += range(len(data) - 40, len(data))
    fast = []
    for place in places:
        bit = 1 << place % 8
        flipped = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
        fast.append(outcome(edit(ran.disk, flipped)))
    assert right not in fast
    careful_only(monkeypatch)
    for place, found in zip(places, fast, strict=True):
        bit = 1 << place % 8
        flipped = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
        assert outcome(edit(ran.disk, flipped)) == found


@pytest.mark.parametrize("size", [1, 60, 400, 3000, 9000])
def test_P02_a_torn_end_is_where_replay_ends(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = a_moody_run(4, 60)
    ran.disk.put("durable.mark", None)
    edit(ran.disk, ran.disk.image()[FIRST][:-size])
    found = outcome(ran.disk)
    careful_only(monkeypatch)
    assert outcome(ran.disk) == found


def test_lines_in_another_order_are_refused() -> None:
    ran = a_run(3)
    lines = lines_of(ran.disk)
    lines[10], lines[11] = lines[11], lines[10]
    with pytest.raises(IntegrityRefused):
        rebuild(edit(ran.disk, b"".join(lines)))


def test_a_missing_segment_is_a_gap() -> None:
    ran = a_run(20, limits=SMALL)
    second = list_segments(ran.disk)[1]
    ran.disk.put(second.path, None)
    with pytest.raises(IntegrityRefused, match="a gap"):
        rebuild(ran.disk)


def test_a_segment_that_vanishes_while_it_is_read_is_left_to_the_reader() -> None:
    ran = a_run(20, limits=SMALL)
    before = outcome(ran.disk)
    read, last = ran.disk.read, list_segments(ran.disk)[-1].path
    missing = [FileNotFoundError(last)]

    def vanish_once(path: str, offset: int = 0, length: int = -1) -> bytes:
        if path == last and missing:
            raise missing.pop()
        return read(path, offset, length)

    ran.disk.read = vanish_once  # type: ignore[method-assign]
    assert outcome(ran.disk) == before
    assert not missing


def test_a_disk_that_fails_ends_the_replay_with_a_storage_fault() -> None:
    ran = a_run(20, limits=SMALL)
    read, last = ran.disk.read, list_segments(ran.disk)[-1].path

    def broken(path: str, offset: int = 0, length: int = -1) -> bytes:
        if path == last:
            raise OSError(5, "broken")
        return read(path, offset, length)

    ran.disk.read = broken  # type: ignore[method-assign]
    with pytest.raises(StorageFailed):
        rebuild(ran.disk)


def test_usual_lines_of_a_run_take_no_detour(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = a_run(30, limits=SMALL)
    seen: list[str] = []
    take = Replay.take

    def watched(self: Replay, told: Any) -> Any:
        seen.append(told.topic)
        return take(self, told)

    monkeypatch.setattr(Replay, "take", watched)
    rebuild(ran.disk)
    usual = ("system.log.created", "run.opened", "run.params", "run.reported", "system.log.closed")
    assert set(seen) == set(usual)
    assert len(seen) <= 6


def test_a_write_that_is_not_ascii_is_left_to_the_reader() -> None:
    ran = a_moody_run(4, 20)
    data = ran.disk.image()[FIRST]
    ran.disk.put("durable.mark", None)
    edit(ran.disk, data + b"\xff\xfe\n")
    with pytest.raises(IntegrityRefused):
        rebuild(ran.disk)


@pytest.mark.parametrize("at_once", [1, 2, 7, 10**6])
def test_however_many_lines_are_folded_at_once_it_comes_to_the_same(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = chance(at_once)
    runs = [a_run(8, limits=SMALL), a_moody_run(4, 60), a_run(4, retain=3)]
    cases = [ran.disk.clone() for ran in runs]
    for ran in runs:
        data = ran.disk.image()[FIRST]
        for _ in range(12):
            place, bit = rng.randrange(len(data)), 1 << rng.randrange(8)
            flipped = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            cases.append(edit(ran.disk.clone(), flipped))
    expected = [outcome(disk.clone()) for disk in cases]
    partly = [rebuild(runs[0].disk, until=seq).state_sha256 for seq in range(0, 60, 7)]
    monkeypatch.setattr("tools.live.journal.fast_fold._AT_ONCE", at_once)
    assert [outcome(disk) for disk in cases] == expected
    digests = [rebuild(runs[0].disk, until=seq, digest=True) for seq in range(0, 60, 7)]
    assert [one.state_sha256 for one in digests] == partly
    assert rebuild(runs[0].disk, digest=True).report() == runs[0].report


@pytest.mark.parametrize("replay", [rebuild, rederive])
def test_a_replay_needs_no_collector(replay: Callable[[SimDisk], object]) -> None:
    """However long the run is, what is left for it are a few functions that were compiled."""
    for ran in (a_run(4), a_run(60), a_moody_run(4, 20), a_moody_run(4, 200)):
        gc.collect()
        found = replay(ran.disk)
        assert gc.collect() < 64, len(ran.entries)
        del found


def test_a_state_that_nobody_needs_is_gone_without_a_collector() -> None:
    ran = a_run(4)
    found = rebuild(ran.disk)
    fold = weakref.ref(found.fold)
    with no_gc():
        del found
        assert fold() is None


def test_memo_tables_stay_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = a_run(30)
    whole = outcome(ran.disk)
    monkeypatch.setattr("tools.live.journal.fast_fold._MOST_KEPT", 2)
    monkeypatch.setattr("tools.live.journal.direct_calls._MOST_KEPT", 2)
    assert outcome(ran.disk) == whole
    careful_only(monkeypatch)
    assert outcome(ran.disk) == whole


def test_the_careful_way_stops_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = a_run(3)
    careful_only(monkeypatch)
    for seq in (1, 7, 30):
        found = rebuild(ran.disk, until=seq)
        assert (found.seq, found.state_sha256) == (seq, prefix_hash(ran, seq))


def test_the_digest_is_made_in_the_careful_way_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = a_run(3)
    careful_only(monkeypatch)
    found = replay_module.rebuild(ran.disk, digest=True)
    assert found.report() == ran.report


def test_write_run_is_what_the_product_writes() -> None:
    """The journals that these tests write by hand hold the entries as the product's own do."""
    ran = a_run(3)
    disk = SimDisk()
    write_run(disk, find_run(ran.disk)[1], ran.entries)
    own = [(o.src, o.topic, o.sseq, o.ts, o.corr, o.cause, o.raw) for o in Reader(disk).poll()]
    theirs = [
        (o.src, o.topic, o.sseq, o.ts, o.corr, o.cause, o.raw) for o in Reader(ran.disk).poll()
    ]
    assert own[1:-1] == theirs[1:-2]
