"""Recorded events to rows: a second reader of the journal, which knows no store and no ledger.

Only what was recorded counts. Whether a fill was booked follows from the orders and fills that are
in the record before it; what the run said of it, its next words, must agree. What the exchange
said that cannot be (an answer to no order of ours) changed nothing in the run and is listed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..core.contracts_v1 import (
    INPUTS, OUTPUTS, Approved, CancelFailed, CancelOrder, Executed, Fill, FillAdopted, FillFault,
    FillRefused, Frozen, FundingPaid, IntentRefused, LateFill, OrderAccepted, OrderAdopted,
    OrderCanceled, OrderRejected, PositionAdopted, QuoteUpdate, Unfrozen,
)  # fmt: skip
from ..core.errors import ContractError
from ..core.line import source_of
from ..core.money import fee_e18
from ..core.order import CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING, REJECTED
from .errors import JournalError
from .frame import SYSTEM
from .projection_adoptions import AdoptedBooks
from .projection_exact import Numbers, money_text, told_money
from .projection_facts import (
    Fees, Names, check_side, names_of, note_log, note_opening, note_report, read_fields,
)  # fmt: skip
from .projection_order import OrderRow
from .projection_rows import Rows
from .reader import Record
from .run_facts import OPENED, REPORTED, SOURCE

if TYPE_CHECKING:
    from sqlite3 import Connection

_SOURCES = {kind.kind: source_of(kind) for kind in (*INPUTS, *OUTPUTS)}
_APPLIED, _LATE, _DUPLICATE, _REFUSED = "applied", "late", "duplicate", "refused"
# What the run says next of a fill with this outcome; of the others it says nothing.
_ANNOUNCED = {_LATE: "order.late_fill", _REFUSED: "order.fill_refused"}


class NotProjectable(JournalError):
    """An intact record that fits neither this program nor the records before it."""


class Books(AdoptedBooks):
    """All that the tables say behind `last_seq`, ready to take the next record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = Rows(connection)
        self._numbers = Numbers()
        found = connection.execute("SELECT last_seq, head_hash, line_seq FROM meta").fetchone()
        self.last_seq: int = found[0]
        self.head_hash: str = found[1]
        self.line_seq: int = found[2]
        self._fees = self._read_fees()
        self._retain: int | None = self._single("SELECT retain FROM run")
        self._ended: int = self._single("SELECT max(end_number) FROM orders") or 0
        # The fill that the last entry of the line is, while the run has not spoken of it.
        self._fill: tuple[int, str, str | None] | None = connection.execute(
            "SELECT seq, outcome, fault FROM fills WHERE seq = ?", (self.line_seq,)
        ).fetchone()

    def take(self, one: Record) -> None:
        """Work in the next record; NotProjectable when it cannot be the next."""
        source = one.src
        try:
            if source == SYSTEM:
                note_log(self._rows, one)
            elif source == SOURCE:
                self._about_the_run(one)
            else:
                self._entry(one, source, one.topic)
        except ContractError as error:
            raise NotProjectable(
                f"seq {one.seq} ({one.topic}) cannot be projected: {error}; look at it with"
                " `journal show`, and use the version that wrote it"
            ) from None
        self.last_seq, self.head_hash = one.seq, one.hash.hex()

    def write(self) -> None:
        """Put everything since the last time into the tables, `meta` with it."""
        self._rows.write()
        self._connection.execute(
            "UPDATE meta SET last_seq = ?, head_hash = ?, line_seq = ?",
            (self.last_seq, self.head_hash, self.line_seq),
        )

    # The log, the run and its line.

    def _about_the_run(self, one: Record) -> None:
        if one.topic == OPENED and not self._fees:
            self._fees, self._retain = note_opening(self._rows, one)
        elif one.topic == REPORTED and self._fees:
            note_report(self._rows, one)
        else:
            raise ContractError("a journal holds one run, from its opening to its report")

    def _entry(self, one: Record, source: str, topic: str) -> None:
        seq = one.sseq
        if _SOURCES.get(topic) != source:
            raise ContractError(f"{source} says nothing of the kind {topic}")
        if not self._fees:
            raise ContractError("no run was opened before it")
        if seq != self.line_seq + 1:
            raise ContractError(f"the line has seq {seq} where {self.line_seq + 1} must be")
        if self._fill is not None:
            self._hear_of_fill(one)
        reading = READINGS.get(topic)
        if reading is not None:
            names, verb = reading
            verb(self, one, seq, *read_fields(one, names))
        elif topic not in IGNORED:
            raise ContractError("this program does not know the kind")
        self.line_seq = seq

    def _quote(self, one: Record, seq: int, ask: str, bid: str, symbol: str) -> None:
        self._rows.set_quote(symbol, seq, one.ts, self._number(bid), self._number(ask))

    def _place(
        self, one: Record, seq: int, client_order_id: str, price: str, qty: str, side: str,
        symbol: str,
    ) -> None:  # fmt: skip
        check_side(side)
        if self._rows.order(client_order_id) is not None:
            raise ContractError(f"order {client_order_id!r:.60} was placed before")
        self._rows.keep(
            OrderRow(
                placed_seq=seq, placed_ns=one.ts, corr=one.corr, cause=one.cause,
                client_order_id=client_order_id, symbol=symbol, side=side,
                qty=self._numbers[qty], price=self._numbers[price],
            )  # fmt: skip
        )

    def _accepted(self, one: Record, seq: int, client_order_id: str, order_id: str) -> None:
        order = self._known(self._rows.order(client_order_id))
        if order is None:
            return self._contradict(one, f"no order has the client order id {client_order_id!r}")
        if order.standing is not PENDING:
            if order.order_id != order_id:
                said = f"order {client_order_id} is {order.order_id!r}, not {order_id!r}"
                self._contradict(one, said)
            return None
        holder = self._known(self._rows.named_order(order_id))
        if holder is not None:
            said = f"the id {order_id!r} is that of {holder.client_order_id}"
            return self._contradict(one, said)
        order.order_id, order.accepted_ns = order_id, one.ts
        order.standing = OPEN
        return self._changed(order, one)

    def _rejected(self, one: Record, seq: int, client_order_id: str, message: str) -> None:
        order = self._known(self._rows.order(client_order_id))
        if order is None:
            return self._contradict(one, f"no order has the client order id {client_order_id!r}")
        if order.order_id is not None:
            return self._end_canceled(one, order)
        if not order.may_become(REJECTED):
            return self._contradict(one, f"order {client_order_id} was rejected before")
        order.standing, order.message = REJECTED, message
        return self._end(order, one)

    def _canceled(self, one: Record, seq: int, order_id: str) -> None:
        self._rows.answer_cancel(one.cause, "canceled", seq, None)
        order = self._known(self._rows.named_order(order_id))
        if order is not None:
            self._end_canceled(one, order)

    def _cancel_failed(self, one: Record, seq: int, message: str, order_id: str) -> None:
        self._rows.answer_cancel(one.cause, "failed", seq, message)

    def _cancel(self, one: Record, seq: int, client_order_id: str, order_id: str) -> None:
        order = self._rows.order(client_order_id)
        if order is None or order.order_id != order_id:
            raise ContractError(f"there is no order {client_order_id!r:.60} as {order_id!r:.60}")
        self._rows.add_cancel(
            [seq, one.ts, one.corr, one.cause, client_order_id, order_id, None, None, None]
        )

    def _end_canceled(self, one: Record, order: OrderRow) -> None:
        if not order.has_ended:
            order.standing = CANCELED
            self._end(order, one)

    def _end(self, order: OrderRow, one: Record) -> None:
        self._ended += 1
        order.end_number = self._ended
        self._changed(order, one)

    def _changed(self, order: OrderRow, one: Record) -> None:
        order.touch(one.sseq, one.ts)
        self._rows.keep(order)

    def _known(self, order: OrderRow | None) -> OrderRow | None:
        """An order, unless the run has forgotten it: it keeps so many of those that ended."""
        if order is None or order.end_number is None or self._retain is None:
            return order
        return order if self._ended - order.end_number < self._retain else None

    def _contradict(self, one: Record, what: str) -> None:
        self._rows.change(
            "INSERT INTO contradictions (seq, ts_ns, topic, what) VALUES (?, ?, ?, ?)",
            one.sseq, one.ts, one.topic, what,
        )  # fmt: skip

    # Fills.

    def _fill_reported(self, one: Record, seq: int, *told: str) -> None:
        self._execution(one, seq, *told, fee=None, why="")

    def _executed(self, one: Record, seq: int, *told: str) -> None:
        fee, *fill, why = told
        self._execution(one, seq, *fill, fee=fee, why=why)

    def _execution(
        self, one: Record, seq: int, fill_id: str, liquidity: str, order_id: str, price: str,
        qty: str, side: str, symbol: str, *, fee: str | None, why: str,
    ) -> None:  # fmt: skip
        check_side(side)
        told_e18 = None if fee is None else told_money(fee)
        size, paid = self._numbers[qty], self._numbers[price]
        order = self._known(self._rows.named_order(order_id))
        adopted = self._adopted_outcome(fill_id, order_id, symbol, side, qty, price)
        if adopted is not None:
            outcome, fault = adopted
        elif order is None:
            outcome, fault = _refusal(FillFault.UNKNOWN_ORDER)
        elif size <= 0 or paid <= 0 or (symbol, side) != (order.symbol, order.side):
            outcome, fault = _refusal(FillFault.BAD_NUMBERS)
        else:
            outcome, fault = self._judge(order, fill_id, qty, price)
        charged = paid_fee = None
        if order is not None and outcome in (_APPLIED, _LATE):
            charged = self._charged(symbol, side, paid, liquidity)
            by_schedule = fee_e18(size * paid, self._rate(seq, charged))
            fee_paid = by_schedule if told_e18 is None else told_e18
            paid_fee = money_text(fee_paid)
            self._rows.position(symbol).book(seq, side, size, paid, charged, fee_paid)
            self._book(order, one, size, paid, outcome)
        self._rows.add_fill(
            [seq, one.ts, one.corr, one.cause, fill_id, order_id,
             order and order.client_order_id, symbol, side, qty, price, liquidity, outcome,
             charged, paid_fee, fault, None, why],
            is_booked=charged is not None,
        )  # fmt: skip
        self._fill = (seq, outcome, fault)

    def _funding_paid(self, one: Record, seq: int, amount: str, symbol: str, why: str) -> None:
        self._rows.position(symbol).fund(told_money(amount))
        self._rows.add_funding(seq, one.ts, symbol, amount, why)

    def _judge(
        self, order: OrderRow, fill_id: str, qty: str, price: str
    ) -> tuple[str, str | None]:
        """What becomes of an execution of one of our orders, and which fault it has if any."""
        booked = self._rows.booked_fill(fill_id)
        if booked is not None and self._known(self._rows.order(booked[0])) is not None:
            if booked == (order.client_order_id, qty, price):
                return _DUPLICATE, None
            return _refusal(FillFault.CONFLICT)
        if order.filled + order.late + self._numbers[qty] > order.qty:
            return _refusal(FillFault.OVERFILL)
        return _LATE if order.has_ended else _APPLIED, None

    def _book(self, order: OrderRow, one: Record, qty: int, price: int, outcome: str) -> None:
        order.cost += qty * price
        if outcome == _LATE:
            order.late += qty
            return self._changed(order, one)
        order.filled += qty
        if order.filled < order.qty:
            order.standing = PARTIALLY_FILLED
            return self._changed(order, one)
        order.standing = FILLED
        return self._end(order, one)

    def _charged(self, symbol: str, side: str, price: int, liquidity: str) -> str:
        """Which fee a fill pays; one of a silent venue took if it crossed the newest quote."""
        quote = self._rows.quotes.get(symbol)
        if liquidity or quote is None:
            return "maker" if liquidity not in ("", "taker") else "taker"
        bid, ask = self._numbers[quote[3]], self._numbers[quote[4]]
        crossed = not ask or (price >= ask if side == "Buy" else price <= bid)
        return "taker" if crossed else "maker"

    def _rate(self, seq: int, charged: str) -> int:
        """The fee in force at a seq, in basis points at 10^9."""
        _, maker, taker = [fees for fees in self._fees if fees[0] <= seq][-1]
        return taker if charged == "taker" else maker

    def _hear_of_fill(self, one: Record) -> None:
        """The entry behind a fill says what the run made of it: it must be what we made of it."""
        assert self._fill is not None
        seq, outcome, _ = self._fill
        said = one.topic if one.topic in _ANNOUNCED.values() else None
        if said != _ANNOUNCED.get(outcome):
            raise ContractError(f"the fill of seq {seq} is {outcome} by the record before it")
        if said is None:
            self._fill = None

    def _late_fill(self, one: Record, seq: int, *told: str) -> None:
        self._of_the_fill(one)

    def _fill_refused(
        self, one: Record, seq: int, detail: str, fault: str, fill_id: str, order_id: str
    ) -> None:
        fill_seq, derived = self._of_the_fill(one)
        if derived != fault:
            raise ContractError(f"the fill of seq {fill_seq} is {derived}, not {fault:.60}")
        self._rows.explain_fill(fill_seq, detail)

    def _of_the_fill(self, one: Record) -> tuple[int, str | None]:
        """The fill that the run speaks of, which is the entry before, and its fault."""
        fill, self._fill = self._fill, None
        if fill is None or fill[0] != one.cause:
            raise ContractError("it does not follow the fill that it speaks of")
        return fill[0], fill[2]

    # The gate.

    def _refused(
        self, one: Record, seq: int, price: str, qty: str, reason: str, side: str, symbol: str
    ) -> None:
        self._rows.add_refusal(
            seq, one.ts, one.corr, one.cause, symbol, side, self._number(qty),
            self._number(price), reason,
        )  # fmt: skip

    def _frozen(self, one: Record, seq: int, reason: str, symbol: str | None) -> None:
        self._rows.change(
            "INSERT INTO freezes (seq, ts_ns, reason, symbol) VALUES (?, ?, ?, ?)",
            seq, one.ts, reason, symbol,
        )  # fmt: skip

    def _unfrozen(self, one: Record, seq: int, actor: str, reason: str) -> None:
        self._rows.change(
            "UPDATE freezes SET lifted_seq = ?, lifted_ns = ?, lifted_reason = ?, lifted_by = ?"
            " WHERE lifted_seq IS NULL", seq, one.ts, reason, actor,
        )  # fmt: skip

    # Reading.

    def _number(self, digits: str) -> str:
        """The text itself, once it is known to be the one spelling of a number."""
        self._numbers[digits]
        return digits

    def _read_fees(self) -> Fees:
        rows = self._connection.execute(
            "SELECT from_seq, maker_bps, taker_bps FROM terms ORDER BY from_seq"
        )
        return [(seq, self._numbers[maker], self._numbers[taker]) for seq, maker, taker in rows]

    def _single(self, statement: str) -> Any:
        row = self._connection.execute(statement).fetchone()
        return None if row is None else row[0]


def _refusal(fault: FillFault) -> tuple[str, str | None]:
    return _REFUSED, fault.value


Reading: TypeAlias = tuple[Names, Callable[..., None]]

READINGS: dict[str, Reading] = {
    kind.kind: (names_of(kind), verb)
    for kind, verb in (
        (QuoteUpdate, Books._quote),
        (Approved, Books._place),
        (OrderAccepted, Books._accepted),
        (OrderRejected, Books._rejected),
        (OrderCanceled, Books._canceled),
        (CancelFailed, Books._cancel_failed),
        (CancelOrder, Books._cancel),
        (Fill, Books._fill_reported),
        (Executed, Books._executed),
        (FundingPaid, Books._funding_paid),
        (LateFill, Books._late_fill),
        (FillRefused, Books._fill_refused),
        (IntentRefused, Books._refused),
        (Frozen, Books._frozen),
        (Unfrozen, Books._unfrozen),
        (OrderAdopted, Books._order_adopted),
        (FillAdopted, Books._fill_adopted),
        (PositionAdopted, Books._position_adopted),
    )
}
# What has no row of its own. A new kind belongs in one of the two, or no journal with it is read.
IGNORED = frozenset({
    "run.params", "run.rules", "edge.update", "order.cancel_all", "order.list_open",
    "order.open_listed", "order.open_unknown", "risk.freeze_ordered", "risk.unfreeze_ordered",
    "run.timer", "run.resumed", "run.reconciled", "order.unknown", "order.absent",
    "order.query_failed",
    "order.query", "order.place_again", "order.cancel_unknown", "order.abandoned",
    "order.doubt_alert", "md.gap_detected", "md.resync_started", "md.resync_finished",
    "md.feed_lost", "md.stale", "edge.judged",
})  # fmt: skip
