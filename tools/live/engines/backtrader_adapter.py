"""A broker for Backtrader that trades on a simulated exchange.

    cerebro.setbroker(ExchangeBroker(SimulatedExchange(terms)))

The strategy stays as it is. What it orders goes out when the next bar opens, as Backtrader has it,
and the exchange hears each bar as a walk: its open, then its nearer end, its other end, its close,
and on the way every price at which one of our orders waits. So stops trade at their level unless
the market jumped over it. The walk of a bar fills the time since the bar before; delays count.

What Backtrader cannot ask for here (at the close, trailing stops with a limit, historical orders)
is rejected, with the reason in `order.info.why`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import OrderAccepted, OrderCanceled, OrderRejected
from ..core.errors import ContractError
from ..core.market_v1 import Bbo
from ..core.money import BPS, to_e9, view, view_cash
from ..core.words_v1 import BUY, SELL
from ..exchange import FillEvent
from ..sim.exchange import SimulatedExchange
from ..sim.orders import OrderKind, OrderRequest, TimeInForce
from .passage import Passage, package

VERSION = "1.9.78.123"
FIRST_BAR_NS = NS_PER_S  # how long the walk of the first bar takes
NS_PER_US = 1_000

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)

_KINDS = {
    "Market": OrderKind.MARKET, "Limit": OrderKind.LIMIT, "Stop": OrderKind.STOP,
    "StopLimit": OrderKind.STOP_LIMIT, "StopTrail": OrderKind.TRAILING_STOP,
}  # fmt: skip
_LIMITED = (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
_STOPPED = (OrderKind.STOP, OrderKind.STOP_LIMIT)


class ExchangeBroker:
    """What Cerebro asks of a broker, answered by a simulated exchange.

    The exchange must keep a count of cash (`Terms(cash_e18=...)`). Commissions are the exchange's
    fees; Backtrader's own commission schemes only say how a position is valued.
    """

    fundmode = False
    fundshares = 1.0

    def __init__(self, exchange: SimulatedExchange) -> None:
        self.backtrader = package("backtrader", VERSION)
        if exchange.get_balances() is None:
            raise ContractError("the exchange keeps no count of cash; give Terms(cash_e18=...)")
        self.exchange = exchange
        self.cerebro: Any = None
        self.positions: dict[Any, Any] = {}
        self.startingcash = self.getcash()
        self._passage = Passage(exchange)
        self._comminfo: dict[str | None, Any] = {None: self.backtrader.CommInfoBase(percabs=True)}
        self._bars: dict[Any, tuple[int, int]] = {}  # by data: bars seen, time of the last
        self._families: dict[int, list[Any]] = {}  # by parent: orders till the last is transmitted
        self._ready: list[Any] = []
        self._orders: dict[str, Any] = {}  # by client order id
        self._ids: dict[str, str] = {}  # the exchange's order id by ours
        self._by_id: dict[str, Any] = {}
        self._left: dict[int, int] = {}  # by reference: what is still to fill at 10^9
        self._groups: dict[int, str] = {}  # by reference: orders of which one cancels the others
        self._asked: set[int] = set()  # those that the strategy took back
        self._notifications: deque[Any] = deque()

    # What Cerebro and strategies ask.

    def start(self) -> None:
        """Cerebro begins."""

    def stop(self) -> None:
        """Cerebro has ended."""

    def getcash(self) -> float:
        """Cash as the exchange counts it."""
        return view_cash(sum((self.exchange.get_balances() or {}).values()))

    def getvalue(self, datas: Any = None) -> float:
        """Cash and positions at the last close; of some data, their positions only."""
        held = [
            position.size * data.close[0]
            for data, position in self.positions.items()
            if datas is None or any(data is one for one in datas)
        ]
        return float(sum(held, 0.0 if datas else self.getcash()))

    get_cash, get_value = getcash, getvalue

    @property
    def fundvalue(self) -> float:
        return self.getvalue()

    def getposition(self, data: Any) -> Any:
        """The position of a data feed, as far as its fills have reached us."""
        if data not in self.positions:
            self.positions[data] = self.backtrader.Position()
        return self.positions[data]

    def getcommissioninfo(self, data: Any) -> Any:
        """How a position of this data is valued."""
        return self._comminfo.get(data._name, self._comminfo[None])

    def addcommissioninfo(self, comminfo: Any, name: str | None = None) -> None:
        """How positions of a name, or of all others, are valued."""
        self._comminfo[name] = comminfo

    def get_notification(self) -> Any:
        """The next change of an order; None when all have been told."""
        return self._notifications.popleft() if self._notifications else None

    def get_orders_open(self, safe: bool = False) -> list[Any]:
        """Orders that have not ended, copies of them if it is to be safe."""
        alive = [order for order in self._orders.values() if order.alive()]
        return [order.clone() for order in alive] if safe else alive

    def orderstatus(self, order: Any) -> Any:
        """The status of an order."""
        return order.status

    def buy(self, owner: Any, data: Any, size: float, **given: Any) -> Any:
        """An order to buy, in Backtrader's terms."""
        return self._ordered(self.backtrader.BuyOrder, owner, data, size, given)

    def sell(self, owner: Any, data: Any, size: float, **given: Any) -> Any:
        """An order to sell, in Backtrader's terms."""
        return self._ordered(self.backtrader.SellOrder, owner, data, size, given)

    def cancel(self, order: Any) -> None:
        """Take an order back; one that has not gone out yet ends at once."""
        known = self._orders.get(str(order.ref))
        if known is None:
            return
        self._asked.add(order.ref)
        if known in self._ready:
            self._ready.remove(known)
            self._end(known, known.cancel)
        elif (order_id := self._ids.get(str(order.ref))) is not None:
            self._passage.cancel(order_id)
            self._take_in()

    def next(self) -> None:
        """A new bar: its open, then our orders go out, then the rest of its way."""
        for data in self.cerebro.datas:
            seen, last_ns = self._bars.get(data, (0, 0))
            if len(data) == seen:
                continue
            now_ns = _ns(data.datetime.datetime(0))
            self._bars[data] = len(data), now_ns
            begin_ns = max(last_ns or now_ns - FIRST_BAR_NS, self._passage.now_ns)
            self._walk(data, begin_ns, max(now_ns, begin_ns))
        self._take_in()

    # Bars.

    def _walk(self, data: Any, begin_ns: int, end_ns: int) -> None:
        prices = [to_e9(float(line[0]), "price") for line in
                  (data.open, data.high, data.low, data.close)]  # fmt: skip
        opened, high, low, close = prices
        ends = (high, low) if high - opened <= opened - low else (low, high)
        self._tell(data, opened, begin_ns)
        for order in [one for one in self._ready if one.data is data]:
            self._send(order)
        self._ready = [one for one in self._ready if one.data is not data]
        way = [opened, *ends, close]
        legs = len(way) - 1
        for leg, (here, there) in enumerate(zip(way, way[1:])):
            starts_ns = begin_ns + (end_ns - begin_ns) * leg // legs
            stops_ns = begin_ns + (end_ns - begin_ns) * (leg + 1) // legs
            while (price := self._next_stop(_symbol(data), here, there)) != there:
                share = abs(price - here) * (stops_ns - starts_ns) // abs(there - here)
                starts_ns += share
                here = price
                self._tell(data, price, starts_ns)
            self._tell(data, there, stops_ns)

    def _next_stop(self, symbol: str, here: int, there: int) -> int:
        """The next price on the way at which an order of ours waits."""
        waiting = [
            price
            for order in self.exchange.desk.live.values()
            if order.symbol == symbol
            for price in (order.request.price, order.request.stop)
            if price is not None and min(here, there) < price < max(here, there)
        ]
        return min(waiting, key=lambda price: abs(price - here), default=there)

    def _tell(self, data: Any, price: int, ns: int) -> None:
        """The market is at a price, in any quantity."""
        symbol = _symbol(data)
        self._passage.hear(Bbo(symbol, "backtrader", price, 0, price, 0, None, None, ns))

    # Orders.

    def _ordered(self, kind: Any, owner: Any, data: Any, size: float, given: dict[str, Any]) -> Any:
        price_limit = given.pop("plimit", None)
        known = ("price", "exectype", "valid", "tradeid", "trailamount", "trailpercent", "parent",
                 "transmit")  # fmt: skip
        terms = {name: given.pop(name) for name in known if name in given}
        oco = given.pop("oco", None)
        order = kind(owner=owner, data=data, size=size, pricelimit=price_limit, **terms)
        order.addinfo(**given)
        if oco is not None:
            leader = self._groups.setdefault(oco.ref, f"group of {oco.ref}")
            self._groups[order.ref] = leader
        family = order.ref if order.parent is None else order.parent.ref
        self._families.setdefault(family, []).append(order)
        if order.transmit:
            for one in self._families.pop(family):
                self._accept(one)
        return order

    def _accept(self, order: Any) -> None:
        self._orders[str(order.ref)] = order
        self._left[order.ref] = to_e9(abs(order.size), "size")
        order.submit(self)
        self._tell_owner(order)
        self._ready.append(order)

    def _send(self, order: Any) -> None:
        try:
            request = self._request(order)
        except ContractError as error:
            order.addinfo(why=str(error))
            self._end(order, order.reject)
            return
        self._passage.send(request)

    def _request(self, order: Any) -> OrderRequest:
        """The order in our terms; a ContractError says what there is no equal of."""
        named = order.getordername()
        if named not in _KINDS:
            raise ContractError(f"execution type {named} is not simulated; use a limit or a stop")
        kind = _KINDS[named]
        created = order.created
        trails = kind is OrderKind.TRAILING_STOP
        limit = created.pricelimit if kind is OrderKind.STOP_LIMIT else created.price
        bps = order.trailpercent if trails and not order.trailamount else None
        time_in_force, expires_ns = _until(order)
        parent = order.parent
        group = self._groups.get(order.ref) if parent is None else f"exits of {parent.ref}"
        return OrderRequest(
            str(order.ref),
            _symbol(order.data),
            BUY if order.isbuy() else SELL,
            self._left[order.ref],
            kind,
            price=to_e9(limit, "price") if kind in _LIMITED else None,
            stop=to_e9(created.price, "price") if kind in _STOPPED else None,
            trail=to_e9(order.trailamount, "trailamount") if trails and bps is None else None,
            trail_bps=None if bps is None else to_e9(bps, "trailpercent") * BPS,
            time_in_force=time_in_force,
            expires_ns=expires_ns,
            one_cancels_other=group,
            after=None if parent is None else str(parent.ref),
        )

    # Answers.

    def _take_in(self) -> None:
        for answer in self._passage.answers():
            if isinstance(answer, OrderAccepted):
                order = self._by_id[answer.order_id] = self._orders[answer.client_order_id]
                self._ids[answer.client_order_id] = answer.order_id
                order.accept(self)
                self._tell_owner(order)
            elif isinstance(answer, OrderRejected):
                order = self._orders[answer.client_order_id]
                order.addinfo(why=answer.message)
                self._end(order, order.reject)
            elif isinstance(answer, OrderCanceled):
                self._canceled(self._by_id[answer.order_id], answer.ts_ns)
            elif isinstance(answer, FillEvent):
                self._fill(self._by_id[answer.order_id], answer)

    def _canceled(self, order: Any, ts_ns: int) -> None:
        """Its client wanted it, its time was over, or another order ended it."""
        time_in_force, expires_ns = _until(order)
        alone = order.parent is None and order.ref not in self._groups
        over = alone if time_in_force is TimeInForce.DAY else ts_ns >= (expires_ns or ts_ns + 1)
        if over and order.ref not in self._asked:
            order.status = order.Expired
            order.executed.dt = order.data.datetime[0]
            self._tell_owner(order)
        else:
            self._end(order, order.cancel)

    def _fill(self, order: Any, fill: FillEvent) -> None:
        """Book a fill as Backtrader does: what of it closed a position, and what opened one."""
        scheme, position = self.getcommissioninfo(order.data), self.getposition(order.data)
        size = fill.qty if order.isbuy() else -fill.qty
        price, held_at = fill.price, position.price
        held, now_at, opened, closed = position.update(size, price, order.data.datetime.datetime())
        fee = view_cash(fill.fee_e18 or 0)
        closed_fee = fee * closed / size
        order.execute(
            order.data.datetime[0], size, price,
            closed, scheme.getvaluesize(-closed, held_at), closed_fee,
            opened, scheme.getvaluesize(opened, price), fee - closed_fee,
            scheme.margin, scheme.profitandloss(-closed, held_at, price), held, now_at,
        )  # fmt: skip
        order.addcomminfo(scheme)
        left = self._left[order.ref] = self._left[order.ref] - fill.qty_e9
        order.executed.remsize = view(left) if order.isbuy() else -view(left)
        order.status = order.Partial if left else order.Completed
        self._tell_owner(order)

    def _end(self, order: Any, mark: Callable[[], object]) -> None:
        mark()
        self._tell_owner(order)

    def _tell_owner(self, order: Any) -> None:
        self._notifications.append(order.clone())


def _symbol(data: Any) -> str:
    """The name that a data feed was given, else its number."""
    return str(data._name or f"data{data._id}")


def _until(order: Any) -> tuple[TimeInForce, int | None]:
    """How long an order waits; Backtrader keeps its end as a number of days, 0 is the day's."""
    if order.valid is None:
        return TimeInForce.GTC, None
    if not order.valid:
        return TimeInForce.DAY, None
    return TimeInForce.GTD, _ns(order.data.num2date(order.valid))


def _ns(when: datetime) -> int:
    """Nanoseconds since 1970 of a time in UTC."""
    return (when.replace(tzinfo=None) - _EPOCH) // _MICROSECOND * NS_PER_US
