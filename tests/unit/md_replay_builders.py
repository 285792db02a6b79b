"""Small made-up market data for the tests of `md_replay`, and calls of the command on it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tools.live.core.clock import NS_PER_MS, NS_PER_S
from tools.live.core.contracts_v1 import BUY
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, MarketEvent, Trade
from tools.live.core.money import SCALE
from tools.live.market.drift import Terms
from tools.live.market.importers.own import line_of
from tools.live.md_replay import main
from tools.live.md_replay_run import COMPARE, Item, Plan, Replay, shown_from

T0 = 1_700_000_000 * NS_PER_S
CENT = SCALE // 100
TERMS = Terms(tick=CENT, window_ns=250 * NS_PER_MS, ring=4096, keep=200_000)
SOURCE = "binance-spot"
BTC = "BTCUSDT"


def at(ms: int) -> int:
    """An instant, in milliseconds after the beginning."""
    return T0 + ms * NS_PER_MS


def a_snapshot(ms: int, sequence: int = 10, *, bid: int = 100, ask: int = 102) -> DepthSnapshot:
    """Prices in cents."""
    levels = (((bid * CENT, SCALE),), ((ask * CENT, 2 * SCALE),))
    return DepthSnapshot(BTC, SOURCE, *levels, sequence, None, at(ms))


def a_diff(
    ms: int, first: int, last: int, bids: Iterable[tuple[int, int]] = ((100, 1),),
    asks: Iterable[tuple[int, int]] = (), symbol: str = BTC,
) -> DepthDiff:  # fmt: skip
    """Levels in cents and units."""
    levels = [tuple((p * CENT, q * SCALE) for p, q in side) for side in (bids, asks)]
    exchange_ns = at(ms) - 5 * NS_PER_MS
    return DepthDiff(symbol, SOURCE, *levels, first, last, None, exchange_ns, at(ms))


def a_quote(ms: int, bid: int = 100, ask: int = 102, symbol: str = BTC) -> Bbo:
    return Bbo(symbol, SOURCE, bid * CENT, SCALE, ask * CENT, SCALE, None, None, at(ms))


def a_trade(ms: int, price: int = 101) -> Trade:
    return Trade(BTC, SOURCE, "7", BUY, price * CENT, SCALE, None, at(ms - 7), at(ms))


def whole() -> list[MarketEvent]:
    """A market without a fault: 2 diffs, 4 quotes of which one is skipped, and a trade."""
    return [
        a_quote(0),
        a_snapshot(1),
        a_diff(2, 9, 11),
        a_quote(3),
        a_trade(4),
        a_diff(5, 12, 13, bids=((101, 3),)),
        a_quote(6, 100, 102),
        a_quote(7, 101, 105),
    ]


def gapped() -> list[MarketEvent]:
    """The same, but updates 12 to 20 are missing before its end, and two are back at last."""
    return [*whole()[:5], a_diff(5, 21, 22), a_quote(6), a_snapshot(9, 30), a_quote(10)]


def heard(*items: Item | tuple[Item, ...]) -> list[tuple[int, int, tuple[Item, ...]]]:
    """One line an item, or a tuple of them."""
    said = [one if isinstance(one, tuple) else (one,) for one in items]
    return [(number, 1, one) for number, one in enumerate(said, 1)]


def a_plan(
    mode: str = COMPARE, terms: Terms = TERMS, symbol: str | None = None, most: int = 200
) -> Plan:
    return Plan(mode, terms, symbol, shown_from(SCALE * terms.tick, 1), most)


def replayed(*items: Item | tuple[Item, ...], plan: Plan | None = None) -> Replay:
    """All of it heard."""
    replay = Replay(plan or a_plan())
    replay.run(heard(*items), lambda _: None)
    return replay


class Command:
    """The command on a file of canonical events."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.path = folder / "market.jsonl"
        self.capsys = capsys
        self.write(whole())

    def write(self, events: Iterable[MarketEvent]) -> None:
        self.path.write_bytes(b"".join(line_of(event) for event in events))

    def run(self, *flags: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        code = main([str(self.path), *flags])
        out, err = self.capsys.readouterr()
        return code, out, err

    def file(self, name: str) -> str:
        """A name in the folder."""
        return str(self.folder / name)
