"""The life of orders in figures, and their rows."""

from __future__ import annotations

from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.portfolio.order_tracks import OrderRow, OrderTracks

SYMBOL = "BTCUSDT"


def tracks() -> tuple[OrderTracks, list[OrderRow]]:
    rows: list[OrderRow] = []
    return OrderTracks(rows.append), rows


def placed(orders: OrderTracks, name: str = "1", qty: int = 10) -> None:
    orders.decided(f"CLI{name}", SYMBOL, BUY, qty, 100, 1_000, 101)
    orders.accepted(f"CLI{name}", f"ORD{name}", 1_500)


def fill(orders: OrderTracks, qty: int, ns: int, name: str = "1") -> None:
    track = orders.find(f"ORD{name}")
    assert track is not None
    orders.filled(track, qty, 99, ns)


def test_an_order_that_fills_in_two_parts() -> None:
    orders, rows = tracks()
    placed(orders)
    fill(orders, 4, 2_000)
    assert rows == [] and orders.find("ORD1") is not None
    fill(orders, 6, 9_000)
    assert orders.find("ORD1") is None
    assert rows == [
        OrderRow("CLI1", "ORD1", SYMBOL, BUY, 10, 100, "filled", 1_000, 1_500, 2_000, 9_000, 2, 10,
                 990, 0, 0, 0, 101)
    ]  # fmt: skip
    counts = orders.counts[SYMBOL]
    assert (counts.sent, counts.accepted, counts.touched) == (1, 1, 1)
    assert (counts.asked_e18, counts.filled_e18) == (1_000, 1_000)
    assert (counts.first_ns, counts.whole_ns) == ({1_000: 1}, {8_000: 1})
    assert counts.ended == {"filled": 1, "canceled": 0, "rejected": 0, "open": 0}


def test_times_keep_three_digits() -> None:
    orders, _ = tracks()
    for name, ns in (("1", 124_499), ("2", 124_401)):
        placed(orders, name)
        fill(orders, 10, ns, name)
    assert orders.counts[SYMBOL].whole_ns == {123_000: 2}


def test_a_cancel_ends_an_order_once() -> None:
    orders, rows = tracks()
    placed(orders)
    fill(orders, 4, 2_000)
    orders.canceled("ORD1", 3_000)
    orders.canceled("ORD1", 4_000)
    orders.finish(5_000)
    assert [(row.end, row.ended_ns, row.filled) for row in rows] == [("canceled", 3_000, 4)]
    assert orders.counts[SYMBOL].whole_ns == {}


def test_a_no_is_a_rejection_and_of_a_taken_order_a_cancel() -> None:
    orders, rows = tracks()
    orders.decided("CLI2", SYMBOL, SELL, 1, 100, 1, 0)
    orders.rejected("CLI2", 2)
    orders.rejected("CLI9", 2)
    placed(orders)
    orders.rejected("CLI1", 3)
    assert [(row.client_order_id, row.order_id, row.end) for row in rows] == [
        ("CLI2", "", "rejected"), ("CLI1", "ORD1", "canceled"),
    ]  # fmt: skip
    assert (orders.counts[SYMBOL].sent, orders.counts[SYMBOL].accepted) == (2, 1)


def test_what_lives_at_the_end_is_open() -> None:
    orders, rows = tracks()
    placed(orders)
    orders.decided("CLI2", SYMBOL, BUY, 1, 100, 1, 0)
    orders.finish(9)
    assert [(row.end, row.ended_ns) for row in rows] == [("open", 9), ("open", 9)]


def test_what_is_said_twice_counts_once() -> None:
    orders, _ = tracks()
    placed(orders)
    orders.decided("CLI1", SYMBOL, BUY, 10, 100, 5_000, 90)
    orders.accepted("CLI1", "ORD7", 6_000)
    orders.accepted("CLI8", "ORD8", 6_000)
    counts = orders.counts[SYMBOL]
    assert (counts.sent, counts.accepted, counts.asked_e18) == (1, 1, 1_000)
    assert orders.find("ORD7") is None and orders.find("ORD8") is None


def test_rows_go_nowhere_when_nobody_asked() -> None:
    orders = OrderTracks()
    placed(orders)
    orders.late(OrderRow("", "", SYMBOL, BUY, 1, 1, "late", 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1))
    orders.finish(9)
    assert orders.counts[SYMBOL].ended["open"] == 1
