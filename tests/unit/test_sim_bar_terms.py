"""Rules for bars as they are written down."""

from __future__ import annotations

import json

import pytest

from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.sim.bar_terms import KEYS
from tools.live.sim.bars import BarRules, SameBar
from tools.live.sim.presets import preset
from tools.live.sim.slippage import FixedBps
from tools.live.sim.terms import BarsHeard, Terms
from tools.live.sim.terms_table import read_terms

FULL = """
[bars]
same_bar = "worst_case"
volume_cap_bps = 250
late_bps = 5
verify_ticks = 2
tick = 0.05
every_seconds = 0.5
entry = {model = "fixed_bps", bps = 1}
stop = {model = "fixed_bps", bps = 20}
target = {model = "spread"}
"""


def rules(text: str) -> BarRules:
    found = read_terms(text.encode(), "x.toml", toml=True).bars
    assert isinstance(found, BarRules)
    return found


def test_every_key_is_read() -> None:
    assert all(f"{key} =" in FULL for key in KEYS)
    found = rules(FULL)
    assert (found.same_bar, found.volume_cap_bps) == (SameBar.WORST_CASE, 250)
    assert (found.late_bps, found.every_ns) == (5, SCALE // 2)
    assert (found.prices.verify_ticks, found.prices.tick) == (2, SCALE // 20)
    assert found.describe()["stop"] == {"slippage": "fixed_bps", "bps": "20", "tick": "0"}
    assert found.describe()["entry"]["bps"] == "1"
    assert found.describe()["target"]["slippage"] != "fixed_bps"
    assert rules("[bars]") == BarRules()
    assert rules('[bars]\nvolume_cap_bps = "none"').volume_cap_bps is None


def test_json_says_the_same() -> None:
    told = {"bars": {"same_bar": "target_first", "tick": 1}}
    found = read_terms(json.dumps(told).encode(), "x.json", toml=False).bars
    assert found == rules('[bars]\nsame_bar = "target_first"\ntick = 1')


def test_a_word_hears_closes_and_nothing_said_says_nothing() -> None:
    assert read_terms(b'bars = "closes"', "x", toml=True).bars is BarsHeard.CLOSES
    assert read_terms(b'bars = "closes"', "x", toml=True).describe()["bars"] == "closes"
    assert Terms().bars is None and Terms().describe()["bars"] is None
    full = read_terms(b'bars = "closes"\nliquidity = "full"', "x", toml=True)
    assert full.liquidity.full


def test_the_preset_slips_as_published() -> None:
    found = preset("bars").bars
    assert isinstance(found, BarRules) and found.same_bar is SameBar.STOP_FIRST
    assert isinstance(found.prices.stop, FixedBps) and found.prices.entry is None
    described = found.describe()
    assert (described["stop"]["bps"], described["target"]["bps"]) == ("20", "5")


@pytest.mark.parametrize(("text", "why"), [
    ("bars = true", "bars of x.toml True is neither a table nor 'closes'; write [bars]"),
    ('bars = "open"', "bars of x.toml 'open' is neither a table nor 'closes'"),
    ("[bars]\nsame = 1", "key 'same' of bars of x.toml is unknown; did you mean 'same_bar'?"),
    ('[bars]\nsame_bar = "both"', "same_bar of bars of x.toml 'both' is unknown"),
    ("[bars]\nvolume_cap_bps = 10001", "volume_cap_bps of bars of x.toml 10001 is not a whole"
     " number from 0 to 10000, nor 'none'"),
    ("[bars]\nvolume_cap_bps = true", "volume_cap_bps of bars of x.toml True is not a whole"),
    ("[bars]\nlate_bps = -1", "late_bps of bars of x.toml -1 is not a whole number from 0"),
    ("[bars]\nlate_bps = 10001", "late_bps of bars of x.toml 10001 is not a whole number from 0"),
    ("[bars]\nverify_ticks = 1.5", "verify_ticks of bars of x.toml '1.5' is not a whole number"),
    ("[bars]\nverify_ticks = 1000001", "is not a whole number from 0 to 1000000"),
    ("[bars]\ntick = -0.01", "verify_ticks and tick must be 0 or more"),
    ("[bars]\ntick = nan", "tick of bars of x.toml"),
    ("[bars]\nevery_seconds = 0", "every_seconds of bars of x.toml"),
    ("[bars]\nevery_seconds = 1e400", "every_seconds of bars of x.toml"),
    ("[bars]\nevery_seconds = 99999999", "every_ns 99999999000000000 must be above 0 and at most"),
    ('[bars]\nstop = {bps = 1}', "stop of bars of x.toml has no model"),
    ('liquidity = "full"\n[bars]', "liquidity 'full' of x.toml fills orders at once, and bars at"
     " their end; leave one of them out"),
])  # fmt: skip
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(ContractError) as caught:
        read_terms(text.encode(), "x.toml", toml=True)
    assert why in str(caught.value) and "\n" not in str(caught.value)
