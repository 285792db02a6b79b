"""A plain order goes a short way through the exchange: it comes to what the long way comes to.

Two exchanges live through one random market. One is asked for limit orders the way a loop asks,
the other for the same orders in full words, which it examines in every respect.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.exchange.random_venue import MODELS, Cancel, Enter, Reduce, steps
from tools.live.core.clock import EventClock
from tools.live.core.errors import LiveError
from tools.live.core.outputs_v1 import REQUEST_LIFE_NS, Approved, PlaceOrderRequest
from tools.live.core.words_v1 import BUY
from tools.live.exchange import FillEvent
from tools.live.sim.delays import FAST, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.liquidity import FULL, LiquidityRule
from tools.live.sim.orders import OrderKind, OrderRequest, SelfTrade
from tools.live.sim.terms import Terms

T0 = 10**18


def some_terms(rng: Random) -> Terms:
    return Terms(
        queue=rng.choice(MODELS), delays=FAST if rng.random() < 0.3 else Delays(),
        liquidity=FULL if rng.random() < 0.1 else LiquidityRule(),
        self_trade=rng.choice((*SelfTrade, SelfTrade.ALLOW, SelfTrade.ALLOW)),
        retain=rng.choice((None, 0, 3)), partial=rng.random() < 0.8,
    )  # fmt: skip


class Asked:
    """One of the two exchanges, and how it is asked for orders."""

    def __init__(self, terms: Terms, in_full: bool) -> None:
        self.exchange = SimulatedExchange(terms)
        self.line = EventClock()
        self.in_full = in_full
        self.orders: list[str] = []
        self.exchange.join(self.line, lambda: 1)

    def place(self, step: Enter, name: str) -> Any:
        if step.price is None or step.display is not None:
            return self.exchange.submit(_special(step, name))
        if self.in_full:
            return self.exchange.submit(
                OrderRequest(name, "X", step.side, step.qty, price=step.price)
            )
        if step.number % 2:
            sent_ns = self.line.ns
            return self.exchange.place_limit(
                Approved(name, "X", step.side, step.qty, step.price, sent_ns)
            )
        asked = PlaceOrderRequest(name, "X", step.side, 1, 1)
        asked.qty_e9, asked.price_e9 = step.qty, step.price
        return self.exchange.place_limit(asked)

    def do(self, step: Any, rng: Random) -> object:
        """What it answers to a step, whatever that is."""
        exchange = self.exchange
        try:
            if isinstance(step, Enter):
                again = rng.random() < 0.05
                answer = self.place(step, f"CLI{step.number // (7 if again else 1)}")
                return repr(answer)
            live = list(exchange.desk.live)
            picked = live[int(step.pick * len(live))] if live else "ORD000001"
            if isinstance(step, Cancel):
                return exchange.cancel(picked)
            found = exchange.desk.live.get(picked)
            qty = 1 if found is None else max(1, int(found.qty * step.share))
            price = 100 if rng.random() < 0.3 else None
            return repr(exchange.amend(picked, qty=qty, price=price))
        except LiveError as error:
            return str(error)

    def heard(self) -> list[object]:
        """The answers that have come, the words of fills included."""
        return [
            (repr(one), one.why if isinstance(one, FillEvent) else "")
            for one in self.exchange.stream_answers()
        ]

    def state(self) -> object:
        """All but what is on its way, which knows how it was asked for."""
        return self.exchange.desk.state(), self.exchange.answers.state()


def _special(step: Enter, name: str) -> OrderRequest:
    """An iceberg, or an order at the market that may only reduce what is held."""
    if step.price is not None:
        return OrderRequest(
            name, "X", step.side, step.qty, price=step.price, display=step.display
        )
    reduces = step.number % 2 == 0
    return OrderRequest(name, "X", step.side, step.qty, OrderKind.MARKET, reduce_only=reduces)


@pytest.mark.parametrize("seed", range(150))
def test_the_short_way_comes_to_what_the_long_way_comes_to(seed: int) -> None:
    rng = Random(seed)
    terms = some_terms(rng)
    short, long = Asked(terms, in_full=False), Asked(terms, in_full=True)
    now_ns = T0
    for number, step in enumerate(steps(rng, 120)):
        now_ns += rng.choice((0, 10**7, 10**8))
        for one in (short, long):
            one.line.advance_to(now_ns)
            one.exchange.run_to(now_ns)
        if isinstance(step, (Enter, Cancel, Reduce)):
            chance = f"{seed}/{number}"
            assert short.do(step, Random(chance)) == long.do(step, Random(chance))
        else:
            for one in (short, long):
                one.exchange.desk.hear(step)
        assert short.heard() == long.heard()
        assert short.state() == long.state()
    assert [repr(one) for one in short.exchange.get_fills()] == [
        repr(one) for one in long.exchange.get_fills()
    ]


def test_a_request_of_the_past_is_refused_on_either_way() -> None:
    exchange, line = SimulatedExchange(), EventClock(T0)
    exchange.join(line, lambda: 1)
    old = Approved("CLI1", "X", BUY, 5, 100, T0 - REQUEST_LIFE_NS - 1)
    answer = exchange.place_limit(old)
    assert not answer.success and "refused behind" in str(answer.message)
    assert exchange.desk.live == {}
