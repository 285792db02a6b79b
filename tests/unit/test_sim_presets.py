"""Ready-made terms."""

from __future__ import annotations

import pytest

from tools.live.core.errors import ContractError
from tools.live.sim.delays import NORMAL
from tools.live.sim.presets import PRESETS, preset


def test_terms_by_name() -> None:
    assert preset("normal").delays is NORMAL
    assert [name for name in PRESETS if preset(name).delays.is_zero] == [
        "dream", "instant", "bars",
    ]  # fmt: skip
    with pytest.raises(ContractError, match="'quick' are unknown; choose dream, instant, fast"):
        preset("quick")
