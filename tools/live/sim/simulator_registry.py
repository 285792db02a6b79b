"""Orders on file: one file an order, `YYYY/MM/DD/<order id>.json`, and an index beside them.

The index is a line for each order that was saved or deleted, written before the file, so that a
crash can leave a line without its file but no file without its line. What a line says is only a
hint: the answer is always what the file says. A search opens only the files that the index names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from ..core.codec import canonical, load_strict, pretty
from ..core.errors import ContractError
from .simulator_contracts import Order, OrderExecution, OrderStatus
from .simulator_folder import Folder
from .simulator_names import check_name
from .simulator_numbers import moment, time_ns
from .simulator_text import fields, flag, order_data, order_from

INDEX = "index.jsonl"

_SPARE_LINES = 1000


class _Row(NamedTuple):
    """What the index knows of an order."""

    created_ns: int
    order_id: str
    symbol: str


class OrderFiles:
    """Orders in a folder, found by their id, symbol, status and time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._rows: dict[str, _Row] = {}
        self._lines = 0
        self._read_index()

    def save_order(self, order: Order) -> str:
        """Store an order, replacing what was stored under its id; returns its path."""
        row = _Row(order.created_ns, check_name(order.order_id, "order_id"), order.symbol)
        known = self._rows.get(row.order_id)
        if known is not None and _path(known) != _path(row):
            raise ContractError(
                f"order {row.order_id!r} is stored at {_path(known)} already; an id is used once"
            )
        if known != row:
            self._note(row, deleted=False)
            self._rows[row.order_id] = row
        self._folder.put(_path(row), (pretty(order_data(order)) + "\n").encode("ascii"))
        return _path(row)

    def load_order(self, order_id: str) -> Order:
        """The order of this id; FileNotFoundError when there is none."""
        row = self._rows.get(check_name(order_id, "order_id"))
        if row is None:
            raise FileNotFoundError(f"order {order_id!r} is not on file")
        return self._load(row)

    def list_orders(
        self,
        symbol: str | None = None,
        status: OrderStatus | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Order]:
        """Orders that fit, newest first; `since` and `until` are about their creation."""
        first = None if since is None else time_ns(since, "since")
        last = None if until is None else time_ns(until, "until")
        found: list[Order] = []
        for row in sorted(self._rows.values(), reverse=True):
            if limit is not None and len(found) >= limit:
                break
            early = first is not None and row.created_ns < first
            late = last is not None and row.created_ns > last
            if early or late or symbol not in (None, row.symbol):
                continue
            try:
                order = self._load(row)
            except FileNotFoundError:  # its line was written, then came the crash
                continue
            if status in (None, order.status):
                found.append(order)
        return found

    def get_executions(self, order_id: str) -> list[OrderExecution]:
        """What was executed of an order, oldest first."""
        return self.load_order(order_id).executions

    def delete_order(self, order_id: str) -> bool:
        """Remove an order; False when there was none."""
        row = self._rows.get(check_name(order_id, "order_id"))
        if row is None:
            return False
        try:
            self._folder.remove(_path(row))
        except FileNotFoundError:
            pass
        self._note(row, deleted=True)
        del self._rows[order_id]
        return True

    def _load(self, row: _Row) -> Order:
        path = _path(row)
        raw = self._folder.read(path)
        try:
            order = order_from(load_strict(raw, "it"))
        except ContractError as error:
            raise ContractError(f"order file {path} cannot be used: {error}") from None
        if _Row(order.created_ns, order.order_id, order.symbol) != row:
            raise ContractError(f"order file {path} is of another order, {order.order_id!r:.80}")
        return order

    def _note(self, row: _Row, *, deleted: bool) -> None:
        if self._lines > 2 * len(self._rows) + _SPARE_LINES:
            self._folder.put(INDEX, b"".join(_line(r, False) for r in self._rows.values()))
            self._lines = len(self._rows)
        self._folder.append(INDEX, _line(row, deleted))
        self._lines += 1

    def _read_index(self) -> None:
        try:
            raw = self._folder.read(INDEX)
        except FileNotFoundError:
            return
        whole, _, torn = raw.rpartition(b"\n")
        if torn:  # the end of a line that a crash cut off; its file was never written
            self._folder.put(INDEX, whole + b"\n" if whole else b"")
        lines = whole.split(b"\n") if whole else []
        for number, line in enumerate(lines, 1):
            row, deleted = _read_line(load_strict(line, f"{INDEX} line {number}"))
            if deleted:
                self._rows.pop(row.order_id, None)
            else:
                self._rows[row.order_id] = row
        self._lines = len(lines)


def _line(row: _Row, deleted: bool) -> bytes:
    return canonical({**row._asdict(), "deleted": deleted}).encode("ascii") + b"\n"


def _read_line(told: object) -> tuple[_Row, bool]:
    data: dict[str, Any] = fields(told, (*_Row._fields, "deleted"), "index line")
    created, symbol = data["created_ns"], data["symbol"]
    if type(created) is not int or created < 0 or not isinstance(symbol, str):
        raise ContractError(f"index line {data!r:.200} is not of an order")
    row = _Row(created, check_name(data["order_id"], "order_id"), symbol)
    return row, flag(data["deleted"], "deleted")


def _path(row: _Row) -> str:
    return f"{moment(row.created_ns).strftime('%Y/%m/%d')}/{row.order_id}.json"
