"""Orders of other kinds, amendments and self-trade prevention, where they are declared.

An adapter takes them by `submit(OrderRequest)` and `amend(order_id, qty=)`. What it answers to an
order that ends at once is its own affair; what must be right is what filled and what rests.
"""

from __future__ import annotations

from typing import Any

from ..core.contracts_v1 import BUY, SELL, Side
from ..sim.orders import OrderKind, TimeInForce
from .candidate import Fate
from .case import Case, CaseNotDriven, require
from .cases_fills import sum_of
from .desk import WORLD_FAILED, Desk, Placed


def ioc_never_rests(desk: Desk) -> str:
    placed = _sent(desk, Fate.FILLS_IN_PART, time_in_force=TimeInForce.IOC)
    filled = _filled(desk, placed)
    require(0 < filled < placed.qty, f"IOC filled {filled} of {placed.qty}; a part was to be had")
    require(not _rests(desk, placed), f"the rest of an IOC order stays open as {placed.order_id}")
    return f"filled {filled}, nothing rests"


def fok_is_all_or_nothing(desk: Desk) -> str:
    placed = _sent(desk, Fate.FILLS_IN_PART, time_in_force=TimeInForce.FOK)
    filled = _filled(desk, placed)
    require(not filled, f"FOK filled {filled} of {placed.qty}, neither all nor nothing")
    require(not _rests(desk, placed), f"a FOK order stays open as {placed.order_id}")
    whole = _sent(desk, Fate.FILLS, time_in_force=TimeInForce.FOK)
    filled = _filled(desk, whole)
    require(filled == whole.qty, f"FOK filled {filled} of {whole.qty}, where all was to be had")
    return "nothing of what was there in part, all of what was there whole"


def post_only_never_takes(desk: Desk) -> str:
    placed = _sent(desk, Fate.FILLS, post_only=True)
    taken = [fill for fill in desk.fills(placed.order_id or "") if fill.liquidity == "taker"]
    filled = _filled(desk, placed)
    require(not taken and not filled, f"a post-only order took {filled} from the market")
    return "refused" if placed.order_id is None else "taken, and nothing filled"


def post_only_rests(desk: Desk) -> str:
    placed = _sent(desk, Fate.RESTS, post_only=True)
    require(_rests(desk, placed), "a post-only order that takes nothing was not left open")
    return f"{placed.order_id} rests"


def reduce_only_never_opens(desk: Desk) -> str:
    placed = _sent(desk, Fate.FILLS, SELL, reduce_only=True)
    require(not desk.positions(), "a reduce-only order opened a position")
    require(not _filled(desk, placed), "a reduce-only order filled without a position")
    return "no position, no fill"


def reduce_only_never_turns(desk: Desk) -> str:
    qty = desk.stage.qty_e9
    desk.filling(BUY, qty=qty)
    _sent(desk, Fate.FILLS, SELL, qty=qty * 2, reduce_only=True)
    held = desk.positions().get(desk.stage.symbols[0], 0)
    require(0 <= held <= qty, f"a reduce-only sale of {qty * 2} made {qty} into {held}")
    return f"{qty} became {held}"


def market_never_rests(desk: Desk) -> str:
    placed = _sent(desk, Fate.FILLS, kind=OrderKind.MARKET, price=None)
    require(not _rests(desk, placed), f"a market order stays open as {placed.order_id}")
    filled = _filled(desk, placed)
    require(filled > 0, "a market order filled nothing of a market that had enough")
    return f"filled {filled}"


def gtd_ends_in_time(desk: Desk) -> str:
    """The end is given as now plus a second, by the exchange's own last answer."""
    first = desk.resting()
    now_ns = (first.response.timestamp_ms or 0) * 10**6
    ends_ns = max(now_ns, *(getattr(one, "ts_ns", 0) for one in desk.heard)) + 10**9
    order = desk.order(time_in_force=TimeInForce.GTD, expires_ns=ends_ns)
    placed = desk.submit(order, Fate.RESTS)
    require(_rests(desk, placed), "a GTD order was not open before its time")
    assert desk.stage.advance is not None
    desk.stage.advance(2 * 10**9)
    desk.settle()
    require(not _rests(desk, placed), f"{placed.order_id} is open behind its time")
    return "open before, gone behind"


def a_stop_waits(desk: Desk) -> str:
    placed = _sent(desk, Fate.RESTS, kind=OrderKind.STOP, price=None,
                   stop=desk.stage.price_e9 * 2)  # fmt: skip
    require(placed.order_id is not None, f"a stop far away was refused: {placed.message:.60}")
    require(not _filled(desk, placed), "a stop filled before the market touched it")
    return "taken, and waits"


def amended_less_counts_what_filled(desk: Desk) -> str:
    qty = desk.stage.qty_e9
    placed = desk.resting(qty=qty * 10)
    order_id = placed.order_id or ""
    if sum_of(desk.trade(order_id, qty * 4)) != qty * 4:
        raise CaseNotDriven("the world did not trade as the case has to begin")
    desk.exchange.amend(order_id, qty=qty * 6)
    desk.settle()
    left = [one.qty_e9 - one.filled_e9 for one in desk.open_orders() if one.order_id == order_id]
    wanted = [qty * 2]
    require(left == wanted, f"10 with 4 filled, amended to 6 in all, leaves {left}, not {wanted}")
    return "of 6 in all, 4 are filled and 2 are left"


def amended_never_fills_more(desk: Desk) -> str:
    qty = desk.stage.qty_e9
    placed = desk.resting(qty=qty * 4)
    order_id = placed.order_id or ""
    desk.exchange.amend(order_id, qty=qty * 2)
    desk.settle()
    desk.trade(order_id, qty * 4)
    filled = desk.filled(order_id)
    require(filled <= qty * 2, f"an order amended to {qty * 2} filled {filled}")
    return f"filled {filled} of {qty * 2}"


def amending_a_stranger_makes_nothing(desk: Desk) -> str:
    desk.resting()
    before = repr(desk.open_orders())
    try:
        desk.exchange.amend("no-such-order", qty=desk.stage.qty_e9)
    except WORLD_FAILED:
        pass
    desk.settle()
    require(repr(desk.open_orders()) == before, "amending an unknown id changed what is open")
    return "nothing changed"


def never_with_itself(desk: Desk) -> str:
    """Our sale arrives at the price of our own resting buy."""
    mine = desk.resting(BUY)
    sale = desk.request(SELL)
    sale.price_e9 = mine.request.price_e9
    desk.meets(sale, Fate.RESTS)
    newest = desk.place(sale)
    desk.settle()
    both = desk.filled(mine.order_id) and desk.filled(newest.order_id or "")
    require(not both, "two orders of ours traded with each other")
    open_ = [one.order_id for one in desk.open_orders()]
    left = (mine.order_id in open_, newest.order_id in open_)
    wanted = {"cancel_newest": (True, False), "cancel_oldest": (False, True),
              "cancel_both": (False, False)}[desk.can.self_trade]  # fmt: skip
    require(left == wanted, f"oldest and newest are open: {left}, but the policy says {wanted}")
    return desk.can.self_trade


def _sent(desk: Desk, fate: Fate, side: Side = BUY, **said: Any) -> Placed:
    placed = desk.submit(desk.order(side, **said), fate)
    desk.settle()
    return placed


def _filled(desk: Desk, placed: Placed) -> int:
    return desk.filled(placed.order_id) if placed.order_id is not None else 0


def _rests(desk: Desk, placed: Placed) -> bool:
    name = placed.request.client_order_id
    return any(name == one.client_order_id for one in desk.open_orders())


_SENT = ("meets",)
CASES = (
    Case("order-001", "IOC takes what is there and never rests", ioc_never_rests,
         ("time_in_force:IOC",), _SENT),
    Case("order-002", "FOK fills whole or not at all", fok_is_all_or_nothing,
         ("time_in_force:FOK",), _SENT),
    Case("order-003", "post-only never takes", post_only_never_takes, ("post_only",), _SENT),
    Case("order-004", "post-only rests where it takes nothing", post_only_rests, ("post_only",),
         _SENT),
    Case("order-005", "reduce-only never opens a position", reduce_only_never_opens,
         ("reduce_only",), _SENT),
    Case("order-006", "reduce-only never turns a position", reduce_only_never_turns,
         ("reduce_only",), _SENT),
    Case("order-007", "a market order never rests", market_never_rests, ("order_types:market",),
         _SENT),
    Case("order-008", "GTD ends in time", gtd_ends_in_time, ("time_in_force:GTD",),
         (*_SENT, "advance")),
    Case("order-009", "a stop waits for its price", a_stop_waits, ("order_types:stop",), _SENT),
    Case("amend-001", "an amended total counts what has filled", amended_less_counts_what_filled,
         ("amend",), (*_SENT, "fill")),
    Case("amend-002", "an amended order fills no more than its new total",
         amended_never_fills_more, ("amend",), (*_SENT, "fill")),
    Case("amend-003", "amending an unknown id makes nothing", amending_a_stranger_makes_nothing,
         ("amend",), _SENT),
    Case("selftrade-001", "our orders never trade with each other", never_with_itself,
         ("prevents_self_trade",), _SENT),
)  # fmt: skip
