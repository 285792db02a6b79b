"""Every order under both of its names, and how many that ended are remembered."""

from __future__ import annotations

import pytest

from tests.unit.sim_builders import a_request
from tools.live.core.errors import ContractError
from tools.live.core.words_v1 import BUY
from tools.live.exchange import FillEvent
from tools.live.sim.orders import WorkingOrder
from tools.live.sim.refusals import Refusal, RejectReason
from tools.live.sim.register import Register


def an_order(number: int, name: str | None = None) -> WorkingOrder:
    return WorkingOrder(a_request(name or f"C{number}"), f"O{number}", number)


def a_fill(order_id: str, number: int) -> FillEvent:
    return FillEvent(order_id, "AAA", BUY, 1, 1, 0, f"FIL{number:06d}")


def test_the_oldest_that_ended_is_forgotten_with_its_fills() -> None:
    register = Register(retain=2)
    for number in range(4):
        order = an_order(number)
        register.open(order)
        register.book(a_fill(order.order_id, number))
        if number < 3:
            register.end(order)
    assert list(register.live) == ["O3"] and register.forgotten == 1
    assert register.find("C0") is None and register.ended("O0") is None
    assert register.fills_of("O0") == ()
    assert [fill.fill_id for fill in register.fills()] == ["FIL000001", "FIL000002", "FIL000003"]


def test_longer_names_of_fills_are_later_ones() -> None:
    register = Register()
    register.book(a_fill("O1", 1_000_000))
    register.book(a_fill("O2", 999_999))
    register.book(a_fill("O1", 1_000_001))
    assert [fill.order_id for fill in register.fills()] == ["O2", "O1", "O1"]
    assert len(register.fills_of("O1")) == 2


def test_a_refused_name_may_come_again_and_one_in_use_stays() -> None:
    register = Register(retain=1)
    no = Refusal(RejectReason.RULES, "too small")
    register.refuse(a_request("C1"), no)
    assert register.find("C1") is no
    order = an_order(1)
    register.open(order)
    register.refuse(a_request("C1"), no)
    assert register.find("C1") is order
    register.end(order)  # what is forgotten now is the refusal, not the order
    assert register.find("C1") is order and register.forgotten == 1


def test_retain_is_a_count() -> None:
    for wrong in (-1, True):
        with pytest.raises(ContractError, match="retain"):
            Register(wrong)


def test_the_state_is_all_of_it() -> None:
    register = Register()
    empty = register.state()
    register.refuse(a_request("C9"), Refusal(RejectReason.RULES, "x"))
    register.open(an_order(1))
    assert register.state() != empty
