"""Markets of which the exchange hears bars: which they are, who hears what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.bar_builders import MINUTE, SYMBOL, T0, ToldBars, minute
from tests.unit.sim_builders import Told
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, FeedStale, Trade
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.exchange_choice import world_of
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market.recorded import RecordedMarket
from tools.live.market.synthetic import SyntheticMarket
from tools.live.market.window import MarketWindow
from tools.live.sim.bar import Bar
from tools.live.sim.bar_feed import MadeBars, WholeBars, hear_bars
from tools.live.sim.bars import BarRules
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.feed import FaultyMarket
from tools.live.sim.faults.plan import FaultPlan, read_plan
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.liquidity import FULL
from tools.live.sim.order_by_order import OrderByOrder
from tools.live.sim.orders import OrderKind, OrderRequest
from tools.live.sim.terms import BarsHeard, Terms
from tools.live.sim.world import SimulatedWorld

RULES = BarRules(volume_cap_bps=None)
MADE = BarRules(every_ns=MINUTE)
SILENT = '[[fault]]\nkind = "silent_stream"\nfrom_s = 1\nfor_s = 400\n'


def told_bars() -> ToldBars:
    return ToldBars(minute(0, 99, 99, 99, 99), minute(1, 100, 102, 98, 101),
                    minute(2, 101, 101, 101, 101), minute(3, 90, 95, 89, 92))  # fmt: skip


def an_order(name: str, **more: Any) -> OrderRequest:
    more.setdefault("kind", OrderKind.MARKET)
    return OrderRequest(name, SYMBOL, more.pop("side", BUY), SCALE, **more)


def a_trade(at_s: float, price: int, qty: int = 1) -> Trade:
    ns = T0 + int(at_s * 10**9)
    return Trade(SYMBOL, "test", str(at_s), None, price * SCALE, qty * SCALE, None, None, ns)


def plan(text: str) -> FaultPlan:
    return read_plan(text.encode(), "plan", toml=True)


def fills(exchange: SimulatedExchange) -> list[tuple[float, int]]:
    return [(one.price, one.timestamp_ms - T0 // 10**6) for one in exchange.get_fills()]


def test_we_hear_closes_and_the_exchange_fills_inside_bars() -> None:
    exchange = SimulatedExchange()
    world = SimulatedWorld(told_bars(), exchange)
    assert exchange.terms.bars == BarRules() and world.describe()["quoted_from"] == "trades"
    step = world.advance()
    assert step is not None
    assert [*step] == [QuoteUpdate(SYMBOL, 99 * SCALE, 99 * SCALE, T0 + MINUTE)]
    exchange.submit(an_order("C1", kind=OrderKind.LIMIT, price=98 * SCALE))
    exchange.submit(an_order("C2"))
    world.run()
    assert fills(exchange) == [(100.0, 120_000), (98.0, 120_000)]


def test_a_world_by_itself_and_the_choice_of_a_run_hear_the_same() -> None:
    one, other = SimulatedExchange(), SimulatedExchange()
    SimulatedWorld(told_bars(), one)
    world_of(FaultyExchange(other, FaultPlan()), told_bars())
    assert one.terms == other.terms and one.desk.bars is not None is not other.desk.bars


@pytest.mark.parametrize("terms", [
    Terms(bars=BarsHeard.CLOSES), Terms(liquidity=FULL), Terms(venue=OrderByOrder),
])  # fmt: skip
def test_some_exchanges_hear_closes(terms: Terms) -> None:
    exchange, market = SimulatedExchange(terms), told_bars()
    assert hear_bars(exchange, market) is market
    assert exchange.terms is terms and exchange.desk.bars is None


def test_rules_that_were_chosen_stay_and_what_was_there_stays() -> None:
    exchange = SimulatedExchange(Terms(bars=RULES))
    desk = exchange.desk
    found = hear_bars(exchange, told_bars())
    assert isinstance(found, WholeBars) and exchange.desk is desk and exchange.terms.bars is RULES
    assert hear_bars(exchange, found) is found  # it says itself what happens
    window = hear_bars(exchange, MarketWindow(told_bars(), T0 + 2 * MINUTE, None))
    assert isinstance(window, WholeBars) and len(list(window)) == len(list(window.pairs())) == 3


def test_a_market_without_bars_stays_what_it_is() -> None:
    exchange, market = SimulatedExchange(), Told(a_trade(1, 100))
    assert hear_bars(exchange, market) is market and exchange.terms.bars is None


def test_a_bad_feed_of_trades_hides_nothing() -> None:
    market = FaultyMarket(Told(a_trade(1, 100)), FaultPlan())
    assert hear_bars(SimulatedExchange(), market) is market
    assert hear_bars(SimulatedExchange(Terms(bars=BarsHeard.CLOSES)), market) is market


@pytest.mark.parametrize(("rules", "market", "why"), [
    (RULES, Told(a_trade(1, 100)), "this market tells none; set every_seconds of bars to make"),
    (RULES, SyntheticMarket([SYMBOL], 3, T0), "this market tells none; set every_seconds"),
    (MADE, told_bars(), "every_seconds makes bars of trades, and this market tells bars; leave"),
    (MADE, SyntheticMarket([SYMBOL], 3, T0), "this market has none; leave bars out of the terms"),
    (MADE, Told(Bbo(SYMBOL, "s", 1, 1, 2, 1, None, None, T0)), "this market has none; leave bars"),
    (RULES, FaultyMarket(told_bars(), FaultPlan()), "behind its bad feed; give FaultyMarket what"),
    (MADE, FaultyMarket(Told(a_trade(1, 1)), FaultPlan()), "behind its bad feed"),
    (None, FaultyMarket(told_bars(), FaultPlan()), "behind its bad feed"),
])  # fmt: skip
def test_what_does_not_go_together_is_refused(
    rules: BarRules | None, market: Any, why: str
) -> None:
    with pytest.raises(ContractError, match=why) as caught:
        SimulatedWorld(market, SimulatedExchange(Terms(bars=rules)))
    assert "\n" not in str(caught.value)


def test_quotes_of_a_file_have_no_trades() -> None:
    market = RecordedMarket("tests/matrix/quotes.csv")
    with pytest.raises(ContractError, match="this market has none"):
        hear_bars(SimulatedExchange(Terms(bars=MADE)), market)


def test_bars_come_one_after_the_other() -> None:
    for bars in ((minute(1, 1, 1, 1, 1), minute(1, 1, 1, 1, 1)),
                 (minute(1, 1, 1, 1, 1), minute(0, 1, 1, 1, 1))):  # fmt: skip
        with pytest.raises(ContractError, match=r"begins before the one in front of it is over; s"):
            list(WholeBars(ToldBars(*bars)).pairs())
    apart = ToldBars(minute(0, 1, 1, 1, 1), minute(0, 1, 1, 1, 1, symbol="ETH"))
    assert len(list(WholeBars(apart).pairs())) == 2
    assert WholeBars(apart).describe() == {"kind": "told"}


def test_bars_of_trades_are_heard_where_they_are_over() -> None:
    refused = WireRefused(WireFault.BAD_NUMBER, "price", "x")
    stale = FeedStale(SYMBOL, "test", 1, T0 + 200 * 10**9)
    events = [a_trade(1, 100), a_trade(59.9, 103, 2), refused, a_trade(60, 50), stale]
    made = MadeBars(Told(*events), MINUTE)
    bar = Bar(SYMBOL, "test", *(x * SCALE for x in (100, 103, 100, 103, 3)), T0, T0 + MINUTE)
    last = Bar(SYMBOL, "test", *[50 * SCALE] * 4, SCALE, T0 + MINUTE, T0 + 2 * MINUTE)
    assert list(made.pairs()) == [
        (None, (events[0],)), (None, (events[1],)), (None, (refused,)), (bar, ()),
        (None, (events[3],)), (last, ()), (None, (stale,)),
    ]  # fmt: skip
    assert list(made) == events and made.describe() == {"kind": "told"}


def test_a_run_hears_trades_as_they_come_and_fills_in_bars_of_them() -> None:
    exchange = SimulatedExchange(Terms(bars=BarRules(volume_cap_bps=None, every_ns=MINUTE)))
    events = [a_trade(1, 100), a_trade(61, 101), a_trade(90, 90), a_trade(119, 99),
              a_trade(150, 98), a_trade(179, 97)]  # fmt: skip
    world = SimulatedWorld(Told(*events), exchange)
    assert world.advance() is not None
    exchange.submit(an_order("C1", side=SELL))
    step = world.advance()
    while step is not None and not (step and step[0].ts_ns == T0 + 61 * 10**9):
        step = world.advance()
    exchange.submit(an_order("C2"))  # sent within the bar whose open it has seen
    world.run()
    assert fills(exchange) == [(101.0, 120_000)] and len(exchange.get_open_orders()) == 1


def test_behind_a_bad_feed_bars_happen_all_the_same() -> None:
    exchange = SimulatedExchange(Terms(bars=RULES))
    line = FaultyExchange(exchange, plan(SILENT))
    world = world_of(line, told_bars())
    assert world.describe()["faults"]["fault"][0]["kind"] == "silent_stream"
    steps = iter(world)
    assert next(steps)
    exchange.submit(an_order("C1"))
    heard = [one.__class__.__name__ for step in steps for one in step]
    assert "QuoteUpdate" not in heard and fills(exchange) == [(100.0, 120_000)]


def test_orders_answer_a_close_in_time_for_the_bar_behind_it_on_any_wire() -> None:
    delays = Delays(submit=Constant(10**7), fill=Constant(10**7), feed=Constant(10**7))
    exchange = SimulatedExchange(Terms(bars=RULES, delays=delays))
    world = SimulatedWorld(told_bars(), exchange)
    world.advance()
    exchange.submit(an_order("C1"))
    world.run()
    assert fills(exchange) == [(100.0, 119_990)]
