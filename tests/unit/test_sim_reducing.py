"""Reduce-only orders within their positions, on both sides; more in `test_sim_pit`."""

from __future__ import annotations

from tests.unit.sim_builders import SYMBOL, Floor
from tools.live.core.money import SCALE
from tools.live.core.words_v1 import BUY, SELL
from tools.live.sim.reducing import Reducing


def test_a_buy_closes_a_short_position() -> None:
    floor = Floor()
    floor.send("C1", SELL, 3, price=99)
    reducing = floor.exchange.desk.pit.reducing
    assert isinstance(reducing, Reducing)
    assert reducing.closable(SYMBOL, BUY) == 3 * SCALE and not reducing.closable(SYMBOL, SELL)
    floor.send("C2", BUY, 9, price=98, reduce_only=True)
    assert floor.open() == [("C2", 3)]
    before = reducing.state()
    floor.send("C3", BUY, 1, price=97, symbol="BBB")  # another symbol is another matter
    floor.send("C4", SELL, 1, price=105)  # and so is the other side
    assert floor.open()[0] == ("C2", 3)
    floor.exchange.cancel("ORD000002")
    assert reducing.state() != before and not reducing.resting


def test_what_fits_stays_as_it_is() -> None:
    floor = Floor()
    floor.send("C1", SELL, 5, price=99)
    floor.send("C2", BUY, 2, price=98, reduce_only=True)
    floor.send("C3", BUY, 2, price=97)
    assert floor.open() == [("C2", 2), ("C3", 2)]
    floor.send("C4", BUY, 9, price=97)
    assert floor.open() == [("C3", 2), ("C4", 9)]


def test_the_newest_is_cut_first() -> None:
    floor = Floor()
    floor.send("C1", SELL, 5, price=99)
    for name in ("C2", "C3", "C4"):
        floor.send(name, BUY, 1, price=98, reduce_only=True)
    floor.send("C5", BUY, 4, price=97)
    assert floor.open() == [("C2", 1), ("C5", 4)]
