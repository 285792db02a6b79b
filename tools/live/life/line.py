"""The orders of a run and what filled of them, from the entries of its line.

The same for a shadow run and for a run that traded: both wrote the same line. Times are those at
which the run heard of things, so a simulated execution is later there than at its exchange by the
delay of its answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from ..core.contracts_v1 import Side, parse_side
from ..core.errors import ContractError
from ..core.money import fee_e18, positive_e9, to_e18
from .deals import MAKER, SILENT, TAKER, Deal, LifeFill, Spelling, fee_of, liquidity_of

# Kind, time and payload of an entry, as a journal or a file of envelopes tells them.
Told: TypeAlias = tuple[str, int, dict[str, Any]]

_PLACED = ("order.place", "order.place_again")
_FILLED = ("order.fill", "order.executed")
KINDS = (*_PLACED, *_FILLED, "order.accepted", "order.canceled", "order.rejected")


class LineOrders:
    """Collects the orders of a line; the rates are what a fill costs that tells no fee."""

    def __init__(
        self, spelling: Spelling | None = None, *, maker_bps: int | None = None,
        taker_bps: int | None = None,
    ) -> None:  # fmt: skip
        self._spelling = Spelling() if spelling is None else spelling
        self._rates = {MAKER: maker_bps, TAKER: taker_bps, SILENT: taker_bps}
        self._placed: dict[str, tuple[str, Side, int, int, int]] = {}
        self._names: dict[str, str] = {}  # our name by the exchange's
        self._accepted: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._fills: dict[str, dict[str, LifeFill]] = {}  # by the exchange's order id
        self._seq = 0

    def hear(self, kind: str, ts_ns: int, payload: dict[str, Any]) -> None:
        """Take one entry; a ContractError when it is not what its kind says."""
        self._seq += 1
        try:
            if kind in _PLACED:
                self._place(ts_ns, payload)
            elif kind == "order.accepted":
                self._names[payload["order_id"]] = payload["client_order_id"]
                self._accepted.setdefault(payload["client_order_id"], ts_ns)
            elif kind in ("order.canceled", "order.rejected"):
                name = payload.get("order_id") or payload["client_order_id"]
                self._ended.setdefault(name, ts_ns)
            elif kind in _FILLED:
                fill = self._fill(kind, ts_ns, payload)
                self._fills.setdefault(fill.order_id, {}).setdefault(fill.fill_id, fill)
        except (KeyError, TypeError, AttributeError) as error:
            told = f"{kind} of the run is not as the line has it ({error!r:.60})"
            raise ContractError(told) from None

    def fills(self) -> list[LifeFill]:
        """All executions, in the order of the line."""
        told = [fill for fills in self._fills.values() for fill in fills.values()]
        return sorted(told, key=lambda fill: fill.line)

    def round_trips(self) -> list[int]:
        """How long each order took from being sent to being acknowledged."""
        return [
            self._accepted[name] - placed[4]
            for name, placed in self._placed.items() if name in self._accepted
        ]  # fmt: skip

    def deals(self) -> list[Deal]:
        """The orders in the order in which they were sent, then those that others sent."""
        by_name: dict[str, list[tuple[str, list[LifeFill]]]] = {}
        strangers = []
        for order_id, known in self._fills.items():
            name, fills = self._names.get(order_id), list(known.values())
            if name is not None and name in self._placed:
                by_name.setdefault(name, []).append((order_id, fills))
            else:
                strangers.append((order_id, fills))
        ids = {name: order_id for order_id, name in self._names.items()}
        made = [
            self._deal(seq, name, ids.get(name, ""), by_name.get(name, []))
            for seq, name in enumerate(self._placed, 1)
        ]
        for order_id, fills in strangers:
            made.append(self._deal(len(made) + 1, "", order_id, [(order_id, fills)]))
        return made

    def _place(self, ts_ns: int, payload: dict[str, Any]) -> None:
        side = parse_side(payload["side"])
        name = payload["client_order_id"]
        if side is None or type(name) is not str:
            raise KeyError("side")
        qty, price = positive_e9(payload["qty"], "qty"), positive_e9(payload["price"], "price")
        self._placed.setdefault(name, (self._symbol(payload), side, qty, price, ts_ns))

    def _fill(self, kind: str, ts_ns: int, payload: dict[str, Any]) -> LifeFill:
        side = parse_side(payload["side"])
        if side is None or type(payload["order_id"]) is not str:
            raise KeyError("side")
        qty, price = positive_e9(payload["qty"], "qty"), positive_e9(payload["price"], "price")
        liquidity = payload["liquidity"]
        fee = None
        if kind == "order.executed" and payload["fee"] is not None:
            fee = to_e18(payload["fee"], "fee")
        elif (rate := self._rates[liquidity]) is not None:
            fee = fee_e18(qty * price, rate)
        return LifeFill(
            payload["fill_id"], payload["order_id"], "", self._symbol(payload), side, qty, price,
            liquidity, fee, None, ts_ns, self._seq,
        )  # fmt: skip

    def _symbol(self, payload: dict[str, Any]) -> str:
        name = self._spelling.ours(payload["symbol"])
        if name is None:
            raise KeyError("symbol")
        return name

    def _deal(
        self, seq: int, name: str, order_id: str, parts: list[tuple[str, list[LifeFill]]]
    ) -> Deal:
        fills = [fill for _, some in parts for fill in some]
        filled = cost = 0
        for fill in fills:
            filled += fill.qty
            cost += fill.qty * fill.price
        placed = self._placed.get(name)
        symbol, side, qty, price, sent_ns = placed or (fills[0].symbol, fills[0].side, *_UNKNOWN)
        times = [fill.ts_ns for fill in fills]
        ended = self._ended.get(order_id) or self._ended.get(name)
        return Deal(
            seq, name, order_id, symbol, side, filled, cost,
            fee_of([fill.fee_e18 for fill in fills]) if fills else None,
            liquidity_of([fill.liquidity for fill in fills]) if fills else SILENT, len(fills),
            min(times) if fills else None, max(times) if fills else None, sent_ns, qty, price,
            ended,
        )  # fmt: skip


_UNKNOWN = (None, None, None)


def line_deals(
    entries: Iterable[Told], spelling: Spelling | None = None, *, maker_bps: int | None = None,
    taker_bps: int | None = None,
) -> list[Deal]:  # fmt: skip
    """The orders of a line that is there as a whole."""
    orders = LineOrders(spelling, maker_bps=maker_bps, taker_bps=taker_bps)
    for kind, ts_ns, payload in entries:
        if kind in KINDS:
            orders.hear(kind, ts_ns, payload)
    return orders.deals()
