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
