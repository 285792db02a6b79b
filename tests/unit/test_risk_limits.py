"""New limits of a monitor that is trading: `RuntimeRiskMonitor.set_limits`."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, ETH, a_monitor, an_intent, e9, passes
from tools.live.core.contracts_v1 import RefusalReason
from tools.live.core.errors import ContractError
from tools.live.risk_monitor import RuntimeRiskMonitor


def limits_of(monitor: RuntimeRiskMonitor) -> tuple[int, int, int]:
    return monitor.max_symbol_e9, monitor.max_total_e9, monitor.threshold_bps_e9


def test_limits_are_exact_and_the_same_as_of_a_new_monitor() -> None:
    exact = 10**20 + 1  # more digits than a float has
    monitor = a_monitor()
    monitor.set_limits(max_symbol_e9=exact, max_total_e9=exact + 1, threshold_bps_e9=-7)
    assert limits_of(monitor) == (exact, exact + 1, -7)
    other = a_monitor(max_symbol="100000000000.000000001", max_total="100000000000.000000002",
                      threshold="-0.000000007")  # fmt: skip
    assert {k: v for k, v in vars(monitor).items() if k != "ledger"} == {
        k: v for k, v in vars(other).items() if k != "ledger"
    }


@pytest.mark.parametrize(
    ("symbol", "total", "reason"),
    [(200, 1_000, RefusalReason.SYMBOL_LIMIT), (1_000, 200, RefusalReason.TOTAL_LIMIT)],
)
def test_new_limits_bind_the_next_order_and_count_what_is_open(
    symbol: int, total: int, reason: RefusalReason
) -> None:
    monitor = a_monitor()
    monitor.on_quote(BTC, e9(100), e9(100))
    assert passes(monitor, an_intent(qty=2, price=100))
    monitor.set_limits(max_symbol_e9=e9(symbol), max_total_e9=e9(total), threshold_bps_e9=0)
    assert monitor.why_refused(BTC, "buy", "0.000000001", 100) is reason
    monitor.set_limits(max_symbol_e9=e9(300), max_total_e9=e9(300), threshold_bps_e9=0)
    assert monitor.why_refused(BTC, "buy", 1, 100) is None


def test_a_new_threshold_judges_the_next_edge() -> None:
    monitor = a_monitor(threshold=1)
    monitor.set_limits(max_symbol_e9=0, max_total_e9=0, threshold_bps_e9=e9("2.5"))
    assert not monitor.judge_edge(ETH, e9("2.5"))
    assert monitor.judge_edge(ETH, e9("2.5") - 1)
    assert monitor.last_freeze_reason == "Edge degradation: 2.50 BPS < 2.50 BPS"


@pytest.mark.parametrize(("symbol", "total"), [(-1, 5), (5, -1)])
def test_a_limit_below_zero_is_refused_and_changes_nothing(symbol: int, total: int) -> None:
    monitor = a_monitor()
    before = limits_of(monitor)
    with pytest.raises(ContractError, match=f"^limits {symbol} and {total} must be 0 or more"):
        monitor.set_limits(max_symbol_e9=symbol, max_total_e9=total, threshold_bps_e9=0)
    assert limits_of(monitor) == before
    monitor.set_limits(max_symbol_e9=0, max_total_e9=0, threshold_bps_e9=0)
    assert not passes(monitor, an_intent(qty=1, price=1))
