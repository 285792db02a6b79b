"""P11: after a restart our books equal the exchange's before trading goes on, or it is refused.

Random books and a random exchange are made to disagree; a loop of `ready_or_halted` calls, with a
clock that jumps to the time it asks for, must end in agreement or in a halt. The checker compares
the two sides itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from tests.unit import prop
from tests.unit.reconcile_world import USD, Books, PlainVenue, Venue, VenueRow, disagreements
from tools.live.audit.reconcile import Readiness, ready_or_halted, reconcile
from tools.live.audit.reconcile_facts import OnMismatch, Policy
from tools.live.audit.reconcile_findings import Kind, Outcome, Query
from tools.live.audit.reconcile_venue import observe
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import SCALE
from tools.live.core.order import CANCELED, OPEN, REJECTED
from tools.live.exchange_query import Found

SEEDS = 400
HELD = "XRPUSDT"
BLOCKS = 4
CALLS = 30


class World:
    """Both sides, and the chance that sets them at odds."""

    def __init__(self, rng: Random, venue: PlainVenue) -> None:
        self.rng = rng
        self.venue = venue
        self.books = Books(venue)
        self._number = 0
        venue.held[HELD] = self.books.positions[HELD] = SCALE  # so nothing is ever honestly empty

    def name(self) -> str:
        self._number += 1
        return f"CLI{self._number:08d}"

    def terms(self) -> tuple[str, Side, int, int]:
        rng = self.rng
        return (
            rng.choice(prop.SYMBOLS), rng.choice((BUY, SELL)), rng.randint(2, 40) * SCALE,
            rng.randint(1, 500) * SCALE,
        )  # fmt: skip

    def resting(self) -> VenueRow:
        return self.books.both(self.name(), *self.terms())

    def part(self, row: VenueRow) -> int:
        """Some of what is left of an order, not all of it."""
        return self.rng.randint(1, row.qty - row.filled - 1)


Quarrel = Callable[[World], None]


def agreement(world: World) -> None:
    row = world.resting()
    world.books.book(world.venue.fill(row, world.part(row)))


def ghost(world: World) -> None:
    """Recorded, never arrived."""
    world.books.order(world.name(), *world.terms())


def amnesia(world: World) -> None:
    """The exchange forgets an order that it had acknowledged."""
    del world.venue.rows[world.resting().order_id]


def missed_acknowledgement(world: World) -> None:
    name, terms = world.name(), world.terms()
    world.books.order(name, *terms)
    row = world.venue.place(name, *terms)
    if world.rng.random() < 0.5:
        world.venue.fill(row, world.part(row))


def missed_fill(world: World) -> None:
    """Its news is lost, or still in the stream."""
    row = world.resting()
    fills = [world.venue.fill(row, world.part(row))]
    if world.rng.random() < 0.5:
        fills.append(world.venue.fill(row, row.qty - row.filled))
    world.venue.stream += [fill for fill in fills if world.rng.random() < 0.5]


def missed_cancel(world: World) -> None:
    row = world.resting()
    if world.rng.random() < 0.5:
        world.venue.fill(row, world.part(row))
    world.venue.cancel(row.order_id)


def missed_reject(world: World) -> None:
    name, terms = world.name(), world.terms()
    world.books.order(name, *terms)
    world.venue.place(name, *terms).found = Found.REJECTED


def canceled_but_open(world: World) -> None:
    row = world.resting()
    world.books._end(row.order_id, CANCELED)


def late_fill(world: World) -> None:
    row = world.resting()
    world.venue.fill(row, world.part(row))
    world.venue.cancel(row.order_id)
    world.books._end(row.order_id, CANCELED)


def orphan(world: World) -> None:
    world.venue.place(f"by-hand-{world.name()}", *world.terms())


def nameless_orphan(world: World) -> None:
    world.venue.place("", *world.terms())


def lost_order(world: World) -> None:
    """Our own books lost it."""
    world.venue.place(world.name(), *world.terms())


def duplicate(world: World) -> None:
    row = world.resting()
    world.venue.place(row.name, row.symbol, row.side, row.qty, row.price)


def other_quantity(world: World) -> None:
    row = world.resting()
    row.qty += SCALE


def other_price(world: World) -> None:
    world.resting().price += 1


def rejected_but_open(world: World) -> None:
    name, terms = world.name(), world.terms()
    world.books.order(name, *terms, REJECTED)
    world.venue.place(name, *terms)


def filled_orphan(world: World) -> None:
    row = world.venue.place(f"by-hand-{world.name()}", *world.terms())
    world.venue.fill(row, row.qty)


def extra_fill(world: World) -> None:
    """Our books hold an execution that the exchange does not know."""
    name, terms = world.name(), world.terms()
    row = world.venue.place(name, *terms)
    world.books.order(name, *terms, OPEN, row.order_id)
    world.books._fill(f"made-up-{name}", row.order_id, world.part(row), row.price)


def drift(world: World) -> None:
    symbol = world.rng.choice(prop.SYMBOLS)
    world.venue.held[symbol] = world.venue.held.get(symbol, 0) + world.rng.choice((-7, 9)) * SCALE


def money_drift(world: World) -> None:
    world.venue.money += world.rng.choice((-1, 10**18))


BY_FACTS = (
    agreement, ghost, amnesia, missed_acknowledgement, missed_fill, missed_cancel, missed_reject,
    canceled_but_open, late_fill,
)  # fmt: skip
BY_POLICY = (
    orphan, nameless_orphan, lost_order, duplicate, other_quantity, other_price, rejected_but_open,
)  # fmt: skip
BY_ADOPTION = (filled_orphan, extra_fill, drift, money_drift)
NEEDS_ASKING = frozenset({ghost, amnesia, missed_fill, missed_cancel, missed_reject, late_fill})


def a_world(seed: int, quarrels: tuple[Quarrel, ...], venue: PlainVenue) -> World:
    rng = prop.chance(seed)
    world = World(rng, venue)
    if isinstance(venue, Venue):
        venue.tells_fills = bool(seed % 2)
    chosen = prop.some_of(rng, quarrels)
    for _ in range(rng.randint(1, 6)):
        rng.choice(chosen)(world)
    world.books.age()
    return world


def settle(world: World, policy: Policy) -> Readiness:
    """Call as a start-up would: come back when told to, until it is ready or refused."""
    books = world.books
    before: Readiness | None = None
    for _ in range(CALLS):
        before = ready_or_halted(
            world.venue, policy, books.state, books.carry_out, books.now, before, books.drain
        )
        if before.outcome in (Outcome.READY, Outcome.HALTED):
            return before
        assert before.retry_at_ns is None or before.retry_at_ns > books.ns
        books.ns = before.retry_at_ns or books.ns + SCALE
    raise AssertionError(f"no end after {CALLS} calls: {before}")


def judge(world: World, ended: Readiness, policy: Policy) -> None:
    """Ready means equal and quiet; halted means that the books know it."""
    books = world.books
    if ended.outcome is Outcome.HALTED:
        assert books.halted and ended.reason
        return
    assert disagreements(books, world.venue) == []
    kinds = [found.kind for found in ended.last.findings]
    assert all(kind is Kind.MATCHED for kind in kinds), ended.last
    changes = books.changes
    for _ in range(2):
        books.age(SCALE)
        again = settle(world, policy)
        assert again.outcome is Outcome.READY and again.rounds == 1
    assert books.changes == changes, "a second reconciliation changed something"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_P11_facts_converge_under_every_policy(block: int, figures: Counter[str]) -> None:
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        policy = Policy(list(OnMismatch)[seed % 3])
        world = a_world(seed, BY_FACTS, Venue())
        ended = settle(world, policy)
        assert ended.outcome is Outcome.READY, (seed, ended)
        judge(world, ended, policy)
        figures["reconciliations"] += 1


@pytest.mark.parametrize("block", range(BLOCKS))
def test_P11_cancel_takes_away_and_adopt_takes_over(block: int, figures: Counter[str]) -> None:
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        adopts = bool(seed % 2)
        quarrels = BY_FACTS + BY_POLICY + (BY_ADOPTION if adopts else ())
        policy = Policy(OnMismatch.ADOPT if adopts else OnMismatch.CANCEL)
        world = a_world(seed, quarrels, Venue())
        ended = settle(world, policy)
        assert ended.outcome is Outcome.READY, (seed, ended.reason, ended.last.findings)
        judge(world, ended, policy)
        figures["reconciliations"] += 1


@pytest.mark.parametrize("block", range(BLOCKS))
def test_P11_equal_or_refused_whatever_goes_wrong(block: int, figures: Counter[str]) -> None:
    """Silence, empty answers, deaf cancels, an exchange that cannot be asked: all of it at once."""
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        rng = prop.chance(seed + 10**6)
        venue = rng.choice((PlainVenue, Venue, Venue, Venue))()
        if isinstance(venue, Venue):
            venue.itemises = rng.random() < 0.7
        patience = rng.choice((0, 30 * SCALE))
        policy = Policy(rng.choice(list(OnMismatch)), patience_ns=patience)
        world = a_world(seed, BY_FACTS + BY_POLICY + BY_ADOPTION, venue)
        for question in prop.some_of(rng, ("orders", "positions", "order", "fills", "balances")):
            rng.choice((venue.silent, venue.empty))[question] = rng.randint(0, 6)
        venue.deaf = rng.random() < 0.1
        try:
            ended = settle(world, policy)
            if ended.outcome is Outcome.READY and venue.lied:
                # It hid what nobody could know of; the next look has to see it.
                venue.empty.clear()
                world.books.age()
                ended = settle(world, policy)
            judge(world, ended, policy)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {policy}: {error}") from error
        figures["reconciliations"] += 1
        figures["of troubled ones, " + ended.outcome.value] += 1


@pytest.mark.parametrize("quarrel", BY_POLICY + BY_ADOPTION)
def test_P11_by_default_it_halts_and_touches_nothing(quarrel: Quarrel) -> None:
    for seed in range(20):
        world = a_world(seed, (quarrel,), Venue())
        rows = [(row.order_id, row.found) for row in world.venue.rows.values()]
        ended = settle(world, Policy())
        if quarrel is rejected_but_open:  # ours, and ended by our own books: it is canceled
            assert ended.outcome is Outcome.READY
            continue
        assert ended.outcome is Outcome.HALTED and world.books.halted
        assert rows == [(row.order_id, row.found) for row in world.venue.rows.values()]
        assert world.books.changes == 1, "only the freeze"


@pytest.mark.parametrize("quarrel", sorted(NEEDS_ASKING, key=lambda one: one.__name__))
def test_P11_without_a_way_to_ask_it_refuses(quarrel: Quarrel) -> None:
    world = a_world(1, (quarrel,), PlainVenue())
    ended = settle(world, Policy())
    assert ended.outcome is Outcome.HALTED or disagreements(world.books, world.venue) == []
    assert all(kept.state is not CANCELED or kept.order_id for kept in world.books.orders.values())


@pytest.mark.parametrize("policy", list(OnMismatch))
@pytest.mark.parametrize("question", ["orders", "positions", "order", "fills", "balances"])
def test_P11_a_question_without_an_answer_is_no_empty_exchange(
    question: str, policy: OnMismatch
) -> None:
    world = World(prop.chance(3), Venue())
    agreement(world)
    ghost(world)
    world.books.age()
    world.venue.silent[question] = 10**6
    ended = settle(world, Policy(policy))
    assert ended.outcome is Outcome.HALTED
    assert Kind.UNKNOWN in [found.kind for found in ended.last.findings]
    assert "timed out" in "".join(found.venue for found in ended.last.findings)
    # Whatever was booked meanwhile was no conclusion from silence.
    assert all(kept.state not in (CANCELED, REJECTED) for kept in world.books.orders.values())


def test_P11_one_application_is_enough_without_questions() -> None:
    """What needs no question and no patience is done in one round, and then all is MATCHED."""
    at_once = (missed_acknowledgement, canceled_but_open, orphan, lost_order, duplicate, drift)
    for seed in range(200):
        world = a_world(seed, at_once, Venue())
        policy = Policy(OnMismatch.ADOPT, protection_ns=0)
        books, venue = world.books, world.venue
        seen = observe(venue, books.ns)
        first = reconcile(books.state(seen), seen, policy)
        again = reconcile(books.state(seen), seen, policy)
        assert first == again, "the same facts make the same findings, under the same names"
        books.carry_out(tuple(act for act in first.actions if not isinstance(act, Query)))
        seen = observe(venue, books.ns)
        second = reconcile(books.state(seen), seen, policy)
        assert f"balance {USD}" in [found.about for found in second.findings]
        assert second.outcome is Outcome.READY, (seed, second)
