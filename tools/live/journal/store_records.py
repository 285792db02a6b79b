"""What a durable order store writes down: one record a change, read as strictly as it is written.

A change is read into a function that carries itself out on a store. The store that writes a record
and the one that is rebuilt from it call the same function, so they cannot come out differently.
Quantities and prices are exact decimal text; the time of a change is the time of its record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.money import LARGEST_E9, positive_e9
from ..core.money import text as decimal_text
from ..core.order import Order, OrderState
from ..fold_state.plain import count, keys, one_of, optional, text, wrong
from ..order_store import InMemoryOrderStore
from .errors import JournalError
from .frame import SYSTEM
from .reader import Record

LOG_ID = "orders-v1"
SOURCE = "store"
VERSION = 1

OPENED = "store.opened"
NUMBERED = "store.numbered"
ENTERED = "store.entered"
MOVED = "store.moved"
ACCEPTED = "store.accepted"
NAMED = "store.named"
FILL = "store.fill"
FILLED_TO = "store.filled_to"

Change: TypeAlias = Callable[[InMemoryOrderStore], Any]

_NS_END = 1 << 63
_SIDES = {side.value: side for side in Side}
_STATES = {state.value: state for state in OrderState}


class NotAStore(JournalError):
    """An intact log, but not one that this program can rebuild an order store from."""

    exit_code = 3

    def __init__(self, seq: int, topic: str, why: str) -> None:
        self.seq = seq
        self.topic = topic
        super().__init__(
            f"seq {seq} ({topic}) is intact, but no order store can be rebuilt from it: {why};"
            " nothing was changed; open the log with the program that wrote it"
        )


class Rebuilt:
    """A store as far as its log has been read; None until the record that opens it."""

    def __init__(self) -> None:
        self.store: InMemoryOrderStore | None = None
        self.newest_ns = 0
        self.head = b""  # the hash of the last record that was read

    def take(self, records: Iterable[Record], last_seq: int | None = None) -> None:
        """Carry out the changes of some records, in their order, up to `last_seq`."""
        for one in records:
            if last_seq is not None and one.seq > last_seq:
                return
            self.newest_ns = max(self.newest_ns, one.ts)
            self.head = one.hash
            if one.src != SYSTEM:
                try:
                    self._take(one)
                except ContractError as error:
                    raise NotAStore(one.seq, one.topic, str(error)) from None

    def _take(self, one: Record) -> None:
        if one.src != SOURCE:
            raise ContractError(f"source {one.src!r} is not {SOURCE!r}")
        if (self.store is None) is not (one.topic == OPENED):
            raise ContractError(f"a store's log begins with {OPENED}, which comes once")
        if self.store is None:
            self.store = InMemoryOrderStore(read_opened(one.payload()))
        else:
            read_change(one.topic, one.payload(), one.ts)(self.store)


def opened_payload(retain: int | None) -> dict[str, Any]:
    """The content of the first record."""
    return {"retain": retain, "version": VERSION}


def read_opened(told: Any) -> int | None:
    """How many ended orders the store keeps; ContractError when the record is not of this form."""
    if isinstance(told, dict) and told.get("version") != VERSION:
        raise wrong("version", told.get("version"), f"{VERSION}, which this program knows")
    keys(told, ("retain", "version"), OPENED)
    return optional(told["retain"], "retain", count)


def amount(scaled: int, what: str) -> str:
    """A quantity or price as it is recorded; ContractError when it could not be read again."""
    if type(scaled) is not int or not 0 < scaled <= LARGEST_E9:
        raise wrong(what, scaled, f"an integer from 1 to {LARGEST_E9}, in units of 10^-9")
    return decimal_text(scaled)


def read_change(topic: str, told: Any, ns: int) -> Change:
    """The change that a record tells of; ContractError names what cannot be."""
    known = _CHANGES.get(topic)
    if known is None:
        raise ContractError("nobody knows a change of that name")
    if type(ns) is not int or not 0 <= ns < _NS_END:
        raise wrong("time", ns, "whole nanoseconds since 1970, below 2^63")
    names, read = known
    return read(keys(told, names, topic), ns)


def _numbered(told: dict[str, Any], ns: int) -> Change:
    own_id = _text(told, "client_order_id")

    def number(store: InMemoryOrderStore) -> str:
        _check_next(store, own_id)
        return store.generate_client_order_id()

    return number


def _entered(told: dict[str, Any], ns: int) -> Change:
    own_id, symbol = _text(told, "client_order_id"), _text(told, "symbol")
    side = one_of(told["side"], _SIDES, "side")
    qty, price = _amount(told, "qty"), _amount(told, "price")

    def enter(store: InMemoryOrderStore) -> Order:
        _check_next(store, own_id)
        return store.open_pending(symbol, side, qty, price, ns)

    return enter


def _moved(told: dict[str, Any], ns: int) -> Change:
    own_id, state = _text(told, "client_order_id"), one_of(told["state"], _STATES, "state")
    order_id = optional(told["order_id"], "order_id", text)
    message = optional(told["message"], "message", text)

    def move(store: InMemoryOrderStore) -> None:
        order = _kept(store, own_id)
        if order_id is not None:
            store.identify(order, order_id)
        store.move(order, state, ns, message)

    return move


def _accepted(told: dict[str, Any], ns: int) -> Change:
    own_id, order_id = _text(told, "client_order_id"), _text(told, "order_id")
    return lambda store: store.accept(_kept(store, own_id), order_id, ns)


def _named(told: dict[str, Any], ns: int) -> Change:
    own_id, order_id = _text(told, "client_order_id"), _text(told, "order_id")
    return lambda store: store.identify(_kept(store, own_id), order_id)


def _fill(told: dict[str, Any], ns: int) -> Change:
    own_id, fill_id = _text(told, "client_order_id"), _text(told, "fill_id")
    qty, price = _amount(told, "qty"), _amount(told, "price")
    return lambda store: store.apply_fill(_kept(store, own_id), fill_id, qty, price, ns)


def _filled_to(told: dict[str, Any], ns: int) -> Change:
    own_id = _text(told, "client_order_id")
    qty, price = _text(told, "qty"), _text(told, "price")
    _amount(told, "qty"), _amount(told, "price")
    if ns % NS_PER_MS:
        raise wrong("time", ns, "a whole millisecond")

    def fill_to(store: InMemoryOrderStore) -> None:
        _kept(store, own_id)
        store.update_fill(own_id, qty, price, ns // NS_PER_MS)

    return fill_to


def _text(told: dict[str, Any], name: str) -> str:
    return text(told[name], name)


def _amount(told: dict[str, Any], name: str) -> int:
    """An amount above zero, in the one spelling in which it is written."""
    digits = _text(told, name)
    scaled = positive_e9(digits, name)
    if decimal_text(scaled) != digits:
        raise wrong(name, digits, f"spelled {decimal_text(scaled)}")
    return scaled


def _kept(store: InMemoryOrderStore, own_id: str) -> Order:
    order = store.orders.get(own_id)
    if order is None:
        raise wrong("client_order_id", own_id, "that of an order which is kept")
    return order


def _check_next(store: InMemoryOrderStore, own_id: str) -> None:
    if own_id != store.next_id:
        raise wrong("client_order_id", own_id, f"the next, {store.next_id}")


_CHANGES: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any], int], Change]]] = {
    NUMBERED: (("client_order_id",), _numbered),
    ENTERED: (("client_order_id", "price", "qty", "side", "symbol"), _entered),
    MOVED: (("client_order_id", "message", "order_id", "state"), _moved),
    ACCEPTED: (("client_order_id", "order_id"), _accepted),
    NAMED: (("client_order_id", "order_id"), _named),
    FILL: (("client_order_id", "fill_id", "price", "qty"), _fill),
    FILLED_TO: (("client_order_id", "price", "qty"), _filled_to),
}
