"""The rows that a projection is about to write, and the look-ups in those it has written.

What changed is kept here until the batch ends; then each row is written once, parents first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .projection_order import OrderRow
from .projection_position import Position

if TYPE_CHECKING:
    from sqlite3 import Connection

_ORDERS = """
INSERT INTO orders (placed_seq, placed_ns, corr, cause, client_order_id, order_id, symbol, side,
  qty, price, state, filled, late, cost, message, accepted_ns, updated_seq, updated_ns, end_number,
  adopted)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (placed_seq) DO UPDATE SET order_id = excluded.order_id, symbol = excluded.symbol,
  side = excluded.side, qty = excluded.qty, price = excluded.price, state = excluded.state,
  adopted = excluded.adopted, filled = excluded.filled, late = excluded.late, cost = excluded.cost,
  message = excluded.message, accepted_ns = excluded.accepted_ns,
  updated_seq = excluded.updated_seq, updated_ns = excluded.updated_ns,
  end_number = excluded.end_number"""
_FILLS = """
INSERT INTO fills (seq, ts_ns, corr, cause, fill_id, order_id, client_order_id, symbol, side, qty,
  price, liquidity, outcome, charged, fee, fault, detail, why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_CANCELS = """
INSERT INTO cancels (seq, ts_ns, corr, cause, client_order_id, order_id, answer, answer_seq,
  message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_REFUSALS = """
INSERT INTO refusals (seq, ts_ns, corr, cause, symbol, side, qty, price, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_POSITIONS = """
INSERT INTO positions (symbol, qty, cost, realised, cash, fees_maker, fees_taker, bought, sold,
  bought_cost, sold_cost, maker_fills, taker_fills, adopted, adopted_worth, funding)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (symbol) DO UPDATE SET qty = excluded.qty, cost = excluded.cost,
  realised = excluded.realised, cash = excluded.cash, fees_maker = excluded.fees_maker,
  fees_taker = excluded.fees_taker, bought = excluded.bought, sold = excluded.sold,
  bought_cost = excluded.bought_cost, sold_cost = excluded.sold_cost,
  maker_fills = excluded.maker_fills, taker_fills = excluded.taker_fills,
  adopted = excluded.adopted, adopted_worth = excluded.adopted_worth,
  funding = excluded.funding"""
_FUNDING = "INSERT INTO funding (seq, ts_ns, symbol, amount, why) VALUES (?, ?, ?, ?, ?)"
_ADOPTIONS = """
INSERT INTO adoptions (seq, ts_ns, what, name, order_id, symbol, side, qty, price)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_EXECUTIONS = """
SELECT name, order_id, symbol, side, qty, price FROM adoptions WHERE what = 'execution'
ORDER BY seq"""
_LOTS = """
INSERT INTO lots (opened_seq, symbol, qty, price, fill_seq, adoption_seq)
VALUES (?1, ?2, ?3, ?4, iif(?5, NULL, ?1), iif(?5, ?1, NULL))
ON CONFLICT (opened_seq) DO UPDATE SET qty = excluded.qty"""
_QUOTES = """
INSERT INTO quotes (symbol, seq, ts_ns, bid, ask) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (symbol) DO UPDATE SET seq = excluded.seq, ts_ns = excluded.ts_ns,
  bid = excluded.bid, ask = excluded.ask"""

_ORDER_BY_CLIENT_ID = "SELECT * FROM orders WHERE client_order_id = ?"
# An exchange id may come again once the run has forgotten the order that had it.
_ORDER_BY_ORDER_ID = """
SELECT * FROM orders WHERE order_id = ?
ORDER BY end_number IS NULL DESC, end_number DESC LIMIT 1"""
_BOOKED_FILL = """
SELECT client_order_id, qty, price FROM fills
WHERE fill_id = ? AND outcome IN ('applied', 'late') ORDER BY seq DESC LIMIT 1"""

EXECUTION = "execution"
_DETAIL = 16  # the place of a fill's column, and those of a cancel's
_ANSWER, _MESSAGE = 6, 8


class Rows:
    """Orders, positions and quotes as they will be written, or as they were."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_client_id: dict[str, OrderRow] = {}
        self._by_order_id: dict[str, OrderRow] = {}
        self._orders: dict[int, OrderRow] = {}
        self._fills: dict[int, list[Any]] = {}
        self._booked: dict[str, tuple[str, str, str]] = {}
        self._cancels: dict[int, list[Any]] = {}
        self._refusals: list[tuple[Any, ...]] = []
        self._others: list[tuple[str, tuple[Any, ...]]] = []
        self._traded: dict[str, None] = {}
        self._quoted: dict[str, None] = {}
        self._adopted: dict[int, None] = {}
        self.positions = self._read_positions()
        # Executions that were adopted, by their ids: order id, symbol, side, quantity and price.
        self.executions = {row[0]: tuple(row[1:]) for row in connection.execute(_EXECUTIONS)}
        rows = connection.execute("SELECT symbol, seq, ts_ns, bid, ask FROM quotes")
        self.quotes: dict[str, tuple[Any, ...]] = {row[0]: row for row in rows}

    def order(self, client_order_id: str) -> OrderRow | None:
        """An order by our id."""
        found = self._by_client_id.get(client_order_id)
        return found or self._read_order(_ORDER_BY_CLIENT_ID, client_order_id)

    def named_order(self, order_id: str) -> OrderRow | None:
        """The newest order that has this id at the exchange."""
        found = self._by_order_id.get(order_id)
        return found or self._read_order(_ORDER_BY_ORDER_ID, order_id)

    def keep(self, order: OrderRow) -> None:
        """Write this order with the batch."""
        self._orders[order.placed_seq] = order
        self._by_client_id[order.client_order_id] = order
        if order.order_id is not None:
            self._by_order_id[order.order_id] = order

    def booked_fill(self, fill_id: str) -> tuple[str, str, str] | None:
        """Order, quantity and price of the execution that was last booked under this id."""
        found = self._booked.get(fill_id)
        if found is None:
            found = self._connection.execute(_BOOKED_FILL, (fill_id,)).fetchone()
        return found

    def add_fill(self, row: list[Any], *, is_booked: bool) -> None:
        seq, fill_id, client_order_id, qty, price = row[0], row[4], row[6], row[9], row[10]
        self._fills[seq] = row
        if is_booked:
            self._booked[fill_id] = (client_order_id, qty, price)

    def explain_fill(self, seq: int, detail: str) -> None:
        """Why the run did not book a fill."""
        row = self._fills.get(seq)
        if row is not None:
            row[_DETAIL] = detail
        else:
            self.change("UPDATE fills SET detail = ? WHERE seq = ?", detail, seq)

    def add_cancel(self, row: list[Any]) -> None:
        self._cancels[row[0]] = row

    def answer_cancel(self, cause: int, answer: str, seq: int, message: str | None) -> None:
        """What the exchange said to the cancel that `cause` is, if it is one."""
        row = self._cancels.get(cause)
        if row is not None:
            row[_ANSWER : _MESSAGE + 1] = answer, seq, message
        elif cause:
            self.change(
                "UPDATE cancels SET answer = ?, answer_seq = ?, message = ? WHERE seq = ?",
                answer, seq, message, cause,
            )  # fmt: skip

    def add_refusal(self, *row: Any) -> None:
        self._refusals.append(row)

    def add_funding(self, *row: Any) -> None:
        self.change(_FUNDING, *row)

    def position(self, symbol: str) -> Position:
        """A position that is about to change."""
        self._traded[symbol] = None
        if symbol not in self.positions:
            self.positions[symbol] = Position(symbol)
        return self.positions[symbol]

    def add_adoption(self, *row: Any) -> None:
        """`row` as the table holds it."""
        self.change(_ADOPTIONS, *row)
        if row[2] == EXECUTION:
            self.executions[row[3]] = row[4:]
        self._adopted[row[0]] = None

    def names(self) -> list[str]:
        """The client order ids of all orders."""
        kept = self._connection.execute("SELECT client_order_id FROM orders").fetchall()
        return [*(row[0] for row in kept), *(one.client_order_id for one in self._orders.values())]

    def set_quote(self, *row: Any) -> None:
        self._quoted[row[0]] = None
        self.quotes[row[0]] = row

    def change(self, statement: str, *values: Any) -> None:
        """A statement for after the orders, fills and cancels of the batch."""
        self._others.append((statement, values))

    def write(self) -> None:
        """Put everything that changed into the tables, within the caller's transaction."""
        connection = self._connection
        connection.executemany(_ORDERS, [order.row() for order in self._orders.values()])
        connection.executemany(_FILLS, self._fills.values())
        connection.executemany(_CANCELS, self._cancels.values())
        connection.executemany(_REFUSALS, self._refusals)
        for statement, values in self._others:
            connection.execute(statement, values)
        connection.executemany(_QUOTES, [self.quotes[symbol] for symbol in self._quoted])
        self._write_positions()
        self._forget()

    def _write_positions(self) -> None:
        changed = [self.positions[symbol] for symbol in self._traded]
        lots = [lot for position in changed for lot in position.changed_lots()]
        closed = [(seq,) for seq, _, qty, _ in lots if qty is None]
        self._connection.executemany("DELETE FROM lots WHERE opened_seq = ?", closed)
        self._connection.executemany(_POSITIONS, [position.row() for position in changed])
        kept = [(*lot, lot[0] in self._adopted) for lot in lots if lot[2] is not None]
        self._connection.executemany(_LOTS, kept)

    def _forget(self) -> None:
        """Keep in memory what can still change often: live orders, positions, quotes."""
        for order in self._orders.values():
            if order.has_ended:
                del self._by_client_id[order.client_order_id]
                self._by_order_id.pop(order.order_id or "", None)
        for changed in (self._orders, self._fills, self._booked, self._cancels, self._refusals,
                        self._others, self._traded, self._quoted, self._adopted):  # fmt: skip
            changed.clear()

    def _read_order(self, statement: str, wanted: str) -> OrderRow | None:
        """An order that is not in memory, which is one that has ended or a live one of before."""
        row = self._connection.execute(statement, (wanted,)).fetchone()
        if row is None:
            return None
        return self._by_client_id.get(row[4]) or OrderRow.of_row(row)

    def _read_positions(self) -> dict[str, Position]:
        lots: dict[str, list[tuple[int, str, str]]] = {}
        for symbol, *lot in self._connection.execute(
            "SELECT symbol, opened_seq, qty, price FROM lots ORDER BY opened_seq"
        ):
            lots.setdefault(symbol, []).append((lot[0], lot[1], lot[2]))
        rows = self._connection.execute("SELECT * FROM positions ORDER BY symbol")
        return {row[0]: Position.of_row(row, lots.get(row[0], [])) for row in rows}
