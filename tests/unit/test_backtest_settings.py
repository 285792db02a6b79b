"""The settings of a backtest: one spelling, and every answer to what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from tools.live import settings
from tools.live.backtest_settings import (
    BY_KEY, SETTINGS, config_of, grid_ns, instant, instant_ns, year_ns,
)  # fmt: skip
from tools.live.core import codec
from tools.live.core.clock import NS_PER_S
from tools.live.core.errors import ContractError


def test_every_setting_of_the_demo_is_one_of_a_backtest() -> None:
    assert {one.key for one in settings.SETTINGS} < set(BY_KEY)
    assert len(SETTINGS) == len(BY_KEY)


def test_the_defaults_are_a_config_that_json_holds() -> None:
    config = config_of({})
    assert list(config) == [one.key for one in SETTINGS]
    assert (config["symbols"], config["iterations"]) == (["BTCUSDT", "ETHUSDT"], 50)
    assert (config["capital"], config["grid"], config["exchange"]) == (50_000, 1, "simulated")
    assert (config["terms"], config["fill_rate"]) == ("fast", None)
    fake = config_of({"exchange": "fake"})
    assert (fake["terms"], fake["fill_rate"]) == (None, 0.7)
    assert config_of(config) == config and codec.canonical(config)
    assert (grid_ns(config), year_ns(config)) == (NS_PER_S, 365 * 86_400 * NS_PER_S)
    assert grid_ns(config_of({"grid": "0.000000001"})) == 1


@pytest.mark.parametrize("written", [5, "5", 5.0, "5.0", "5e0"])
def test_a_number_has_one_spelling(written: Any) -> None:
    value = config_of({"spread_bps": written})["spread_bps"]
    assert (value, type(value)) == (5, int)
    assert config_of({"spread_bps": "2.50"})["spread_bps"] == 2.5


def test_a_file_may_have_a_number_for_a_name() -> None:
    config = config_of({"market": "5.0"})
    assert (config["market"], config["iterations"], config["start"]) == ("5.0", None, None)
    assert (config["symbols"], config["edge"]) == (None, "computed")
    assert config_of({"market": "x", "edge": "scripted", "symbols": "A"})["edge"] == "scripted"
    assert config_of({"quotes": "x"})["edge"] == "scripted"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sprad_bps": 1}, "unknown setting 'sprad_bps'; did you mean 'spread_bps'?"),
        ({"spread_bps": "x"}, "--spread-bps 'x' is not a number"),
        ({"market": "a", "quotes": "b"}, "--quotes and --market are two markets; leave one out"),
        ({"from": "+3"}, "--from says how to read --market; name one"),
        ({"source": "x", "quotes": "b"}, "--source says how to read --market; name one"),
        ({"market": "a", "iterations": 3}, "--iterations does not go with --market; leave"),
        ({"quotes": "a", "start": "2025-01-01T00:00:00Z"}, "--start does not go with --quotes"),
        ({"symbols": ","}, "--symbols names none; write BTCUSDT,ETHUSDT"),
        ({"capital": 0}, "--capital 0 is out of range; give a number above 0"),
        ({"grid": "0"}, "--grid '0' is out of range"),
        ({"year_days": 367}, "--year-days 367 is out of range; give one from 1 to 366"),
        ({"exchange": "fakes"}, "--exchange 'fakes' is not fake or simulated; did you mean"),
        ({"fill_rate": 1}, "--fill-rate is about --exchange fake; name that, or leave --fill-rate"),
        ({"exchange": "fake", "queue": "log"}, "--queue is about --exchange simulated; name that"),
        ({"exchange": "fake", "terms": "fast"}, "--terms is about --exchange simulated; name that"),
        ({"delays": "!"}, "--delays '!' is no name"),
        ({"market": "a", "from": "30"}, "write --from as +SECONDS from the beginning, or YYYY"),
        ({"market": "a", "until": 30}, "--until 30 is no text; write it as +SECONDS"),
        ({"start": "+5"}, "--start '+5' counts from a beginning"),
    ],
)
def test_what_cannot_be(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ContractError) as refused:
        config_of(given)
    assert told in str(refused.value)


def test_instants() -> None:
    assert instant("+30", "--from") == "+30"
    assert instant_ns(None, 5, "--from") is None
    assert instant_ns("+0.000000001", 5, "--from") == 6
    assert instant_ns("1970-01-01T00:00:01.5Z", 5, "--from") == 1_500_000_000
