"""Projections for tests: small journals by hand, random ones, and what their tables must hold."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import T0_NS, a_fill
from tests.unit.journal_builders import LOG_ID, opened
from tests.unit.moody_world import a_world_monitor
from tests.unit.run_journals import put, terms_of
from tests.unit.test_properties import Answers
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, SELL, CancelFailed, CancelOrder, Entry, Executed, Fill, FundingPaid,
    IntentRefused, OrderAccepted, OrderCanceled, OrderRejected, Side,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.line import source_of
from tools.live.core.order import Order, OrderState
from tools.live.fold import Fold
from tools.live.journal.disk import Disk
from tools.live.journal.outcome import Limits
from tools.live.journal.projection import Projection
from tools.live.journal.projection_books import NotProjectable
from tools.live.journal.projection_exact import exact_e9, money_e18
from tools.live.journal.projection_schema import TABLES
from tools.live.journal.reader import Reader, Record
from tools.live.journal.run_facts import Parent, RunOpened, Terms, opened_payload
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.ledger import Ledger

NAMES = tuple(table.split()[2] for table in TABLES)
SOURCES = {kind.kind: source_of(kind) for kind in INPUTS}
FEES = (10**9, 7 * 10**9)
TERMS = Terms(10**12, 10**12, 10**9, *FEES)


class Script:
    """A journal that is written word by word; `say` answers with the word's seq on the line."""

    def __init__(
        self, *, retain: int | None = None, terms: Terms = TERMS, parent: Parent | None = None,
        limits: Limits | None = None, open_run: bool = True, log_id: str = LOG_ID,
    ) -> None:  # fmt: skip
        self.disk = SimDisk()
        self.journal = opened(self.disk, log_id=log_id, limits=limits)
        self.seq = 0
        opening = RunOpened(
            {"symbols": ["BTCUSDT"]}, "scripted", T0_NS, T0_NS, terms, retain, {}, "0.1.0", parent
        )
        if open_run:
            self.about_the_run("run.opened", opened_payload(opening))

    def about_the_run(self, topic: str, payload: Any) -> None:
        sseq = 1 if topic == "run.opened" else 2
        self.journal.append(topic, T0_NS, "run", sseq, payload)
        self.journal.commit_all()

    def say(self, topic: str, *, cause: int = 0, src: str | None = None, **payload: Any) -> int:
        self.seq += 1
        src = SOURCES.get(topic, "loop") if src is None else src
        self.journal.append(
            topic, T0_NS + self.seq, src, self.seq, payload, corr=self.seq, cause=cause
        )
        self.journal.commit_all()
        return self.seq

    # The usual words.

    def place(self, number: int = 1, *, side: str = "Buy", qty: str = "2", price: str = "100",
              symbol: str = "BTCUSDT") -> int:  # fmt: skip
        return self.say(
            "order.place", client_order_id=f"CLI{number:08d}", symbol=symbol, side=side, qty=qty,
            price=price,
        )  # fmt: skip

    def accept(self, number: int = 1, order_id: str | None = None) -> int:
        name = f"X{number}" if order_id is None else order_id
        return self.say("order.accepted", client_order_id=f"CLI{number:08d}", order_id=name)

    def reject(self, number: int = 1, message: str = "no") -> int:
        return self.say("order.rejected", client_order_id=f"CLI{number:08d}", message=message)

    def cancel(self, number: int = 1) -> int:
        return self.say("order.cancel", client_order_id=f"CLI{number:08d}", order_id=f"X{number}")

    def canceled(self, number: int = 1, *, cause: int = 0) -> int:
        return self.say("order.canceled", order_id=f"X{number}", cause=cause)

    def fill(self, fill_id: str = "F1", order_id: str = "X1", **told: str) -> int:
        payload = {
            "side": "Buy", "qty": "1", "price": "100", "symbol": "BTCUSDT", "liquidity": "maker",
            **told,
        }  # fmt: skip
        return self.say("order.fill", fill_id=fill_id, order_id=order_id, **payload)

    def late(self, cause: int, fill_id: str = "F1", number: int = 1) -> int:
        return self.say(
            "order.late_fill", cause=cause, fill_id=fill_id, client_order_id=f"CLI{number:08d}",
            qty="1", price="100",
        )  # fmt: skip

    def refuse_fill(self, cause: int, fault: str, fill_id: str = "F1") -> int:
        return self.say(
            "order.fill_refused", cause=cause, fill_id=fill_id, order_id="X1", fault=fault,
            detail="why",
        )  # fmt: skip

    def an_open_order(self, number: int = 1, **how: str) -> None:
        self.place(number, **how)  # type: ignore[arg-type]
        self.accept(number)


def opened_at(path: Path) -> sqlite3.Connection:
    """A connection as anybody's tool would open one."""
    return sqlite3.connect(path)


def query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(opened_at(path)) as connection:
        return connection.execute(statement).fetchall()


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(opened_at(path)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            for name in NAMES
        }


def project(path: Path, disk: Disk) -> Projection:
    """The projection of a disk, closed again: what is in the file is what counts."""
    with Projection.open(path, disk) as projection:
        return projection


def rows(path: Path, script: Script, statement: str) -> list[tuple[Any, ...]]:
    """What a query finds in the projection of a script."""
    project(path, script.disk)
    return query(path, statement)


def refusal(path: Path, script: Script) -> str:
    with pytest.raises(NotProjectable) as caught:
        project(path, script.disk)
    assert caught.value.exit_code == 1
    return str(caught.value)


def records_of(disk: SimDisk) -> list[Record]:
    return list(Reader(disk).poll())


class AnyAnswers(Answers):
    """Inputs in any order, impossible ones among them, and every entry that they make."""

    def __init__(self, seed: int, retain: int | None) -> None:
        super().__init__(seed)
        self.retain = retain
        self.fold = Fold(InMemoryOrderStore(retain), a_world_monitor())
        self.entries: list[Entry] = []
        self.contradictions = 0
        self.kinds += [self.accept_badly, self.reject_badly, self.fill_badly, self.fill_silently,
                       self.fill_again, self.execute, self.pay]  # fmt: skip
        self.cancels: dict[str, int] = {}
        self._take(self.sent[0])

    def live_on(self, count: int) -> None:
        for _ in range(count):
            event = self.rng.choice(self.kinds)()
            if event is not None:
                self._take(event)

    def accept_badly(self) -> OrderAccepted:
        names = [o.client_order_id for o in self.fold.store.get_all()]
        return OrderAccepted(self.rng.choice([*names, "CLI99999999"]), self.an_order_id(), T0_NS)

    def reject_badly(self) -> OrderRejected:
        names = [o.client_order_id for o in self.fold.store.get_all()]
        return OrderRejected(self.rng.choice([*names, "CLI99999999"]), "bad", T0_NS)

    def fill_badly(self) -> Fill:
        qty = self.rng.choice(("-1", "0", "1", "7"))
        side: Side = self.rng.choice((BUY, SELL))
        return a_fill(self.an_order_id(), f"F{self.rng.randint(1, 9)}", side, qty, 100)

    def fill_silently(self) -> Fill | None:
        order = self.fold.store.get_by_order_id(self.an_order_id())
        if order is None:
            return None
        self.fills += 1
        price = self.rng.randint(70, 130)
        return a_fill(
            str(order.order_id), f"F{self.fills}", order.side_of, "0.25", price, order.symbol, ""
        )

    def fill_again(self) -> Fill | None:
        said = [entry.event for entry in self.entries if isinstance(entry.event, Fill)]
        return self.rng.choice(said) if said else None

    def execute(self) -> Executed | None:
        """Like a fill, with a fee of the exchange's own, or a reason alone."""
        fill = self.fill_silently()
        if fill is None:
            return None
        fee = self.rng.choice((None, 0, self.rng.randint(-(10**18), 10**18)))
        taken, why = self.rng.choice(("maker", "taker", "")), self.rng.choice(("", "why \u00e9"))
        return Executed(
            fill.fill_id, fill.order_id, fill.symbol, fill.side, fill.qty, fill.price, taken, fee,
            why, T0_NS,
        )  # fmt: skip

    def pay(self) -> FundingPaid:
        amount = self.rng.randint(-(10**19), 10**19)
        return FundingPaid(self.rng.choice(("BTCUSDT", "NEWUSDT")), amount, "rate 0.01%", T0_NS)

    def _take(self, event: Any) -> None:
        seq = len(self.entries) + 1
        cause = 0
        if isinstance(event, OrderCanceled | CancelFailed):
            cause = self.cancels.get(event.order_id, 0)
        self.entries.append(Entry(seq, source_of(type(event)), seq, cause, event))
        try:
            outputs = self.fold.step(event)
        except ContractError:
            self.contradictions += 1
            return
        for number, output in enumerate(outputs, seq + 1):
            self.entries.append(Entry(number, "loop", seq, seq, output))
            if isinstance(output, CancelOrder):
                self.cancels[output.order_id] = number

    def journal(self) -> SimDisk:
        """The disk with all of it, the writer's process gone."""
        disk = SimDisk()
        opening = RunOpened(
            {"symbols": []}, "scripted", T0_NS, T0_NS, terms_of(self.fold.monitor), self.retain,
            {}, "0.1.0", None,
        )  # fmt: skip
        journal = opened(disk)
        journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
        for entry in self.entries:
            put(journal, entry)
        journal.commit_all()
        disk.kill9()
        return disk


def order_facts(order: Order) -> tuple[Any, ...]:
    """What the store and the table both say about an order."""
    return (
        order.client_order_id, order.order_id, order.symbol, order.side, order.qty_e9,
        order.price_e9, order.state.value, order.filled_e9, order.late_e9, order.cost_e18,
        order.message, order.created_ns, order.updated_ns,
    )  # fmt: skip


def stored_orders(path: Path) -> dict[str, tuple[Any, ...]]:
    rows = query(
        path,
        "SELECT client_order_id, order_id, symbol, side, qty, price, state, filled, late, cost,"
        " message, placed_ns, updated_ns FROM orders ORDER BY placed_seq",
    )
    return {
        row[0]: (*row[:4], exact_e9(row[4]), exact_e9(row[5]), row[6], exact_e9(row[7]),
                 exact_e9(row[8]), money_e18(row[9]), *row[10:])
        for row in rows
    }  # fmt: skip


def stored_positions(path: Path) -> dict[str, tuple[Any, ...]]:
    rows = query(path, "SELECT * FROM positions ORDER BY symbol")
    lots: dict[str, list[list[int]]] = {}
    statement = "SELECT symbol, qty, price FROM lots ORDER BY opened_seq"
    for symbol, qty, price in query(path, statement):
        lots.setdefault(symbol, []).append([exact_e9(qty), exact_e9(price)])
    return {
        row[0]: (exact_e9(row[1]), *map(money_e18, row[2:7]), exact_e9(row[7]), exact_e9(row[8]),
                 money_e18(row[9]), money_e18(row[10]), row[11], row[12], lots.get(row[0], []),
                 money_e18(row[15]))
        for row in rows
    }  # fmt: skip


def ledger_facts(ledger: Ledger) -> dict[str, tuple[Any, ...]]:
    return {
        symbol: (
            one.qty, one.cost_e18, one.realised_e18, one.cash_e18, one.fees_maker_e18,
            one.fees_taker_e18, one.bought, one.sold, one.bought_e18, one.sold_e18,
            one.maker_fills, one.taker_fills, [list(lot) for lot in one.lots], one.funding_e18,
        )
        for symbol, one in sorted(ledger.holdings.items())
        if one.traded
    }  # fmt: skip


def assert_agrees(
    path: Path, fold: Fold, entries: Iterable[Entry], contradictions: int = 0
) -> None:
    """The tables say what the run's own store, ledger and counters say."""
    entries = list(entries)
    store, monitor = fold.store, fold.monitor
    stored = stored_orders(path)
    kept = {order.client_order_id: order_facts(order) for order in store.get_all()}
    assert {name: stored[name] for name in kept} == kept
    states = Counter(row[6] for row in stored.values())
    assert states == {s.value: store.count(s) for s in OrderState if store.count(s)}
    assert stored_positions(path) == ledger_facts(monitor.ledger)
    outcomes = dict(query(path, "SELECT outcome, count(*) FROM fills GROUP BY outcome"))
    assert outcomes.get("late", 0) == fold.late_fills
    assert outcomes.get("duplicate", 0) == fold.duplicate_fills
    assert outcomes.get("refused", 0) == fold.refused_fills
    assert outcomes.get("applied", 0) + outcomes.get("late", 0) == store.fill_count()
    refused = Counter(e.event.reason.value for e in entries if isinstance(e.event, IntentRefused))
    assert dict(query(path, "SELECT reason, count(*) FROM refusals GROUP BY reason")) == refused
    assert query(path, "SELECT count(*) FROM freezes") == [(fold.stats["freeze_events"],)]
    assert query(path, "SELECT count(*) FROM contradictions") == [(contradictions,)]
    sent = [e.seq for e in entries if isinstance(e.event, CancelOrder)]
    assert query(path, "SELECT seq FROM cancels ORDER BY seq") == [(seq,) for seq in sent]
    marks = {s: (e.bid, e.ask) for s, e in monitor.exposures.items() if e.bid or e.ask}
    quotes = query(path, "SELECT symbol, bid, ask FROM quotes")
    assert {row[0]: (exact_e9(row[1]), exact_e9(row[2])) for row in quotes} == marks
    assert query(path, "SELECT line_seq FROM meta") == [(len(entries),)]
