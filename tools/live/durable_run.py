"""A run whose exchange outlives the process: every start is a recovery.

    with DurableRun.open("state", exchange, max_inventory_usd_per_symbol=10_000, ...) as run:
        while not run.ready and not run.halted:
            run.on_timer()  # whenever you like; it asks only what is due
        run.on_quote(quote, params)

What a door was given is durable when it returns, and an order is durable before it leaves. After
a crash the same call takes the run up: the journal is verified and folded, the exchange is asked
what became of all that was on its way, and both sides are held against each other before the next
order. A freeze stays one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from .audit.reconcile import ACTOR as RECONCILIATION
from .audit.reconcile import Readiness
from .audit.reconcile_facts import Policy, VenueFill
from .audit.reconcile_findings import AdoptFill, Adoption, AdoptOrder, AdoptPosition, Cancel
from .audit.reconcile_loop import INTERVAL_NS, ReconcileLoop
from .core.clock import NS_PER_MS, NS_PER_S, environment_now_ms
from .core.contracts_v1 import (
    CancelOrder, FillAdopted, FreezeOrdered, OrderAdopted, PositionAdopted, Reconciled,
)  # fmt: skip
from .core.errors import InvariantBroken, LineFailed
from .core.money import Number, to_e9, view
from .edge_modes import SCRIPTED, begun_as
from .exchange import IExchangeClient
from .execution_loop import ExecutionLoop
from .fold_adoptions import Adopted, about, refusal
from .journal.checkpointing import EVERY, Checkpointing
from .journal.disk import Disk
from .journal.halt import ACTOR, REASON, drop_halt
from .journal.os_disk import OsDisk
from .journal.run import Opened
from .journal.take_up import TakenUp, take_up
from .order_store import InMemoryOrderStore
from .params import ExecutionParams, Quote
from .portfolio.ledger import Ledger
from .risk_monitor import RuntimeRiskMonitor


class DurableRun:
    """A loop, its journal, and the desk that reconciles it; the doors are those of the loop."""

    def __init__(
        self, disk: Disk, loop: ExecutionLoop, taken: TakenUp, desk: ReconcileLoop
    ) -> None:
        self.loop = loop
        self.recovered = taken.fold is not None
        self._disk = disk
        self._journal = taken.journal
        self._line = taken.line
        self._desk = desk

    @classmethod
    def open(
        cls,
        folder: str | Disk,
        exchange: IExchangeClient,
        *,
        max_inventory_usd_per_symbol: Number,
        max_total_notional_usd: Number,
        edge_freeze_threshold_bps: Number,
        fee_maker_bps: Number = 1,
        fee_taker_bps: Number = 7,
        edge: str = SCRIPTED,
        retain: int | None = None,
        clock: Callable[[], int] | None = None,
        policy: Policy | None = None,
        reconcile_every_s: int = INTERVAL_NS // NS_PER_S,
        checkpoint_every: int = EVERY,
    ) -> DurableRun:
        """Begin a run in an empty folder or take up the one in it, and reconcile once."""
        now_ms = clock or environment_now_ms
        monitor = RuntimeRiskMonitor(
            max_inventory_usd_per_symbol=max_inventory_usd_per_symbol,
            max_total_notional_usd=max_total_notional_usd,
            edge_freeze_threshold_bps=edge_freeze_threshold_bps,
            ledger=Ledger(
                fee_maker_bps=to_e9(fee_maker_bps, "fee_maker_bps"),
                fee_taker_bps=to_e9(fee_taker_bps, "fee_taker_bps"),
            ),
        )
        start_ns = now_ms() * NS_PER_MS
        disk = OsDisk(folder) if isinstance(folder, str) else folder
        taken = take_up(
            disk,
            _opened(exchange, monitor, begun_as(edge), retain, start_ns),
            lambda: {position.symbol: position.qty_e9 for position in exchange.get_positions()},
            holder=f"process {os.getpid()}",
            time_ns=start_ns,
        )
        try:
            loop = ExecutionLoop(
                exchange, InMemoryOrderStore(retain), monitor, now_ms, edge=taken.opened.edge,
                line=taken.line,
            )  # fmt: skip
            if taken.fold is not None:
                loop.take_over(taken.fold, taken.seq, taken.last_ns)
            if checkpoint_every:
                Checkpointing(disk, taken.line, loop.fold, taken.opened, checkpoint_every)
            desk = _desk(loop, now_ms, policy, reconcile_every_s, taken.opened.held_before)
            run = cls(disk, loop, taken, desk)
            run._start(taken.unanswered)
        except BaseException:
            taken.journal.let_go()
            raise
        return run

    @property
    def ready(self) -> bool:
        """Whether our books and the exchange's have been found to agree, so that it may trade."""
        return self.loop.fold.ready

    @property
    def halted(self) -> bool:
        """Whether trading is frozen; only an operator's `unfreeze` ends that."""
        return self.loop.risk_monitor.frozen

    @property
    def last_reconciliation(self) -> Readiness | None:
        """What the last look at both sides came to."""
        return self._desk.last

    # The doors: what was given is durable when they return.

    def on_quote(self, quote: Quote, params: ExecutionParams) -> None:
        """Answer a quote, once the books agree."""
        with self._durable():
            self.loop.on_quote(quote, params)

    def on_fill(self) -> None:
        """Book every fill that the exchange has to report."""
        with self._durable():
            self.loop.on_fill()

    def on_edge_update(self, symbol: str, net_bps: float) -> None:
        """Tell the monitor the net edge; below the threshold it freezes."""
        with self._durable():
            self.loop.on_edge_update(symbol, net_bps)

    def freeze(self, reason: str, actor: str, symbol: str | None = None) -> None:
        """Stop trading and cancel everything; it survives every restart."""
        with self._durable():
            self.loop.freeze(reason, actor, symbol)

    def unfreeze(self, reason: str, actor: str) -> None:
        """Let trading go on; who and why are recorded."""
        with self._durable():
            self.loop.unfreeze(reason, actor)

    def cancel_all(self, reason: str, symbol: str | None = None) -> None:
        """Cancel resting orders, of one symbol or of all."""
        with self._durable():
            self.loop.cancel_all(reason, symbol)

    def on_timer(self) -> None:
        """Time has passed: ask what is due, and reconcile if that is due."""
        with self._durable():
            self.loop.on_timer()

    def close(self) -> None:
        """End the process, not the run: all is durable, and the next `open` takes it up."""
        self._line.commit()
        self._journal.let_go()

    def __enter__(self) -> DurableRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:  # what is not durable by now was never acknowledged
            self._journal.let_go()

    def _start(self, unanswered: Sequence[CancelOrder]) -> None:
        with self._failing():
            self.loop.resume(unanswered)
            self._note(self._desk.start_up())
            self._line.commit()

    @contextmanager
    def _durable(self) -> Iterator[None]:
        """Around a door: look at both sides if it is time to, and make all of it durable."""
        with self._failing():
            yield
            looked = self._desk.on_time()
            if looked is not None:
                self._note(looked)
            self._line.commit()
            if self._line.is_freeze_due() and not self.halted:
                self.loop.freeze(REASON, ACTOR)
                self._line.commit()
            self._line.quiet()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Around what records: where the journal fails, nobody trades until somebody has looked."""
        try:
            yield
        except LineFailed as failed:
            self.loop.abandon()
            self.loop.tell_left(failed)
            why = str(failed).partition(";")[0]
            drop_halt(self._disk, why=why, seq=self._line.seq, time_ns=self.loop.event_clock.ns)
            raise

    def _note(self, looked: Readiness) -> None:
        """The line knows what a look came to; trading begins with the first that agrees."""
        outcome, now_ns = looked.outcome.value, self.loop.event_clock.ns
        self.loop.take(Reconciled(outcome, looked.reason, now_ns))


def adopt_into(
    loop: ExecutionLoop, held_before: Mapping[str, int], adoption: Adoption
) -> None:
    """Give what is to be adopted its place on the line, or freeze when it cannot be exactly.

    The executions of an order come before it: a stream that tells them again after a crash in
    between must not find an order that they could be booked on.
    """
    now_ns = loop.event_clock.ns
    if isinstance(adoption, AdoptOrder):
        for fill in adoption.fills:
            _adopt_one(loop, _fill_adopted(fill, now_ns))
        row = adoption.order
        _adopt_one(loop, OrderAdopted(
            row.client_order_id, row.order_id, row.symbol, row.side, row.qty, row.price,
            row.filled, adoption.state.value, now_ns,
        ))  # fmt: skip
    elif isinstance(adoption, AdoptFill):
        _adopt_one(loop, _fill_adopted(adoption.fill, now_ns))
    elif isinstance(adoption, AdoptPosition):
        symbol = adoption.symbol
        ours = adoption.qty - held_before.get(symbol, 0)
        _adopt_one(loop, PositionAdopted(symbol, ours, now_ns))
    else:
        raise InvariantBroken(
            f"{adoption.currency} was to be adopted, but a run keeps no count of cash"
        )


def _adopt_one(loop: ExecutionLoop, event: Adopted) -> None:
    """One adoption; what is refused is said once, and nothing of it is recorded."""
    why = loop.fold.why_not(event)
    if why is None:
        loop.take(event)
    elif not loop.risk_monitor.frozen:
        loop.take(FreezeOrdered(refusal(about(event), why), None, RECONCILIATION, event.ts_ns))


def _fill_adopted(fill: VenueFill, now_ns: int) -> FillAdopted:
    return FillAdopted(
        fill.fill_id, fill.order_id, fill.symbol, fill.side, fill.qty, fill.price,
        fill.liquidity, now_ns,
    )  # fmt: skip


def _desk(
    loop: ExecutionLoop,
    now_ms: Callable[[], int],
    policy: Policy | None,
    every_s: int,
    held_before: Mapping[str, int],
) -> ReconcileLoop:
    def cancel(one: Cancel) -> None:
        assert one.order_id is not None  # an order without a name there is in doubt, and not judged
        loop.cancel_foreign(one.order_id)

    return ReconcileLoop(
        loop.exchange,
        loop.order_store,
        loop.risk_monitor.ledger,
        take=loop.take,
        cancel=cancel,
        drain=loop.on_fill,
        halted=loop.risk_monitor.is_frozen,
        now_ns=lambda: loop.event_clock.advance_to(now_ms() * NS_PER_MS),
        policy=policy,
        interval_ns=every_s * NS_PER_S,
        held_before=held_before,
        in_doubt=loop.fold.outbox.doubts,
        adopt=partial(adopt_into, loop, held_before),
        adopted=loop.fold.adoptions.fills,
    )


def _opened(
    exchange: IExchangeClient,
    monitor: RuntimeRiskMonitor,
    edge: str,
    retain: int | None,
    start_ns: int,
) -> Opened:
    """What the run is made of, so that another one is not taken up by mistake."""
    ledger = monitor.ledger
    about: dict[str, Any] = {
        "exchange": {"client": exchange.__class__.__name__},
        "edge": edge,
        "max_inventory_usd_per_symbol": view(monitor.max_symbol_e9),
        "max_total_notional_usd": view(monitor.max_total_e9),
        "edge_freeze_threshold_bps": view(monitor.threshold_bps_e9),
        "fee_maker_bps": view(ledger.fee_maker_bps),
        "fee_taker_bps": view(ledger.fee_taker_bps),
    }
    return Opened(
        about, edge, start_ns, start_ns, monitor.max_symbol_e9, monitor.max_total_e9,
        monitor.threshold_bps_e9, ledger.fee_maker_bps, ledger.fee_taker_bps, retain,
    )  # fmt: skip
