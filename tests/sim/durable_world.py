"""A durable run on a bad line, ended at any moment and taken up again, beside a venue that goes on.

The world owns the disk, the venue and the time; the run is the product. What it checks, it checks
against the venue's own books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.sim.sim_disk import Crash, SimDisk
from tests.sim.venue import (
    FAULTS, MS, SECOND, Ended, Script, Strike, Venue, Wire, never, signed,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.order import CANCELED, FILLED, REJECTED, TERMINAL
from tools.live.durable_run import DurableRun
from tools.live.exchange import PlaceOrderRequest, PlaceOrderResponse
from tools.live.exchange_query import Found
from tools.live.execution_loop import ExecutionParams, Quote
from tools.live.journal.errors import StorageFailed

START_NS = 1_735_689_600 * SECOND
MIDDLE = {"BTCUSDT": 50_000, "ETHUSDT": 3_000}
MOST_PER_SYMBOL = 1_300
ENDS = {Found.FILLED: FILLED, Found.CANCELED: CANCELED}
OPS = ("quote",) * 6 + ("trade",) * 4 + ("fills", "timer", "wait", "timer", "cancel_all")
STOPS = ("freeze", "bad_edge")
RARE = (*STOPS, "pull_the_plug")


class CheckedWire(Wire):
    """A line that looks at every order that leaves, with the venue's eyes."""

    def __init__(self, world: DurableWorld) -> None:
        super().__init__(world.venue, world.rng, world.dice)
        self.clock = lambda: world.now_ns
        self._world = world

    def _tick(self) -> int:
        self.cut = self.cut or self._world.disk.dead
        return super()._tick()

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        self._tick()
        self._world.check_order(req, self)
        return super().place_limit(req)


class DurableWorld:
    """One venue, one disk, one life after the other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.venue = Venue()
        self.now_ns = START_NS
        self.disk = SimDisk(seed)
        self.figures: Counter[str] = Counter()
        # Swarm: each seed has its own few faults, at its own rates.
        self.rates = {
            fault: self.rng.choice((0.03, 0.1, 0.3)) for fault in FAULTS if self.rng.random() < 0.35
        }
        rare = [op for op in RARE if self.rng.random() < 0.3]
        stops = any(op in STOPS for op in rare)
        self.ops = (*OPS, *rare, *(("unfreeze",) * 4 if stops else ()))
        self.calm = self.rng.random() < 0.5  # a market that stays, and orders that are left alone
        if self.calm:
            self.ops = tuple(op for op in self.ops if op != "cancel_all")
        self.run: DurableRun | None = None
        self.frozen = False  # as far as somebody was told

    def dice(self, fault: str) -> bool:
        strikes = self.rng.random() < self.rates.get(fault, 0)
        self.figures[fault] += strikes
        return strikes

    # The lives.

    def live(self, steps: int) -> None:
        """One life: it may end by itself anywhere, in its start, too."""
        self.figures["lives"] += 1
        if self.rng.random() < 0.5:
            self.disk.crash_at = self.disk.ops + self.rng.randrange(1, 60 * steps)
        try:
            self.start()
            for _ in range(steps):
                self.act(self.rng.choice(self.ops))
        except (Crash, Ended):
            self.figures["ended in the middle"] += 1
        except TimeoutError:  # it could not even be asked what it held
            self.figures["not begun"] += 1
        self.end()

    def trade_for_a_while(self) -> None:
        """Quotes, fills and cancels, always the same."""
        self.start()
        for _ in range(12):
            for op in ("quote", "quote", "trade", "timer"):
                self.act(op)

    def live_scripted(self) -> None:
        """The same, when it may end anywhere."""
        try:
            self.trade_for_a_while()
        except (Crash, Ended):
            self.figures["ended in the middle"] += 1
        self.end()

    def start(self) -> None:
        self.run = DurableRun.open(
            self.disk, CheckedWire(self), clock=lambda: self.now_ns // MS,
            max_inventory_usd_per_symbol=MOST_PER_SYMBOL, max_total_notional_usd=2_200,
            edge_freeze_threshold_bps=1.5,
        )  # fmt: skip
        if self.frozen:
            assert self.run.halted, "a freeze did not survive the restart"

    def end(self) -> None:
        """The process is gone; every other time the machine with it."""
        self.run = None
        self.disk.crash_at = 0
        if self.rng.random() < 0.5:
            self.disk.kill9()
        else:
            self.disk.power_loss(self.rng.randrange(10**6))
            self.figures["power losses"] += 1
        self.wait()

    def act(self, op: str) -> None:
        """One thing happens."""
        run = self.run
        assert run is not None
        self.now_ns += self.rng.randrange(SECOND)
        acts: dict[str, Callable[[], None]] = {
            "quote": self.quote,
            "trade": self.trade,
            "fills": run.on_fill,
            "timer": run.on_timer,
            "wait": self.wait,
            "cancel_all": lambda: run.cancel_all("a test"),
            "freeze": self.freeze,
            "unfreeze": self.unfreeze,
            "bad_edge": lambda: run.on_edge_update("BTCUSDT", 1.0),
            "pull_the_plug": self.pull_the_plug,
        }
        acts[op]()
        self.frozen = run.halted

    def pull_the_plug(self) -> None:
        raise Ended

    def wait(self) -> None:
        self.now_ns += self.rng.randrange(6 * SECOND)
        self.venue.tick(self.now_ns)

    def quote(self) -> None:
        assert self.run is not None
        symbol = self.rng.choice(sorted(MIDDLE))
        moves = 1 if self.calm else 20
        middle = MIDDLE[symbol] * (1 + self.rng.randrange(-moves, moves + 1) / 10_000)
        half = middle / 2_000
        quote = Quote(symbol, round(middle - half, 2), round(middle + half, 2), self.now_ns // MS)
        qty = {"BTCUSDT": 0.01, "ETHUSDT": 0.2}[symbol]
        requote = not self.calm and self.rng.random() < 0.5
        params = ExecutionParams([symbol], 1, 3_000, 5_000, 1.5, qty, 5.0, requote)
        self.run.on_quote(quote, params)

    def trade(self) -> None:
        """Somebody trades with a resting order, whether or not we know that it is there."""
        resting = self.venue.resting()
        if resting:
            order = self.rng.choice(resting)
            left = order.qty - order.filled
            self.venue.trade(order.name, left if self.rng.random() < 0.5 else (left + 1) // 2)

    def freeze(self) -> None:
        assert self.run is not None
        self.run.freeze("a test", "ada")
        self.frozen = True

    def unfreeze(self) -> None:
        assert self.run is not None
        self.frozen = False
        self.run.unfreeze("a test", "ada")

    # The checks.

    def check_order(self, req: PlaceOrderRequest, wire: Wire) -> None:
        """No order leaves frozen, unreconciled or beyond what the limit allows at the venue."""
        run = self.run
        assert run is not None, "an order before the books were compared"
        assert not run.halted and run.ready
        assert not self.frozen, "an order after a freeze that somebody was told of"
        held = self.venue.held.get(req.symbol, 0)
        worst = {BUY: held, SELL: -held}
        known = run.loop.order_store.fills
        waiting = [one.request for one in self.venue.late if one.request.symbol == req.symbol]
        for side in worst:
            worst[side] += sum(
                order.qty - order.filled
                for order in self.venue.resting()
                if (order.symbol, order.side) == (req.symbol, side)
            )
            worst[side] += sum(late.qty_e9 for late in waiting if late.side is side)
            worst[side] -= sum(  # nobody can know of an execution that the venue holds back
                signed(fill.side, fill.qty_e9) * (1 if side is BUY else -1)
                for fill in wire.held_back
                if fill.symbol == req.symbol and fill.fill_id not in known
            )
        reducing = worst[req.side] + req.qty_e9 <= 0
        most_e9 = MOST_PER_SYMBOL * 10**18 // req.price_e9
        assert reducing or worst[req.side] + req.qty_e9 <= most_e9, "beyond the limit"
        self.figures["orders checked"] += 1

    def come_to_rest(self) -> None:
        """No more faults: time passes, and everything must find its end."""
        self.rates = {}
        self.dice = never  # type: ignore[method-assign]
        self.start()
        self.before_rest()
        run = self.run
        assert run is not None
        for _ in range(40):
            self.now_ns += 5 * SECOND
            run.on_timer()
        assert run.ready, run.last_reconciliation
        run.cancel_all("the end")
        for _ in range(10):
            self.now_ns += 5 * SECOND
            run.on_timer()
        run.on_fill()
        self.check_end(run)
        run.close()

    def before_rest(self) -> None:
        """What this world still does before nothing happens any more."""

    def check_end(self, run: DurableRun) -> None:
        """Everything has one end, on both sides the same, and no order was made twice."""
        twice = [name for name, n in Counter(self.venue.accepted).items() if n > 1]
        assert not twice, f"accepted twice: {twice}"
        store = run.loop.order_store
        for name, theirs in self.venue.orders.items():
            ours = store.orders[name]
            assert ours.state is ENDS[theirs.found], (name, ours, theirs.found)
            assert ours.filled_e9 + ours.late_e9 == theirs.filled, name
        for ours in store.get_all():
            assert ours.state in TERMINAL, ours
            assert ours.client_order_id in self.venue.orders or ours.state is REJECTED, ours
        held = {symbol: qty for symbol, qty in self.venue.held.items() if qty}
        ledger = run.loop.risk_monitor.ledger
        assert {s: ledger.qty(s) for s in ledger.holdings if ledger.qty(s)} == held
        assert store.fill_count() == len(self.venue.executions)
        assert run.loop.fold.refused_fills == 0
        assert not run.loop.fold.outbox.doubts and not run.loop.fold.unresolved
        self.figures["orders"] += len(store.orders)
        self.figures["accepted"] += len(self.venue.accepted)
        self.figures["fills"] += len(self.venue.executions)


def scripted(*faults: Strike) -> DurableWorld:
    """A world in which only what is named goes wrong."""
    world = DurableWorld(0)
    world.rates = {}
    strikes = Script(*faults)
    world.dice = strikes  # type: ignore[method-assign]
    return world


def play(seed: int, lives: int = 5, steps: int = 25) -> Counter[str]:
    """Some lives with the faults of this seed, then rest."""
    world = DurableWorld(seed)
    try:
        for _ in range(lives):
            world.live(steps)
        world.come_to_rest()
    except StorageFailed:
        raise
    except Exception as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return world.figures
