"""What was paid for holding is what the line says: `tools.live.audit.laws_funding`."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, ETH, recorded
from tests.unit.test_fold_money import a_told_run
from tests.unit.test_laws_adopted import report_of, violations
from tools.live.audit.laws import LawsBroken, Violation
from tools.live.audit.laws_funding import check_funding
from tools.live.core.contracts_v1 import FundingPaid
from tools.live.execution_loop import ExecutionLoop


def found(loop: ExecutionLoop) -> list[Violation]:
    return list(check_funding(loop.risk_monitor.ledger, recorded(loop)))


def test_what_adds_up_breaks_no_law() -> None:
    loop = a_told_run()
    assert found(loop) == violations(loop) == []
    loop.take(FundingPaid(ETH, 7, "", loop.event_clock.ns))
    loop.take(FundingPaid(BTC, 7, "", loop.event_clock.ns))
    assert found(loop) == violations(loop) == []


def test_a_sum_that_differs_is_found_and_no_report_is_made() -> None:
    loop = a_told_run()
    holding = loop.risk_monitor.ledger.holdings[BTC]
    holding.funding_e18 += 1
    holding.cash_e18 += 1
    assert violations(loop) == []
    assert found(loop) == [Violation("cash", f"{BTC}: funding {1 - 10**18}, events {-10**18}")]
    with pytest.raises(LawsBroken, match="funding"):
        report_of(loop)


def test_a_payment_that_was_never_told_is_found() -> None:
    loop = a_told_run()
    loop.risk_monitor.ledger.fund(ETH, 0)
    loop.risk_monitor.ledger.fund("SOLUSDT", 5)
    assert [one.detail for one in found(loop)] == ["SOLUSDT: funding 5, events 0"]
    assert [one.detail for one in violations(loop)] == ["fundings 3, events 1"]


def test_one_that_was_told_and_not_booked_is_found() -> None:
    loop = a_told_run()
    holding = loop.risk_monitor.ledger.holdings[BTC]
    holding.cash_e18 -= holding.funding_e18
    holding.fundings = holding.funding_e18 = 0
    assert [one.detail for one in violations(loop)] == ["fundings 0, events 1"]
    assert [one.detail for one in found(loop)] == [f"{BTC}: funding 0, events {-10**18}"]


def test_funding_that_is_not_in_the_cash_is_found() -> None:
    loop = a_told_run()
    loop.risk_monitor.ledger.holdings[BTC].cash_e18 += 1
    assert [one.law for one in violations(loop)] == ["cash"]


def test_a_fee_that_is_not_in_the_cash_is_found() -> None:
    loop = a_told_run()
    loop.risk_monitor.ledger.holdings[BTC].fees_maker_e18 += 1
    assert [one.law for one in violations(loop)] == ["cash"]


def test_a_run_whose_line_is_not_at_hand_makes_its_report() -> None:
    loop = a_told_run()
    loop.line = None
    assert report_of(loop)
