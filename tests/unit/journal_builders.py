"""Small logs for tests, on the simulated disk."""

from __future__ import annotations

from typing import Any

from tests.sim.sim_disk import SimDisk
from tools.live.journal.frame import FRAME_BYTES, frame_lines, genesis, record_text
from tools.live.journal.outcome import Limits, Outcome, Profile
from tools.live.journal.reader import Reader, Record
from tools.live.journal.segments import list_segments, segment_path
from tools.live.journal.writer import Journal

LOG_ID = "desk-1"
NOON_NS = 1_735_732_800 * 10**9
DAY_NS = 86_400 * 10**9
FIRST = segment_path(0)


def opened(disk: SimDisk, **options: Any) -> Journal:
    """The log of the disk, recovered and writable."""
    given = {"log_id": LOG_ID, "holder": "a test", "time_ns": NOON_NS, **options}
    return Journal.open(disk, **given)


def add(journal: Journal, sseq: int, *, src: str = "feed", ts: int = NOON_NS) -> Outcome:
    """One event of the desk."""
    return journal.append("md.quote", ts, src, sseq, {"bid": f"{sseq}.5"}, corr=sseq, cause=0)


def a_log(
    batches: tuple[int, ...], *, close: bool = False, limits: Limits | None = None,
    profile: Profile = Profile.STRICT,
) -> SimDisk:  # fmt: skip
    """A disk with a log of so many events in each batch, whose process is gone."""
    disk = SimDisk()
    journal = opened(disk, limits=limits, profile=profile)
    sseq = 0
    for size in batches:
        for _ in range(size):
            sseq += 1
            add(journal, sseq)
        journal.commit()
    if close:
        journal.close(NOON_NS)
    disk.kill9()
    return disk


def told(disk: SimDisk, **options: Any) -> list[Record]:
    """Everything that can be read, the log's own records included."""
    return list(Reader(disk, **options).poll())


def events(disk: SimDisk) -> list[int]:
    """The numbers of the feed's events, in the order of the log."""
    return [record.sseq for record in told(disk) if record.src == "feed"]


def without_locks(disk: SimDisk) -> dict[str, bytes]:
    """All bytes but those of the lock, which every start writes."""
    return {path: data for path, data in disk.image().items() if path != "LOCK"}


def drop_mark(disk: SimDisk) -> SimDisk:
    """What a bulk log may have: nobody knows how far it was durable."""
    disk.put("durable.mark", None)
    return disk


def edit(disk: SimDisk, data: bytes, path: str = FIRST) -> SimDisk:
    """Other bytes at rest."""
    disk.put(path, data)
    return disk


def lines_of(disk: SimDisk, path: str = FIRST) -> list[bytes]:
    """The lines of a segment, each with its newline."""
    return disk.image()[path].splitlines(keepends=True)


def by_a_newer_version(disk: SimDisk) -> SimDisk:
    """The same log as a later program would write it: every record of version 2, well chained."""
    first = list_segments(disk)[0].first_seq
    head = genesis(LOG_ID) if not first else bytes(32)
    for segment in list_segments(disk):
        records = [line[76:-2].replace(b'"v":1}', b'"v":2}') for line in
                   disk.image()[segment.path].splitlines(keepends=True)]  # fmt: skip
        block, head = frame_lines(head, records)
        disk.put(segment.path, block)
    return disk


def by_hand(count: int, *, batch: int = 4, log_id: str = LOG_ID, start: int = 0) -> bytes:
    """Lines of a log that no writer wrote."""
    records = [
        record_text(
            base=seq - seq % batch, cause=0, corr=seq, sseq=seq, payload=f'{{"n":"{seq}"}}',
            seq=seq, src="feed", topic="md.quote", ts=NOON_NS + seq,
        ).encode()
        for seq in range(start, start + count)
    ]  # fmt: skip
    block, _ = frame_lines(genesis(log_id), records)
    assert len(block) == len(b"".join(records)) + count * FRAME_BYTES
    return block
