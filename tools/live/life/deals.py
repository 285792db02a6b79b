"""Deals: an order together with what filled of it, the same record for life and for a run.

Quantities and prices are integers at 10^9, money at 10^18, times nanoseconds since 1970 UTC. A fee
is money in the quote currency; None where nobody says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.record import record

MAKER, TAKER, MIXED, SILENT = "maker", "taker", "mixed", ""
_SEPARATORS = re.compile(r"[/\-_ ]")
_NAME = re.compile(r"[A-Z0-9.]{1,32}", re.ASCII)


@record
class LifeFill:
    """One execution as a file tells it; `line` is where, `sent_ns` when its order was sent."""

    fill_id: str
    order_id: str
    client_order_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    liquidity: str
    fee_e18: int | None
    sent_ns: int | None
    ts_ns: int
    line: int


@record
class Deal:
    """One order and what filled of it: `filled` in all for `cost_e18`, from `first_ns` on.

    `seq` is its place in its source. What is not known of it is None; without a fill both times
    of fills are None.
    """

    seq: int
    client_order_id: str
    order_id: str
    symbol: str
    side: Side
    filled: int
    cost_e18: int
    fee_e18: int | None
    liquidity: str
    fills: int
    first_ns: int | None
    last_ns: int | None
    sent_ns: int | None
    qty: int | None
    price: int | None
    ended_ns: int | None


class Spelling:
    """Names of symbols as ours: what a rule says, unless somebody said otherwise.

    The rule: in upper case, without the settlement behind a colon, without / - _ and blanks. Two
    spellings that the rule makes one are refused, because they may be two markets.
    """

    def __init__(self, told: Mapping[str, str] | None = None) -> None:
        self._told = dict(told or {})
        self._seen: dict[str, str] = {}

    def ours(self, spelled: str) -> str | None:
        """Our name, or None when this is none; ContractError when two spellings become one."""
        name = self._told.get(spelled)
        if name is None:
            name = _SEPARATORS.sub("", spelled.partition(":")[0]).upper()
            if not _NAME.fullmatch(name):
                return None
            before = self._seen.setdefault(name, spelled)
            if before != spelled:
                raise ContractError(
                    f"symbols {before!r:.40} and {spelled!r:.40} would both be {name}; say with"
                    f" --map {spelled}=NAME which is which"
                )
        return name


def deals_of(fills: Iterable[LifeFill]) -> list[Deal]:
    """The orders behind the fills, in the order of their first one in the file.

    Fills belong together by the exchange's order id, or else by ours; a fill with neither stands
    for itself.
    """
    grouped: dict[tuple[str, ...], list[LifeFill]] = {}
    for place, fill in enumerate(fills):
        name = ("order", fill.order_id) if fill.order_id else ("client", fill.client_order_id)
        key = (*name, fill.symbol, fill.side.value) if name[1] else ("alone", str(place))
        grouped.setdefault(key, []).append(fill)
    return [_deal(seq, group) for seq, group in enumerate(grouped.values(), 1)]


def _deal(seq: int, group: list[LifeFill]) -> Deal:
    first = group[0]
    times = [one.ts_ns for one in group]
    sent = [one.sent_ns for one in group if one.sent_ns is not None]
    names = [one.client_order_id for one in group if one.client_order_id]
    filled, cost = 0, 0
    for one in group:
        filled += one.qty
        cost += one.qty * one.price
    return Deal(
        seq, names[0] if names else "", first.order_id, first.symbol, first.side, filled, cost,
        fee_of([one.fee_e18 for one in group]), liquidity_of([one.liquidity for one in group]),
        len(group), min(times), max(times), min(sent) if sent else None, None, None, None,
    )  # fmt: skip


def shifted(fill: LifeFill, ns: int) -> LifeFill:
    """The fill on a clock that is ahead of the file's by so much."""
    sent_ns = None if fill.sent_ns is None else fill.sent_ns + ns
    return LifeFill(
        fill.fill_id, fill.order_id, fill.client_order_id, fill.symbol, fill.side, fill.qty,
        fill.price, fill.liquidity, fill.fee_e18, sent_ns, fill.ts_ns + ns, fill.line,
    )  # fmt: skip


def fee_of(fees: list[int | None]) -> int | None:
    """All fees together; None as soon as one of them is unknown."""
    total = 0
    for fee in fees:
        if fee is None:
            return None
        total += fee
    return total


def liquidity_of(words: list[str]) -> str:
    """The one word of all fills, or `mixed`; silent as soon as one of them is."""
    if SILENT in words:
        return SILENT
    return words[0] if all(word == words[0] for word in words) else MIXED
