"""The terms of an exchange describe themselves, whatever they are made of."""

from __future__ import annotations

import json

from tools.live.core.money import SCALE
from tools.live.sim.fees import FlatFees
from tools.live.sim.liquidity import UNLIMITED, LiquidityRule
from tools.live.sim.queue import PESSIMISTIC
from tools.live.sim.rules import SymbolRules
from tools.live.sim.session import DailyHours
from tools.live.sim.slippage import FixedBps
from tools.live.sim.terms import Terms
from tools.live.sim.venue import SymbolVenue


def another(symbol: str) -> SymbolVenue:
    return SymbolVenue(symbol, queue=PESSIMISTIC, liquidity=LiquidityRule(unknown_qty=0))


def test_every_part_is_told_in_what_json_can_hold() -> None:
    terms = Terms(
        slippage=FixedBps(2), rules={"B": SymbolRules(tick=5), "A": SymbolRules()},
        sessions=DailyHours("09:00", "17:00"), venue=another, cash_e18=7,
        fees=lambda: FlatFees(maker_bps=1),
    )  # fmt: skip
    told = terms.describe()
    assert json.loads(json.dumps(told)) == told
    assert list(told["rules"]) == ["A", "B"]
    assert told["rules"]["B"]["model"] == "SymbolRules" and told["rules"]["B"]["tick"] == 5
    assert told["slippage"] == {"slippage": "fixed_bps", "bps": "2", "tick": "0"}
    assert told["fees"] == {"model": "flat", "maker_bps": "1", "taker_bps": "0"}
    assert (told["venue"], told["self_trade"]) == ("another", "allow")
    assert told["retain"] is None and told["partial"] is True
    assert told["cash"] == "0.000000000000000007"


def test_a_market_of_its_own() -> None:
    assert Terms().venue_of("A").fillable is not None
    assert isinstance(Terms().venue_of("A"), SymbolVenue)
    assert isinstance(Terms(venue=another).venue_of("A"), SymbolVenue)
    assert UNLIMITED > SCALE
