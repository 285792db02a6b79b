"""How far the log was durable, told twice: `tools.live.journal.mark`."""

from __future__ import annotations

import hashlib

import pytest

from tests.sim.sim_disk import Faults, SimDisk
from tools.live.journal.mark import MARK, SLOT_BYTES, Mark, MarkFile, read_mark, spell_slot

OLD, NEW = Mark(16, "ab" * 32), Mark(17, "cd" * 32)


class Stubborn(SimDisk):
    def write_at(self, handle: int, data: bytes, offset: int) -> int:
        return 0


def marked(*marks: Mark) -> SimDisk:
    disk = SimDisk(3)
    disk.faults = Faults(short=0.9)
    mark_file = MarkFile(disk, 0)
    for mark in marks:
        mark_file.write(spell_slot(mark), sync=True)
    mark_file.close()
    disk.faults = Faults()
    return disk


def test_a_slot_is_what_the_protocol_says() -> None:
    told = f"{17:020d} {'cd' * 32}"
    sha16 = hashlib.sha256(told.encode()).hexdigest()[:16]
    slot = spell_slot(NEW)
    assert slot.decode() == f"{told} {sha16}".ljust(127) + "\n"
    assert len(slot) == SLOT_BYTES == 128


def test_the_slots_take_turns_and_the_newest_counts() -> None:
    disk = marked(OLD, NEW)
    assert disk.image()[MARK] == spell_slot(OLD) + spell_slot(NEW)
    assert read_mark(disk) == (NEW, 0)
    newer = Mark(18, "ef" * 32)
    disk = marked(OLD, NEW, newer)
    assert disk.image()[MARK] == spell_slot(newer) + spell_slot(NEW)
    assert read_mark(disk) == (newer, 1)


def test_without_a_mark_nothing_is_known() -> None:
    assert read_mark(SimDisk()) == (None, 0)
    assert read_mark(marked()) == (None, 0)
    assert read_mark(marked(OLD)) == (OLD, 1)


def test_one_turned_bit_leaves_the_other_slot() -> None:
    for bit in range(SLOT_BYTES * 8):
        disk = marked(OLD, NEW)
        disk.flip(MARK, SLOT_BYTES * 8 + bit)
        assert read_mark(disk) == (OLD, 1)


def test_a_mark_that_was_cut_says_only_what_is_whole() -> None:
    for length in range(2 * SLOT_BYTES):
        disk = marked(OLD, NEW)
        disk.put(MARK, disk.image()[MARK][:length])
        assert read_mark(disk)[0] == (OLD if length >= SLOT_BYTES else None)


def test_a_mark_may_wait_for_the_kernel() -> None:
    disk = SimDisk()
    mark_file = MarkFile(disk, 0)
    disk.sync_folder()
    mark_file.write(spell_slot(OLD), sync=True)
    mark_file.write(spell_slot(NEW), sync=False)
    assert read_mark(disk)[0] == NEW
    disk.power_loss(0)
    assert read_mark(disk)[0] == OLD


def test_a_disk_that_takes_nothing_does_not_hang_us() -> None:
    mark_file = MarkFile(Stubborn(), 0)
    with pytest.raises(OSError, match="no byte of the mark"):
        mark_file.write(spell_slot(OLD), sync=True)
