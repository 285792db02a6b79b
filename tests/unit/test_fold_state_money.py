"""Funding is part of a fold's state: `tools.live.fold_state.risk`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.builders import BTC, ETH, a_fill
from tests.unit.busy_fold import BUSY
from tests.unit.test_fold_money import NS, PAID, executed, resting
from tests.unit.test_fold_state import check_alike, through_text
from tools.live.core.contracts_v1 import FundingPaid
from tools.live.core.errors import ContractError
from tools.live.fold import Fold
from tools.live.fold_state import restore, state_of

Damage = Callable[[dict[str, Any]], None]


def a_paid_fold() -> Fold:
    fold = resting()
    for event in (executed(11), PAID, PAID, FundingPaid(ETH, 5, "", NS)):
        fold.step(event)
    return fold


def test_it_comes_back_as_it_was_and_goes_on_alike() -> None:
    fold, other = a_paid_fold(), resting()
    restore(other, through_text(fold))
    check_alike(other, fold)
    for event in (PAID, a_fill("X2", "F2"), executed(7, fill_id="F3")):
        assert list(fold.step(event)) == list(other.step(event))
        check_alike(other, fold)


def test_it_is_written_only_where_something_was_paid() -> None:
    told = {one["symbol"]: one for one in state_of(a_paid_fold())["ledger"]}
    assert (told[BTC]["fundings"], told[BTC]["funding_e18"]) == (2, str(-2 * 10**18))
    assert (told[ETH]["fundings"], told[ETH]["funding_e18"]) == (1, "5")
    assert not any("fundings" in one or "funding_e18" in one for one in BUSY["ledger"])


def no_payments(holding: dict[str, Any]) -> None:
    holding["fundings"] = 0


def half_told(holding: dict[str, Any]) -> None:
    del holding["funding_e18"]


def a_number(holding: dict[str, Any]) -> None:
    holding["funding_e18"] = -1


def another_sum(holding: dict[str, Any]) -> None:
    holding["funding_e18"] = "-1"


def uncounted(holding: dict[str, Any]) -> None:
    del holding["fundings"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (no_payments, "fundings 0 is not a whole number from 1 to"),
        (half_told, "holding lacks funding_e18"),
        (a_number, "funding_e18 -1 is not decimal digits as text"),
        (another_sum, "BTCUSDT has cash"),
        (uncounted, "holding has 'funding_e18', which nobody knows"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(damage: Damage, said: str) -> None:
    told = copy.deepcopy(state_of(a_paid_fold()))
    damage(told["ledger"][0])
    other = resting()
    before = state_of(other)
    with pytest.raises(ContractError) as caught:
        restore(other, told)
    assert said in str(caught.value)
    assert state_of(other) == before
