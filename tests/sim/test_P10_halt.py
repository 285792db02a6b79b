"""P10, the storage's part: once a line has failed nothing is sent, and nobody goes on unasked."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim.journaled_runs import START_NS, begun, finished, run_on
from tests.sim.sim_disk import Faults, SimDisk
from tools.live.core.contracts_v1 import Approved
from tools.live.core.errors import LineFailed
from tools.live.exchange import PlaceOrderResponse
from tools.live.journal.errors import Halted
from tools.live.journal.halt import is_halted, resume
from tools.live.journal.outcome import Status
from tools.live.journal.run import look

STEPS = 14


def sent_after_a_failure(disk: SimDisk, at: int) -> int:
    """A life whose disk fails at one call, as the demo lives it: the orders sent after that."""
    sent: list[str] = []
    disk.faults = Faults(planted=at)
    try:
        life = begun(disk, STEPS)
    except LineFailed:
        return 0
    place = life.loop.exchange.place_limit

    def watched(order: Approved) -> PlaceOrderResponse:
        if life.run.journal.status is not Status.OPEN:
            sent.append(order.client_order_id)
        return place(order)

    life.loop.exchange.place_limit = watched  # type: ignore[method-assign]
    try:
        finished(life)
    except LineFailed as failure:
        life.loop.abandon()
        life.run.halt(failure, START_NS)
        assert not life.loop.exchange.get_open_orders()
    finally:
        life.run.let_go()
    return len(sent)


def test_P10_after_a_failure_at_any_call_nobody_goes_on_before_it_is_resumed(
    figures: Counter[str],
) -> None:
    expected, _ = run_on(SimDisk(1), STEPS)
    whole = SimDisk(1)
    run_on(whole, STEPS)
    halts = 0
    for at in range(1, whole.ops + 1):
        disk = SimDisk(1)
        assert sent_after_a_failure(disk, at) == 0, at
        disk.faults = Faults()
        disk.power_loss(at) if at % 2 else disk.kill9()
        if is_halted(disk):
            halts += 1
            with pytest.raises(Halted):
                run_on(disk, STEPS)
            resume(disk, actor="a test", reason="seen", holder="a test", time_ns=START_NS)
        assert not is_halted(disk)
        if not look(disk).finished:
            assert run_on(disk, STEPS)[0] == expected, at
    figures["halts"] += halts
    assert halts > 20
