"""Checkpoints that somebody bent: each is refused with one clear line, or is a good one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.unit.prop import chance
from tests.unit.simulator_builders import after
from tests.unit.simulator_states import a_busy_one, an_old_one, resealed
from tools.live.core.errors import ContractError
from tools.live.sim.simulator_checkpoint import restore, take_checkpoint
from tools.live.sim.simulator_checkpoint_text import deserialize_checkpoint, serialize_checkpoint

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 70, 1.5, "", "x", "0", "-1", "-0", "1e30", "1E-40", "NaN",
    "1_0", "\u0661", "\ud800", "a\0b", "9" * 50, [], [None], {}, {"": 1}, "2026-01-05",
    "2026-01-05T12:00:00.031000", "1969-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "o1",
    "exec-00000001", "fill", "filled", "buy", "2.0.0", "5",
)  # fmt: skip


def places(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every way to a value inside plain data."""
    if path:
        yield path
    inner = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(
        told, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def bent(rng: Random, told: dict[str, Any]) -> dict[str, Any]:
    """One to three values exchanged, removed or doubled."""
    made = copy.deepcopy(told)
    for _ in range(rng.randint(1, 3)):
        path = rng.choice(list(places(made)))
        inside: Any = made
        for key in path[:-1]:
            inside = inside[key]
        drawn = rng.random()
        if drawn < 0.15:
            del inside[path[-1]]
        elif drawn < 0.3 and isinstance(inside, list):
            inside.append(inside[path[-1]])
        elif drawn < 0.5:
            inside[path[-1]] = copy.deepcopy(rng.choice([v for v in values(made)]))
        else:
            inside[path[-1]] = rng.choice(ODD)
    return made


def values(told: dict[str, Any]) -> Iterator[Any]:
    for path in places(told):
        inside: Any = told
        for key in path:
            inside = inside[key]
        yield inside


@pytest.mark.parametrize("batch", range(10))
def test_a_bent_checkpoint_is_refused_or_is_a_good_one(batch: int) -> None:
    good = json.loads(json.dumps(serialize_checkpoint(take_checkpoint(a_busy_one()))))
    accepted = 0
    for seed in range(batch * 150, batch * 150 + 150):
        rng = chance(seed)
        old = rng.random() < 0.4
        told = bent(rng, an_old_one() if old else good)
        if not old:
            told.setdefault("sha256", "")
            try:
                told = resealed(told)
            except ContractError:
                continue
        try:
            one = restore(deserialize_checkpoint(told))
        except ContractError as error:
            assert "\n" not in str(error) and len(str(error)) < 700, f"seed {seed}"
            continue
        accepted += 1
        now = max(one.current_time, after(31))
        one.process_market_data(now, {"SPY": 100, "X": 50, "OLD": 3})
        assert one.available_cash >= 0 or one.cash < 0, f"seed {seed}"
        assert take_checkpoint(restore(take_checkpoint(one))) == take_checkpoint(one)
        assert isinstance(one.get_account_value(), Decimal)
    assert accepted  # else nothing was proved about the good ones
