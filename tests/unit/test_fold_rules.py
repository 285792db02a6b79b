"""The exchange's rules in the fold: what is quoted, refused, kept and told: `fold_rules`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.builders import BTC, ETH, T0_NS, a_fold, a_monitor, a_quote_event, e9
from tests.unit.busy_fold import BUSY
from tests.unit.test_fold_state import check_alike, through_text
from tools.live.core.contracts_v1 import (
    Approved, IntentRefused, ParamsSet, Reconciled, RefusalReason, RulesSet, RunResumed,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.order_rules import OrderRules
from tools.live.fold import Fold
from tools.live.fold_doubts import READY
from tools.live.fold_rules import RuleVerbs
from tools.live.fold_state import restore, state_of
from tools.live.fold_state.rules import RULES, tell_rules
from tools.live.journal.state_view import state_view
from tools.live.order_store import InMemoryOrderStore
from tools.live.reports.snapshot import snapshot

NS = T0_NS + 5


def rules_set(
    symbol: str = BTC, tick: str = "0.5", lot: str = "0.001", min_qty: str = "0", least: int = 0
) -> RulesSet:
    return RulesSet(symbol, e9(tick), e9(lot), e9(min_qty), e9(least) * 10**9, NS)


def quoted(fold: Fold, symbol: str = BTC) -> list[Any]:
    """What a quote of 49975.1 and 50025.1 is answered with."""
    return list(fold.step(a_quote_event("49975.1", "50025.1", symbol)))


def ruled(**how: Any) -> Fold:
    """A fold that wants 0.0105 a side, 5 bps wide, under rules."""
    fold = a_fold()
    fold.step(ParamsSet(e9("0.0105"), e9(5), T0_NS))
    fold.step(rules_set(**how))
    return fold


def test_quotes_are_on_the_tick_and_in_whole_lots() -> None:
    assert issubclass(Fold, RuleVerbs)
    orders = quoted(ruled())
    assert [type(one) for one in orders] == [Approved, Approved]
    # The middle is 50000.1, half of five basis points of it 12.500025.
    assert [one.price_e9 for one in orders] == [e9("49987.5"), e9("50013")]
    assert [one.qty_e9 for one in orders] == [e9("0.01")] * 2


def test_another_symbol_is_quoted_as_ever() -> None:
    buy, sell = quoted(ruled(), ETH)
    assert (buy.price_e9, sell.price_e9) == (e9("49987.599975"), e9("50012.600025"))
    assert buy.qty_e9 == sell.qty_e9 == e9("0.0105")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"min_qty": "0.011"}, RefusalReason.QTY_TOO_SMALL),
        ({"lot": "1"}, RefusalReason.QTY_TOO_SMALL),
        ({"least": 600}, RefusalReason.NOTIONAL_TOO_SMALL),
    ],
)
def test_what_is_too_small_is_refused_with_its_reason(
    how: dict[str, Any], reason: RefusalReason
) -> None:
    fold = ruled(**how)
    refused = quoted(fold)
    assert [type(one) for one in refused] == [IntentRefused] * 2
    assert {one.reason for one in refused} == {reason}
    assert fold.stats["risk_blocks"] == 2
    assert fold.monitor.refusals == {reason: 2}
    assert fold.monitor.exposures[BTC].buys == 0


def test_a_price_below_one_tick_is_no_price() -> None:
    fold = ruled(tick="100000", lot="0")
    buy, sell = quoted(fold)
    assert (buy.reason, sell.price_e9) == (RefusalReason.BAD_PRICE, e9(100_000))


def test_rules_can_change_and_go() -> None:
    fold = ruled()
    fold.step(rules_set(tick="1", lot="0"))
    assert [one.price_e9 for one in quoted(fold)] == [e9(49987), e9(50013)]
    fold.step(RulesSet(BTC, 0, 0, 0, 0, NS))
    assert fold.rules == {}
    assert fold.monitor.exposures[BTC].rules is None
    assert [one.price_e9 for one in quoted(fold)] == [e9("49987.599975"), e9("50012.600025")]
    assert fold.monitor.exposures[BTC].plain
    fold.step(RulesSet(ETH, 0, 0, 0, 0, NS))
    assert fold.rules == {}


def test_rules_outlive_other_parameters_and_a_restart() -> None:
    fold = ruled()
    fold.step(ParamsSet(e9("0.0205"), e9(5), NS))
    fold.step(RunResumed(NS))
    fold.step(Reconciled(READY, "", NS))
    assert quoted(fold)[0].qty_e9 == e9("0.02")


def test_a_new_life_knows_none() -> None:
    fold = ruled()
    fold.monitor.reset()
    fold.clear()
    assert fold.rules == {}
    assert fold.monitor.exposures == {}


def test_what_no_exchange_can_mean_does_not_fold() -> None:
    fold = a_fold()
    with pytest.raises(ContractError):
        fold.step(RulesSet(BTC, -1, 0, 0, 0, NS))
    assert fold.rules == {}


def test_while_frozen_nothing_too_small_would_be_quoted() -> None:
    for least, standing in ((0, 2), (600, 0)):
        fold = Fold(InMemoryOrderStore(), a_monitor(), markouts=True)
        fold.step(ParamsSet(e9("0.01"), e9(5), T0_NS))
        fold.step(rules_set(least=least))
        fold.monitor.freeze("stop")
        quoted(fold)
        assert fold.watch is not None
        assert len(fold.watch.would_be(BTC).standing) == standing


# The state of it.


def test_it_comes_back_as_it_was_and_goes_on_alike() -> None:
    fold, other = ruled(least=600), a_fold()
    restore(other, through_text(fold))
    check_alike(other, fold)
    assert other.monitor.exposures[BTC].rules == other.rules[BTC] == fold.rules[BTC]
    for event in (a_quote_event(), rules_set(tick="1"), a_quote_event(), rules_set(ETH)):
        assert list(fold.step(event)) == list(other.step(event))
        check_alike(other, fold)


def test_it_is_told_only_where_there_are_rules() -> None:
    plain, fold = a_fold(), ruled()
    assert RULES not in BUSY["fold"] and RULES not in state_of(plain)["fold"]
    assert RULES not in state_view(plain) and RULES not in snapshot(plain, 1, 0)
    assert tell_rules({}) == {}
    assert state_of(fold)["fold"][RULES] == [[BTC, str(e9("0.5")), str(e9("0.001")), "0", "0"]]
    exact = {BTC: {"tick": "0.5", "lot": "0.001", "min_qty": "0", "min_notional": "0"}}
    assert state_view(fold)[RULES] == snapshot(fold, 1, 0)[RULES] == exact


def test_rules_are_part_of_the_state_hash() -> None:
    fold, other = ruled(), ruled(min_qty="0.000000001")
    assert snapshot(fold, 1, 0) != snapshot(other, 1, 0)


def twice(fold: dict[str, Any]) -> None:
    fold[RULES] *= 2


def empty(fold: dict[str, Any]) -> None:
    fold[RULES] = []


def no_rule_at_all(fold: dict[str, Any]) -> None:
    fold[RULES][0][1:] = ["0"] * 4


def of_nobody(fold: dict[str, Any]) -> None:
    fold[RULES][0][0] = "NOBODY"


def below_zero(fold: dict[str, Any]) -> None:
    fold[RULES][0][1] = "-1"


def short(fold: dict[str, Any]) -> None:
    fold[RULES][0].pop()


DAMAGES = (twice, empty, no_rule_at_all, of_nobody, below_zero, short)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_what_cannot_be_is_refused_and_nothing_changes(
    damage: Callable[[dict[str, Any]], None]
) -> None:
    told, other = copy.deepcopy(state_of(ruled())), a_fold()
    before = state_of(other)
    damage(told["fold"])
    with pytest.raises(ContractError):
        restore(other, told)
    assert state_of(other) == before


def test_a_symbol_with_rules_is_judged_exactly() -> None:
    told = state_of(ruled())
    [exposure] = told["monitor"]["exposures"]
    exposure[-1] = True
    with pytest.raises(ContractError, match="rules of 'BTCUSDT' cannot be"):
        restore(a_fold(), told)


def test_the_gate_asks_the_rules_of_its_symbol() -> None:
    monitor = a_monitor()
    monitor.on_quote(BTC, e9(99), e9(101))
    monitor.exposure_of(BTC).keep_to(OrderRules(min_qty=e9(1)))
    assert monitor.why_refused(BTC, "buy", 0.5, 100) is RefusalReason.QTY_TOO_SMALL
    assert monitor.why_refused(ETH, "buy", 0.5, 100) is None
    monitor.on_quote(BTC, e9(99), e9(101))
    assert monitor.why_refused(BTC, "buy", 0.5, 100) is RefusalReason.QTY_TOO_SMALL
    assert monitor.why_refused(BTC, "buy", 1, 100) is None
