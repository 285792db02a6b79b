"""Brackets and OCO pairs on the exchange in random markets: exits never exceed what is held."""

from __future__ import annotations

from random import Random

import pytest
from tests.exchange.random_plans import CENT, START_NS, a_market
from tests.unit.prop import chance
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.core.money import SCALE
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.orders import OrderKind, OrderRequest, TimeInForce, WorkingOrder
from tools.live.sim.queue import PESSIMISTIC, PROPORTIONAL
from tools.live.sim.terms import Terms

SEEDS = 30
BRACKETS = 8  # of each seed
FAR = 40 * CENT
MIDDLE = 10_000 * CENT


class Bracket:
    """An entry with a target and a stop behind it, in a random market."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.line = EventClock(START_NS)
        self.exchange = SimulatedExchange(Terms(queue=rng.choice((PESSIMISTIC, PROPORTIONAL))))
        self.exchange.join(self.line, lambda: START_NS // 10**6)
        self.side = rng.choice((BUY, SELL))
        self.sign = 1 if self.side is BUY else -1
        self.out: Side = SELL if self.side is BUY else BUY

    def request(self, name: str, side: Side, kind: OrderKind, **terms: int | None) -> OrderRequest:
        behind = name != "entry"
        return OrderRequest(
            name, "AAA", side, self.rng.randint(5, 40) * SCALE, kind, **terms,
            time_in_force=self.rng.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC))
            if not behind else TimeInForce.GTC,
            display=None, one_cancels_other="exits" if behind else None,
            after="entry" if behind else None,
        )  # fmt: skip

    def place(self) -> None:
        """The entry near the market; the exits around it, perhaps after it has filled."""
        rng, sign = self.rng, self.sign
        near = MIDDLE + rng.randint(-3, 3) * CENT
        self.exchange.submit(self.request("entry", self.side, OrderKind.LIMIT, price=near))
        if rng.random() < 0.5:
            self.hear(3)
        target = near + sign * rng.randint(1, 6) * CENT
        stop = near - sign * rng.randint(1, 6) * CENT
        stops = (
            self.request("stop", self.out, OrderKind.STOP, stop=stop),
            self.request("stop", self.out, OrderKind.STOP_LIMIT, stop=stop, price=stop),
            self.request("stop", self.out, OrderKind.TRAILING_STOP, trail=2 * CENT),
        )
        exits = [self.request("target", self.out, OrderKind.LIMIT, price=target), rng.choice(stops)]
        for request in rng.sample(exits, 2):
            self.exchange.submit(request)
            self.check()

    def hear(self, count: int) -> None:
        for event in a_market(self.rng, count, symbols=("AAA",)):
            self.line.ns += 10**6
            self.exchange.run_to(self.line.ns)
            self.exchange.desk.hear(event)
            self.check()

    def meddle(self) -> None:
        """The client cancels or amends something."""
        live = list(self.exchange.desk.live.values())
        if not live or self.rng.random() < 0.8:
            return
        order = self.rng.choice(live)
        if self.rng.random() < 0.4:
            self.exchange.cancel(order.order_id)
        elif self.rng.random() < 0.5:
            self.exchange.amend(order.order_id, qty=self.rng.randint(1, 50) * SCALE)
        elif order.price is not None:
            self.exchange.amend(order.order_id, price=order.price + self.rng.choice((-CENT, CENT)))
        self.check()

    def check(self) -> None:
        """What the exits have filled and may still fill is never more than the entry has filled."""
        entry, *exits = map(self.order, ("entry", "target", "stop"))
        live = self.exchange.desk.live
        done = sum(one.filled for one in exits if one)
        works = [one.leaves for one in exits if one and one.order_id in live]
        held = entry.filled if entry else 0
        assert done + max(works, default=0) <= held
        assert self.position() == held - done
        for one in exits:
            if one is not None and one.order_id in live and len(works) == 2:
                assert one.leaves == min(one.request.qty, held) - done or one.leaves == 0

    def order(self, name: str) -> WorkingOrder | None:
        found = self.exchange.desk.register.find(name)
        return found if isinstance(found, WorkingOrder) else None

    def position(self) -> int:
        return self.sign * self.exchange.desk.accounts.position("AAA")

    def go_to(self, middle: int) -> None:
        """The market moves there, with plenty on both sides."""
        plenty = 10**6 * SCALE
        bid, ask = middle - CENT, middle + CENT
        self.line.ns += 10**6
        self.exchange.desk.hear(
            Bbo("AAA", "told", bid, plenty, ask, plenty, None, None, self.line.ns)
        )
        self.exchange.desk.hear(
            Trade("AAA", "told", "far", None, middle, plenty, None, None, self.line.ns)
        )
        self.check()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_exits_of_a_bracket_never_exceed_what_is_held(seed: int) -> None:
    rng = chance(seed)
    for _ in range(BRACKETS):
        bracket = Bracket(rng)
        bracket.hear(5)
        bracket.place()
        for _ in range(15):
            bracket.hear(3)
            bracket.meddle()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_bracket_that_is_left_alone_ends_flat(seed: int) -> None:
    """Where the exits are as large as the entry, the market at one of them closes everything."""
    rng = chance(seed)
    for _ in range(BRACKETS):
        bracket = Bracket(rng)
        bracket.hear(5)
        entry = bracket.request("entry", bracket.side, OrderKind.LIMIT, price=MIDDLE)
        bracket.exchange.submit(entry)
        far, sign = 20 * CENT, bracket.sign
        for request in (
            bracket.request("target", bracket.out, OrderKind.LIMIT, price=MIDDLE + sign * far),
            bracket.request("stop", bracket.out, OrderKind.STOP, stop=MIDDLE - sign * far),
        ):
            terms = {name: getattr(request, name) for name in request.__match_args__}
            bracket.exchange.submit(OrderRequest(**(terms | {"qty": entry.qty})))
        bracket.hear(20)
        if (known := bracket.order("entry")) is not None:
            bracket.exchange.cancel(known.order_id)
        bracket.go_to(MIDDLE + rng.choice((-FAR, FAR)))
        assert bracket.position() == 0
        assert not bracket.exchange.desk.live
