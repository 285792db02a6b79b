"""A recorded market as a feed of a run: `tools.live.market.feed`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.test_quotes import SPOT, bbo, diff, snapshot, trade
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import MarketEvent
from tools.live.market import feed as module
from tools.live.market.feed import MarketFeed
from tools.live.market.normalize.wire import WireFault, WireRefused

REFUSED = WireRefused(WireFault.NOT_DATA, "", "{}")


class Told:
    """Market data in memory; `again` is what a second and later reading finds instead."""

    def __init__(self, *items: MarketEvent | WireRefused, again: Any = None) -> None:
        self.items = items
        self.again = again
        self.readings = 0

    def describe(self) -> dict[str, Any]:
        return {"kind": "market", "format": "told"}

    def __iter__(self) -> Iterator[MarketEvent | WireRefused]:
        self.readings += 1
        yield from self.items if self.again is None or self.readings == 1 else self.again


def test_each_quote_and_each_fact_is_a_step() -> None:
    market = Told(snapshot(9, 11, 5, 7), diff(6, 6, 8), bbo(8, 11, 9), diff(9, 9, 10))
    feed = MarketFeed(market)
    steps = list(feed)
    assert [[one.kind for one in step] for step in steps] == [
        ["md.resync_started"], ["md.resync_finished"], ["md.quote"], ["md.quote"],
        ["md.gap_detected"], ["md.resync_started"],
    ]  # fmt: skip
    assert (feed.steps, feed.symbols, feed.start_ns) == (6, ["A"], 7)
    assert market.readings == 2


def test_it_can_be_walked_again_and_again() -> None:
    feed = MarketFeed(Told(bbo(9, 11, 1), bbo(8, 11, 2)))
    assert list(feed) == list(feed)


def test_it_says_which_market_it_is_and_what_was_made_of_it() -> None:
    feed = MarketFeed(Told(REFUSED, bbo(9, 11, 1), bbo(90, 99, 2, "B"), REFUSED, bbo(8, 11, 3)))
    assert feed.describe() == {
        "kind": "market", "format": "told", "quotes": 3, "quoted_from": "quotes",
        "refused": {"not_data": 2},
    }  # fmt: skip
    assert feed.symbols == ["A", "B"]


def test_symbols_and_a_source_are_picked() -> None:
    told = (bbo(9, 11, 1), bbo(90, 99, 2, "B"), bbo(8, 11, 3, source="bybit-spot"))
    assert MarketFeed(Told(*told[:2]), ["B"]).start_ns == 2
    assert MarketFeed(Told(*told), source=SPOT).steps == 2


def test_where_there_is_nothing_but_trades_their_prices_are_the_quotes() -> None:
    market = Told(trade(10, 1), trade(10, 2), trade(12, 3))
    feed = MarketFeed(market)
    assert list(feed) == [[QuoteUpdate("A", 10, 10, 1)], [QuoteUpdate("A", 12, 12, 3)]]
    assert feed.describe()["quoted_from"] == "trades"
    mixed = MarketFeed(Told(trade(10, 1), bbo(9, 11, 2)))
    assert (mixed.steps, mixed.describe()["quoted_from"]) == (1, "quotes")


@pytest.mark.parametrize(
    ("items", "symbols", "said"),
    [
        ((), None, "no quote in --market; name a symbol and a market that has quotes"),
        ((REFUSED,), None, "no quote in --market; name a symbol and a market that has quotes"),
        ((bbo(9, 0),), None, "no quote in --market; name a symbol and a market that has quotes"),
        ((bbo(9, 11),), ["A", "C"],
         "no quote of 'C' in --market; name a symbol and a market that has quotes"),
    ],
)  # fmt: skip
def test_a_market_without_a_quote_is_refused(items: Any, symbols: Any, said: str) -> None:
    with pytest.raises(ContractError) as refused:
        MarketFeed(Told(*items), symbols)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "again",
    [
        (bbo(9, 11, 1), bbo(8, 11, 2), snapshot(1, 2, 3, 2)),
        (bbo(9, 11, 1), bbo(8, 11, 2), REFUSED),
        (bbo(9, 11, 1), bbo(8, 11, 3)),
        (bbo(9, 11, 1), bbo(8, 12, 2)),
        (bbo(9, 11, 1), bbo(9, 11, 1), bbo(8, 11, 2), bbo(9, 11, 2)),
        (),
    ],
)
def test_a_market_that_changes_between_its_readings_is_found_out(again: Any) -> None:
    feed = MarketFeed(Told(bbo(9, 11, 1), bbo(8, 11, 2), again=again))
    with pytest.raises(ContractError, match="^--market changed during the run; run again$"):
        list(feed)


def test_a_market_of_too_many_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STEPS", 2)
    assert MarketFeed(Told(bbo(9, 11, 1), bbo(8, 11, 2))).steps == 2
    with pytest.raises(ContractError, match="^more than 2 steps in --market; split it$"):
        MarketFeed(Told(bbo(9, 11, 1), bbo(8, 11, 2), bbo(7, 11, 3)))
