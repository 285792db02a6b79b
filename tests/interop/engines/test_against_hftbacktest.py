"""The simulated exchange against hftbacktest, on the futures capture: the same fills, or why not.

The same strategy, data, latencies and queue model on both. Where no order can fill in part, nothing
but the queue decides: with the pessimistic model both fill the same orders at the same millisecond,
all but one, whose level shrank by trades that were told later.
Every fill that differs elsewhere is put down to the rule that makes the difference.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.interop.engines.between import RULES, stages
from tests.interop.engines.quoting import E9, ONE_LOT, Filled, Outcome, on_our_exchange
from tools.live.sim.queue import queue_model

Golden = Callable[[Path, str], None]

TABLE = Path(__file__).parent / "hftbacktest_table.txt"
# How many of a hundred fills of one lot are the same, and of a hundred orders fill in both.
SAME_FILLS = {"pessimistic": 99.0, "power:2": 95.0, "power:3": 92.0}
SAME_ORDERS = {"pessimistic": 99.0, "power:2": 97.0, "power:3": 97.0}


class Setting(NamedTuple):
    """A queue model; one lot and no partial fills, or one coin and partial fills."""

    queue: str
    partial: bool

    @property
    def qty(self) -> int:
        return E9 if self.partial else ONE_LOT


SETTINGS = [Setting(queue, partial) for partial in (False, True) for queue in SAME_FILLS]


class Compared(NamedTuple):
    ours: Outcome
    theirs: Outcome
    rules: Counter[str]  # how many differing fills each rule explains


@pytest.fixture(autouse=True)
def _package(must_have: Callable[[str, bool], None]) -> None:
    must_have("the package hftbacktest", importlib.util.find_spec("hftbacktest") is not None)


@cache
def compared(setting: Setting) -> Compared:
    """Both engines, and the way from the one to the other."""
    from tests.interop.engines.hftbacktest_side import on_hftbacktest

    queue, partial, qty = *setting, setting.qty
    ours = on_our_exchange(queue_model(queue), partial=partial, qty=qty)
    theirs = on_hftbacktest(ours.asked, queue, partial=partial, qty=qty)
    way = list(stages(ours.asked, queue, partial=partial, qty=qty))
    assert way[0][1:] == (frozenset(theirs.fills), theirs.refused), "the twin is not hftbacktest"
    assert all(refused == ours.refused for _, _, refused in way)
    way.append((list(RULES)[-1], frozenset(ours.fills), ours.refused))
    return Compared(ours, theirs, explained(way, ours))


def explained(
    way: list[tuple[str, frozenset[Filled], frozenset[int]]], ours: Outcome
) -> Counter[str]:
    """The rule at which each differing fill came or went for good."""
    rules: Counter[str] = Counter()
    last = way[-1][1]
    for fill in sorted(way[0][1] ^ last):
        stands = fill in last
        settled = max(i for i, (_, fills, _) in enumerate(way) if (fill in fills) != stands)
        rule = way[settled + 1][0]
        assert rule in RULES
        assert rule != "used" or fill.number in ours.crossed, fill
        rules[rule] += 1
    return rules


def share(part: int, of: int) -> float:
    return round(100 * part / of, 1)


def row(setting: Setting) -> list[str]:
    ours, theirs, rules = compared(setting)
    a, b = set(ours.fills), set(theirs.fills)
    orders, others = {one.number for one in a}, {one.number for one in b}
    return [
        setting.queue, "1" if setting.partial else "0.001", str(len(ours.asked)), str(len(orders)),
        str(len(others)), str(len(orders & others)), str(len(a)), str(len(b)), str(len(a & b)),
        *(str(rules[name]) for name in RULES),
    ]  # fmt: skip


def drawn(rows: Iterable[list[str]]) -> str:
    lists = list(rows)
    widths = [max(map(len, column)) for column in zip(*lists)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in lists
    ]
    return "".join(line.rstrip() + "\n" for line in lines)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_every_difference_is_explained(setting: Setting) -> None:
    ours, theirs, rules = compared(setting)
    assert len(ours.asked) > 1_300 and ours.refused == theirs.refused
    assert sum(rules.values()) == len(set(ours.fills) ^ set(theirs.fills))
    if not setting.partial:
        assert set(rules) <= {"equal", "carried", "traded", "pieces", "late"}, "only the queue"


@pytest.mark.parametrize("queue", SAME_FILLS)
def test_the_same_lots_fill(queue: str) -> None:
    """Price, quantity and millisecond; and the count of fills within two in a hundred."""
    ours, theirs, _ = compared(Setting(queue, False))
    a, b = set(ours.fills), set(theirs.fills)
    assert share(len(a & b), len(a | b)) >= SAME_FILLS[queue]
    assert abs(len(a) - len(b)) <= 2 * len(b) // 100
    orders, others = {one.number for one in a}, {one.number for one in b}
    assert share(len(orders & others), len(orders | others)) >= SAME_ORDERS[queue]


@pytest.mark.parametrize("queue", SAME_FILLS)
def test_ours_is_never_kinder_with_whole_coins(queue: str) -> None:
    """What fills begins to fill on both; ours gives less of it, as it gives nothing twice."""
    ours, theirs, _ = compared(Setting(queue, True))
    orders = {one.number for one in ours.fills}
    others = {one.number for one in theirs.fills}
    assert share(len(orders & others), len(orders | others)) >= SAME_ORDERS[queue]
    assert sum(one.qty for one in ours.fills) < sum(one.qty for one in theirs.fills)
    assert {one.price for one in ours.fills} <= {one.price for one in ours.asked}


def test_the_table(golden: Golden, capfd: pytest.CaptureFixture[str]) -> None:
    heads = ["queue", "qty", "orders", "ours", "theirs", "both", "fills", "theirs", "same"]
    rows = drawn([[*heads, *RULES], *map(row, SETTINGS)])
    words = "".join(f"{name:8} {RULES[name]}\n" for name in RULES)
    with capfd.disabled():
        sys.stdout.write(f"\n{rows}\n{words}")
    golden(TABLE, f"{rows}\n{words}")
