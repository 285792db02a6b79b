"""Runs on an exchange that hears whole bars: the laws, its twin, the published figures, no peeking.

A plan is a random market of bars and a random client whose orders are of any kind and links.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.exchange.random_plans import CENT, SYMBOLS, Client, some_terms
from tests.exchange.test_bar_fills import a_bar, an_order, some_rules
from tests.unit import prop
from tests.unit.bar_builders import MINUTE, SYMBOL, T0, ToldBars, minute
from tools.live.core.market_v1 import Trade
from tools.live.core.money import BPS, SCALE, to_e9
from tools.live.core.record import fields_of
from tools.live.core.words_v1 import BUY, SELL, Side
from tools.live.sim.bar import Bar, made_bar
from tools.live.sim.bar_making import bars_among, bars_by_time
from tools.live.sim.bar_offers import SLIPPED, BarPrices
from tools.live.sim.bars import BarMarket, BarRules, SameBar
from tools.live.sim.evidence import Execution, FillReason
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder
from tools.live.sim.slippage import FixedBps, VolumeImpact
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

IN_BARS = (
    FillReason.BAR_OPEN, FillReason.BAR_TOUCHED, FillReason.STOP_TRIGGERED,
    FillReason.TARGET_TRIGGERED,
)  # fmt: skip
PLANS = 500


def some_bars(rng: Random, count: int) -> list[Bar]:
    """Bars of two symbols around one price, with holes, of lengths from 20 ms to a second."""
    bars: list[Bar] = []
    middle, length_ns = 10_000, rng.choice((20, 400, 1000)) * 10**6
    for at in range(count):
        for symbol in SYMBOLS:
            if at and rng.random() < 0.1:
                continue
            middle += rng.choice((-4, -1, 0, 1, 4))
            low, opened, close, high = sorted(middle + rng.randint(-7, 7) for _ in range(4))
            if rng.random() < 0.5:
                opened, close = close, opened
            prices = opened * CENT, high * CENT, low * CENT, close * CENT
            begin_ns = T0 + at * length_ns
            volume = rng.randint(1, 2_000) * SCALE
            bars.append(made_bar(symbol, "told", prices, volume, begin_ns, begin_ns + length_ns))
    return bars


def terms_of(rng: Random, bars: BarRules) -> Terms:
    plain = some_terms(rng)
    said = {name: getattr(plain, name) for name in fields_of(plain)}
    return Terms(**(said | {"bars": bars, "retain": None}))


class Witness:
    """Adds up what each bar fills, and when that is told."""

    def __init__(self, client: Client, rules: BarRules, bars: list[Bar]) -> None:
        self._rules = rules
        self._laws = client.laws
        self._of = {(bar.symbol, bar.told()): bar for bar in bars}
        self.filled: dict[tuple[str, str, int], int] = {}
        client.exchange.desk.pit.witness = self.executed

    def executed(self, execution: Execution, ns: int) -> None:
        self._laws.executed(execution, ns)
        told = execution.why.evidence.partition(";")[0]
        name = execution.order.symbol, told, ns
        self.filled[name] = self.filled.get(name, 0) + execution.qty
        bar, cap = self._of[execution.order.symbol, told], self._rules.volume_cap_bps
        if cap is not None:
            assert self.filled[name] <= bar.volume * cap // BPS
        assert execution.why.reason in IN_BARS


@pytest.mark.parametrize("chunk", range(10))
def test_the_laws_hold_and_no_bar_gives_more_than_its_part(chunk: int) -> None:
    fills = 0
    for seed in range(chunk * PLANS // 10, (chunk + 1) * PLANS // 10):
        rng = Random(f"bars {seed}")
        rules = some_rules(rng)
        bars = some_bars(rng, 25)
        client = Client(seed, terms_of(rng, rules), ToldBars(*bars), quotes_only=False)
        witness = Witness(client, rules, bars)
        client.run()
        assert client.laws.broken == [], seed
        fills += len(witness.filled)
    assert fills > 20  # the plans do something


@pytest.mark.parametrize("seed", range(100))
def test_the_exchange_fills_what_bars_fill(seed: int) -> None:
    """The same orders held against the same bars by hand, siblings of a fill ended by hand."""
    rng = prop.chance(seed)
    rules = some_rules(rng)
    bars = [minute_of(a_bar(rng, at), at) for at in range(60)]
    exchange = SimulatedExchange(Terms(bars=rules))
    world = SimulatedWorld(ToldBars(*bars), exchange)
    by_hand, working = BarMarket(rules), dict[str, WorkingOrder]()
    expected, number = list[tuple[object, ...]](), 0
    for bar in bars:
        world.run(bar.end_ns)
        filled = by_hand.hear(bar, working.values())
        expected += [
            (e.order.request.client_order_id, e.qty, e.price, e.liquidity) for e in filled
        ]
        for execution in filled:
            end_group(working, execution.order, keep=execution.order)
        working = {name: order for name, order in working.items() if order.leaves}
        for _ in range(int(rng.random() * 4)):
            number += 1
            request = an_order(rng, number).request
            changed = {"client_order_id": f"C{number}"}
            if request.one_cancels_other is not None:
                changed["one_cancels_other"] = f"{request.one_cancels_other} {number // 8}"
            asked = OrderRequest(**{
                name: changed.get(name, getattr(request, name)) for name in fields_of(request)
            })  # fmt: skip
            if exchange.submit(asked).success:
                order = WorkingOrder(asked, f"ORD{number:06d}", number)
                working[asked.client_order_id] = order
        if working and rng.random() < 0.2:
            name = rng.choice(list(working))
            end_group(working, working.pop(name))
            assert exchange.cancel_client_order(name)
    names = {one.order_id: one.request.client_order_id for one in every_order(exchange)}
    found = [(names[one.order_id], one.qty_e9, one.price_e9, one.liquidity)
             for one in exchange.get_fills()]  # fmt: skip
    assert found == expected


def end_group(
    working: dict[str, WorkingOrder], order: WorkingOrder, keep: WorkingOrder | None = None
) -> None:
    """Take the others of an order's group out."""
    group = order.request.one_cancels_other
    for name, other in list(working.items()):
        if group is not None and other.request.one_cancels_other == group and other is not keep:
            del working[name]


def minute_of(bar: Bar, at: int) -> Bar:
    prices = bar.open, bar.high, bar.low, bar.close
    begin_ns = T0 + at * MINUTE
    return made_bar("X", "s", prices, bar.volume, begin_ns, begin_ns + MINUTE)


def every_order(exchange: SimulatedExchange) -> list[WorkingOrder]:
    known = exchange.desk.register.known.values()
    return [one for one in known if isinstance(one, WorkingOrder)]


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_decided_by_what_a_bar_becomes(seed: int) -> None:
    """Another future of the market changes nothing that was said before it was over."""
    rng = prop.chance(seed)
    terms, bars = terms_of(rng, some_rules(rng)), some_bars(rng, 20)
    place = rng.randint(4, 30)
    cut_ns = bars[place].end_ns - 1 - 900 * 10**6  # this end may hear the market earlier by so much
    other = [bar if bar.end_ns < bars[place].end_ns else turned(bar, rng) for bar in bars]
    said = [what_was_said(seed, terms, ToldBars(*told), cut_ns) for told in (bars, other)]
    assert said[0] == said[1]


def what_was_said(seed: int, terms: Terms, market: ToldBars, until_ns: int) -> list[object]:
    """The orders that came and the fills that happened up to a time."""
    exchange = Client(seed, terms, market, quotes_only=False).run().exchange
    came = [one.request for one in every_order(exchange) if one.created_ns <= until_ns]
    filled = [repr(fill) for fill in exchange.get_fills() if fill.timestamp_ms * 10**6 <= until_ns]
    return [came, filled]


def turned(bar: Bar, rng: Random) -> Bar:
    """The same time, another way of the price."""
    low, opened, close, high = sorted(
        price + rng.randint(-20, 20) * CENT for price in (bar.low, bar.open, bar.close, bar.high)
    )
    prices = opened, high, low, close
    volume = rng.randint(1, 2_000) * SCALE
    return made_bar(bar.symbol, bar.source, prices, volume, bar.begin_ns, bar.end_ns)


@pytest.mark.parametrize("seed", range(20))
def test_the_trades_of_a_bar_may_come_in_any_order_that_keeps_its_prices(seed: int) -> None:
    """Of made bars only open, high, low, close and volume count; and they are those of the file."""
    rng = prop.chance(seed)
    events, ns = list[Trade](), T0
    for at in range(300):
        ns += int(rng.random() * 9) * 10**9
        price = (9_000 + int(rng.random() * 2_000)) * CENT
        events.append(Trade("X", "s", str(at), None, price, SCALE, None, None, ns))
    among = [one for one in bars_among(events, MINUTE) if isinstance(one, Bar)]
    whole = list(bars_by_time(events, MINUTE))
    assert among == whole[:-1] and len(among) > 10
    told = list(bars_among(events, MINUTE))
    for place, one in enumerate(told):
        if isinstance(one, Bar):
            assert all(later.ts_ns >= one.end_ns for later in told[place + 1 :])
            assert all(before.ts_ns < one.end_ns for before in told[:place])


def filled_in(
    prices: BarPrices, side: Side, bar: tuple[float, float, float, float], **order: Any
) -> list[str]:
    """What one order gets in a bar that comes behind it, through the exchange."""
    rules = BarRules(prices, volume_cap_bps=order.pop("cap", None))
    exchange = SimulatedExchange(Terms(bars=rules))
    world = SimulatedWorld(ToldBars(minute(0, 100, 100, 100, 100), minute(1, *bar)), exchange)
    world.run(T0 + MINUTE)
    scaled = {name: to_e9(order.pop(name), name) for name in ("price", "stop") if name in order}
    qty = to_e9(order.pop("qty", 1), "qty")
    exchange.submit(OrderRequest("C1", SYMBOL, side, qty, **scaled, **order))
    world.run()
    return [f"{one.qty:g} at {one.price:.10g}" for one in exchange.get_fills()]


MARKET, STOP, TOUCHED = OrderKind.MARKET, OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED
LEVEL, VERIFIED = BarPrices(), BarPrices(verify_ticks=2)
UP = (100, 106, 94, 101)


@pytest.mark.parametrize(("prices", "side", "bar", "order", "told"), [
    (BarPrices(entry=FixedBps(5)), BUY, UP, {"kind": MARKET}, ["1 at 100.05"]),
    (BarPrices(entry=FixedBps(10)), SELL, UP, {"kind": MARKET}, ["1 at 99.9"]),
    (BarPrices(entry=VolumeImpact(1_000_000)), BUY, UP, {"kind": MARKET, "qty": 10_000},
     ["10000 at 101"]),
    (LEVEL, BUY, UP, {"kind": MARKET, "qty": 60, "cap": 500}, ["50 at 100"]),
    (LEVEL, BUY, UP, {"price": 94}, ["1 at 94"]),
    (VERIFIED, BUY, UP, {"price": "94.02"}, ["1 at 94.02"]),
    (VERIFIED, BUY, UP, {"price": "94.01"}, []),
    (VERIFIED, SELL, UP, {"price": "105.98"}, ["1 at 105.98"]),
    (VERIFIED, SELL, UP, {"price": "105.99"}, []),
    (LEVEL, SELL, UP, {"kind": STOP, "stop": 95}, ["1 at 95"]),
    (SLIPPED, SELL, UP, {"kind": STOP, "stop": 95}, ["1 at 94.81"]),
    (SLIPPED, BUY, UP, {"kind": STOP, "stop": 105}, ["1 at 105.21"]),
    (SLIPPED, SELL, UP, {"kind": TOUCHED, "stop": 105}, ["1 at 104.9475"]),
    (SLIPPED, BUY, UP, {"kind": TOUCHED, "stop": 95}, ["1 at 95.0475"]),
    (SLIPPED, SELL, UP, {"kind": OrderKind.STOP_LIMIT, "stop": 95, "price": "94.9"},
     ["1 at 94.9"]),
    (LEVEL, SELL, (90, 92, 89, 91), {"kind": STOP, "stop": 95}, ["1 at 90"]),
])  # fmt: skip
def test_published_figures(
    prices: BarPrices, side: Side, bar: tuple[float, float, float, float], order: dict[str, Any],
    told: list[str],
) -> None:  # fmt: skip
    assert filled_in(prices, side, bar, **order) == told


@pytest.mark.parametrize(("rule", "up", "long", "short"), [
    (SameBar.STOP_FIRST, True, 95, 105), (SameBar.STOP_FIRST, False, 95, 105),
    (SameBar.TARGET_FIRST, True, 105, 95), (SameBar.TARGET_FIRST, False, 105, 95),
    (SameBar.HIGH_LOW_ORDER, True, 95, 95), (SameBar.HIGH_LOW_ORDER, False, 105, 105),
    (SameBar.WORST_CASE, True, 95, 105), (SameBar.WORST_CASE, False, 95, 105),
])  # fmt: skip
@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_bracket_with_both_its_exits_in_one_bar(
    rule: SameBar, up: bool, long: int, short: int, side: Side
) -> None:
    exchange = SimulatedExchange(Terms(bars=BarRules(same_bar=rule)))
    bars = [minute(0, 100, 100, 100, 100), minute(1, 100, 106, 94, 99),
            minute(2, 100, 106, 94, 101 if up else 99)]  # fmt: skip
    world = SimulatedWorld(ToldBars(*bars), exchange)
    world.run(T0 + MINUTE)
    stop, target = (95, 105) if side is BUY else (105, 95)
    back, exits = SELL if side is BUY else BUY, {"after": "in", "one_cancels_other": "exits"}
    exchange.submit(OrderRequest("in", SYMBOL, side, SCALE, MARKET))
    exchange.submit(OrderRequest("stop", SYMBOL, back, SCALE, STOP, stop=stop * SCALE, **exits))
    exchange.submit(OrderRequest("target", SYMBOL, back, SCALE, price=target * SCALE, **exits))
    world.run()
    assert [one.price for one in exchange.get_fills()] == [100, long if side is BUY else short]
    assert exchange.get_open_orders() == [] and exchange.get_positions() == []
