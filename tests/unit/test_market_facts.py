"""How a market journal begins, and the laws by which its counts must add up."""

from __future__ import annotations

from typing import Any

import pytest

from tools.live.core.errors import ContractError
from tools.live.journal.market_facts import Counts, MarketOpened, read_opened

RIGHT: dict[str, Any] = {
    "lines": 10, "passed_over": 2, "said": 8, "items": 9, "events": {"md.trade": 7, "md.bbo": 1},
    "refused": {"not_data": 2}, "facts": 1,
}  # fmt: skip


def test_right_counts_add_up() -> None:
    counts = Counts(**RIGHT)
    assert counts.broken(8) is None
    assert counts.all_events == 8 and counts.all_refused == 2
    assert counts.payload() == RIGHT and list(counts.payload()["events"]) == ["md.bbo", "md.trade"]


@pytest.mark.parametrize(("change", "stored", "said"), [
    ({"lines": 11}, 8, "11 lines are not 2 without data and 8 with"),
    ({"passed_over": 1}, 8, "10 lines are not 1 without data and 8 with"),
    ({"items": 8}, 8, "8 items and 1 facts are not 8 events and 2 refusals"),
    ({"facts": 0}, 8, "9 items and 0 facts are not 8 events and 2 refusals"),
    ({"refused": {}}, 8, "9 items and 1 facts are not 8 events and 0 refusals"),
    ({}, 7, "8 events, but 7 in the journal"),
])  # fmt: skip
def test_each_law_is_checked(change: dict[str, Any], stored: int, said: str) -> None:
    assert Counts(**{**RIGHT, **change}).broken(stored) == said


def test_how_a_journal_was_begun_is_read_back() -> None:
    opened = MarketOpened({"format": "capture"}, "1.0", "import")
    assert read_opened(opened.payload()) == opened


@pytest.mark.parametrize("payload", [
    [], {}, {"about": {}, "code_version": "1"}, {"about": [], "code_version": "1", "how": "import"},
    {"about": {}, "code_version": 1, "how": "import"},
    {"about": {}, "code_version": "1", "how": "export"},
])  # fmt: skip
def test_another_beginning_is_refused(payload: Any) -> None:
    with pytest.raises(ContractError, match=r"market\.opened"):
        read_opened(payload)
