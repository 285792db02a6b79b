"""The words for where an edge comes from: what people ask for, and what is recorded."""

from __future__ import annotations

import pytest

from tools.live import settings
from tools.live.core.errors import ContractError
from tools.live.edge_modes import (
    ASKED, COMPUTED, MARKOUTS, RECORDED, SCRIPTED, begun_as, either,
)  # fmt: skip


@pytest.mark.parametrize(("asked", "recorded", "begun"), [
    (SCRIPTED, None, SCRIPTED), (COMPUTED, None, MARKOUTS), (COMPUTED, MARKOUTS, MARKOUTS),
    (COMPUTED, COMPUTED, COMPUTED), (COMPUTED, SCRIPTED, MARKOUTS), (SCRIPTED, COMPUTED, SCRIPTED),
    (MARKOUTS, COMPUTED, MARKOUTS),
])  # fmt: skip
def test_a_run_that_goes_on_keeps_its_measurement(
    asked: str, recorded: str | None, begun: str
) -> None:
    assert begun_as(asked, recorded) == begun


def test_the_words() -> None:
    assert (ASKED, RECORDED) == (("scripted", "computed"), ("scripted", "markouts", "computed"))
    assert either(RECORDED) == "scripted, markouts or computed"
    assert either(ASKED) == "scripted or computed"


def test_the_flag_takes_the_words_that_are_asked_with() -> None:
    for word in ASKED:
        assert settings.resolve({"edge": word}, {})["edge"] == word
    with pytest.raises(ContractError, match=f"'live' is not {either(ASKED)}"):
        settings.resolve({"edge": "live"}, {})
