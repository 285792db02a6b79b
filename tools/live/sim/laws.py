"""What no run on a simulated exchange may ever break, held against everything that happened.

Whoever drives a run tells `Laws` what the market said, what was sent, what was executed and what
came back; `broken` lists each law that did not hold, with the numbers. It knows nothing of how the
exchange works, so it can judge any other one as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..core.contracts_v1 import CancelFailed, OrderAccepted, OrderCanceled, OrderRejected
from ..core.market_v1 import Bbo, MarketEvent, Trade
from ..core.words_v1 import BUY, SELL, Side
from ..exchange import FillEvent, Position
from ..exchange_answers import Answer
from .evidence import MAKER, TAKER, Execution, FillReason
from .orders import OrderRequest, TimeInForce, WorkingOrder

BY_TRADE = (FillReason.TRADE_AT_PRICE, FillReason.TRADE_THROUGH)


class _Life:
    """What is known of one order."""

    __slots__ = ("request", "sent_ns", "heard", "filled", "executed", "ended", "accepted")

    def __init__(self, request: OrderRequest, sent_ns: int) -> None:
        self.request = request
        self.sent_ns = sent_ns
        self.filled = self.executed = 0
        self.accepted: str | None = None
        self.ended = False


class _Shown:
    """One side of a market told by quotes: how much was ever newly displayed, by price too."""

    __slots__ = ("price", "qty", "ever", "used", "levels")

    def __init__(self) -> None:
        self.price = self.qty = self.ever = self.used = 0
        self.levels: dict[int, list[int]] = {}  # price: shown last, new in all, used

    def hear(self, price: int, qty: int, sign: int) -> None:
        gone = [old for old in self.levels if not price or (old - price) * sign < 0]
        for old in gone:
            del self.levels[old]
        if not price:
            return
        level = self.levels.setdefault(price, [0, 0, 0])
        new = max(0, qty - level[0])
        level[0] = qty
        level[1] += new
        self.ever += new


class Laws:
    """The witness of one run; `least_submit_ns` and the others are the shortest delays there are.

    The laws about displayed quantities hold where quotes with quantities are all that is shown, and
    that of each level where no price slips away from it. `lots` are the steps of quantities by
    symbol: a fill is of whole ones, unless it is all that was left of its order.
    """

    def __init__(
        self,
        *,
        least_submit_ns: int = 0,
        least_fill_ns: int = 0,
        quotes_only: bool = False,
        slips: bool = False,
        lots: Mapping[str, int] | None = None,
    ) -> None:
        self.broken: list[str] = []
        self._submit_ns = least_submit_ns
        self._fill_ns = least_fill_ns
        self._quotes_only = quotes_only
        self._slips = slips
        self._lots = lots or {}
        self._lives: dict[str, _Life] = {}
        self._by_order_id: dict[str, _Life] = {}
        self._positions: dict[str, int] = {}
        self._shown: dict[tuple[str, Side], _Shown] = {}
        self._trade_left: dict[str, int] = {}
        self._executed_ns: dict[str, list[int]] = {}
        self._heard_ns = 0

    def market(self, event: MarketEvent) -> None:
        """The market reaches the exchange."""
        if isinstance(event, Trade):
            self._trade_left[event.symbol] = event.qty
        elif isinstance(event, Bbo):
            for side, price, qty, sign in (
                (BUY, event.ask, event.ask_qty, 1), (SELL, event.bid, event.bid_qty, -1),
            ):  # fmt: skip
                shown = self._shown.setdefault((event.symbol, side), _Shown())
                if not event.bid > event.ask > 0:
                    shown.hear(price, qty, sign)

    def sent(self, request: OrderRequest, ns: int) -> None:
        """A client sends an order."""
        self._lives[request.client_order_id] = _Life(request, ns)

    def executed(self, execution: Execution, ns: int) -> None:
        """The exchange books an execution."""
        order, request = execution.order, execution.order.request
        life = self._lives[request.client_order_id]
        life.request = request
        name = order.order_id
        self._executed_ns.setdefault(name, []).append(ns)
        life.executed += execution.qty
        self._say(ns < life.sent_ns + self._submit_ns, f"{name} filled before it could arrive")
        self._say(execution.qty <= 0, f"{name} filled {execution.qty}")
        self._say(life.executed > request.qty, f"{name} filled {life.executed} of {request.qty}")
        lot = self._lots.get(order.symbol) or 1
        odd = order.leaves > 0 and execution.qty % lot != 0
        self._say(odd, f"{name} filled {execution.qty}, which is no whole lots of {lot}")
        self._say(order.leaves < 0 or order.ahead < 0, f"{name} has less than nothing left")
        self._at_its_price(execution)
        self._of_what_there_was(execution, order)
        before = self._positions.get(order.symbol, 0)
        after = before + (execution.qty if order.side is BUY else -execution.qty)
        self._positions[order.symbol] = after
        turned = abs(after) > abs(before) or before * after < 0
        self._say(request.reduce_only and turned, f"{name} is reduce-only and went to {after}")

    def rests(self, order: WorkingOrder) -> None:
        """An order is found resting."""
        name, force = order.order_id, order.request.time_in_force
        at_once = force in (TimeInForce.IOC, TimeInForce.FOK) or order.price is None
        self._say(at_once, f"{name} is {force.value} and rests")
        self._say(order.ahead < 0, f"{name} has {order.ahead} before it")
        self._say(not 0 < order.shown <= order.leaves, f"{name} shows {order.shown}")

    def answered(self, answer: Answer, ns: int) -> None:
        """Something reaches the client."""
        self._say(ns < self._heard_ns, f"an answer of {ns} came after one of {self._heard_ns}")
        self._heard_ns = max(ns, self._heard_ns)
        if isinstance(answer, OrderAccepted):
            life = self._lives[answer.client_order_id]
            self._accept(life, answer.order_id)
            self._say(ns < life.sent_ns + self._submit_ns, f"{answer.order_id} taken too early")
        elif isinstance(answer, OrderRejected):
            life = self._lives[answer.client_order_id]
            self._say(life.accepted is not None, f"{answer.client_order_id} taken and refused")
            life.ended = True
        elif isinstance(answer, FillEvent):
            self._filled(answer, ns)
        elif isinstance(answer, OrderCanceled):
            self._end(answer.order_id)
        else:
            assert isinstance(answer, CancelFailed), answer

    def accepted_at_once(self, client_order_id: str, order_id: str) -> None:
        """The exchange has taken an order on the spot."""
        self._accept(self._lives[client_order_id], order_id)

    def canceled_at_once(self, order_id: str) -> None:
        """The exchange has canceled an order on the spot."""
        self._end(order_id)

    def over(self, positions: list[Position]) -> None:
        """The run is over: fills are positions, and nobody was left half told."""
        held = {one.symbol: one.qty_e9 for one in positions}
        for symbol, qty in self._positions.items():
            self._say(held.get(symbol, 0) != qty, f"{symbol}: fills make {qty}, not {held}")
        for name, life in self._lives.items():
            if life.accepted is not None:
                differs = life.executed != life.filled
                self._say(differs, f"{name} executed {life.executed}, told {life.filled}")
            behind = life.request.after is not None  # then it is whole for each part it is sent for
            if life.request.time_in_force is TimeInForce.FOK and not behind:
                parted = life.executed not in (0, life.request.qty)
                self._say(parted, f"{name} is FOK and filled {life.executed}")

    def _say(self, is_broken: bool, what: str) -> None:
        if is_broken:
            self.broken.append(what)

    def _accept(self, life: _Life, order_id: str) -> None:
        self._say(life.accepted is not None, f"{order_id} was taken twice")
        self._say(order_id in self._by_order_id, f"{order_id} names two orders")
        life.accepted = order_id
        self._by_order_id[order_id] = life

    def _end(self, order_id: str) -> None:
        life = self._by_order_id.get(order_id)
        if life is None:
            self.broken.append(f"{order_id} ended before it was taken")
            return
        self._say(life.ended, f"{order_id} ended twice")
        life.ended = True

    def _filled(self, fill: FillEvent, ns: int) -> None:
        name = fill.order_id
        life = self._by_order_id.get(name)
        if life is None:
            self.broken.append(f"{name} filled before it was taken")
            return
        self._say(life.ended, f"{name} filled after its end")
        life.filled += fill.qty_e9
        if life.filled == life.request.qty:
            life.ended = True
        executed_ns = self._executed_ns[name].pop(0)
        self._say(ns < executed_ns + self._fill_ns, f"{name}: a fill was told too early")

    def _at_its_price(self, execution: Execution) -> None:
        order, price = execution.order, execution.price
        limit, name = order.price, order.order_id
        if limit is not None:
            through = price > limit if order.side is BUY else price < limit
            self._say(through, f"{name} filled at {price} through its limit {limit}")
        if execution.liquidity == MAKER:
            self._say(price != limit, f"{name} made at {price}, not at its limit {limit}")
        took = execution.liquidity == TAKER and order.request.post_only
        self._say(took, f"{name} is post-only and took")

    def _of_what_there_was(self, execution: Execution, order: WorkingOrder) -> None:
        symbol, qty, reason = order.symbol, execution.qty, execution.why.reason
        if reason in BY_TRADE:
            left = self._trade_left[symbol] = self._trade_left.get(symbol, 0) - qty
            self._say(left < 0, f"{order.order_id} got {-left} more than was traded")
        elif self._quotes_only:
            shown = self._shown[symbol, order.side]
            shown.used += qty
            over = shown.used > shown.ever
            self._say(over, f"{symbol}: {shown.used} used of {shown.ever} ever shown")
            level = shown.levels.get(execution.price)
            if execution.liquidity == TAKER and level is not None and not self._slips:
                level[2] += qty
                over = level[2] > level[1]
                self._say(over, f"{symbol} at {execution.price}: {level[2]} used of {level[1]}")
