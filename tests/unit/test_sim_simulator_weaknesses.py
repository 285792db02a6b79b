"""The twelve weaknesses of ADR-006's first implementation: what it did, and what happens here."""

from __future__ import annotations

import ast
import json
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.simulator_builders import NOON, a_simulator, after, an_order
from tools.live.core.errors import ContractError
from tools.live.sim import simulator
from tools.live.sim.simulator import ExecutionSimulator
from tools.live.sim.simulator_checkpoint import restore, take_checkpoint
from tools.live.sim.simulator_checkpoint_text import deserialize_checkpoint, serialize_checkpoint
from tools.live.sim.simulator_contracts import (
    LATENCY_NORMAL, LATENCY_SLOW, LatencyConfig, OrderStatus, RejectionReason,
)  # fmt: skip
from tools.live.sim.simulator_limits import (
    DrawdownLimitRule, ExposureLimitRule, PositionLimitRule, RiskConfig,
)  # fmt: skip
from tools.live.simulator import CheckpointManager, OrderRegistry

HALF = RiskConfig(exposure_limit=ExposureLimitRule(Decimal(50), Decimal(50)))


def again(one: ExecutionSimulator) -> ExecutionSimulator:
    """The same simulator from its own JSON."""
    text = json.dumps(serialize_checkpoint(take_checkpoint(one)))
    return restore(deserialize_checkpoint(json.loads(text)))


def test_weakness_01_prices_are_known_to_risk_when_an_order_comes() -> None:
    """It judged with no prices: 90 % of the account passed a limit of 50 %."""
    one = a_simulator(risk_config=HALF)
    one.process_market_data("SPY", 100, NOON)
    refused = one.submit_order(an_order(quantity=90))
    assert refused.rejection_reason is RejectionReason.RISK_EXPOSURE_LIMIT
    assert refused.rejection_message == "gross exposure 90.0% > 50%"
    assert one.submit_order(an_order("o2", quantity=50)).status is OrderStatus.SUBMITTED
    assert one.submit_order(an_order("o3", quantity=1)).status is OrderStatus.REJECTED

    limited = a_simulator(
        risk_config=RiskConfig(PositionLimitRule(max_value=Decimal(1_000)))
    )
    limited.process_market_data("SPY", 100, NOON)
    refused = limited.submit_order(an_order(quantity="10.01"))
    assert refused.rejection_reason is RejectionReason.RISK_POSITION_LIMIT
    assert limited.submit_order(an_order("o2")).status is OrderStatus.SUBMITTED


def test_weakness_01_an_order_without_a_price_is_judged_when_the_first_one_comes() -> None:
    one = a_simulator(risk_config=HALF)
    order = one.submit_order(an_order(quantity=90), NOON)
    assert order.status is OrderStatus.SUBMITTED
    assert one.process_market_data("SPY", 100, NOON) == []
    assert order.rejection_reason is RejectionReason.RISK_EXPOSURE_LIMIT
    assert one.available_cash == 10_000


def test_weakness_02_drawdown_counts_positions_at_their_prices() -> None:
    """It counted them as nothing: buying 45 % of the cash was a drawdown of 45 %."""
    rules = RiskConfig(drawdown_limit=DrawdownLimitRule(Decimal(5), Decimal(5)))
    one = a_simulator(risk_config=rules)
    one.submit_order(an_order(quantity=45), NOON)
    one.process_market_data("SPY", 100, NOON)
    assert one.get_account_value() == 10_000
    assert one.submit_order(an_order("o2", quantity=1)).status is OrderStatus.SUBMITTED

    one.process_market_data("SPY", 88, after(1))  # 45 that lose 12 each
    refused = one.submit_order(an_order("o3", "sell", quantity=1))
    assert refused.rejection_reason is RejectionReason.RISK_DRAWDOWN_LIMIT
    assert refused.rejection_message == "daily drawdown 5.4% > 5%"


def test_weakness_02_a_new_day_begins_with_the_value_of_the_account_and_peaks_see_all() -> None:
    """A new day began with the cash alone; a peak was seen only in the symbol that filled."""
    rules = RiskConfig(drawdown_limit=DrawdownLimitRule(Decimal(5), Decimal(50)))
    one = a_simulator(risk_config=rules)
    one.submit_order(an_order(quantity=45), NOON)
    one.process_market_data("SPY", 100, NOON)
    one.process_market_data("QQQ", 7, NOON)
    one.process_market_data("SPY", 120, after(1))
    assert one.risk_checker is not None
    assert one.risk_checker.peak_value == 10_900
    one.reset_daily_risk_tracking()
    assert one.risk_checker.daily_start_value == 10_900


def test_weakness_03_what_is_on_its_way_is_in_the_checkpoint() -> None:
    """An order on its way was gone after a restore; so was a cancel."""
    one = a_simulator(latency_config=LATENCY_SLOW)
    one.submit_order(an_order(), NOON)
    one.submit_order(an_order("o2", kind="limit", limit=50))
    one.cancel_order("o2")
    twin = again(one)
    assert list(twin.arriving_orders) == ["o1", "o2"]
    assert twin.action_queue.actions == one.action_queue.actions
    for simulated in (one, twin):
        simulated.process_market_data("SPY", 100, after(200))
        simulated.process_market_data("SPY", 100, after(2_000))
    order, canceled = twin.get_order("o1"), twin.get_order("o2")
    assert order is not None and order.status is OrderStatus.FILLED
    assert canceled is not None and canceled.status is OrderStatus.CANCELLED
    assert take_checkpoint(twin) == take_checkpoint(one)


def test_weakness_04_a_new_order_can_be_found_and_canceled() -> None:
    """It was neither found nor canceled before it had arrived."""
    one = a_simulator(latency_config=LATENCY_NORMAL)
    order = one.submit_order(an_order(), NOON)
    assert order.status is OrderStatus.NEW
    assert one.get_order("o1") is order
    assert one.cancel_order("o1") is order
    one.process_until(after(100))
    assert order.status is OrderStatus.CANCELLED
    assert order.cancelled_at == after(50)
    assert one.process_market_data("SPY", 100, after(200)) == []


def test_weakness_05_a_late_fill_is_reported_at_its_own_time_and_price() -> None:
    """It was never returned, and was booked later than it was due at a price of long ago."""
    one = a_simulator(latency_config=LatencyConfig(*[timedelta(milliseconds=10)] * 4))
    one.submit_order(an_order(), NOON)
    assert one.process_market_data("SPY", 100, after(20)) == []  # due at 30
    assert one.process_market_data("SPY", 101, after(25)) == []
    told = one.process_market_data("SPY", 150, after(500))
    assert [(each.price, each.timestamp) for each in told] == [(101, after(30))]


def test_weakness_05_a_late_fill_whose_limit_the_price_has_left_does_not_happen() -> None:
    one = a_simulator(latency_config=LatencyConfig(*[timedelta(milliseconds=10)] * 4))
    order = one.submit_order(an_order(kind="limit", limit=100), NOON)
    one.process_market_data("SPY", 99, after(20))
    one.process_market_data("SPY", 101, after(25))
    assert one.process_until(after(400)) == []
    assert order.status is OrderStatus.SUBMITTED
    one.process_market_data("SPY", 98, after(500))
    assert [each.price for each in one.process_until(after(510))] == [98]


def test_weakness_06_a_fill_without_cash_ends_its_order() -> None:
    """The rejected order stayed among the pending ones for ever."""
    one = a_simulator(1_000, latency_config=LATENCY_NORMAL)
    order = one.submit_order(an_order(quantity=9), NOON)
    one.process_market_data("SPY", 100, after(50))
    one.process_market_data("SPY", 112, after(60))  # 9 x 112 is more than there is
    one.process_until(after(300))
    assert order.status is OrderStatus.REJECTED
    assert order.rejection_reason is RejectionReason.INSUFFICIENT_FUNDS
    assert not one.pending_orders and list(one.completed_orders) == ["o1"]
    assert one.available_cash == one.cash == 1_000


def test_weakness_07_slippage_stops_at_the_limit() -> None:
    """A buy limited to 450 was filled at 450.225."""
    one = a_simulator(100_000, slippage_bps=5, initial_positions={"SPY": 20})
    one.submit_order(an_order(kind="limit", limit=450), NOON)
    one.submit_order(an_order("o2", "sell", "limit", limit=450))
    one.submit_order(an_order("o3"))
    told = one.process_market_data("SPY", 450, NOON)
    assert [each.price for each in told] == [450, 450, Decimal("450.225")]


def test_weakness_08_an_id_is_used_once_and_nothing_is_spent_twice() -> None:
    """Ids overwrote each other, and two sells of the same shares ended at -10."""
    one = a_simulator(1_000, initial_positions={"SPY": 10}, initial_prices={"SPY": 100})
    first = one.submit_order(an_order(side="sell"), NOON)
    same = one.submit_order(an_order(side="buy"))
    assert same.rejection_reason is RejectionReason.DUPLICATE_ORDER
    assert one.get_order("o1") is first and first.status is OrderStatus.SUBMITTED
    assert one.submit_order(first).rejection_reason is RejectionReason.DUPLICATE_ORDER
    assert first.status is OrderStatus.SUBMITTED

    second = one.submit_order(an_order("o2", "sell"))
    assert second.rejection_reason is RejectionReason.INVALID_QUANTITY
    one.submit_order(an_order("o3", kind="limit", quantity=6, limit=100))
    spent = one.submit_order(an_order("o4", kind="limit", quantity=5, limit=100))
    assert spent.rejection_reason is RejectionReason.INSUFFICIENT_FUNDS
    assert spent.rejection_message == "Insufficient cash: need 500, have 400"
    one.process_market_data("SPY", 100, after(1))
    assert one.get_position("SPY") == 6


def test_weakness_09_a_checkpoint_shares_nothing_and_holds_all() -> None:
    """A later cancel changed it, custom latencies became INSTANT, the kill switch was lost."""
    odd = LatencyConfig(*[timedelta(microseconds=us) for us in (0, 1, 77, 5)])
    one = a_simulator(latency_config=odd, risk_config=RiskConfig())
    one.submit_order(an_order(kind="limit", limit=50), NOON)
    one.disable_trading()
    checkpoint = take_checkpoint(one)
    one.cancel_order("o1")
    one.process_until(after(1))
    assert checkpoint.pending_orders[0].status is OrderStatus.SUBMITTED
    assert checkpoint.latency_config_name == "CUSTOM"
    twin = restore(checkpoint)
    restored = twin.get_order("o1")
    assert restored is not checkpoint.pending_orders[0]
    twin.cancel_order("o1", after(1))
    assert checkpoint.pending_orders[0].status is OrderStatus.SUBMITTED
    assert twin.latency_config == odd
    assert twin.risk_checker is not None and not twin.risk_checker.trading_enabled


def test_weakness_10_runs_are_repeatable_and_only_one_fill_waits() -> None:
    """Chance came from the global generator, and each price queued another fill."""
    runs = []
    for _ in range(2):
        one = a_simulator(latency_config=LATENCY_NORMAL, seed=7)
        assert one.simulator_id == "sim-00000007"
        one.submit_order(an_order(), NOON)
        for ms in (60, 70, 80):
            one.process_market_data("SPY", 100, after(ms))
            assert one.action_queue.get_pending_count() == 1
        runs.append((one.process_until(after(900)), one.current_time))
    assert runs[0] == runs[1]
    assert runs[0][0][0].execution_id == "exec-00000001"
    other = a_simulator(latency_config=LATENCY_NORMAL, seed=8)
    other.submit_order(an_order(), NOON)
    other.process_market_data("SPY", 100, after(60))
    assert other.process_until(after(900))[0].timestamp != runs[0][0][0].timestamp


def test_weakness_10_stops_volume_shorts_and_hours_exist() -> None:
    """Stop orders never filled; there were no partial fills, no shorts and no market hours."""
    one = a_simulator(allow_short=True)
    stop = one.submit_order(an_order(kind="stop", stop=105), NOON)
    short = one.submit_order(an_order("o2", "sell"))
    told = one.process_market_data("SPY", 100, after(1), volume=4)
    assert [(each.order_id, each.quantity, each.is_partial) for each in told] == [("o2", 4, True)]
    assert short.status is OrderStatus.PARTIALLY_FILLED
    assert one.get_position("SPY") == -4
    told = one.process_market_data("SPY", 106, after(2))
    assert [(each.order_id, each.price) for each in told] == [("o1", 106), ("o2", 106)]
    assert stop.triggered


def test_weakness_11_files_are_whole_named_safely_and_found_by_an_index(tmp_path: Path) -> None:
    """Files were written in place, an id could lead out of the folder, a search walked it all."""
    one = a_simulator()
    manager = CheckpointManager(tmp_path / "checkpoints", keep=2)
    for ms in range(4):
        one.process_until(after(ms))
        path = manager.save_checkpoint(manager.create_checkpoint(one))
    latest = path.with_name("latest.json")
    assert latest.read_bytes() == path.read_bytes()
    assert [when for when, _ in manager.list_checkpoints("sim-00000001")] == [after(3), after(2)]
    latest.write_bytes(latest.read_bytes().replace(b"10000", b"90000", 1))
    with pytest.raises(ContractError, match="latest.json cannot be used: the checkpoint is dam"):
        manager.load_checkpoint("sim-00000001")
    assert manager.load_checkpoint("sim-00000001", after(3)).cash == 10_000
    for bad in ("../up", "", ".hidden", "a/b", "a\0b"):
        with pytest.raises(ContractError, match="simulator_id"):
            manager.load_checkpoint(bad)
        with pytest.raises(ContractError, match="simulator_id"):
            a_simulator(simulator_id=bad)

    registry = OrderRegistry(tmp_path / "orders")
    registry.save_order(an_order())
    (tmp_path / "orders" / "2026" / "01" / "05" / "stray.json").write_text("not ours")
    assert [order.order_id for order in OrderRegistry(tmp_path / "orders").list_orders()] == ["o1"]


def test_weakness_11_time_does_not_go_back() -> None:
    one = a_simulator()
    one.process_market_data("SPY", 100, after(5))
    with pytest.raises(ContractError, match="before the simulator's present time"):
        one.process_market_data("SPY", 90, after(4))
    with pytest.raises(ContractError, match="2026-01-05T12:00:00 is before"):
        one.submit_order(an_order(), NOON)
    assert one.current_time == after(5) and one.get_account_value() == 10_000


def test_weakness_12_the_contracts_need_nothing_but_the_standard_library() -> None:
    """Its contracts imported pandas."""
    folder = Path(simulator.__file__).parent
    for path in sorted(folder.glob("simulator*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert all(alias.name in sys.stdlib_module_names for alias in node.names)
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert str(node.module).partition(".")[0] in sys.stdlib_module_names
