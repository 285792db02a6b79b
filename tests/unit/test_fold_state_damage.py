"""A damaged state is refused whole: `tools.live.fold_state` and its parts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.builders import BTC, T0_NS, a_quote_event, e9
from tests.unit.busy_fold import BUSY, busy_base
from tools.live.core import codec
from tools.live.core.contracts_v1 import ParamsSet
from tools.live.core.errors import ContractError
from tools.live.fold_state import books, doubts, edge, orders, plain, restore, risk, state_of

PARTS = (books, doubts, edge, orders, plain, risk)  # every one of them refuses something here
Path = tuple[str | int, ...]

# What one account alone knows: another number there is another state, and nothing contradicts it.
# The checkpoint's own hash, and that of the state, are what notices.
ALONE = {
    "fold/params/0", "fold/params/1", "fold/canceling/*/1",
    "fold/edge/mids/*/1", "fold/edge_bps/*/1",
    "ledger/*/maker_fills", "ledger/*/taker_fills",
    *(f"fold/edge/measured/*/1/*/{kind}/*/{at}"
      for kind, width in (("rows", 4), ("waiting", 5)) for at in range(width)),
    "fold/ack_ns/*/0", "fold/duplicate_fills", "fold/late_fills", "fold/refused_fills",
    "monitor/exposures/*/3", "monitor/exposures/*/4", "monitor/exposures/*/5",
    "monitor/ratio_counts/*/0", "monitor/ratio_counts/*/1", "monitor/first_freeze/2",
    "monitor/last_freeze/2", "store/next", "store/orders/*/3", "store/orders/*/4",
    "store/orders/*/10", "store/orders/*/11", "monitor/freezes_total",
    "fold/outbox/cancels_due_ns", "fold/outbox/cancels_tried",
    *(f"fold/outbox/doubts/*/{at}" for at in range(1, 6)),
}  # fmt: skip


def leaves(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that holds no other, and where it is."""
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in inside:
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def holders(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every object and list, the outermost included."""
    yield path, data
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in inside:
        if isinstance(value, dict | list):
            yield from holders(value, (*path, key))


def changed(data: Any, path: Path, value: Any) -> Any:
    """A copy in which one value is another."""
    copied = copy.deepcopy(data)
    at(copied, path[:-1])[path[-1]] = value
    return copied


def at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def shown(path: Path) -> str:
    """A path in which the first of two numbers that follow names stands for any."""
    return "/".join(map(str, path))


def general(path: Path) -> str:
    """The path with a star for the place in a list of rows, and in a list of horizons."""
    starred = []
    for place, key in enumerate(path):
        before = path[place - 1] if place else ""
        rows = before in (
            "mids", "measured", "rows", "waiting", "edge_bps", "ack_ns", "unresolved", "exposures",
            "outside_fills", "ratio_counts", "refusals", "orders", "ended", "fills", "sums", "lots",
            "ledger", "doubts", "canceling",
        ) or (place == 5 and path[1:3] == ("edge", "measured"))  # fmt: skip
        starred.append("*" if rows and isinstance(key, int) else key)
    return shown(tuple(starred))


def refused(data: Any) -> str:
    """The message of the refusal; a fold in another state must be left as it is."""
    fold = busy_base()
    fold.step(ParamsSet(e9(1), 0, T0_NS))
    fold.step(a_quote_event())
    before = codec.canonical(state_of(fold))
    with pytest.raises(ContractError) as found:
        restore(fold, data)
    assert codec.canonical(state_of(fold)) == before
    return str(found.value)


def is_refused(data: Any) -> bool:
    try:
        restore(busy_base(), data)
    except ContractError:
        return True
    return False


def test_nothing_in_the_busy_state_is_empty() -> None:
    assert [shown(path) for path, held in holders(BUSY) if not held] == [
        f"fold/edge/measured/{symbol}/1/{horizon}/rows"
        for symbol, horizon in ((0, 2), (1, 0), (1, 1), (1, 2))
    ]


WORDS = [[], {}, 1.0, 1, True]
NUMBERS = [*WORDS, "", "01", "+1", "-0", "1_0", " 1", "1\n", "1e3", "\u0661", "1" * 81]
COUNTS = [[], {}, 1.0, "1", True, None, -1, 2**53]


def is_number(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip("-").isdigit()


def test_every_value_of_another_type_is_refused() -> None:
    nullable = {}
    for path, value in leaves(BUSY):
        if isinstance(value, bool):
            others: list[Any] = [[], {}, 1.0, 1, 0, None, "true"]
        elif isinstance(value, int):
            others = COUNTS
        else:
            others = NUMBERS if is_number(value) else WORDS
            if value is not None and not is_refused(changed(BUSY, path, None)):
                nullable[general(path)] = True
        for other in others:
            if not is_refused(changed(BUSY, path, other)):
                pytest.fail(f"{shown(path)}: {other!r} stands for {value!r}")
    assert sorted(nullable) == [
        "fold/edge_bps/*/1", "fold/outbox/cancels_due_ns", "monitor/first_freeze/1",
        "monitor/first_freeze/2",
        "monitor/last_freeze/1", "monitor/last_freeze/2",
    ]  # fmt: skip


def test_every_holder_of_another_type_or_width_is_refused() -> None:
    for path, held in holders(BUSY):
        if path:
            others: list[Any] = [None, "", 1, [] if isinstance(held, dict) else {}]
            for other in others:
                nothing = other is None and shown(path) in MAY_BE_NULL
                if is_refused(changed(BUSY, path, other)) is nothing:
                    pytest.fail(f"{shown(path)}: {other!r}")
        else:
            assert is_refused([]) and is_refused(None)


MAY_BE_NULL = ("fold/params", "monitor/last_unfreeze")

# Lists of which the last item may be gone, and nothing contradicts it.
SHORTER = {
    "fold/canceling", "fold/edge/measured", "fold/edge/measured/*/1/*/rows",
    "fold/edge/measured/*/1/*/waiting",
    "fold/edge_bps", "fold/outbox/doubts", "fold/unresolved", "fold/foreign_orders",
    "monitor/ratio_counts",
}  # fmt: skip
# Lists in which the last item may be there twice.
LONGER = {
    "fold/edge/measured/*/1/*/rows", "fold/edge/measured/*/1/*/waiting", "fold/foreign_orders",
}  # fmt: skip


def test_a_list_that_is_shorter_or_longer_contradicts_something() -> None:
    shorter, longer = {}, {}
    for path, held in holders(BUSY):
        if not isinstance(held, list) or not held:
            continue
        if not is_refused(changed(BUSY, path, held[:-1])):
            shorter[general(path)] = True
        if not is_refused(changed(BUSY, path, [*held, held[-1]])):
            longer[general(path)] = True
    assert sorted(shorter) == sorted(SHORTER)
    assert sorted(longer) == sorted(LONGER)


def test_every_key_is_needed_and_no_other_is_known() -> None:
    for path, held in holders(BUSY):
        if not isinstance(held, dict):
            continue
        for key in held.keys() - {"canceling"}:  # told only while one is on its way
            less = copy.deepcopy(BUSY)
            del at(less, path)[key]
            assert f"lacks {key}" in refused(less)
        more = copy.deepcopy(BUSY)
        at(more, path)["more"] = 1
        assert "has 'more', which nobody knows" in refused(more)


def test_another_number_contradicts_something() -> None:
    survived = {}
    for path, value in leaves(BUSY):
        if is_number(value):
            other: Any = str(int(value) + 1)
        elif type(value) is int:
            other = value + 1
        else:
            continue
        if not is_refused(changed(BUSY, path, other)):
            survived[general(path)] = True
    assert sorted(survived) == sorted(ALONE)


def path_of(text: str) -> Path:
    return tuple(int(key) if key.isdigit() else key for key in text.split("/"))


def refusal(path: str, value: Any) -> str:
    return refused(changed(BUSY, path_of(path), value))


def test_a_refusal_names_the_field_the_value_and_the_rule() -> None:
    assert refusal("fold/canceling/0/0", "Z9") == "canceling names 'Z9', which is no open order"
    assert refusal("fold/canceling", []) == "canceling is told and empty"
    assert refusal("store/orders/1/3", "-5") == "orders item 1: qty '-5' is not 1 or more"
    assert refusal("store/orders/1/2", "Up") == "orders item 1: side 'Up' is not one of Buy, Sell"
    assert refusal("store/orders/1/0", 2) == (
        "orders item 1: number 2 is not above 2 and below the next, 9"
    )
    assert refusal("store/next", 8) == (
        "orders item 5: number 8 is not above 7 and below the next, 8"
    )
    assert refusal("store/orders/1/6", "X2") == (
        "orders item 1: order_id 'X2' is not the id of one order only"
    )
    assert refusal("store/ended/0", 5) == (
        "ended item 1: number 5 is not that of an ended order, named once"
    )
    assert refusal("store/ended", [4, 5]) == "ended lacks CLI00000007, which has ended"
    assert refusal("store/fills/0/1", 3) == (
        "fills item 0: order number 3 is not that of an order which is kept"
    )
    assert refusal("store/fills/1/0", "F2") == "fill id 'F2' is there twice"
    assert refusal("store/fills/0/2", "3999999") == (
        "the fills of CLI00000002 are 1 at a cost of 50000000000000 short of what it filled"
    )
    assert refusal("ledger/1/symbol", BTC) == "ledger symbol 'BTCUSDT' is there twice"
    assert refusal("ledger/0/lots/0/0", "0") == (
        "ledger item 0: BTCUSDT holds a lot of 0 in 10000000"
    )
    assert refusal("ledger/0/cash_e18", "7") == (
        "ledger item 0: BTCUSDT has cash 7, not -500150000000000000000 or -500150000000000000000"
    )
    assert refusal("monitor/exposures/0/3", "99999999999999") == (
        "exposures item 0: 'BTCUSDT' is plain, but its bid is above its ask"
    )
    assert refusal("monitor/exposures/0/0", "SOL") == (
        "exposures item 0: 'SOL' has an exposure but no holding"
    )
    assert refusal("monitor/exposures/0/1", "1") == (
        "open Buy orders of BTCUSDT: 0 on one side, 1 on the other"
    )
    assert refusal("fold/stats/risk_blocks", 3) == "stats risk_blocks is 3, of 2 in all"
    assert refusal("fold/edge/measured/0/0", "SOL") == (
        "measured 'SOL' is not a symbol that has a middle"
    )
    assert refusal("fold/params/0", "0") == "base_qty 0.0 must be above 0"
    assert refusal("fold/outbox/doubts/0/0", "CLI00000007") == (
        "doubts item 0: order in doubt 'CLI00000007' is not a pending order, named once"
    )
    assert refusal("monitor/frozen", "no") == "frozen 'no' is not true or false"
    assert refusal("store", []) == "store [] is not an object"


def test_a_freeze_has_causes() -> None:
    without = copy.deepcopy(BUSY)
    without["monitor"]["first_freeze"] = without["monitor"]["last_freeze"] = None
    assert refused(without) == "frozen without a cause: True on one side, False on the other"
    without["monitor"]["frozen"] = False
    assert not is_refused(without)


def test_an_order_is_in_a_state_that_it_can_be_in() -> None:
    """2 is filled in part, 4 canceled with a late fill, 5 filled, 8 pending."""
    for place, column, value in (
        (0, 5, "open"), (0, 5, "filled"), (0, 5, "pending"), (0, 7, "0"), (0, 7, "10000000"),
        (0, 6, None), (1, 5, "filled"), (1, 5, "partially_filled"), (1, 9, "10000001"),
        (1, 7, "10000000"), (2, 5, "canceled"), (2, 7, "9999999"), (2, 9, "1"), (5, 7, "1"),
        (5, 6, "X8"), (5, 5, "open"),
    ):  # fmt: skip
        said = refused(changed(BUSY, ("store", "orders", place, column), value))
        assert said.startswith(f"orders item {place}: state "), (place, column, said)


def test_a_window_holds_no_more_than_the_tracker_keeps() -> None:
    row = BUSY["fold"]["edge"]["measured"][0][1][0]["rows"][0]
    path = path_of("fold/edge/measured/0/1/0/rows")
    assert not is_refused(changed(BUSY, path, [row] * 200))
    assert refused(changed(BUSY, path, [row] * 201)) == (
        "measured item 0: rows 201 is not at most 200"
    )
