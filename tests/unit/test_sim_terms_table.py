"""The terms of a simulated exchange from a table: every key, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.prop import chance
from tools.live.core.codec import MAX_BYTES
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.sim.delays import FAST, NORMAL, Constant, Empirical, Uniform
from tools.live.sim.fees import Fees, FlatFees, PerUnitFees, SumOfFees, TieredFees
from tools.live.sim.liquidity import LiquidityRule
from tools.live.sim.orders import SelfTrade
from tools.live.sim.session import DailyHours, Outside
from tools.live.sim.slippage import FixedBps, SpreadBased, VolumeImpact
from tools.live.sim.terms import Terms
from tools.live.sim.terms_table import delays_of, read_terms, terms_of
from tools.live.sim.triggers import TriggerBy

MS = 10**6
TEXT = """
queue = "power:2"
liquidity = "displayed"
unknown_qty = 1.5
unknown_ahead = 0
partial = false
explain = false
delays = "normal"
self_trade = "cancel_newest"
trigger_by = "quote"
outside = "hold"
only_listed = true
cash = 100000.25
currency = "USDT"
retain = 1000

[slippage]
model = "fixed_bps"
bps = 2.5

[fees]
model = "flat"
maker_bps = -0.5
taker_bps = 4

[funding]
rate_bps = 1.25
every_hours = 4

[rules.BTCUSDT]
tick = 0.01
lot = 0.001
min_notional = 5

[sessions]
opens = "14:30"
closes = "21:00"
weekdays = ["mon", "tue"]
since = {"2026-11-01" = ["15:30", "22:00"]}
days = {"2026-12-25" = [], "2026-12-24" = ["15:30", "19:00"]}
"""


def terms(text: str) -> Terms:
    return read_terms(text.encode(), "exchange.toml", toml=True)


def fees_of(made: Terms) -> Fees:
    assert made.fees is not None
    return made.fees()


def test_every_key_is_read() -> None:
    made = terms(TEXT)
    assert made.queue.describe() == {"queue": "power", "n": "2"}
    assert made.liquidity == LiquidityRule(False, 3 * SCALE // 2, 0)
    assert made.partial is False and made.explain is False
    assert made.delays is NORMAL
    assert made.self_trade is SelfTrade.CANCEL_NEWEST
    assert made.trigger_by is TriggerBy.QUOTE
    assert made.outside is Outside.HOLD
    assert made.only_listed is True
    assert (made.cash_e18, made.currency, made.retain) == (100_000_250 * 10**15, "USDT", 1000)
    assert isinstance(made.slippage, FixedBps) and isinstance(fees_of(made), FlatFees)
    assert made.slippage.describe() == {"slippage": "fixed_bps", "bps": "2.5", "tick": "0"}
    assert fees_of(made).describe() == {"model": "flat", "maker_bps": "-0.5", "taker_bps": "4"}
    assert made.funding is not None
    assert made.funding.describe()["every_ns"] == 4 * 3600 * 10**9
    assert made.rules["BTCUSDT"].min_notional_e18 == 5 * 10**18
    assert isinstance(made.sessions, DailyHours)
    assert made.sessions.describe()["weekdays"] == ["mon", "tue"]
    assert made.sessions.describe()["days"] == {"2026-12-24": ["15:30", "19:00"], "2026-12-25": []}


def test_nothing_said_is_the_plainest_exchange() -> None:
    assert terms("").describe() == Terms().describe()


def test_json_says_the_same() -> None:
    told = {"queue": "log", "delays": {"submit_ms": 0.25}, "fees": [{"model": "us_equity"}]}
    toml = 'queue = "log"\nfees = [{model = "us_equity"}]\ndelays = {submit_ms = 0.25}'
    made = read_terms(json.dumps(told).encode(), "exchange.json", toml=False)
    assert made.describe() == terms(toml).describe()


def test_full_liquidity_is_a_word() -> None:
    assert terms('liquidity = "full"').liquidity.full is True
    assert terms('liquidity = "displayed"').liquidity == LiquidityRule()


def test_delays_are_a_preset_a_number_or_a_table() -> None:
    assert delays_of("fast", "delays") is FAST
    every = delays_of(3, "delays")
    assert {way.ns for _, way in every._ways() if isinstance(way, Constant)} == {3 * MS}
    mixed = terms(
        "[delays]\npreset = 'fast'\nsubmit_ms = 0.25\nfill_ms = [1, 2]\nfeed_ms = [1, 2, 3.5]"
    ).delays
    assert isinstance(mixed.submit, Constant) and mixed.submit.ns == 250_000
    assert isinstance(mixed.fill, Uniform)
    assert (mixed.fill.low_ns, mixed.fill.high_ns) == (MS, 2 * MS)
    assert isinstance(mixed.feed, Empirical)
    assert mixed.feed.sample_ns == (MS, 2 * MS, 3_500_000)
    assert mixed.cancel is FAST.cancel
    alone = terms("[delays]\ncancel_ms = 1").delays
    assert isinstance(alone.submit, Constant) and alone.submit.is_zero


@pytest.mark.parametrize(
    ("text", "kind", "described"),
    [
        ('model = "fixed_bps"', FixedBps, {"bps": "5", "tick": "0"}),
        ('model = "spread"\nshare = 1.5\ntick = 0.01', SpreadBased,
         {"share": "1.5", "tick": "0.01"}),
        ('model = "volume_impact"\nvolume = 500\nfactor = 0.2', VolumeImpact,
         {"volume": "500", "factor": "0.2", "tick": "0"}),
    ],
)  # fmt: skip
def test_every_slippage_has_a_name(text: str, kind: type, described: dict[str, str]) -> None:
    made = terms(f"[slippage]\n{text}").slippage
    assert isinstance(made, kind)
    assert {k: v for k, v in made.describe().items() if k != "slippage"} == described


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('model = "flat"', FlatFees),
        ('model = "tiers"\ntiers = [[0, 1, 5], [1000, 0.5, 4]]\nvolume = 2000', TieredFees),
        ('model = "per_unit"\nrate = 0.005\nminimum = 1\nmost_bps = 50\nunit_size = 2',
         PerUnitFees),
        ('model = "us_option"\ncontract_size = 10', object),
    ],
)  # fmt: skip
def test_every_fee_schedule_has_a_name(text: str, kind: type) -> None:
    made = terms(f"[fees]\n{text}")
    assert isinstance(fees_of(made), kind)
    assert fees_of(made) is not fees_of(made)  # each life of an exchange has its own


def test_several_schedules_are_charged_together() -> None:
    made = fees_of(terms('fees = [{model = "flat", taker_bps = 1}, {model = "us_equity"}]'))
    assert isinstance(made, SumOfFees)
    assert [part["model"] for part in made.describe()["parts"]][0] == "flat"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("quue = 1", "key 'quue' of exchange.toml is unknown; did you mean 'queue'?"),
        ("zzzzzz = 1", "key 'zzzzzz' of exchange.toml is unknown; known are queue, liquidity"),
        ("queue = 1", "queue of exchange.toml 1 is no text"),
        ("queue = 1.5", "queue of exchange.toml '1.5' is no text"),
        ('queue = "powr:2"', "queue model 'powr:2' is unknown"),
        ('liquidity = "some"', "liquidity of exchange.toml 'some' is neither"),
        ("unknown_qty = -1", "unknown_qty -1000000000 at 10^9 is not from 0"),
        ("unknown_qty = nan", "unknown_qty of exchange.toml"),
        ('unknown_qty = "1"', "unknown_qty of exchange.toml '1' is not a number"),
        ("partial = 1", "partial of exchange.toml 1 is not true or false"),
        ('delays = "quick"', "delays of exchange.toml 'quick' is unknown"),
        ("delays = true", "delays of exchange.toml True is not a number"),
        ("delays = -1", "delay -1000000 is not a whole number of nanoseconds"),
        ("[delays]\nsubmit = 1", "key 'submit' of delays of exchange.toml is unknown; did you"),
        ("[delays]\nsubmit_ms = 0.0000001", "submit_ms of delays of exchange.toml 0.0000001 has"),
        ("[delays]\nsubmit_ms = []", "a sample of 0 delays"),
        ("[delays]\nfill_ms = [2, 1]", "ends before it begins"),
        ("slippage = 1", "slippage of exchange.toml has no model; write model = 'fixed_bps'"),
        ('[slippage]\nmodel = "fixd_bps"', "model 'fixd_bps' of slippage of exchange.toml is un"),
        ('[slippage]\nmodel = "fixed_bps"\nbps = -1', "slippage bps"),
        ('[slippage]\nmodel = "fixed_bps"\nshare = 1', "key 'share' of slippage of exchange.toml"),
        ("fees = []", "fees of exchange.toml is an empty list; leave it out"),
        ('fees = [{model = "flat", bps = 1}]', "key 'bps' of fees of exchange.toml, item 1 is"),
        ('[fees]\nmodel = "tiers"\ntiers = [[0, 1]]', "tiers of fees of exchange.toml is no list"),
        ('[fees]\nmodel = "tiers"', "tiers of fees of exchange.toml is no list"),
        ('[fees]\nmodel = "per_unit"', "fees of exchange.toml has no rate; write rate = 0.005"),
        ('[fees]\nmodel = "us_equity"\nx = 1', "key 'x' of fees of exchange.toml is unknown; it"),
        ("[funding]\nevery_hours = 8", "funding of exchange.toml has no rate_bps; write rate_bps"),
        ("[funding]\nrate_bps = 1\nevery_hours = 0", "the first must be above 0"),
        ("[funding]\nrate_bps = 1\nevery_hours = 1.5", "every_hours of funding of exchange.toml"),
        ("rules = 1", "rules of exchange.toml is no table of symbols; write [rules.BTCUSDT]"),
        ("[rules]\nBTC = 1", "rules of 'BTC' of rules of exchange.toml has no table of rules"),
        ("[rules.BTC]\ntik = 1", "unknown rule 'tik' of rules of 'BTC'"),
        ('[sessions]\nopens = "14:30"', 'sessions of exchange.toml has no closes; write closes ='),
        ('[sessions]\nopens = "1"\ncloses = "2"', "1"),
        ('[sessions]\nopens = "01:00"\ncloses = "02:00"\nweekdays = 1', "weekdays of sessions"),
        ('[sessions]\nopens = "01:00"\ncloses = "02:00"\ndays = 1', "days of sessions of exchange"),
        ('[sessions]\nopens = "01:00"\ncloses = "02:00"\ndays = {"2026-12-25" = ["1"]}',
         'the hours of a day of sessions of exchange.toml are not ["14:30", "18:00"]'),
        ('self_trade = "cancel_newst"', "did you mean 'cancel_newest'?"),
        ("cash = true", "cash of exchange.toml True is not a number"),
        ("currency = ''", "currency of exchange.toml '' is no text"),
        ("retain = -1", "retain of exchange.toml -1 is not a whole number from 0 to"),
        ("retain = true", "retain of exchange.toml True is not a whole number"),
        ("queue =", "exchange.toml is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(ContractError) as refused:
        terms(text)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "why"),
    [(b"\xff", "is not UTF-8 at byte 0"), (b"x = " + b"[" * 5000, "nested too deeply"),
     (b"#" * (MAX_BYTES + 1), "bytes")],
)  # fmt: skip
def test_a_text_that_cannot_be_read_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        read_terms(raw, "exchange.toml", toml=True)


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(ContractError, match="exchange.json is no table"):
        read_terms(b"[]", "exchange.json", toml=False)


@pytest.mark.parametrize("seed", range(300))
def test_a_table_in_which_something_is_wrong_is_refused_in_one_line(seed: int) -> None:
    """Any value in any place: terms, or one line that says why not."""
    draw = chance(seed)
    keys = ["queue", "liquidity", "delays", "fees", "funding", "rules", "sessions", "cash",
            "retain", "slippage", "self_trade", "partial", "unknown_qty"]  # fmt: skip
    values: list[Any] = [None, True, -1, 0, 10**30, "x", [], [1], {}, {"model": "flat"}, [[]],
                         {"submit_ms": []}, {"BTC": {}}, "power:0", {"rate_bps": {}}]  # fmt: skip
    told = {keys[int(draw.random() * len(keys))]: values[int(draw.random() * len(values))]
            for _ in range(2)}  # fmt: skip
    try:
        assert isinstance(terms_of(told, "t"), Terms)
    except ContractError as error:
        assert "\n" not in str(error)
