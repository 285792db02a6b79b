"""What was heard of the feed is part of a fold's state: `tools.live.fold_state.feed`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.builders import BTC, ETH, a_quote_event
from tests.unit.busy_fold import a_busy_fold
from tests.unit.test_fold_adoptions import resting
from tests.unit.test_fold_feed import BACK, GAP, LOST
from tests.unit.test_fold_state import check_alike, through_text
from tests.unit.test_fold_state_adopted import new_fold
from tools.live.core.contracts_v1 import FeedStale, OrderCanceled
from tools.live.core.errors import ContractError
from tools.live.fold import Fold
from tools.live.fold_state import restore, state_of
from tools.live.fold_state.feed import read_feed, tell_feed

Damage = Callable[[dict[str, Any]], None]


def a_broken_fold() -> Fold:
    fold = resting()
    for event in (GAP, LOST, FeedStale(ETH, "binance-spot", 6, 9)):
        fold.step(event)
    return fold


def test_it_comes_back_as_it_was_and_goes_on_alike() -> None:
    fold, other = a_broken_fold(), new_fold()
    restore(other, through_text(fold))
    check_alike(other, fold)
    for event in (OrderCanceled("X1", 12), OrderCanceled("X2", 12), a_quote_event(), BACK,
                  a_quote_event(), a_quote_event(2_999, 3_001, ETH)):  # fmt: skip
        assert list(fold.step(event)) == list(other.step(event))
        check_alike(other, fold)


def test_it_is_written_with_its_counts_and_the_stale_markets() -> None:
    assert state_of(a_broken_fold())["fold"]["feed"] == {
        "gaps": 1, "missing": 4, "resyncs_started": 0, "resyncs_finished": 0, "losses": 1,
        "silences": 1, "stale": [[BTC, "gap"], [ETH, "silent"]],
    }  # fmt: skip


def test_where_nothing_was_heard_nothing_is_said() -> None:
    fold = a_busy_fold()
    assert "feed" not in state_of(fold)["fold"]
    assert tell_feed(fold.connectivity, fold.monitor) == {}
    assert not read_feed({}, fold.monitor).any
    assert not read_feed(None, fold.monitor).any


def no_gaps(feed: dict[str, Any]) -> None:
    feed["missing"] = 0


def nothing_at_all(feed: dict[str, Any]) -> None:
    feed.update({name: 0 for name in feed if name != "stale"})


def a_strange_symbol(feed: dict[str, Any]) -> None:
    feed["stale"] = [["SOLUSDT", "gap"]]


def no_reason(feed: dict[str, Any]) -> None:
    feed["stale"] = [[BTC, ""]]


def a_key_too_many(feed: dict[str, Any]) -> None:
    feed["more"] = 1


def a_negative_count(feed: dict[str, Any]) -> None:
    feed["losses"] = -1


def twice(feed: dict[str, Any]) -> None:
    feed["stale"] = [[BTC, "gap"], [BTC, "gap"]]


@pytest.mark.parametrize(
    "damage",
    [no_gaps, nothing_at_all, a_strange_symbol, no_reason, a_key_too_many, a_negative_count, twice],
)
def test_a_damaged_state_is_refused_and_nothing_is_touched(damage: Damage) -> None:
    state = copy.deepcopy(state_of(a_broken_fold()))
    damage(state["fold"]["feed"])
    fold = new_fold()
    before = state_of(fold)
    with pytest.raises(ContractError):
        restore(fold, state)
    assert state_of(fold) == before


def test_a_plain_market_cannot_be_stale() -> None:
    fold = resting()
    state = state_of(fold)
    broken = state_of(a_broken_fold())["fold"]["feed"]
    state["fold"]["feed"] = {**broken, "stale": [[BTC, "gap"]]}
    with pytest.raises(ContractError, match="the market of 'BTCUSDT' cannot be stale"):
        restore(new_fold(), state)
