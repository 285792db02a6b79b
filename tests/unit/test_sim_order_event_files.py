"""Files of single orders: our own lines, hftbacktest's rows, and the quotes that follow."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.market_files import npz, written
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo
from tools.live.market.importers.content import Content
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.order_by_order import OrderByOrder
from tools.live.sim.order_event_files import (
    OrderMarket, line_of, read_hftbacktest, read_lines, with_quotes,
)  # fmt: skip
from tools.live.sim.order_events import (
    BookCleared, OrderEvent, RestingAdded, RestingCanceled, RestingReduced, RestingReplaced,
    RestingTraded,
)  # fmt: skip
from tools.live.sim.orders import OrderRequest
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

T = 1723161254087891268
E9 = 10**9
LOCAL, EXCHANGE, BID, ASK = 1 << 30, 1 << 31, 1 << 29, 1 << 28
BOTH = LOCAL | EXCHANGE
EVENTS: list[OrderEvent] = [
    RestingAdded("X", "mine", "7", BUY, 100 * E9 + 1, E9 // 2, T, T + 1),
    RestingReduced("X", "mine", "7", 1, None, T + 2),
    RestingTraded("X", "mine", "7", 2, None, T + 3),
    RestingReplaced("X", "mine", "7", "8", 99 * E9, E9, None, T + 4),
    RestingCanceled("X", "mine", "8", None, T + 5),
    BookCleared("X", "mine", None, T + 6),
]


def test_lines_there_and_back() -> None:
    data = b"".join([line_of(event) for event in EVENTS])
    assert list(read_lines([data[:99], data[99:]])) == EVENTS
    assert line_of(EVENTS[0]) == (
        b'{"exchange_ns":%d,"kind":"l3.added","order_id":"7","price":"100.000000001","qty":"0.5",'
        b'"side":"Buy","source":"mine","symbol":"X","ts_ns":%d}\n' % (T, T + 1)
    )


def changed(**fields: Any) -> bytes:
    """The first line, a value of it written as given; None leaves it out."""
    told = {"exchange_ns": "null", "kind": '"l3.added"', "order_id": '"7"', "price": '"1"',
            "qty": '"1"', "side": '"Buy"', "source": '"s"', "symbol": '"X"', "ts_ns": "1",
            **fields}  # fmt: skip
    inner = ",".join(f'"{name}":{value}' for name, value in told.items() if value is not None)
    return f"{{{inner}}}".encode()


@pytest.mark.parametrize(("line", "what"), [
    (b"{}", "kind None is none of l3.added, l3.reduced"),
    (b"[]", "kind None is none of"),
    (changed(kind='"md.trade"'), "kind 'md.trade' is none of"),
    (changed(kind="[1]"), "is none of"),
    (changed(qty=None), "l3.added has not the fields symbol, source, order_id"),
    (changed(more="1"), "l3.added has not the fields"),
    (changed(qty="1"), "qty 1 is no text"),
    (changed(qty='"0"'), "qty '0' must be above 0"),
    (changed(qty='"NaN"'), "qty 'NaN' is not a number"),
    (changed(price='"1_0"'), "price '1_0' is not a number"),
    (changed(price='"1e400"'), "price"),
    (changed(side='"buy"'), "side 'buy' is neither Buy nor Sell"),
    (changed(side="null"), "side None is neither"),
    (changed(order_id='""'), "order_id '' is no text of 1 to 64 characters"),
    (changed(order_id="7"), "order_id 7 is no text"),
    (changed(order_id='"%s"' % ("x" * 65)), "is no text of 1 to 64"),
    (changed(ts_ns="1.5"), "ts_ns 1.5 is no time in nanoseconds"),
    (changed(ts_ns="-1"), "ts_ns -1 is no time"),
    (changed(ts_ns="true"), "ts_ns True is no time"),
    (changed(ts_ns="null"), "ts_ns None is no time"),
    (changed(exchange_ns="99999999999999999999"), "is no time"),
    (b'{"kind":"l3.added","kind":"l3.added"}', "an order event"),
    (b"\xff", "an order event is not UTF-8"),
    (b"", "an order event is not JSON"),
])  # fmt: skip
def test_a_line_that_is_no_event_ends_the_reading(line: bytes, what: str) -> None:
    good = line_of(EVENTS[0])
    with pytest.raises(ContractError, match=f"({what}).*at line 2"):
        list(read_lines([good + line + b"\n" + good]))


def plain(rows: list[tuple[int, int, int, float, float, int]]) -> list[bytes]:
    """The array in the archive that the shared builder makes, with order ids set."""
    packed = npz([row[:5] for row in rows])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        data = bytearray(archive.read(archive.namelist()[0]))
    start = len(data) - 64 * len(rows)
    for place, row in enumerate(rows):
        struct.pack_into("<Q", data, start + 64 * place + 40, row[5])
    return [bytes(data)]


def test_rows_of_hftbacktest() -> None:
    found = list(read_hftbacktest(iter(plain([
        (BOTH | 3, T, T, 0.0, 0.0, 0),
        (BOTH | BID | 10, T, T + 5, 100.1, 2.0, 7),
        (EXCHANGE | BID | 10, T, T + 5, 100.1, 2.0, 8),
        (BOTH | ASK | 2, T, T + 6, 100.1, 1.0, 0),
        (BOTH | BID | 13, T, T + 6, 100.1, 1.0, 7),
        (BOTH | BID | 12, T, T + 6, 100.2, 1.0, 7),
        (BOTH | BID | 11, T, T + 7, 100.2, 1.0, 7),
        (BOTH | ASK | 10, T, T + 7, 100.5, 1.0, 9),
    ])), "X"))  # fmt: skip
    s = "hftbacktest"
    assert found == [
        BookCleared("X", s, T, T),
        RestingAdded("X", s, "7", BUY, 1001 * E9 // 10, 2 * E9, T, T + 5),
        RestingTraded("X", s, "7", E9, T, T + 6),
        RestingReplaced("X", s, "7", "7", 1002 * E9 // 10, E9, T, T + 6),
        RestingCanceled("X", s, "7", T, T + 7),
        RestingAdded("X", s, "9", SELL, 1005 * E9 // 10, E9, T, T + 7),
    ]  # fmt: skip


@pytest.mark.parametrize(("row", "what"), [
    ((BOTH | BID | 1, T, T, 1.0, 1.0, 1), "an event of kind 1 at line 1; give a file of single"),
    ((BOTH | 10, T, T, 1.0, 1.0, 1), "order 1 without a side at line 1; set one of the flags"),
    ((BOTH | BID | 10, T, 0, 1.0, 1.0, 1), "times .* at line 1; give nanoseconds"),
    ((BOTH | BID | 10, 0, T, 1.0, 1.0, 1), "times .* at line 1; give nanoseconds"),
    ((BOTH | BID | 10, T, T, float("nan"), 1.0, 1), "px nan is no number above 0 that we take"),
    ((BOTH | BID | 10, T, T, 1.0, 0.0, 1), "qty 0.0 is no number above 0"),
    ((BOTH | BID | 13, T, T, 1.0, -1.0, 1), "qty -1.0 is no number above 0"),
])  # fmt: skip
def test_rows_that_are_no_events(row: tuple[int, int, int, float, float, int], what: str) -> None:
    with pytest.raises(ContractError, match=what):
        list(read_hftbacktest(iter(plain([row])), "X"))


def test_an_archive_is_unpacked_by_whoever_opens_it(tmp_path: Path) -> None:
    path = written(tmp_path, npz([(BOTH | BID | 10, T, T + 5, 100.0, 2.0)]))
    blocks = Content(str(path), "--market").blocks()
    assert list(read_hftbacktest(blocks, "X", source="mine")) == [
        RestingAdded("X", "mine", "0", BUY, 100 * E9, 2 * E9, T, T + 5)
    ]


def test_quotes_come_behind_what_changes_the_touch() -> None:
    found = list(with_quotes(EVENTS[:3] + EVENTS[4:5], "X", "mine"))
    first = Bbo("X", "mine", 100 * E9 + 1, E9 // 2, 0, 0, None, T, T + 1)
    assert found[:2] == [EVENTS[0], first]
    assert [type(event).__name__ for event in found] == [
        "RestingAdded", "Bbo", "RestingReduced", "Bbo", "RestingTraded", "Bbo", "RestingCanceled",
    ]


def test_a_world_of_single_orders() -> None:
    """An order of ours joins the queue, and fills once what stood before it has traded."""
    events = [
        RestingAdded("X", "s", "a", BUY, 100 * E9, 5 * E9, None, T),
        RestingAdded("X", "s", "b", SELL, 101 * E9, 5 * E9, None, T + 1),
        RestingAdded("X", "s", "c", BUY, 100 * E9, 5 * E9, None, T + 3),
        RestingTraded("X", "s", "a", 5 * E9, None, T + 4),
        RestingTraded("X", "s", "c", 3 * E9, None, T + 5),
    ]
    market = OrderMarket(lambda: events, "X", "s")
    exchange = SimulatedExchange(Terms(venue=OrderByOrder))
    world = SimulatedWorld(market, exchange)
    assert world.advance() is not None
    exchange.submit(OrderRequest("C1", "X", BUY, 2 * E9, price=100 * E9))
    while world.advance() is not None:
        pass
    (fill,) = list(exchange.stream_fills())
    assert (fill.qty_e9, fill.price_e9, fill.liquidity) == (2 * E9, 100 * E9, "maker")
    assert exchange.describe()["venue"] == "OrderByOrder"
    assert world.describe()["format"] == "order-events"
