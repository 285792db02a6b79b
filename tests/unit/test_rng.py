"""Chance comes from a seed and a name, and from nothing else."""

from __future__ import annotations

import hashlib
from random import Random

import pytest

from tools.live.core.rng import seeded, stream


def draws(generator: Random, count: int = 5) -> list[float]:
    return [generator.random() for _ in range(count)]


@pytest.mark.parametrize("seed", [0, 1, 42, 2**80])
def test_seeded_is_the_published_generator(seed: int) -> None:
    assert draws(seeded(seed)) == draws(Random(seed))


def test_the_first_draws_of_42_are_those_of_every_python() -> None:
    assert draws(seeded(42), 3) == [0.6394267984578837, 0.025010755222666936, 0.27502931836911926]


def test_a_stream_is_seeded_by_the_digest_of_seed_and_name() -> None:
    digest = hashlib.sha256(b"42:fills").hexdigest()
    assert draws(stream(42, "fills")) == draws(Random(int(digest[:32], 16)))


def test_the_first_draws_of_a_stream_never_change() -> None:
    assert draws(stream(42, "fills"), 2) == [0.19698337127847987, 0.8376887034141223]


def test_streams_are_told_apart_by_name_and_by_seed() -> None:
    first = draws(stream(1, "a"))
    assert first == draws(stream(1, "a"))
    assert first != draws(stream(1, "b"))
    assert first != draws(stream(2, "a"))


def test_a_new_consumer_shifts_nobody() -> None:
    alone = stream(7, "fills")
    expected = draws(alone, 10)
    fills, delays = stream(7, "fills"), stream(7, "delays")
    seen = []
    for _ in range(10):
        delays.random()
        seen.append(fills.random())
    assert seen == expected
