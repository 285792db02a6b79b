"""P3: damage to what was acknowledged is refused: not accepted, and not cut away in silence."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim import harness
from tests.sim.at_rest import last_segment, segments, whole_log
from tests.sim.subject import Subject
from tests.sim.subjects import SUBJECTS
from tests.sim.world import REFUSED, World

every_log = pytest.mark.parametrize("log", SUBJECTS)


def damaged(world: World, changes: dict[str, bytes | None], figures: Counter[str]) -> str:
    """Open a copy of a world with other files; the judge sees that every promise is kept."""
    copy = world.clone()
    for path, data in changes.items():
        copy.disk.put(path, data)
    figures["damages at rest"] += 1
    return harness.spoiled(copy)


def a_log_with_a_long_last_segment(subject: Subject) -> tuple[World, dict[str, bytes]]:
    """Several segments, and more than one batch in the last; and its files."""
    for batches in range(4, 20):
        world = whole_log(subject, batches=batches, size=300)
        image = world.disk.image()
        if len(segments(world)) > 1 and len(lines(image[last_segment(world)])) > 3:
            return world, image
    raise AssertionError("its segments are too short")


def lines(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


@every_log
def test_P03_every_bit_of_every_file(log: str, figures: Counter[str]) -> None:
    world = whole_log(SUBJECTS[log], batches=1)
    command = f"pytest tests/sim/test_P03_corruption.py -k 'every_bit and {log}'"
    for path, data in world.disk.image().items():
        for bit in range(len(data) * 8):
            ended = harness.flipped(world, path, bit, command, figures)
            if path in segments(world):
                assert ended == REFUSED, (path, bit)


@every_log
def test_P03_every_line_removed_doubled_swapped(log: str, figures: Counter[str]) -> None:
    world = whole_log(SUBJECTS[log], batches=8, size=300)
    image = world.disk.image()
    assert len(segments(world)) > 2
    for path in segments(world):
        found = lines(image[path])
        for at, line in enumerate(found):
            removed = b"".join(found[:at] + found[at + 1 :])
            assert damaged(world, {path: removed}, figures) == REFUSED
            doubled = b"".join(found[: at + 1] + [line] + found[at + 1 :])
            damaged(world, {path: doubled}, figures)
            if at:
                swapped = b"".join(found[: at - 1] + [line, found[at - 1]] + found[at + 1 :])
                assert damaged(world, {path: swapped}, figures) == REFUSED


@every_log
def test_P03_damage_before_a_later_batch_is_seen_without_a_watermark(
    log: str, figures: Counter[str]
) -> None:
    """Only a last batch can be torn: what follows the damage says that this was not one."""
    world, image = a_log_with_a_long_last_segment(SUBJECTS[log])
    world.disk.put("durable.mark", None)
    for path in segments(world):
        last = path == segments(world)[-1]
        found = lines(image[path])
        for at in range(len(found) - 2 if last else len(found)):
            torn = b"".join(found[:at]) + b"\0" + found[at][1:] + b"".join(found[at + 1 :])
            assert damaged(world, {path: torn}, figures) == REFUSED


@every_log
def test_P03_every_segment_removed_doubled_swapped(log: str, figures: Counter[str]) -> None:
    world = whole_log(SUBJECTS[log], batches=8, size=300)
    image, paths = world.disk.image(), segments(world)
    for at, path in enumerate(paths):
        assert damaged(world, {path: None}, figures) == REFUSED
        assert damaged(world, {path: b""}, figures) == REFUSED
        damaged(world, {f"segments/{10**6 + at:020d}.jsonl": image[path]}, figures)
        for other in paths[:at]:
            swap: dict[str, bytes | None] = {path: image[other], other: image[path]}
            assert damaged(world, swap, figures) == REFUSED


@every_log
def test_P03_a_log_without_its_caches_loses_nothing(log: str, figures: Counter[str]) -> None:
    world = whole_log(SUBJECTS[log], batches=8, size=300)
    for path in world.disk.image():
        if path not in segments(world):
            damaged(world, {path: None}, figures)
            damaged(world, {path: b""}, figures)
            damaged(world, {path: b"\0" * 100}, figures)
