"""P2: a torn tail is repaired and quarantined; no half record is ever seen."""

from __future__ import annotations

import pytest

from tests.sim.at_rest import segments, twenty_unacknowledged, whole_log
from tests.sim.sim_file import SECTOR
from tests.sim.subjects import SUBJECTS
from tests.sim.world import DONE, KILL, REFUSED, World

every_log = pytest.mark.parametrize("log", SUBJECTS)


def recovered(world: World, path: str, data: bytes, known: int) -> int:
    """Open a copy whose last segment has these bytes; how many records came out of the batch."""
    copy = world.clone()
    copy.disk.put(path, data)
    firm = len(copy.judge.firm)
    assert copy.live(()) == DONE  # The judge has seen that nothing is lost or made up.
    whole = copy.judge.shown - firm
    ends = [place + 1 for place, byte in enumerate(data) if byte == 10 and place >= known]
    kept = known if whole == 0 else ends[whole - 1]
    torn = data[kept:]
    quarantined = [d for p, d in copy.disk.image().items() if p.startswith("torn/")]
    assert quarantined == ([torn] if torn else [])
    return whole


@pytest.mark.usefixtures("untraced")
@every_log
def test_P02_a_batch_cut_at_every_byte(log: str) -> None:
    world, path, known = twenty_unacknowledged(SUBJECTS[log])
    data = world.disk.image()[path]
    for size in range(known, len(data) + 1):
        whole = recovered(world, path, data[:size], known)
        assert whole == data[known:size].count(b"\n"), size


@every_log
def test_P02_every_subset_of_a_batchs_sectors_is_zero(log: str) -> None:
    world, path, known = twenty_unacknowledged(SUBJECTS[log])
    data = world.disk.image()[path]
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
            recovered(world, path, bytes(torn), known)


@every_log
@pytest.mark.parametrize("tail", [b"\0", b"\n", b"{", b"\xff" * 700, b'{"h":"', b"\r\n\r\n"])
def test_P02_garbage_behind_the_last_record(log: str, tail: bytes) -> None:
    world, path, known = twenty_unacknowledged(SUBJECTS[log])
    data = world.disk.image()[path]
    assert recovered(world, path, data + tail, known) == 20


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
