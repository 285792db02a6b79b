"""A table of what happens, and what follows: the life of orders on a simulated exchange.

    quote 99x5 101x5        the best bid and ask, with what is displayed (none: nobody says)
    trade 100x3             of nobody's aggression
    A: buy 5 limit 100      an order; its words: stop at 95, stop_limit at 95 limit 94, market,
                            market_if_touched at 95, trailing_stop trail 2 (or bps 50), IOC, post,
                            reduce, show 2, oco exits, after B, till 30 (seconds from the start)
    amend A qty 3           or price, or stop
    replace A B: buy ...    another order in the place of A
    cancel A
    wait 30                 seconds

Every line takes a second. What follows is told as `A 3@101 taker`, `A canceled`, `A refused REASON`
or, for an amendment, `A amended` or `A not amended`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import OrderCanceled
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.core.money import text, to_e9
from tools.live.exchange import FillEvent, PlaceOrderResponse
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.order_words import order_of
from tools.live.sim.orders import OrderRequest
from tools.live.sim.terms import Terms

START_NS = 1_767_225_600 * 10**9  # midnight of 1 January 2026, a Thursday
SECOND_NS = 10**9

_WORDS = {"at": "stop", "trail": "trail", "bps": "trail_bps", "show": "display",
          "oco": "one_cancels_other", "after": "after", "limit": "price"}  # fmt: skip
_FLAGS = {"post": "post_only", "reduce": "reduce_only"}
_FORCES = ("IOC", "FOK", "DAY", "GTC")
_KINDS = ("market", "stop", "stop_limit", "trailing_stop", "market_if_touched")


class Life:
    """One exchange, and the names that the lines gave to its orders."""

    def __init__(self, terms: Terms | None = None, start_ns: int = START_NS) -> None:
        self.exchange = SimulatedExchange(terms)
        self._line = EventClock(start_ns)
        self.exchange.join(self._line, lambda: start_ns // 10**6)
        self._start_ns = start_ns
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._trades = 0

    def tell(self, line: str) -> str:
        """Let a line happen; what follows from it."""
        self._line.ns += SECOND_NS
        verb, *words = line.split()
        said = ""
        if verb.endswith(":"):
            said = self._placed(verb[:-1], self.exchange.submit(self._order(verb[:-1], words)))
        elif verb == "replace":
            old, new, *rest = words
            order = self._order(new[:-1], rest)
            said = self._placed(new[:-1], self.exchange.replace(self._ids[old], order))
        elif verb == "amend":
            change: dict[str, Any] = {words[1]: to_e9(words[2], "amendment")}
            done = self.exchange.amend(self._ids[words[0]], **change)
            assert done is not None
            said = f"{words[0]} not amended" if done.refusal else f"{words[0]} amended"
        elif verb == "cancel":
            said = f"{words[0]} canceled" * bool(self.exchange.cancel(self._ids[words[0]]))
        else:
            self._world(verb, words)
        return "; ".join(filter(None, [said, *self._heard()]))

    def open(self) -> str:
        """The open orders with what is left of each."""
        orders = self.exchange.desk.live.values()
        return " ".join(f"{self._names[one.order_id]}:{text(one.leaves)}" for one in orders)

    def _world(self, verb: str, words: list[str]) -> None:
        if verb == "wait":
            self._line.ns += (int(words[0]) - 1) * SECOND_NS
        ns = self._line.ns
        self.exchange.run_to(ns)
        if verb == "quote":
            (bid, bid_qty), (ask, ask_qty) = map(_priced, words)
            self.exchange.desk.hear(Bbo("X", "told", bid, bid_qty, ask, ask_qty, None, None, ns))
        elif verb == "trade":
            self._trades += 1
            price, qty = _priced(words[0])
            name = str(self._trades)
            self.exchange.desk.hear(Trade("X", "told", name, None, price, qty, None, None, ns))

    def _order(self, name: str, words: Iterable[str]) -> OrderRequest:
        told: dict[str, Any] = {"client_order_id": name, "symbol": "X", "type": "limit"}
        rest = iter(words)
        told["side"], told["qty"] = next(rest), next(rest)
        for word in rest:
            if word in _KINDS:
                told["type"] = word
            if word in _FLAGS:
                told[_FLAGS[word]] = True
            elif word in _FORCES:
                told["time_in_force"] = word
            elif word == "till":
                told["time_in_force"] = "GTD"
                told["expires_ns"] = self._start_ns + int(next(rest)) * SECOND_NS
            elif word in _WORDS:
                told[_WORDS[word]] = next(rest)
        return order_of(told, name)

    def _placed(self, name: str, answer: PlaceOrderResponse) -> str:
        if not answer.success:
            return f"{name} refused {str(answer.message).partition(':')[0]}"
        assert answer.order_id is not None
        self._ids[name] = answer.order_id
        self._names[answer.order_id] = name
        return ""

    def _heard(self) -> list[str]:
        heard = []
        for answer in self.exchange.stream_answers():
            if isinstance(answer, FillEvent):
                done = f"{text(answer.qty_e9)}@{text(answer.price_e9)} {answer.liquidity}"
                heard.append(f"{self._names[answer.order_id]} {done}")
            elif isinstance(answer, OrderCanceled):
                heard.append(f"{self._names[answer.order_id]} canceled")
        return heard


def _priced(word: str) -> tuple[int, int]:
    price, _, qty = word.partition("x")
    return to_e9(price, "price"), to_e9(qty or "0", "qty")
