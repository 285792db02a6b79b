"""P2: a torn tail is repaired and quarantined; no half record is ever seen."""

from __future__ import annotations

import pytest

from tests.sim.at_rest import segments, unsynced_batch, whole_log
from tests.sim.sim_file import SECTOR
from tests.sim.subjects import SUBJECTS
from tests.sim.world import DONE, KILL, REFUSED, World

every_log = pytest.mark.parametrize("log", SUBJECTS)


def shown(world: World) -> int:
    """How many records an open shows; the judge sees that none is lost, changed or made up."""
    assert world.live(()) == DONE
    return world.judge.shown


def without_it(world: World, path: str, known: int) -> int:
    """How many records there are when nothing is left of the batch."""
    copy = world.clone()
    copy.disk.put(path, world.disk.image()[path][:known])
    return shown(copy)


def recovered(world: World, path: str, data: bytes, known: int, before: int) -> int:
    """Open a copy whose last segment has these bytes; how many records came out of the batch."""
    copy = world.clone()
    copy.disk.put(path, data)
    whole = shown(copy) - before
    ends = [place + 1 for place, byte in enumerate(data) if byte == 10 and place >= known]
    kept = known if whole == 0 else ends[whole - 1]
    torn = data[kept:]
    quarantined = [d for p, d in copy.disk.image().items() if p.startswith("torn/")]
    assert quarantined == ([torn] if torn else [])
    return whole


@every_log
def test_P02_a_batch_cut_at_every_byte(log: str) -> None:
    world, path, known = unsynced_batch(SUBJECTS[log])
    data, before = world.disk.image()[path], without_it(world, path, known)
    for size in range(known, len(data) + 1):
        whole = recovered(world, path, data[:size], known, before)
        assert whole == data.count(b"\n", known, size), size


@every_log
def test_P02_every_subset_of_a_batchs_sectors_is_zero(log: str) -> None:
    world, path, known = unsynced_batch(SUBJECTS[log])
    data, before = world.disk.image()[path], without_it(world, path, known)
    first = known // SECTOR
    sectors = range(first, (len(data) - 1) // SECTOR + 1)
    # A window of eight sectors at each end of the batch; all at once would be thousands.
    for window in (sectors[:8], sectors[-8:]):
        for subset in range(2 ** len(window)):
            torn = bytearray(data)
            for bit, sector in enumerate(window):
                if subset >> bit & 1:
                    start, end = max(known, sector * SECTOR), min(len(data), (sector + 1) * SECTOR)
                    torn[start:end] = bytes(end - start)
            recovered(world, path, bytes(torn), known, before)


@every_log
@pytest.mark.parametrize("tail", [b"\0", b"\n", b"{", b"\xff" * 700, b'{"h":"', b"\r\n\r\n"])
def test_P02_garbage_behind_the_last_record(log: str, tail: bytes) -> None:
    world, path, known = unsynced_batch(SUBJECTS[log])
    data, before = world.disk.image()[path], without_it(world, path, known)
    whole = recovered(world, path, data + tail, known, before)
    assert whole == data.count(b"\n", known)


@every_log
def test_P02_what_was_acknowledged_is_never_taken_for_torn(log: str) -> None:
    """The same cuts, but into a log whose watermark says how far it goes."""
    world = whole_log(SUBJECTS[log], batches=2)
    path = segments(world)[-1]
    data = world.disk.image()[path]
    for size in range(len(data)):
        copy = world.clone()
        copy.disk.put(path, data[:size])
        copy.judge.marred = True
        assert copy.live(()) == REFUSED, size
        copy.end(KILL)
