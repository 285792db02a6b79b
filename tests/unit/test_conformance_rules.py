"""The cases about rules, each rule alone: `tools.live.conformance.cases_rules`."""

from __future__ import annotations

import pytest

from tests.exchange.broken_rules import TellsRulesInFloats
from tests.exchange.paper_venue import PaperVenue, staged
from tests.unit.conformance_builders import ended, failure, with_
from tools.live.conformance.candidate import Candidate
from tools.live.conformance.case import Outcome
from tools.live.conformance.cases_rules import CASES
from tools.live.core.errors import LiveError
from tools.live.core.money import SCALE
from tools.live.core.order_rules import NO_RULES, OrderRules
from tools.live.sim.orders import OrderRequest

E18 = SCALE * SCALE
TOLD = {
    "tick": OrderRules(tick=3 * SCALE),
    "lot": OrderRules(lot=3 * SCALE),
    "min_qty": OrderRules(min_qty=2 * SCALE),
    "min_notional": OrderRules(min_notional_e18=1000 * E18),
    "tick, lot, min_qty, min_notional": OrderRules(SCALE, SCALE // 4, SCALE, 1000 * E18),
}


class Strict(PaperVenue):
    """Enforces the rules that it tells."""

    TOLD = NO_RULES

    def rules_of(self, symbol: str) -> OrderRules | None:
        return self.TOLD

    def off_rules(self, order: OrderRequest) -> bool:
        rules, price = self.TOLD, order.price or 0
        off = rules.price(order.side, price) != price or rules.qty(order.qty) != order.qty
        return off or rules.too_small(order.qty, price) is not None


def strict(told: OrderRules, enforced: bool = True) -> Candidate:
    venue = Strict()
    venue.TOLD = told
    if not enforced:
        venue.off_rules = lambda order: False  # type: ignore[method-assign]
    return staged(venue)


@pytest.mark.parametrize("rule", TOLD)
def test_a_venue_that_means_what_it_tells_passes(rule: str) -> None:
    for case in CASES:
        result = ended(lambda: strict(TOLD[rule]), case.id)
        assert result.outcome is Outcome.PASSED, result
    assert result.evidence == f"refused: {rule}"


@pytest.mark.parametrize("rule", TOLD)
def test_a_rule_that_does_not_hold_is_noticed(rule: str) -> None:
    result = ended(lambda: strict(TOLD[rule], enforced=False), "rules-003")
    assert result.outcome is Outcome.FAILED
    assert f"breaks the {rule.partition(',')[0]} of BTCUSDT, and is taken" in result.evidence


def test_where_there_are_none_nothing_can_be_broken() -> None:
    evidence = [ended(lambda: strict(NO_RULES), case.id).evidence for case in CASES]
    assert evidence[0] == "BTCUSDT has none, ETHUSDT has none"
    assert evidence[2] == "there is no rule to break"


class CannotTell(PaperVenue):
    def rules_of(self, symbol: str) -> OrderRules | None:
        raise LiveError("no answer")


def test_who_cannot_tell_does_not_claim_to() -> None:
    venue = staged(CannotTell())
    without = Candidate(venue.exchange, with_(lists_rules=False), venue.stage)
    assert ended(lambda: without, "matrix-012").outcome is Outcome.PASSED


def test_rules_that_are_no_numbers_are_the_evidence() -> None:
    assert failure(TellsRulesInFloats, "rules-001").startswith("tick 0.01 of the rules of BTCUSDT")
