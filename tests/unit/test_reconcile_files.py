"""The two sides as JSON: what is written is read back, and every fault is named with its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.unit import prop
from tests.unit.reconcile_world import T0_NS
from tools.live.audit.reconcile import reconcile
from tools.live.audit.reconcile_facts import (
    Answer, KnownFill, LocalOrder, LocalState, OnMismatch, Policy, Unanswered, VenueFill,
    VenueOrder, VenueState,
)  # fmt: skip
from tools.live.audit.reconcile_files import read_local, read_venue
from tools.live.audit.reconcile_findings import (
    AdoptBalance, AdoptFill, AdoptPosition, Cancel, Query, Take,
)  # fmt: skip
from tools.live.audit.reconcile_json import action_form, local_form, reconciliation_form, venue_form
from tools.live.core import codec
from tools.live.core.contracts_v1 import BUY, FreezeOrdered
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.core.order import OPEN, OrderState
from tools.live.core.record import fields_of
from tools.live.exchange_query import Found

ORDER = LocalOrder("CLI00000001", "X1", "BTCUSDT", BUY, 2 * SCALE, 5, 1, OPEN, T0_NS)
ROW = VenueOrder("X9", "", "BTCUSDT", BUY, 2 * SCALE, 5, 0)
EXECUTION = VenueFill("E1", "X1", "BTCUSDT", BUY, SCALE, SCALE, "maker", T0_NS)
LOCAL = LocalState(
    (ORDER,), (KnownFill("E1", SCALE, SCALE),), {"BTCUSDT": -3 * SCALE // 2}, {"USD": -1},
    False, True,
)  # fmt: skip
VENUE = VenueState(
    T0_NS, (ROW,), {"BTCUSDT": SCALE}, (EXECUTION,), {"USD": 25 * 10**17},
    (Answer("CLI00000001", T0_NS, Found.CANCELED, ROW, (EXECUTION,), "by hand"),
     Answer("CLI00000002", T0_NS, Unanswered("timeout"), None)), True, None,
)  # fmt: skip
Form = dict[str, Any]


def written(form: Form) -> Any:
    return codec.load_strict(codec.canonical(form).encode(), "file")


def test_what_is_written_is_read_back() -> None:
    assert read_local(written(local_form(LOCAL))) == LOCAL
    assert read_venue(written(venue_form(VENUE))) == VENUE


def test_the_written_form_is_plain() -> None:
    assert local_form(LOCAL) == {
        "orders": [{
            "client_order_id": "CLI00000001", "order_id": "X1", "symbol": "BTCUSDT", "side": "Buy",
            "qty": "2", "price": "0.000000005", "filled": "0.000000001", "state": "open",
            "changed_ns": str(T0_NS),
        }],
        "fills": [{"fill_id": "E1", "qty": "1", "price": "1"}],
        "positions": {"BTCUSDT": "-1.5"},
        "cash": {"USD": "-0.000000000000000001"},
        "halted": False,
        "forgets": True,
    }  # fmt: skip
    form = venue_form(VENUE)
    assert form["balances"] == {"USD": "2.5"} and form["unanswered"] == {}
    assert form["answers"][1] == {
        "client_order_id": "CLI00000002", "at_ns": str(T0_NS), "found": "unanswered",
        "why": "timeout", "order": None, "fills": [], "message": "",
    }  # fmt: skip


@pytest.mark.parametrize("part", ["orders", "positions", "fills", "balances"])
def test_a_part_without_an_answer_is_named(part: str) -> None:
    fields: Form = {name: getattr(VENUE, name) for name in fields_of(VENUE)}
    silent = VenueState(**{**fields, part: Unanswered("timeout"), "unanswered_since_ns": 5})
    form = written(venue_form(silent))
    assert part not in form and form["unanswered"] == {part: "timeout"}
    assert read_venue(form) == silent


def test_what_is_not_offered_is_null() -> None:
    plain = VenueState(T0_NS, (), {}, None, None, (), False, None)
    assert read_venue(written(venue_form(plain))) == plain
    uncounted = LocalState((), (), {}, None, True, False)
    assert read_local(written(local_form(uncounted))) == uncounted


def changed(form: Form, path: str, value: object) -> Form:
    """A copy with one place set; the value `...` takes the key away."""
    made = copy.deepcopy(form)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    at: Any = made
    for step in steps:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return made


def local_faults() -> list[tuple[str, object, str]]:
    twice = local_form(LOCAL)["orders"] * 2
    renamed = [twice[0], {**twice[0], "client_order_id": "CLI00000002"}]
    fills = local_form(LOCAL)["fills"] * 2
    return [
        ("orders", ..., "local lacks the key 'orders'; write it, even if empty"),
        ("extra", 1, "local has no key 'extra'; known: orders, fills, positions"),
        ("orders/0/changed_ns", 5,
         r"local.orders\[0\].changed_ns 5 is no time; write nanoseconds as a text of digits"),
        ("orders/0/changed_ns", "-5", "changed_ns '-5' is no time"),
        ("orders/0/changed_ns", "1_0", "changed_ns '1_0' is no time"),
        ("orders/0/changed_ns", "\u0661", "is no time"),
        ("orders", {}, r"local.orders is no list; write \[...\]"),
        ("orders/0", 5, r"local.orders\[0\] is no object"),
        ("orders/0/client_order_id", "", r"local.orders\[0\].client_order_id '' is no name"),
        ("orders/0/order_id", 5, r"orders\[0\].order_id 5 is no name; write a text"),
        ("orders/0/symbol", None, r"orders\[0\].symbol None is no name"),
        ("orders/0/side", "up", r"orders\[0\].side 'up' is no side; Buy or Sell"),
        ("orders/0/side", 5, r"orders\[0\].side 5 is no side"),
        ("orders/0/qty", 2, r"orders\[0\].qty 2 is no decimal text; write it as \"0.01\""),
        ("orders/0/qty", "0", r"orders\[0\].qty '0' must be above 0"),
        ("orders/0/qty", "NaN", r"orders\[0\].qty 'NaN' is not a number"),
        ("orders/0/price", "-1", r"orders\[0\].price '-1' must be above 0"),
        ("orders/0/price", "0.0000000001", "has more than 9 decimals"),
        ("orders/0/filled", "-1", r"orders\[0\].filled '-1' must be 0 or more"),
        ("orders/0/filled", "2.1", r"orders\[0\].filled '2.1' is more than its qty"),
        ("orders/0/state", "Open", r"state 'Open' is unknown; write one of pending, open"),
        ("orders/0/state", ["open"], r"state \['open'\] is unknown"),
        ("orders", twice, "local.orders has client_order_id 'CLI00000001' twice; keep one"),
        ("orders", renamed, "local.orders has order_id 'X1' twice"),
        ("fills", fills, "local.fills has fill_id 'E1' twice"),
        ("fills/0/qty", "0", r"fills\[0\].qty '0' must be above 0"),
        ("positions", [], r"local.positions is no object; write \{name: amount\}"),
        ("positions/BTCUSDT", 1.5, "local.positions.BTCUSDT 1.5 is no decimal text"),
        ("cash/USD", "1e5", "local.cash.USD '1e5' is no amount; write a decimal text"),
        ("cash/USD", 5, "local.cash.USD 5 is no amount"),
        ("cash/USD", "0." + "1" * 19, "at most 18 decimals"),
        ("halted", 1, "local.halted 1 is no switch; write true or false"),
        ("forgets", "no", "local.forgets 'no' is no switch"),
    ]


@pytest.mark.parametrize(("path", "value", "message"), local_faults())
def test_a_fault_of_our_side_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        read_local(changed(local_form(LOCAL), path, value))


def venue_faults() -> list[tuple[str, object, str]]:
    form = venue_form(VENUE)
    told = form["answers"][0]["fills"]
    return [
        ("at_ns", 5, "venue.at_ns 5 is no time"),
        ("answers/0/fills", told * 2, r"answers\[0\].fills has fill_id 'E1' twice"),
        ("answers/0/message", None, "message None is no name"),
        ("unanswered", ..., "venue lacks the object 'unanswered'; write {} when all was answered"),
        ("unanswered", [], "venue lacks the object 'unanswered'"),
        ("unanswered/order", "x", "venue.unanswered.order is no part; known: orders, positions"),
        ("unanswered/fills", "x", "venue.fills is unanswered and given; drop one of them"),
        ("orders", ..., "venue lacks the key 'orders'"),
        ("positions", ..., "venue lacks the key 'positions'"),
        ("positions", None, "venue.positions is no object"),
        ("orders", None, "venue.orders is no list"),
        ("orders", form["orders"] * 2, "venue.orders has order_id 'X9' twice"),
        ("fills", form["fills"] * 2, "venue.fills has fill_id 'E1' twice"),
        ("orders/0/client_order_id", None, "client_order_id None is no name"),
        ("orders/0/order_id", "", "order_id '' is no name"),
        ("orders/0/qty", "-0", "qty '-0' must be above 0"),
        ("fills/0/liquidity", "both", "liquidity 'both' is unknown; write one of maker, taker"),
        ("fills/0/ts_ns", None, "ts_ns None is no time"),
        ("answers/0/found", "gone", "found 'gone' is unknown; write one of open, filled"),
        ("answers/1/why", "", r"answers\[1\].why '' is no name"),
        ("answers/0/order", "X9", r"answers\[0\].order is no object"),
        ("can_ask", None, "venue.can_ask None is no switch"),
        ("unanswered_since_ns", 5, "venue.unanswered_since_ns 5 is no time"),
        ("balances/USD", "", "venue.balances.USD '' is no amount"),
    ]


@pytest.mark.parametrize(("path", "value", "message"), venue_faults())
def test_a_fault_of_the_exchanges_side_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        read_venue(changed(venue_form(VENUE), path, value))


def test_an_unanswered_part_needs_its_reason() -> None:
    form = changed(changed(venue_form(VENUE), "fills", ...), "unanswered/fills", "")
    with pytest.raises(ContractError, match="venue.unanswered.fills '' is no name"):
        read_venue(form)


@pytest.mark.parametrize("read", [read_local, read_venue])
@pytest.mark.parametrize("data", [None, [], "text", 5, True])
def test_a_file_that_is_no_object(read: Any, data: object) -> None:
    with pytest.raises(ContractError):
        read(data)


@pytest.mark.parametrize("seed", range(30))
def test_random_sides_survive_the_file(seed: int) -> None:
    rng = prop.chance(seed)
    orders = tuple(
        LocalOrder(
            f"CLI{number:08d}", rng.choice((None, f"X{number}")), rng.choice(prop.SYMBOLS),
            prop.a_side(rng), qty := prop.a_qty(rng), prop.a_price(rng), rng.randint(0, qty),
            rng.choice(list(OrderState)), rng.randint(0, 10**19 - 1),
        )
        for number in range(rng.randint(0, 5))
    )  # fmt: skip
    held = {symbol: rng.randint(-(10**20), 10**20) for symbol in prop.SYMBOLS}
    cash = {"USD": rng.randint(-(10**30), 10**30), "EUR": rng.randint(-9, 9)}
    local = LocalState(orders, (), held, cash, rng.random() < 0.5, rng.random() < 0.5)
    assert read_local(written(local_form(local))) == local, f"seed {seed}"


def test_a_reconciliation_as_json() -> None:
    result = reconcile(LOCAL, VENUE, Policy(OnMismatch.ADOPT, protection_ns=0))
    form = reconciliation_form(result)
    assert json.loads(codec.canonical(form)) == form
    assert (form["outcome"], form["at_ns"]) == (result.outcome.value, str(T0_NS))
    assert form["findings"][0].keys() == {
        "id", "kind", "severity", "about", "local", "venue", "remedies",
    }  # fmt: skip
    assert form["actions"] == [action_form(action) for action in result.actions]
    assert form["retry_at_ns"] is None or form["retry_at_ns"].isdigit()
    waiting = reconcile(LOCAL, VENUE, Policy())
    assert reconciliation_form(waiting)["retry_at_ns"] == str(T0_NS + 5 * SCALE)


def test_every_action_as_json() -> None:
    frozen = FreezeOrdered("why", None, "reconciliation", T0_NS)
    assert action_form(Take(frozen)) == {
        "do": "take", "kind": "risk.freeze_ordered",
        "payload": {"reason": "why", "symbol": None, "actor": "reconciliation"},
    }  # fmt: skip
    assert action_form(Cancel("X1", "A")) == {
        "do": "cancel", "order_id": "X1", "client_order_id": "A",
    }  # fmt: skip
    assert action_form(Query("A", 5)) == {
        "do": "query", "client_order_id": "A", "not_before_ns": "5",
    }  # fmt: skip
    assert action_form(AdoptPosition("i", "BTCUSDT", -SCALE, 2)) == {
        "do": "adopt_position", "id": "i", "symbol": "BTCUSDT", "qty": "-1", "was": "0.000000002",
    }  # fmt: skip
    assert action_form(AdoptBalance("i", "USD", 10**18, -(10**17))) == {
        "do": "adopt_balance", "id": "i", "currency": "USD", "amount": "1", "was": "-0.1",
    }  # fmt: skip
    adopted = action_form(AdoptFill(EXECUTION))
    assert adopted["do"] == "adopt_fill" and adopted["fill"]["price"] == "1"
