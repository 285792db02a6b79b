"""The gate keeps running totals, some of them only as bounds; a naive twin adds up from nothing.

Whatever quotes, orders, fills and cancels came before, both must say the same about the next
order, with limits so narrow that about half of the orders meet one.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.unit import prop
from tests.unit.builders import Wish, a_monitor, verdict_on
from tools.live.core.contracts_v1 import BUY, SELL, IntentRefused, RefusalReason, Side
from tools.live.core.money import SCALE
from tools.live.risk_monitor import RuntimeRiskMonitor

SYMBOLS = ("A", "B", "C")
MAX_SYMBOL = 40
MAX_TOTAL = 70


class NaiveGate:
    """Open orders, positions and marks, and every sum taken anew each time."""

    def __init__(self) -> None:
        self.open: list[Wish] = []
        self.held = dict.fromkeys(SYMBOLS, 0)
        self.marks = dict.fromkeys(SYMBOLS, 0)
        self.crossed = dict.fromkeys(SYMBOLS, False)

    def left(self, symbol: str, side: Side) -> int:
        return sum(o.qty for o in self.open if o.symbol == symbol and o.side is side)

    def worst(self, symbol: str) -> int:
        long_worst = self.held[symbol] + self.left(symbol, BUY)
        short_worst = self.left(symbol, SELL) - self.held[symbol]
        return max(long_worst, short_worst) * self.marks[symbol]

    def verdict(self, wish: Wish) -> RefusalReason | None:
        if self.crossed[wish.symbol]:
            return RefusalReason.CROSSED_QUOTE
        held, seen = self.held[wish.symbol], self.marks[wish.symbol]
        self.open.append(wish)
        self.marks[wish.symbol] = seen or wish.price
        after = self.left(wish.symbol, wish.side) + (held if wish.side is BUY else -held)
        reducing = after <= 0 and held and (held > 0) is (wish.side is SELL)
        reason = None
        if not reducing and after * wish.price > MAX_SYMBOL * SCALE**2:
            reason = RefusalReason.SYMBOL_LIMIT
        elif not reducing and sum(map(self.worst, SYMBOLS)) > MAX_TOTAL * SCALE**2:
            reason = RefusalReason.TOTAL_LIMIT
        if reason is not None:
            self.open.pop()
            self.marks[wish.symbol] = seen
        return reason


def one_step(rng: Random, naive: NaiveGate, monitor: RuntimeRiskMonitor) -> str:
    """Let the same thing happen to both; an order's verdicts must agree."""
    symbol = rng.choice(SYMBOLS)
    what = rng.random()
    if what < 0.25:
        bid, ask = rng.randint(1, 9), rng.randint(1, 9)
        naive.marks[symbol] = (bid + ask) * SCALE >> 1
        naive.crossed[symbol] = bid > ask
        monitor.on_quote(symbol, bid * SCALE, ask * SCALE)
        return "quote"
    if what < 0.4 and naive.open:
        done = naive.open.pop(rng.randrange(len(naive.open)))
        monitor.release(done.symbol, done.side, done.qty)
        return "cancel"
    if what < 0.6 and naive.open:
        at = rng.randrange(len(naive.open))
        order = naive.open[at]
        part = rng.randint(1, order.qty)
        rest = order._replace(qty=order.qty - part)
        naive.open[at : at + 1] = [rest] if rest.qty else []
        naive.held[order.symbol] += part if order.side is BUY else -part
        monitor.apply_fill(order.symbol, order.side, part, order.price, reserved=True)
        return "fill"
    if what < 0.65:
        side, qty, price = rng.choice((BUY, SELL)), rng.randint(1, 3), rng.randint(1, 9)
        naive.held[symbol] += qty * SCALE if side is BUY else -qty * SCALE
        naive.marks[symbol] = price * SCALE
        monitor.on_fill(symbol, side.value, qty, price)
        return "outside"
    qty = rng.randint(1, 4 * SCALE) if rng.random() < 0.5 else rng.randint(1, 4) * SCALE
    wish = Wish(symbol, rng.choice((BUY, SELL)), qty, rng.randint(1, 9) * SCALE)
    expected = naive.verdict(wish)
    verdict = verdict_on(monitor, wish)
    said = verdict.reason if isinstance(verdict, IntentRefused) else None
    assert said is expected, (wish, naive.held, naive.marks, naive.open)
    return "approved" if said is None else said.value


@pytest.mark.parametrize("seed", range(40))
def test_the_gate_says_what_a_naive_twin_says(seed: int) -> None:
    rng = prop.chance(seed)
    naive, monitor = NaiveGate(), a_monitor(max_symbol=MAX_SYMBOL, max_total=MAX_TOTAL)
    for _ in range(250):
        one_step(rng, naive, monitor)
        for symbol in SYMBOLS:
            exact = naive.worst(symbol)
            bound = monitor.exposures[symbol].worst_e18 if symbol in monitor.exposures else exact
            assert bound >= exact


def test_the_seeds_meet_everything() -> None:
    met: dict[str, int] = {}
    for seed in range(40):
        rng = prop.chance(seed)
        naive, monitor = NaiveGate(), a_monitor(max_symbol=MAX_SYMBOL, max_total=MAX_TOTAL)
        for _ in range(250):
            what = one_step(rng, naive, monitor)
            met[what] = met.get(what, 0) + 1
    assert set(met) == {
        "quote", "cancel", "fill", "outside", "approved", "crossed_quote", "symbol_limit",
        "total_limit",
    }  # fmt: skip
    assert min(met.values()) >= 200, met


def test_a_fill_of_an_order_that_no_gate_saw_is_booked_at_its_price() -> None:
    """An order that somebody made by hand: its fill marks a symbol that had no price."""
    monitor = a_monitor()
    monitor.apply_fill("A", BUY, SCALE, 300 * SCALE, reserved=True)
    assert monitor.get_positions() == {"A": 1.0}
    assert monitor.get_mark_price("A") == 300.0
    assert monitor.risk_ratio_p95() == 300 / 50_000
