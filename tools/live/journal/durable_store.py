"""The order store whose truth is a log: what it has acknowledged is there after any crash.

    with DurableOrderStore.open("orders") as store:      # opening is recovering
        order = store.create("BTCUSDT", "Buy", 0.01, 50_000, timestamp_ms=0)

Every door judges a change as the store in memory does, makes it durable, and only then shows it.
After a disk has failed nothing changes any more, and the look-ups say what is known to be durable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias, TypeVar

from ..core.clock import NS_PER_MS, environment_clock, render_utc
from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.money import Number
from ..core.order import Order, OrderState
from ..order_store import FillOutcome, InMemoryOrderStore
from .disk import Disk
from .errors import JournalError, StorageFailed
from .os_disk import OsDisk
from .outcome import Outcome, Profile, Status
from .reader import Reader
from .store_records import (
    ACCEPTED, ENTERED, FILL, FILLED_TO, LOG_ID, MOVED, NAMED, NUMBERED, OPENED, SOURCE, Rebuilt,
    amount, opened_payload, read_change, read_opened,
)  # fmt: skip
from .writer import Journal

GROUP = 256  # changes of a group that wait for their sync; more of them are stored in between

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
_Door: TypeAlias = "Callable[Concatenate[DurableOrderStore, Given], Answer]"


def _recording(door: _Door[Given, Answer]) -> _Door[Given, Answer]:
    """While a change is carried out, the doors it goes through are those of the store in memory."""
    plain: Any = getattr(InMemoryOrderStore, door.__name__)

    @wraps(door)
    def through(self: DurableOrderStore, /, *args: Given.args, **named: Given.kwargs) -> Answer:
        if self._carrying_out:
            done: Answer = plain(self, *args, **named)
            return done
        return door(self, *args, **named)

    return through


class DurableOrderStore(InMemoryOrderStore):
    """All doors and look-ups of the store in memory, over a log of its own in one folder.

    A door that returns has made its change durable. Inside `together` the last of them does.
    """

    def __init__(
        self, disk: Disk, *, holder: str, time_ns: int, retain: int | None = None,
        profile: Profile = Profile.STRICT,
    ) -> None:  # fmt: skip
        """Rebuild the store from its log, or begin one; a log of anything else is left as it is.

        LogHeld, IntegrityRefused, NotAStore and StorageFailed carry the exit code of a command
        that cannot go on; ContractError says that the store was begun with another `retain`.
        """
        fresh = InMemoryOrderStore(retain)
        read_opened(opened_payload(retain))
        reader, rebuilt = Reader(disk, log_id=LOG_ID), Rebuilt()
        rebuilt.take(reader.poll())  # before anything is written: a log may not be ours
        if rebuilt.store is not None and rebuilt.store.retain != retain:
            raise ContractError(
                f"the store was begun with retain {rebuilt.store.retain}, not {retain}; give the"
                " same, or name another folder"
            )
        log = Journal.open(disk, log_id=LOG_ID, holder=holder, time_ns=time_ns, profile=profile)
        try:
            rebuilt.take(reader.poll())  # what the opening has added
            if rebuilt.head.hex() != log.head_hash:
                raise StorageFailed("the log was changed while it was opened; open it again")
            if rebuilt.store is None:
                log.append(OPENED, time_ns, SOURCE, log.next_seq, opened_payload(retain))
                log.commit_all(Profile.STRICT)
        except BaseException:
            log.let_go()
            raise
        vars(self).update(vars(rebuilt.store or fresh))
        self._carrying_out = False
        self._disk = disk
        self._log = log
        self._newest_ns = rebuilt.newest_ns  # that of this start, or a later one
        self._grouped = 0
        self._shown_seq = log.next_seq - 1  # up to here everything recorded is in the state

    @classmethod
    def open(
        cls, folder: str | os.PathLike[str], *, holder: str = "", retain: int | None = None,
        profile: Profile = Profile.STRICT,
    ) -> Self:  # fmt: skip
        """The store of a folder, which is made when it is missing, at the environment's time.

        `holder` is what a second process is told about this one; empty, it hears since when.
        """
        named = os.fspath(folder)
        taken = os.path.lexists(named) and not os.path.isdir(named)
        if not named or "\0" in named or taken:
            raise ContractError(f"folder {named!r} is none; name the folder of an order store")
        now_ns = environment_clock().now_ns()
        known_as = holder or f"an order store opened at {render_utc(now_ns)}"
        return cls(OsDisk(named), holder=known_as, time_ns=now_ns, retain=retain, profile=profile)

    def close(self, time_ns: int | None = None) -> None:
        """End the log cleanly, at the time of its newest record unless another is given.

        A store that has failed is only let go; closing twice changes nothing.
        """
        if not self._is_open():
            self._log.let_go()
            return
        with self._or_withdraw():
            self._log.close(self._newest_ns if time_ns is None else time_ns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make a group of changes durable with one sync, at its end.

        They are shown at once, but not acknowledged before the group has ended without an error
        of the disk, so nothing may be sent to an exchange from inside. It is no transaction: after
        a crash the first changes may be there without the rest, and an exception of the caller's
        own keeps what was done before it.
        """
        self._refuse_ended()
        self._grouped += 1
        try:
            yield
        finally:
            self._grouped -= 1
            if not self._grouped and self._is_open():
                with self._or_withdraw():
                    self._log.commit_all()

    def reset(self) -> None:
        """Refused: what was acknowledged stays."""
        raise ContractError("a durable store forgets nothing; begin the next in a new folder")

    # The life of an order.

    @_recording
    def generate_client_order_id(self) -> str:
        """The next id of the sequence; durable too, so that no later life gives it away again."""
        told = {"client_order_id": self.next_id}
        own_id: str = self._record(NUMBERED, told, self._newest_ns)
        return own_id

    @_recording
    def open_pending(self, symbol: str, side: Side, qty_e9: int, price_e9: int, ns: int) -> Order:
        told = {
            "client_order_id": self.next_id,
            "price": amount(price_e9, "price"),
            "qty": amount(qty_e9, "qty"),
            "side": side.value,
            "symbol": symbol,
        }
        order: Order = self._record(ENTERED, told, ns)
        return order

    @_recording
    def update_state(
        self,
        client_order_id: str,
        state: OrderState,
        timestamp_ms: int,
        order_id: str | None = None,
        message: str | None = None,
    ) -> None:
        order = self.orders.get(client_order_id)
        rehearsal = self._rehearsal(order, order_id)
        rehearsal.update_state(client_order_id, state, timestamp_ms, order_id, message)
        assert order is not None
        new_id = None if order_id == order.order_id else order_id
        self._record_move(order, OrderState(state), timestamp_ms * NS_PER_MS, new_id, message)

    @_recording
    def move(
        self, order: Order, state: OrderState, ns: int, message: str | None = None
    ) -> None:
        rehearsal = self._rehearsal(order)
        rehearsal.move(rehearsal.orders[order.client_order_id], state, ns, message)
        self._record_move(order, OrderState(state), ns, None, message)

    def _record_move(
        self, order: Order, state: OrderState, ns: int, order_id: str | None, message: str | None
    ) -> None:
        told = {
            "client_order_id": self._own_id(order),
            "message": message,
            "order_id": order_id,
            "state": state.value,
        }
        self._record(MOVED, told, ns)

    @_recording
    def accept(self, order: Order, order_id: str, ns: int) -> None:
        rehearsal = self._rehearsal(order, order_id)
        rehearsal.accept(rehearsal.orders[order.client_order_id], order_id, ns)
        self._record(ACCEPTED, self._naming(order, order_id), ns)

    @_recording
    def identify(self, order: Order, order_id: str) -> None:
        rehearsal = self._rehearsal(order, order_id)
        rehearsal.identify(rehearsal.orders[order.client_order_id], order_id)
        self._record(NAMED, self._naming(order, order_id), self._newest_ns)

    def _naming(self, order: Order, order_id: str) -> dict[str, str]:
        return {"client_order_id": self._own_id(order), "order_id": order_id}

    @_recording
    def update_fill(
        self, client_order_id: str, filled_qty: Number, avg_fill_price: Number, timestamp_ms: int
    ) -> None:
        order = self.orders.get(client_order_id)
        rehearsal = self._rehearsal(order)
        rehearsal.update_fill(client_order_id, filled_qty, avg_fill_price, timestamp_ms)
        assert order is not None
        after = rehearsal.orders[client_order_id]
        if after.filled_e9 == order.filled_e9:
            return  # the same numbers again
        told = {
            "client_order_id": client_order_id,
            "price": amount(after.cost_e18 // after.filled_e9, "avg_fill_price"),
            "qty": amount(after.filled_e9, "filled_qty"),
        }
        self._record(FILLED_TO, told, timestamp_ms * NS_PER_MS)

    @_recording
    def apply_fill(
        self, order: Order, fill_id: str, qty_e9: int, price_e9: int, ns: int
    ) -> FillOutcome:
        rehearsal = self._rehearsal(order)
        if fill_id in self._fills:  # a repeat changes nothing, a conflict is refused
            return super().apply_fill(order, fill_id, qty_e9, price_e9, ns)
        rehearsed = rehearsal.orders[order.client_order_id]
        rehearsal.apply_fill(rehearsed, fill_id, qty_e9, price_e9, ns)
        told = {
            "client_order_id": self._own_id(order),
            "fill_id": fill_id,
            "price": amount(price_e9, "price"),
            "qty": amount(qty_e9, "qty"),
        }
        outcome: FillOutcome = self._record(FILL, told, ns)
        return outcome

    def _rehearsal(
        self, order: Order | None, order_id: str | None = None
    ) -> InMemoryOrderStore:
        """A store with a copy of one order, where a change can be refused before it is recorded.

        It knows who holds the exchange id, so what it refuses the real one would have refused.
        """
        self._refuse_ended()
        scene = InMemoryOrderStore()
        if order is not None:
            stand_in = copy(order)
            scene.orders[order.client_order_id] = stand_in
            scene.live[order.symbol] = {order.client_order_id: stand_in}
        if order_id in self.by_order_id:
            scene.by_order_id[order_id] = self.by_order_id[order_id]
        return scene

    def _own_id(self, order: Order) -> str:
        """The id of an order, which must be one of this store's own objects."""
        own_id = order.client_order_id
        if self.orders.get(own_id) is not order:
            raise ContractError(f"order {own_id} is none that this store keeps; look it up again")
        return own_id

    # The log.

    def _record(self, topic: str, told: dict[str, Any], ns: int) -> Any:
        """Store a change that was judged, then carry it out; what came of it."""
        self._refuse_ended()
        change = read_change(topic, told, ns)  # what cannot be read back must not be stored
        log = self._log
        with self._or_withdraw():
            if log.append(topic, ns, SOURCE, log.next_seq, told) is Outcome.REFUSED:
                log.commit_all()  # a group of long texts has filled the queue
                log.append(topic, ns, SOURCE, log.next_seq, told)
            if not self._grouped or log.waiting >= GROUP:
                log.commit_all()
            self._carrying_out = True
            try:
                done = change(self)
            finally:
                self._carrying_out = False
            self._shown_seq += 1
        if ns > self._newest_ns:
            self._newest_ns = ns
        return done

    def _is_open(self) -> bool:
        """Whether changes are taken: not after an error of the disk, nor when the last change was
        cut short between its record and its effect."""
        log = self._log
        return log.status is Status.OPEN and log.next_seq == self._shown_seq + 1

    def _refuse_ended(self) -> None:
        if not self._is_open():
            closed = self._log.status is Status.CLOSED
            what = "is closed" if closed else "has failed and takes no change any more"
            raise StorageFailed(f"the order store {what}; open it again")

    @contextmanager
    def _or_withdraw(self) -> Iterator[None]:
        """When this ends the store, show what is durable and nothing else.

        A single change is not shown before, but those of a group are. They can be told from the
        rest only by the log; where even that cannot be read, the look-ups go on showing them.
        """
        try:
            yield
        except BaseException:
            durable_seq = self._log.durable_seq
            if not self._is_open() and durable_seq != self._shown_seq:
                with suppress(JournalError):
                    rebuilt = Rebuilt()
                    rebuilt.take(Reader(self._disk, log_id=LOG_ID).poll(), durable_seq)
                    vars(self).update(vars(rebuilt.store))
            raise
