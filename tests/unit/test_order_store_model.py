"""Random operations on `tools.live.order_store` give what the naive model gives, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.unit import prop
from tests.unit.store_model import FILL_IDS, ORDER_IDS, ModelStore, assert_alike
from tools.live.core.clock import NS_PER_MS
from tools.live.core.contracts_v1 import Side
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.order_store import InMemoryOrderStore, OrderState

SYMBOLS = ("A", "B", "C")
RETENTIONS = (None, 0, 1, 3, 10)
OPERATIONS = (
    "create", "open", "accept", "accept", "reject", "cancel", "any state", "fill", "fill", "sum",
)  # fmt: skip
MOVES = {"open": "open", "reject": "rejected", "cancel": "canceled"}
STATES = tuple(state.value for state in OrderState)


class Operation(NamedTuple):
    """One call, drawn before the run; `pick` chooses among the orders there are by then."""

    name: str
    ms: int
    pick: int
    symbol: str
    side: Side
    state: str
    order_id: str | None
    exchange_id: str
    message: str | None
    fill_id: str
    qty: int
    price: int


def operations(rng: Random, count: int) -> list[Operation]:
    """A random stream; creating is always switched on."""
    names = ["create", *prop.some_of(rng, OPERATIONS)]
    return [
        Operation(
            name=rng.choice(names),
            ms=place,
            pick=rng.randint(0, 10**6),
            symbol=rng.choice(SYMBOLS),
            side=prop.a_side(rng),
            state=rng.choice(STATES),
            order_id=rng.choice((None, *ORDER_IDS)),
            exchange_id=rng.choice(ORDER_IDS),
            message=rng.choice((None, "", "why")),
            fill_id=rng.choice(FILL_IDS),
            qty=rng.randint(1, 4) * SCALE,
            price=rng.randint(100, 101) * SCALE,
        )
        for place in range(1, count + 1)
    ]


def told(store: InMemoryOrderStore, client_order_id: str, op: Operation, state: str) -> str:
    """Do it on the real store; what came of it, in the model's words."""
    order = store.get(client_order_id)
    assert order is not None
    try:
        if op.name == "fill":
            ns = op.ms * NS_PER_MS
            return store.apply_fill(order, op.fill_id, op.qty, op.price, ns).value
        if op.name == "accept":
            store.accept(order, op.exchange_id, op.ms * NS_PER_MS)
        elif op.name == "sum":
            store.update_fill(client_order_id, op.qty // SCALE, 1000, op.ms)
        else:
            store.update_state(client_order_id, OrderState(state), op.ms, op.order_id, op.message)
    except ContractError as error:
        return error.__class__.__name__
    return "done"


def run(
    stream: Sequence[Operation],
    retain: int | None,
    again: Callable[[InMemoryOrderStore | None, int], InMemoryOrderStore] | None = None,
) -> list[str]:
    """Play a stream on both stores, compare after every step, return the outcomes.

    `again` gives the store to go on with before a step, and the one to begin with.
    """
    store = InMemoryOrderStore(retain) if again is None else again(None, 0)
    model = ModelStore(retain)
    outcomes = []
    for op in stream:
        if again is not None:
            store = again(store, op.ms)
        ns = op.ms * NS_PER_MS
        kept = model.kept()
        if op.name == "create" or not kept:
            order = store.create(op.symbol, op.side, 4, op.price / SCALE, op.ms)
            model.create(op.symbol, op.side, 4 * SCALE, op.price, ns)
            assert order.client_order_id == model.orders[-1].client_order_id
            outcomes.append("created")
        else:
            chosen = kept[op.pick % len(kept)]
            state = MOVES.get(op.name, op.state)
            done = told(store, chosen.client_order_id, op, state)
            if op.name == "fill":
                expected = model.fill(chosen, op.fill_id, op.qty, op.price, ns)
            elif op.name == "accept":
                expected = model.accept(chosen, op.exchange_id, ns)
            elif op.name == "sum":
                expected = model.update_fill(chosen, op.qty, 1000 * SCALE, ns)
            else:
                expected = model.move(chosen, state, ns, op.order_id, op.message)
            assert done == expected
            outcomes.append(done)
        assert_alike(store, model, SYMBOLS)
    return outcomes


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("retain", RETENTIONS)
@pytest.mark.parametrize("seed", range(15))
def test_every_answer_is_the_naive_models(seed: int, retain: int | None) -> None:
    stream = operations(prop.chance(seed), 80)
    prop.hold(lambda prefix: _played(prefix, retain), stream)


def _played(prefix: Sequence[Operation], retain: int | None) -> None:
    assert len(run(prefix, retain)) == len(prefix)


def test_the_streams_reach_every_outcome() -> None:
    outcomes: set[Any] = set()
    for seed in range(15):
        outcomes.update(run(operations(prop.chance(seed), 80), None))
    assert outcomes == {
        "created", "done", "applied", "duplicate", "late", "FillConflict", "Overfill",
        "IllegalTransition", "ContractError",
    }  # fmt: skip
