"""The two sides from JSON files, strictly.

Quantities, prices and money are decimal texts, times decimal texts of nanoseconds. Every part must
be there: a part that the exchange did not answer is named under `unanswered`, with the reason, so
that a part that was forgotten is an error and not an empty exchange.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ..core.contracts_v1 import Side, parse_side
from ..core.errors import ContractError
from ..core.money import CASH_SCALE, text, to_e9
from ..core.order import OrderState
from ..core.record import fields_of
from ..exchange_query import Found
from .reconcile_facts import (
    Answer, KnownFill, LocalOrder, LocalState, Unanswered, VenueFill, VenueOrder,
    VenueState,
)  # fmt: skip

Made = TypeVar("Made")
_PARTS = ("orders", "positions", "fills", "balances")
_NANOSECONDS = re.compile(r"[0-9]{1,19}", re.ASCII)
_CASH = re.compile(r"(-?)([0-9]{1,24})(?:\.([0-9]{1,18}))?", re.ASCII)


class _Object:
    """One JSON object with known keys: what is missing, unknown or of another kind is named."""

    def __init__(self, data: object, where: str, keys: tuple[str, ...]) -> None:
        self.where = where
        if not isinstance(data, dict):
            raise ContractError(f"{where} is no object; write {{...}}")
        for key in data:
            if key not in keys:
                raise ContractError(f"{where} has no key {key[:60]!r}; known: {', '.join(keys)}")
        for key in keys:
            if key not in data:
                raise ContractError(f"{where} lacks the key {key!r}; write it, even if empty")
        self.data: dict[str, Any] = data

    def at(self, key: str) -> str:
        return f"{self.where}.{key}"

    def name(self, key: str) -> str:
        value = self.data[key]
        if not isinstance(value, str) or not value:
            raise ContractError(f"{self.at(key)} {value!r:.60} is no name; write a text")
        return value

    def word(self, key: str) -> str:
        """A text that may be empty."""
        return "" if self.data[key] == "" else self.name(key)

    def name_or_none(self, key: str) -> str | None:
        return None if self.data[key] is None else self.name(key)

    def flag(self, key: str) -> bool:
        value = self.data[key]
        if not isinstance(value, bool):
            raise ContractError(f"{self.at(key)} {value!r:.60} is no switch; write true or false")
        return value

    def time(self, key: str) -> int:
        value = self.data[key]
        if not isinstance(value, str) or not _NANOSECONDS.fullmatch(value):
            raise ContractError(
                f"{self.at(key)} {value!r:.60} is no time; write nanoseconds as a text of digits"
            )
        return int(value)

    def number(self, key: str, least: int | None = None) -> int:
        return decimal_e9(self.data[key], self.at(key), least)

    def side(self, key: str) -> Side:
        side = parse_side(self.data[key])
        if side is None:
            raise ContractError(f"{self.at(key)} {self.data[key]!r:.60} is no side; Buy or Sell")
        return side

    def one_of(self, key: str, kind: Callable[[str], Made], words: list[str]) -> Made:
        value = self.data[key]
        if value not in words:
            shown = ", ".join(words)
            raise ContractError(f"{self.at(key)} {value!r:.60} is unknown; write one of {shown}")
        return kind(value)

    def rows(self, key: str, read: Callable[[object, str], Made]) -> tuple[Made, ...]:
        value = self.data[key]
        if not isinstance(value, list):
            raise ContractError(f"{self.at(key)} is no list; write [...]")
        return tuple(read(row, f"{self.at(key)}[{place}]") for place, row in enumerate(value))

    def amounts(self, key: str, read: Callable[[object, str], int]) -> dict[str, int]:
        value = self.data[key]
        if not isinstance(value, dict):
            raise ContractError(f"{self.at(key)} is no object; write {{name: amount}}")
        return {name: read(given, f"{self.at(key)}.{name}") for name, given in value.items()}


def decimal_e9(value: object, where: str, least: int | None = None) -> int:
    """A number at 10^9 from a decimal text; a JSON number could have lost digits on its way."""
    if not isinstance(value, str):
        raise ContractError(f"{where} {value!r:.60} is no decimal text; write it as \"0.01\"")
    scaled = to_e9(value, where)
    if least is not None and scaled < least:
        rule = "must be above 0" if least else "must be 0 or more"
        raise ContractError(f"{where} {value[:60]!r} {rule}")
    return scaled


def _signed_e9(value: object, where: str) -> int:
    return decimal_e9(value, where)


def _cash_e18(value: object, where: str) -> int:
    match = _CASH.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ContractError(
            f"{where} {value!r:.60} is no amount; write a decimal text of at most 18 decimals"
        )
    amount = int(match[2]) * CASH_SCALE + int((match[3] or "").ljust(18, "0"))
    return -amount if match[1] else amount


def read_local(data: object) -> LocalState:
    """Our side, from the parsed file."""
    top = _Object(data, "local", fields_of(LocalState))
    orders = top.rows("orders", _local_order)
    _unique("local.orders", "client_order_id", [one.client_order_id for one in orders])
    ids = [one.order_id for one in orders if one.order_id is not None]
    _unique("local.orders", "order_id", ids)
    fills = top.rows("fills", _known_fill)
    _unique("local.fills", "fill_id", [one.fill_id for one in fills])
    cash = None if top.data["cash"] is None else top.amounts("cash", _cash_e18)
    return LocalState(
        orders, fills, top.amounts("positions", _signed_e9), cash, top.flag("halted"),
        top.flag("forgets"),
    )  # fmt: skip


def _unique(where: str, key: str, names: list[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise ContractError(f"{where} has {key} {name[:60]!r} twice; keep one of them")
        seen.add(name)


def _local_order(data: object, where: str) -> LocalOrder:
    row = _Object(data, where, fields_of(LocalOrder))
    order = LocalOrder(
        row.name("client_order_id"), row.name_or_none("order_id"), row.name("symbol"),
        row.side("side"), row.number("qty", 1), row.number("price", 1), row.number("filled", 0),
        row.one_of("state", OrderState, [state.value for state in OrderState]),
        row.time("changed_ns"),
    )  # fmt: skip
    if order.filled > order.qty:
        raise ContractError(f"{where}.filled {text(order.filled)!r} is more than its qty; mend it")
    return order


def _known_fill(data: object, where: str) -> KnownFill:
    row = _Object(data, where, fields_of(KnownFill))
    return KnownFill(row.name("fill_id"), row.number("qty", 1), row.number("price", 1))


def read_venue(data: object) -> VenueState:
    """The exchange's side, from the parsed file."""
    if not isinstance(data, dict) or not isinstance(data.get("unanswered"), dict):
        raise ContractError("venue lacks the object 'unanswered'; write {} when all was answered")
    silent = _Object(data["unanswered"], "venue.unanswered", tuple(data["unanswered"]))
    for part in silent.data:
        if part not in _PARTS:
            raise ContractError(f"{silent.at(part)} is no part; known: {', '.join(_PARTS)}")
        if part in data:
            raise ContractError(f"venue.{part} is unanswered and given; drop one of them")
    keys = tuple(name for name in fields_of(VenueState) if name not in silent.data)
    top = _Object(data, "venue", (*keys, "unanswered"))
    found: dict[str, Any] = {part: Unanswered(silent.name(part)) for part in silent.data}
    if "orders" in keys:
        found["orders"] = top.rows("orders", _venue_order)
        _unique("venue.orders", "order_id", [one.order_id for one in found["orders"]])
    if "positions" in keys:
        found["positions"] = top.amounts("positions", _signed_e9)
    if "fills" in keys:
        found["fills"] = None if top.data["fills"] is None else top.rows("fills", _venue_fill)
        _unique("venue.fills", "fill_id", [one.fill_id for one in found["fills"] or ()])
    if "balances" in keys:
        offered = top.data["balances"] is not None
        found["balances"] = top.amounts("balances", _cash_e18) if offered else None
    since = None
    if top.data["unanswered_since_ns"] is not None:
        since = top.time("unanswered_since_ns")
    return VenueState(
        top.time("at_ns"), found["orders"], found["positions"], found["fills"], found["balances"],
        top.rows("answers", _answer), top.flag("can_ask"), since,
    )  # fmt: skip


def _venue_order(data: object, where: str) -> VenueOrder:
    row = _Object(data, where, fields_of(VenueOrder))
    return VenueOrder(
        row.name("order_id"), row.word("client_order_id"), row.name("symbol"), row.side("side"),
        row.number("qty", 1), row.number("price", 1), row.number("filled", 0),
    )  # fmt: skip


def _venue_fill(data: object, where: str) -> VenueFill:
    row = _Object(data, where, fields_of(VenueFill))
    return VenueFill(
        row.name("fill_id"), row.name("order_id"), row.name("symbol"), row.side("side"),
        row.number("qty", 1), row.number("price", 1),
        row.one_of("liquidity", str, ["maker", "taker", ""]), row.time("ts_ns"),
    )  # fmt: skip


def _answer(data: object, where: str) -> Answer:
    row = _Object(data, where, (*fields_of(Answer), "why"))
    words = [word.value for word in Found]
    found: Found | Unanswered
    if row.data["found"] == "unanswered":
        found = Unanswered(row.name("why"))
    else:
        found = row.one_of("found", Found, [*words, "unanswered"])
    given = row.data["order"]
    order = None if given is None else _venue_order(given, row.at("order"))
    fills = row.rows("fills", _venue_fill)
    _unique(row.at("fills"), "fill_id", [one.fill_id for one in fills])
    return Answer(
        row.name("client_order_id"), row.time("at_ns"), found, order, fills, row.word("message")
    )
