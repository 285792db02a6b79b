"""What holds in every run, whatever happens: limits, lifecycle, money, laws, and the replay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from tests.unit import prop
from tests.unit.builders import BTC, ETH, T0_NS, a_fake, a_fill, a_loop, a_quote_event, some_params
from tests.unit.moody_world import SOMETIMES, Op, World, a_world_monitor, operations
from tools.live.audit.laws import check
from tools.live.core import codec
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, CancelAllOrdered, CancelFailed, EdgeUpdate, Entry, FreezeOrdered, Input,
    OpenOrdersListed, OrderAccepted, OrderCanceled, OrderRejected, Output, ParamsSet,
    UnfreezeOrdered,
)  # fmt: skip
from tools.live.core.order import TERMINAL
from tools.live.execution_loop import COMPUTED, ExecutionLoop
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore, OrderState
from tools.live.reports.snapshot import state_sha256
from tools.live.risk_monitor import RuntimeRiskMonitor

SEEDS = range(40)
LENGTH = 120


# Replaying.


def replayed(
    entries: Sequence[Entry],
    monitor: RuntimeRiskMonitor,
    *,
    measure_edge: bool,
    through_text: bool = False,
) -> Fold:
    """Fold the recorded inputs anew; every recorded output must be derived again, in order."""
    outputs: dict[int, list[Output]] = {}
    for entry in entries:
        if not isinstance(entry.event, INPUTS):
            outputs.setdefault(entry.cause, []).append(entry.event)  # type: ignore[arg-type]
    fold = Fold(InMemoryOrderStore(), monitor, measure_edge=measure_edge)
    for entry in entries:
        if isinstance(entry.event, INPUTS):
            read = _through_text(entry) if through_text else entry
            derived = list(fold.step(read.event))  # type: ignore[arg-type]
            assert derived == outputs.pop(entry.seq, []), f"at seq {entry.seq}"
    assert outputs == {}
    return fold


def _through_text(entry: Entry) -> Entry:
    line = codec.canonical(codec.envelope(entry)).encode("ascii")
    read = codec.from_envelope(codec.load_strict(line, "the test's line"))
    assert read == entry
    return read


def lived_through(ops: Sequence[Op]) -> World:
    world = World()
    for op in ops:
        world.apply(op)
    world.finish()
    return world


def assert_replay_agrees(ops: Sequence[Op]) -> None:
    world = lived_through(ops)
    live = state_sha256(world.loop.fold, world.loop.seq, T0_NS)
    for through_text in (False, True):
        fold = replayed(
            world.line.entries, a_world_monitor(), measure_edge=True, through_text=through_text
        )
        assert state_sha256(fold, world.loop.seq, T0_NS) == live


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", SEEDS)
def test_replaying_the_recorded_inputs_derives_every_output_again(seed: int) -> None:
    prop.hold(assert_replay_agrees, operations(seed, LENGTH))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("requote", [False, True])
def test_replaying_a_run_on_the_fake_exchange_gives_its_state(seed: int, requote: bool) -> None:
    loop = a_loop(a_fake(0.6, 0.1, 0.3, seed), edge=COMPUTED)
    report = loop.run_shadow(some_params((BTC, ETH), 40, requote))
    assert loop.line is not None
    fresh = a_loop().risk_monitor
    fold = replayed(loop.line.entries, fresh, measure_edge=True, through_text=True)
    assert state_sha256(fold, loop.seq, T0_NS) == report["integrity"]["state_sha256"]


def test_the_line_counts_places_and_links_causes() -> None:
    entries = lived_through(operations(3, LENGTH)).line.entries
    by_seq = {entry.seq: entry for entry in entries}
    assert list(by_seq) == list(range(1, len(entries) + 1))
    for entry in entries:
        assert entry.cause < entry.seq
        if entry.cause:
            assert by_seq[entry.cause].corr == entry.corr
        else:
            assert entry.corr == entry.seq
        assert (entry.src == "loop") is not isinstance(entry.event, INPUTS)


# What always holds.


def assert_limits_and_lifecycle_hold(ops: Sequence[Op]) -> None:
    """The world itself asserts both, at every order sent and before every step."""
    lived_through(ops).line.look()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_order_passes_a_limit_and_none_leaves_the_lifecycle(seed: int) -> None:
    prop.hold(assert_limits_and_lifecycle_hold, operations(seed, LENGTH))


def assert_money_conserves(ops: Sequence[Op]) -> None:
    world = lived_through(ops)
    exchange = world.exchange
    for symbol in (BTC, ETH):
        holding = world.monitor.ledger.holding(symbol)
        assert holding.qty == exchange.true_qty[symbol]
        assert holding.cash_e18 == exchange.true_cash_e18[symbol]
        mark = world.monitor.mark_e9(symbol)
        profit = holding.realised_e18 + holding.unrealised_e18(mark) - holding.fees_e18
        assert profit == holding.cash_e18 + holding.qty * mark


@pytest.mark.parametrize("seed", SEEDS)
def test_money_conserves_under_any_fills(seed: int) -> None:
    prop.hold(assert_money_conserves, operations(seed, LENGTH))


def assert_laws_hold(ops: Sequence[Op]) -> None:
    world = lived_through(ops)
    assert violations(world.loop, world.exchange.held) == []


def violations(loop: ExecutionLoop, moved: dict[str, int]) -> list[object]:
    fold = loop.fold
    return list(
        check(
            store=fold.store,
            monitor=fold.monitor,
            stats=fold.stats,
            unresolved=fold.unresolved,
            refused_fills=fold.refused_fills,
            duplicate_fills=fold.duplicate_fills,
            exchange_moved=moved,
            held_before={},
            entries=loop.line.entries if loop.line is not None else None,
        )
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_laws_hold_after_anything(seed: int) -> None:
    prop.hold(assert_laws_hold, operations(seed, LENGTH))


def test_the_seeds_reach_every_corner() -> None:
    """A property over runs in which nothing happens would prove nothing."""
    reached: dict[str, int] = {}
    for seed in SEEDS:
        world = lived_through(operations(seed, LENGTH))
        fold = world.loop.fold
        seen = {
            "late": fold.late_fills, "duplicate": fold.duplicate_fills,
            "refused": fold.refused_fills, "frozen": fold.stats["freeze_events"],
            "rejected": fold.stats["orders_rejected"], "canceled": fold.stats["orders_canceled"],
            "refused cancels": sum(isinstance(e.event, CancelFailed) for e in world.line.entries),
            **{reason.value: count for reason, count in world.monitor.refusals.items()},
        }  # fmt: skip
        for name, count in seen.items():
            reached[name] = reached.get(name, 0) + (count > 0)
    assert {name: count for name, count in reached.items() if count < 5} == {}
    assert {"symbol_limit", "total_limit", "crossed_quote"} <= reached.keys()


def test_every_operation_is_off_in_some_seed_and_on_in_another() -> None:
    drawn = [{op.name for op in operations(seed, LENGTH)} for seed in SEEDS]
    for name in SOMETIMES:
        assert any(name in names for names in drawn), name
        assert any(name not in names for names in drawn), name


# The fold alone, with answers in any order.


class Answers:
    """Draws inputs that a venue could send, in any order and as late as it likes."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.fold = Fold(InMemoryOrderStore(), a_world_monitor(), measure_edge=True)
        self.named = self.fills = 0
        kinds = [self.quote, self.quote, self.accept, self.accept]
        sometimes: list[Callable[[], Input | None]] = [
            self.reject, self.cancel, self.fail, self.fill, self.fill, self.edge, self.freeze,
            self.unfreeze, self.cancel_all, self.listed,
        ]  # fmt: skip
        self.kinds = [*kinds, *prop.some_of(self.rng, sometimes)]
        self.sent: list[Input] = [ParamsSet(2 * 10**9, 0, T0_NS)]
        self.fold.step(self.sent[0])

    def run(self, count: int) -> None:
        for _ in range(count):
            event = self.rng.choice(self.kinds)()
            if event is not None:
                self.sent.append(event)
                self.fold.step(event)

    def orders(self, *states: OrderState) -> list[str]:
        found = [o for o in self.fold.store.get_all() if o.state in states]
        return [o.client_order_id for o in found]

    def an_order_id(self) -> str:
        named = [o.order_id for o in self.fold.store.get_all() if o.order_id is not None]
        return self.rng.choice([*named, "unknown"])

    def quote(self) -> Input:
        middle = self.rng.randint(80, 120)
        return a_quote_event(middle - 1, middle + 1, self.rng.choice((BTC, ETH)))

    def accept(self) -> Input | None:
        pending = self.orders(OrderState.PENDING)
        self.named += 1
        return OrderAccepted(self.rng.choice(pending), f"X{self.named}", T0_NS) if pending else None

    def reject(self) -> Input | None:
        alive = self.orders(OrderState.PENDING, OrderState.OPEN)
        return OrderRejected(self.rng.choice(alive), "no", T0_NS) if alive else None

    def cancel(self) -> Input:
        return OrderCanceled(self.an_order_id(), T0_NS)

    def fail(self) -> Input:
        return CancelFailed(self.an_order_id(), "no", T0_NS)

    def fill(self) -> Input:
        order = self.fold.store.get_by_order_id(self.an_order_id())
        self.fills += self.rng.random() < 0.9
        qty = self.rng.choice(("0.5", "1", "2"))
        if order is None:
            return a_fill("unknown", f"F{self.fills}", qty=qty, price=100)
        return a_fill(
            str(order.order_id), f"F{self.fills}", order.side_of, qty, 100, order.symbol
        )

    def edge(self) -> Input:
        bps = self.rng.choice((None, 10**9, 9 * 10**9))
        return EdgeUpdate(self.rng.choice((BTC, ETH)), bps, T0_NS)

    def freeze(self) -> Input:
        return FreezeOrdered("halt", None, "ada", T0_NS)

    def unfreeze(self) -> Input:
        return UnfreezeOrdered("fixed", "ada", T0_NS)

    def cancel_all(self) -> Input:
        return CancelAllOrdered(self.rng.choice((None, BTC)), "tidy", T0_NS)

    def listed(self) -> Input:
        return OpenOrdersListed((self.an_order_id(),), T0_NS)


@pytest.mark.parametrize("seed", SEEDS)
def test_folding_the_same_inputs_twice_gives_one_hash(seed: int) -> None:
    answers = Answers(seed)
    answers.run(LENGTH)
    hashes = [state_sha256(answers.fold, 0, T0_NS)]
    for _ in range(2):
        fold = Fold(InMemoryOrderStore(), a_world_monitor(), measure_edge=True)
        for event in answers.sent:
            fold.step(event)
        hashes.append(state_sha256(fold, 0, T0_NS))
    assert len(set(hashes)) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_books_balance_however_late_the_answers_come(seed: int) -> None:
    answers = Answers(seed)
    fold = answers.fold
    for _ in range(LENGTH):
        answers.run(1)
        found = check(
            store=fold.store,
            monitor=fold.monitor,
            stats=fold.stats,
            unresolved=fold.unresolved,
            refused_fills=fold.refused_fills,
            duplicate_fills=fold.duplicate_fills,
            exchange_moved={s: h.qty for s, h in fold.monitor.ledger.holdings.items()},
            held_before={},
            entries=None,
        )
        # Between a freeze and the venue's answers orders are still open: that is no breach.
        assert [v for v in found if v.law != "frozen_is_quiet"] == []
        assert fold.stats["orders_filled"] == fold.store.fill_count()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_unresolved_is_not_over(seed: int) -> None:
    answers = Answers(seed)
    answers.run(LENGTH)
    store = answers.fold.store
    for name, why in answers.fold.unresolved.items():
        order = store.get_by_order_id(name) or store.get(name)
        assert order is not None
        assert order.state not in TERMINAL or why == "the exchange still lists it as open"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_worst_case_is_what_the_orders_say(seed: int) -> None:
    answers = Answers(seed)
    monitor = answers.fold.monitor
    for _ in range(LENGTH):
        answers.run(1)
        for symbol in (BTC, ETH):
            held = monitor.ledger.qty(symbol)
            ways = [held, held]
            for order in answers.fold.store.live_orders(symbol):
                buys = order.side_of is BUY
                ways[not buys] += order.leaves_e9 if buys else -order.leaves_e9
            worst = max(abs(held), abs(ways[0]), abs(ways[1]))
            assert monitor.worst_case_e18(symbol) == worst * monitor.mark_e9(symbol)
