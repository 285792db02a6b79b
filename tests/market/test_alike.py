"""The same stream in another order, or from a journal: the same states."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.market import captures, recordings
from tests.market.recordings import SOURCES, SYMBOL
from tests.unit.prop import chance
from tools.live import market_cli
from tools.live.core.market_v1 import DepthDiff, DepthSnapshot, MarketEvent
from tools.live.market.generator import GeneratedMarket
from tools.live.market.plan import MarketPlan
from tools.live.market.regimes import Regime
from tools.live.market.watch import MarketWatch
from tools.live.market_source import open_market

MARKETS = (captures.SPOT, captures.USDM)
DELTAS = 40


def states(events: list[MarketEvent]) -> list[str]:
    """The hash of everything that is held, behind each event."""
    watch = MarketWatch()
    found = []
    for event in events:
        watch.hear(event)
        found.append(watch.state_sha256())
    return found


def some_depth(market: str) -> tuple[DepthSnapshot, list[DepthDiff]]:
    """The snapshot of an extract, and the updates that follow on it."""
    events = recordings.read(market, captures.lines(captures.extract(market)))
    snapshot = next(one for one in events if isinstance(one, DepthSnapshot))
    assert snapshot.sequence is not None
    diffs = [
        one for one in events
        if isinstance(one, DepthDiff) and (one.sequence or 0) > snapshot.sequence
    ]  # fmt: skip
    return snapshot, diffs[:DELTAS]


def shuffled(diffs: list[DepthDiff], rng: Random) -> list[DepthDiff]:
    """The same updates in another order, received at the times of the first order."""
    mixed = rng.sample(diffs, len(diffs))
    return [
        DepthDiff(one.symbol, one.source, one.bids, one.asks, one.first, one.sequence,
                  one.previous, one.exchange_ns, at.ts_ns)
        for one, at in zip(mixed, diffs, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("market", MARKETS)
def test_updates_in_any_order_come_to_one_book(market: str, seed: int) -> None:
    snapshot, diffs = some_depth(market)
    assert len(diffs) >= 6
    mixed = shuffled(diffs, chance(seed))
    assert mixed != diffs
    plain, other = MarketWatch(), MarketWatch()
    for watch, stream in ((plain, diffs), (other, mixed)):
        for event in (snapshot, *stream):
            watch.hear(event)
    books = [watch.book(SOURCES[market], SYMBOL) for watch in (plain, other)]
    assert books[0] is not None and books[1] is not None
    assert books[0].state_sha256() == books[1].state_sha256()
    assert other.is_usable(SOURCES[market], SYMBOL)


@pytest.mark.parametrize("seed", range(10))
def test_symbols_commute(seed: int) -> None:
    """However the streams of two symbols fall between each other, each book is its own."""
    rng = chance(seed)
    plan = MarketPlan(("AUSD", "BUSD"), seed=seed, schedule=((Regime.CALM, 3),))
    events = list(GeneratedMarket(plan))
    apart = {name: [one for one in events if one.symbol == name] for name in plan.symbols}
    watch = MarketWatch()
    left = {name: list(reversed(stream)) for name, stream in apart.items()}
    while any(left.values()):
        watch.hear(left[rng.choice([name for name in left if left[name]])].pop())
    for name, stream in apart.items():
        alone = MarketWatch()
        for event in stream:
            alone.hear(event)
        books = [one.book("synthetic", name) for one in (watch, alone)]
        assert books[0] is not None and books[1] is not None
        assert books[0].state_sha256() == books[1].state_sha256()


@pytest.mark.parametrize("market", MARKETS)
def test_live_equals_replay_at_every_seq(market: str, tmp_path: Path) -> None:
    """What was heard live and what the journal gives back lead through the same states."""
    path = str(captures.extract(market))
    live = [item for item in open_market(path)]
    folder = str(tmp_path / "journal")
    assert market_cli.main([path, "--journal", folder]) == 0
    again = [item for item in open_market(folder)]
    assert again == live
    events = [one for one in live if not hasattr(one, "fault")]
    assert states(events) == states(list(again))
