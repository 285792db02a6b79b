"""Threads about paper that differs from life: each breaks the naive paper exchange, and not ours.

What the faults of a line do to a loop is in `test_fault_corpus`; this is what exchanges for paper
trading do to whoever believes them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from tests.exchange.naive_paper import NaivePaper
from tests.unit.sim_builders import SYMBOL, T0, a_quote, a_request, a_trade
from tools.live import sim as simulated
from tools.live.core.market_v1 import DepthSnapshot, MarketEvent
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange import FillEvent
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderKind, OrderRequest
from tools.live.sim.rules import SymbolRules
from tools.live.sim.terms import Terms

# What may be wrong with paper fills.
BEYOND = "filled beyond its limit"
MORE = "filled more than there was"
TOTAL = "filled more than its total"
POSITION = "the position is not the sum of the fills"
SIDE = "a resting order is charged as a taker"
RULE = "took an order that the venue's rules refuse"
KINDER = "filled at a price that the market did not have"
BOTH = "an order filled whole was canceled, too"


class Paper(Protocol):
    """What a play needs of an exchange."""

    def hear(self, event: MarketEvent) -> None: ...

    def submit(self, request: OrderRequest) -> bool: ...

    def amend(self, name: str, qty: int) -> bool: ...

    def cancel(self, name: str) -> bool: ...


class OurPaper:
    """The simulated exchange with the doors of the naive one."""

    def __init__(self) -> None:
        rules = {SYMBOL: SymbolRules(min_qty=2 * SCALE)}
        self.exchange = SimulatedExchange(Terms(rules=rules))
        self.exchange.here_ns = T0
        self.hear = self.exchange.desk.hear
        self._ids: dict[str, str] = {}

    @property
    def fills(self) -> list[tuple[str, int, int, str]]:
        return [self._told(fill) for fill in self.exchange.get_fills()]

    @property
    def position(self) -> int:
        return self.exchange.desk.accounts.position(SYMBOL)

    def submit(self, request: OrderRequest) -> bool:
        response = self.exchange.submit(request)
        self._ids[response.order_id or ""] = request.client_order_id
        return response.success

    def amend(self, name: str, qty: int) -> bool:
        answer = self.exchange.amend(self._order(name), qty=qty)
        return answer is not None and answer.refusal is None

    def cancel(self, name: str) -> bool:
        return bool(self.exchange.cancel(self._order(name)))

    def _order(self, name: str) -> str:
        return next(ours for ours, theirs in self._ids.items() if theirs == name)

    def _told(self, fill: FillEvent) -> tuple[str, int, int, str]:
        return self._ids[fill.order_id], fill.price_e9, fill.qty_e9, fill.liquidity


class Played:
    """A paper exchange, and what its client knows for sure."""

    def __init__(self, paper: OurPaper | NaivePaper) -> None:
        self.paper = paper
        self.requests: dict[str, OrderRequest] = {}
        self.totals: dict[str, int] = {}
        self.found: set[str] = set()

    def order(self, name: str, qty: int, **more: object) -> bool:
        request = a_request(name, qty=qty, **more)
        self.requests[name], self.totals[name] = request, request.qty
        return self.paper.submit(request)

    def amend(self, name: str, qty: int) -> None:
        if self.paper.amend(name, qty * SCALE):
            self.totals[name] = qty * SCALE

    def done(self, name: str | None = None) -> int:
        """What filled of an order, or of all of them, in whole units."""
        return sum(qty for who, _, qty, _ in self.paper.fills if name in (None, who)) // SCALE

    def judged(self, most: int) -> set[str]:
        """What is wrong, where the market had `most` for our orders together."""
        signed = 0
        for name, price, qty, _ in self.paper.fills:
            request = self.requests[name]
            is_buy, limit = request.side is BUY, request.price
            signed += qty if is_buy else -qty
            if limit is not None and (price > limit if is_buy else price < limit):
                self.found.add(BEYOND)
        if self.done() > most:
            self.found.add(MORE)
        if any(self.done(name) * SCALE > total for name, total in self.totals.items()):
            self.found.add(TOTAL)
        if self.paper.position != signed:
            self.found.add(POSITION)
        return self.found


def _depth(*asks: tuple[int, int]) -> DepthSnapshot:
    levels = tuple((price * SCALE, qty * SCALE) for price, qty in asks)
    return DepthSnapshot(SYMBOL, "told", ((99 * SCALE, 5 * SCALE),), levels, 1, None, T0)


def whole_at_the_limit(play: Played) -> set[str]:
    """55 of 50 before us and 10 of ours are traded: 5 are ours."""
    play.paper.hear(a_quote(bid=99, bid_qty=50))
    play.order("C1", 10, price=99)
    for qty in (20, 35):
        play.paper.hear(a_trade(99, qty, SELL))
    return play.judged(5)


def limit_into_market(play: Played) -> set[str]:
    """A limit 2 % above the ask; behind it stand 3, and then nothing within the limit."""
    play.paper.hear(_depth((100, 3), (105, 10)))
    play.order("C1", 5, price=102)
    play.order("C2", 3, price=100)
    return play.judged(3)


def one_liquidity_twice(play: Played) -> set[str]:
    play.paper.hear(a_quote(ask=100, ask_qty=5))
    play.order("C1", 4, price=100)
    play.order("C2", 4, price=100)
    return play.judged(5)


def amended_to_the_original(play: Played) -> set[str]:
    """4 of 10 are filled when the total becomes 8; then far more than that is traded."""
    play.paper.hear(a_quote(ask=100, ask_qty=4))
    play.order("C1", 10, price=100)
    play.amend("C1", 8)
    play.paper.hear(a_trade(99, 100, SELL))
    return play.judged(104)


def partial_without_position(play: Played) -> set[str]:
    play.paper.hear(a_quote(ask=100, ask_qty=4))
    play.order("C1", 10, price=100)
    assert play.done("C1") == 4
    return play.judged(4)


def maker_as_taker(play: Played) -> set[str]:
    play.paper.hear(a_quote())
    play.order("C1", 3, price=100)
    assert play.done() == 0
    play.paper.hear(a_trade(99, 5, SELL))
    if any(liquidity != "maker" for *_, liquidity in play.paper.fills):
        play.found.add(SIDE)
    return play.judged(5)


def too_small(play: Played) -> set[str]:
    play.paper.hear(a_quote())
    if play.order("C1", 1):
        play.found.add(RULE)
    return play.judged(0)


def stop_in_a_gap(play: Played) -> set[str]:
    """The market falls from 96 to 90 and never was at 95."""
    play.paper.hear(a_quote(bid=96, ask=97))
    play.paper.hear(a_trade(96, 1))
    play.order("C1", 3, side=SELL, kind=OrderKind.STOP, stop=95)
    play.paper.hear(a_quote(bid=90, ask=91))
    play.paper.hear(a_trade(90, 1))
    assert play.done() == 3
    if any(price > 90 * SCALE for _, price, *_ in play.paper.fills):
        play.found.add(KINDER)
    return play.judged(5)


def filled_and_canceled(play: Played) -> set[str]:
    play.paper.hear(a_quote(ask=100))
    play.order("C1", 3, price=100)
    assert play.done("C1") == 3
    if play.paper.cancel("C1"):
        play.found.add(BOTH)
    return play.judged(5)


CORPUS: dict[str, tuple[Callable[[Played], set[str]], set[str]]] = {
    "hb-4877": (whole_at_the_limit, {MORE}),
    "ft-12454": (limit_into_market, {BEYOND, MORE}),
    "nt-2564": (one_liquidity_twice, {MORE}),
    "al-165": (amended_to_the_original, {TOTAL}),
    "hf-316": (partial_without_position, {POSITION}),
    "hb-6060": (maker_as_taker, {SIDE}),
    "hb-2183": (too_small, {RULE}),
    "ft-11216": (stop_in_a_gap, {KINDER}),
    "al-5": (filled_and_canceled, {BOTH}),
}


@pytest.mark.parametrize("name", CORPUS)
def test_it_breaks_the_naive_paper_exchange_and_nothing_else_does(name: str) -> None:
    play, breaks = CORPUS[name]
    found = play(Played(NaivePaper()))
    assert found == breaks


@pytest.mark.parametrize("name", CORPUS)
def test_it_does_not_break_ours(name: str) -> None:
    play, _ = CORPUS[name]
    assert play(Played(OurPaper())) == set()


def test_the_table_of_them_is_true() -> None:
    lines = (Path(simulated.__file__).parent / "README.md").read_text().splitlines()
    for name, (_, breaks) in CORPUS.items():
        (row,) = [line for line in lines if line.startswith(f"| [`{name}`](")]
        assert row.split(" | ")[2] in breaks


def test_ours_fills_what_there_was() -> None:
    """It is not right by filling nothing."""
    filled = {}
    for name, (play, _) in CORPUS.items():
        played = Played(OurPaper())
        play(played)
        filled[name] = played.done()
    assert filled == {
        "hb-4877": 5, "ft-12454": 3, "nt-2564": 5, "al-165": 8, "hf-316": 4, "hb-6060": 3,
        "hb-2183": 0, "ft-11216": 3, "al-5": 3,
    }  # fmt: skip
