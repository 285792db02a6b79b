"""The line in memory keeps every event with its place, its author and its causes."""

from __future__ import annotations

import pytest

from tests.unit import prop
from tools.live.core.contracts_v1 import INPUTS, CancelOrder, Entry, Frozen, OrderCanceled
from tools.live.core.line import Line
from tools.live.core.record import fields_of

SOURCES = {
    "run.params": "operator",
    "md.quote": "feed",
    "edge.update": "feed",
    "order.accepted": "exchange",
    "order.rejected": "exchange",
    "order.fill": "exchange",
    "order.canceled": "exchange",
    "order.cancel_failed": "exchange",
    "order.open_listed": "exchange",
    "order.open_unknown": "exchange",
    "order.cancel_all": "operator",
    "risk.freeze_ordered": "operator",
    "risk.unfreeze_ordered": "operator",
    "order.unknown": "exchange",
    "order.absent": "exchange",
    "order.query_failed": "exchange",
    "run.timer": "clock",
    "run.resumed": "operator",
    "run.reconciled": "exchange",
    "order.adopted": "exchange",
    "order.fill_adopted": "exchange",
    "risk.position_adopted": "exchange",
    "md.gap_detected": "feed",
    "md.resync_started": "feed",
    "md.resync_finished": "feed",
    "md.feed_lost": "feed",
    "md.stale": "feed",
    "order.executed": "exchange",
    "funding.paid": "exchange",
    "run.rules": "exchange",
}


def test_a_new_line_is_empty() -> None:
    assert Line().entries == []


@pytest.mark.parametrize("contract", INPUTS, ids=lambda contract: contract.kind)
def test_every_input_has_an_author(contract: type) -> None:
    line = Line()
    event = prop.an_input(prop.chance(1), contract)
    line.input(3, 2, 1, event)
    assert line.entries == [Entry(3, SOURCES[contract.kind], 2, 1, event)]


@pytest.mark.parametrize("contract", INPUTS, ids=lambda contract: contract.kind)
def test_an_input_may_be_heard_by_its_fields(contract: type) -> None:
    line = Line()
    event = prop.an_input(prop.chance(1), contract)
    line.hearing(contract)(3, 2, 1, *(getattr(event, name) for name in fields_of(event)))
    assert line.entries == [Entry(3, SOURCES[contract.kind], 2, 1, event)]


def test_outputs_are_the_loops() -> None:
    line = Line()
    frozen = Frozen("reason", None, 9)
    line.output(5, 4, 3, frozen)
    assert line.entries == [Entry(seq=5, src="loop", corr=4, cause=3, event=frozen)]


def test_the_order_of_recording_is_kept() -> None:
    line = Line()
    line.output(1, 1, 0, CancelOrder("CLI1", "ORD1", 1))
    line.input(2, 1, 1, OrderCanceled("ORD1", 1))
    assert [entry.seq for entry in line.entries] == [1, 2]
    assert [entry.src for entry in line.entries] == ["loop", "exchange"]


def test_two_lines_share_nothing() -> None:
    first, second = Line(), Line()
    first.input(1, 1, 0, OrderCanceled("ORD1", 1))
    assert second.entries == []
