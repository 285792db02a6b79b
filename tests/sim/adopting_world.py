"""A durable run under the policy `adopt`, at a venue where others trade on the same account.

Strangers place orders and trade, positions are moved, our own orders are amended by hand. The run
is ended anywhere, in the middle of an adoption, too. What it checks are both sides' books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.sim.durable_world import ENDS, MIDDLE, MOST_PER_SYMBOL, CheckedWire, DurableWorld
from tests.sim.sim_disk import Crash
from tests.sim.venue import MS, SECOND, Ended, VenueOrder, Wire
from tests.unit.adopting_answers import violations
from tools.live.audit.reconcile_facts import OnMismatch, Policy
from tools.live.core.contracts_v1 import BUY, SELL, PlaceOrderRequest
from tools.live.core.order import TERMINAL, own_number
from tools.live.durable_run import DurableRun
from tools.live.exchange import OpenOrder
from tools.live.exchange_query import Found
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.reports.snapshot import state_sha256

POLICY = Policy(OnMismatch.ADOPT, patience_ns=30 * SECOND)
STRANGE = ("stranger", "stranger", "hit_and_run", "transfer", "amend", "withdraw")


class Nameless(VenueOrder):
    """An order that the venue shows without a client order id."""

    def shown(self) -> OpenOrder:
        row = super().shown()
        row.client_order_id = ""
        return row


class AdoptingWorld(DurableWorld):
    """A durable world that is not ours alone."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        strange = tuple(op for op in STRANGE if self.rng.random() < 0.6)
        self.ops = (*self.ops, *strange, "unfreeze", "unfreeze", "unfreeze", "unfreeze")
        self.strangers = 0
        if self.rng.random() < 0.5:  # it was there before us
            self.venue.held["BTCUSDT"] = 3 * 10**6

    def start(self) -> None:
        self.run = DurableRun.open(
            self.disk, CheckedWire(self), clock=lambda: self.now_ns // MS, policy=POLICY,
            max_inventory_usd_per_symbol=MOST_PER_SYMBOL, max_total_notional_usd=2_200,
            edge_freeze_threshold_bps=1.5, reconcile_every_s=5, checkpoint_every=40,
        )  # fmt: skip
        if self.frozen:
            assert self.run.halted, "a freeze did not survive the restart"
        self.check_books()

    def act(self, op: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "stranger": self.stranger, "hit_and_run": self.hit_and_run,
            "transfer": self.transfer, "amend": self.amend, "withdraw": self.withdraw,
        }  # fmt: skip
        if op in acts:
            acts[op]()
            self.figures[op] += 1
        else:
            super().act(op)
            self.check_books()

    # What others do.

    def stranger(self) -> VenueOrder:
        """An order that nobody of ours placed; some look as if one of ours had."""
        self.strangers += 1
        names = (f"by-hand-{self.strangers}", f"CLI{5000 * self.strangers:08d}", "")
        name = self.rng.choice(names)
        symbol = self.rng.choice(sorted(MIDDLE))
        price = MIDDLE[symbol] + self.rng.randrange(-50, 50)
        qty = self.rng.choice((0.001, 0.002, 0.005))
        key = name or f"nameless-{self.strangers}"
        request = PlaceOrderRequest(key, symbol, self.rng.choice((BUY, SELL)), qty, price)
        kind = VenueOrder if name else Nameless
        order = kind(f"H{self.strangers}", key, request)
        self.venue.orders[key] = order
        return order

    def hit_and_run(self) -> None:
        """It trades, in part or whole, and is gone before anybody looks at what is open."""
        order = self.stranger()
        self.venue.trade(order.name, order.qty // self.rng.choice((1, 2)))
        if order.found is Found.OPEN and self.rng.random() < 0.7:
            order.found = Found.CANCELED

    def transfer(self) -> None:
        """A position comes or goes, and no execution explains it."""
        symbol = self.rng.choice(sorted(MIDDLE))
        moved = self.rng.choice((-1, 1)) * self.rng.randrange(1, 4) * 10**6
        held = self.venue.held
        held[symbol] = held.get(symbol, 0) + moved
        if not any(held.values()):  # an exchange that lists nothing at all is not believed
            held[symbol] += moved

    def amend(self) -> None:
        """Somebody changes the terms of an order that rests."""
        resting = self.venue.resting()
        if resting:
            order = self.rng.choice(resting)
            if self.rng.random() < 0.5 or order.qty - order.filled <= 10**6:
                order.price += 10**9
            else:
                order.qty -= 10**6

    def withdraw(self) -> None:
        """Somebody cancels an order by hand."""
        resting = self.venue.resting()
        if resting:
            self.rng.choice(resting).found = Found.CANCELED

    # The checks.

    def check_order(self, req: PlaceOrderRequest, wire: Wire) -> None:
        run = self.run
        assert run is not None, "an order before the books were compared"
        assert not run.halted and run.ready
        assert not self.frozen, "an order after a freeze that somebody was told of"
        assert (own_number(req.client_order_id) or 0) not in {
            own_number(name) for name, order in self.venue.orders.items()
            if order.order_id.startswith("H")
        }, "the name of somebody else's order"  # fmt: skip
        self.figures["orders checked"] += 1

    def check_books(self) -> None:
        """Whatever was taken over: our own books add up."""
        assert self.run is not None
        found = violations(self.run.loop.fold)
        assert not found, found

    def before_rest(self) -> None:
        """Every symbol is quoted, so that all can be taken over."""
        for symbol in sorted(MIDDLE):
            self.quote_of(symbol)

    def come_to_rest(self) -> None:
        """Nobody interferes any more: all must be taken over, and replay to the same."""
        super().come_to_rest()
        assert self.run is not None
        self.check_replay(self.run)

    def quote_of(self, symbol: str) -> None:
        run = self.run
        assert run is not None
        before, self.rng.choice = self.rng.choice, lambda _: symbol  # type: ignore[assignment]
        try:
            self.quote()
        finally:
            self.rng.choice = before  # type: ignore[method-assign]

    def check_end(self, run: DurableRun) -> None:
        """Both sides have the same orders, executions and positions."""
        assert run.ready, run.last_reconciliation
        self.check_books()
        twice = [name for name, n in Counter(self.venue.accepted).items() if n > 1]
        assert not twice, f"accepted twice: {twice}"
        fold = run.loop.fold
        by_order_id = fold.store.by_order_id
        for name, theirs in self.venue.orders.items():
            ours = by_order_id.get(theirs.order_id)
            if ours is None:  # it came and went between two looks
                assert theirs.order_id.startswith("H") and theirs.found is not Found.OPEN, name
                continue
            if ours.qty_e9 == theirs.qty:  # else it was amended, and ended before anybody looked
                assert ours.state is ENDS[theirs.found], (name, ours, theirs.found)
            assert ours.filled_e9 + ours.late_e9 == theirs.filled, (name, ours, theirs.filled)
            self.figures["adopted orders"] += theirs.order_id.startswith("H")
        assert all(ours.state in TERMINAL for ours in fold.store.get_all())
        executed = {str(one.fill_id) for one in self.venue.executions}
        assert {*fold.store.fills, *fold.adoptions.fills} == executed
        held = {symbol: qty for symbol, qty in self.venue.held.items() if qty}
        before = rebuild(self.disk).opened.held_before
        ledger = fold.monitor.ledger
        ours_held = {s: ledger.qty(s) + before.get(s, 0) for s in {*ledger.holdings, *before}}
        assert {symbol: qty for symbol, qty in ours_held.items() if qty} == held
        assert not fold.outbox.doubts and not fold.unresolved
        given = [own_number(name) or 0 for name in fold.store.orders]
        assert (own_number(fold.store.next_id) or 0) > max(given, default=0)
        self.figures["adopted executions"] += len(fold.adoptions.fills)
        self.figures["adopted positions"] += len(fold.adoptions.positions)
        self.figures["replaced orders"] += fold.adoptions.orders - fold.adoptions.unplaced
        self.figures["fills"] += len(self.venue.executions)

    def check_replay(self, run: DurableRun) -> None:
        """The record says the same, decision by decision."""
        fold = run.loop.fold
        verified = rederive(self.disk)
        assert verified.holds
        replay = rebuild(self.disk)
        assert replay.state_sha256 == verified.replay.state_sha256
        assert replay.state_sha256 == state_sha256(fold, replay.seq, replay.opened.first_event_ns)


def play(seed: int, lives: int = 4, steps: int = 25) -> AdoptingWorld:
    """Some lives with the faults of this seed, then rest."""
    world = AdoptingWorld(seed)
    try:
        for _ in range(lives):
            world.live(steps)
        world.come_to_rest()
    except Exception as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return world


def interrupted(ops: int) -> bool:
    """Everything is there to be adopted; the machine fails after so many calls of the disk.

    False when it was over by then.
    """
    world = AdoptingWorld(1)
    world.rates = {}
    world.start()
    for symbol in sorted(MIDDLE):
        world.quote_of(symbol)
    for name in ("by-hand", "CLI00000700"):
        request = PlaceOrderRequest(name, "BTCUSDT", BUY, 0.004, 49_000)
        world.venue.orders[name] = VenueOrder(f"H-{name}", name, request)
        world.venue.trade(name, 10**6)
        world.venue.trade(name, 10**6)
    world.venue.held["ETHUSDT"] = -5 * 10**6
    world.venue.orders["CLI00000001"].price += 10**9
    world.now_ns += 10 * SECOND
    world.disk.crash_at = world.disk.ops + ops
    assert world.run is not None
    try:
        for _ in range(3):
            world.run.on_timer()
            world.now_ns += 6 * SECOND
    except (Crash, Ended):
        pass
    over = world.disk.crash_at > world.disk.ops
    world.frozen = False
    world.end()
    world.come_to_rest()
    return not over
