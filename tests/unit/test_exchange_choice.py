"""Which exchange the settings make, and which of them do not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.live import settings
from tools.live.console import Usage
from tools.live.core.errors import ContractError
from tools.live.exchange import FakeExchangeClient
from tools.live.exchange_choice import (
    FAKE, KINDS, SIMULATED, check_choice, exchange_of, is_simulated, misheard, world_of,
)  # fmt: skip
from tools.live.market.synthetic import SyntheticMarket
from tools.live.sim.delays import FAST, Constant
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.presets import PRESETS


def chosen(**given: Any) -> dict[str, Any]:
    return settings.resolve(given, {})


def test_left_out_it_is_the_fake() -> None:
    exchange = exchange_of(chosen(seed=7))
    assert isinstance(exchange, FakeExchangeClient)
    assert exchange.describe() == FakeExchangeClient(0.7, 0.05, 100, 0.1, 7).describe()
    assert not is_simulated(chosen())
    assert settings.BY_KEY["exchange"].default == FAKE
    for kind in KINDS:
        assert settings.BY_KEY["exchange"].read(kind, "--exchange") == kind


def test_a_simulated_one_has_the_terms_that_are_named() -> None:
    exchange = exchange_of(chosen(exchange=SIMULATED, queue="power:2", delays="fast", seed=7))
    assert isinstance(exchange, SimulatedExchange)
    assert exchange.seed == 7
    assert exchange.terms.delays is FAST
    assert exchange.terms.queue.describe() == {"queue": "power", "n": "2"}


@pytest.mark.parametrize(("said", "ns"), [("0.25", 250_000), ("5", 5_000_000), (3, 3_000_000)])
def test_delays_may_be_milliseconds(said: object, ns: int) -> None:
    exchange = exchange_of(chosen(exchange=SIMULATED, delays=said))
    assert isinstance(exchange, SimulatedExchange)
    submit = exchange.terms.delays.submit
    assert isinstance(submit, Constant) and submit.ns == ns


def test_terms_may_be_ready_made() -> None:
    exchange = exchange_of(chosen(exchange=SIMULATED, terms="slow", queue="log"))
    assert isinstance(exchange, SimulatedExchange)
    assert exchange.terms.delays is PRESETS["slow"].delays
    assert exchange.terms.queue.describe() == {"queue": "log"}


@pytest.mark.parametrize("name", ["terms.toml", "terms.json"])
def test_flags_go_on_top_of_a_table_of_terms(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    text = 'queue = "log"\npartial = false\n'
    file.write_text(text if name.endswith("toml") else '{"queue": "log", "partial": false}')
    table = exchange_of(chosen(exchange=SIMULATED, terms=str(file)))
    assert isinstance(table, SimulatedExchange)
    assert table.terms.queue.describe() == {"queue": "log"}
    flags = exchange_of(chosen(exchange=SIMULATED, terms=str(file), queue="proportional"))
    assert isinstance(flags, SimulatedExchange)
    assert flags.terms.queue.describe() == {"queue": "proportional"}
    assert flags.terms.partial is table.terms.partial is False


def test_faults_go_with_either(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "reject"\nnth = [1]\n')
    for kind, behind in ((FAKE, FakeExchangeClient), (SIMULATED, SimulatedExchange)):
        exchange = exchange_of(chosen(exchange=kind, faults=str(plan)))
        assert isinstance(exchange, FaultyExchange)
        assert isinstance(exchange.exchange, behind)
        assert exchange.describe()["faults"]["fault"] == [{"kind": "reject", "nth": [1]}]
    other = tmp_path / "plan.json"
    other.write_text('{"fault": [{"kind": "reject", "nth": [1]}]}')
    assert exchange_of(chosen(faults=str(other))).describe() == (
        exchange_of(chosen(faults=str(plan))).describe()
    )


@pytest.mark.parametrize(
    ("given", "keys", "why"),
    [
        ({"queue": "log"}, (), "--queue is about --exchange simulated; name that, or leave"),
        ({"delays": "5"}, (), "--delays is about --exchange simulated"),
        ({"terms": "t.toml"}, (), "--terms is about --exchange simulated"),
        ({"exchange": SIMULATED}, ("fill_rate",), "--fill-rate is about --exchange fake; name"),
        ({"exchange": SIMULATED}, ("latency_ms",), "--latency-ms is about --exchange fake"),
    ],
)
def test_what_is_said_of_the_other_exchange_is_refused(
    given: dict[str, Any], keys: tuple[str, ...], why: str
) -> None:
    with pytest.raises(Usage) as refused:
        check_choice(chosen(**given), keys)
    assert why in str(refused.value)


def test_what_goes_with_an_exchange_passes() -> None:
    check_choice(chosen(fill_rate=0.5), ("fill_rate",))
    check_choice(chosen(exchange=SIMULATED, queue="log", delays="5"), ("queue", "delays", "seed"))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"delays": "quick"}, "--delays 'quick' is unknown; known are instant, fast"),
        ({"queue": "powr:2"}, "--queue 'powr:2' is unknown; choose pessimistic"),
        ({"terms": "missing.toml"}, "missing.toml"),
        ({"terms": "terms.yaml"}, "--terms 'terms.yaml' is neither .toml nor .json, nor one of"),
        ({"terms": "sloww"}, "'sloww' is neither .toml nor .json, nor one of dream, instant, fast,"
         " normal, slow, bars; did you mean 'slow'?"),
        ({"faults": "nt-421"}, "--faults 'nt-421' is no scenario; did you mean 'nt-4215'?"),
        ({"faults": "plan.txt"}, "--faults 'plan.txt' is neither .toml nor .json; rename"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ContractError) as refused:
        exchange_of(chosen(exchange=SIMULATED, **given))
    assert why in str(refused.value)


@pytest.mark.parametrize("value", [True, 1.5, "Power", "a b", "", "x" * 33])
def test_a_model_is_a_word_or_a_number(value: object) -> None:
    with pytest.raises(ContractError, match="--queue .* is no name; write one such as power:2"):
        settings.BY_KEY["queue"].read(value, "--queue")


def test_the_market_passes_through_a_simulated_exchange() -> None:
    exchange = exchange_of(chosen(exchange=SIMULATED))
    feed = world_of(exchange, SyntheticMarket(["BTCUSDT"], 3, 10**18))
    assert (feed.steps, feed.symbols, feed.start_ns) == (3, ["BTCUSDT"], 10**18)
    assert len(list(feed)) == 3
    assert isinstance(exchange, SimulatedExchange)
    assert exchange.desk.pit.venue("BTCUSDT").bid
    assert is_simulated(chosen(exchange=SIMULATED))


def test_a_scenario_is_named_instead_of_a_file() -> None:
    exchange = exchange_of(chosen(faults="tg-94"))
    assert exchange.describe()["faults"]["fault"] == [{"kind": "lose_answer", "nth": [2, 5, 6, 13]}]


def test_faults_of_the_line_and_of_the_feed_come_into_the_world() -> None:
    exchange = exchange_of(chosen(exchange=SIMULATED, faults="ccxt-19717"))
    feed = world_of(exchange, SyntheticMarket(["BTCUSDT"], 30, 10**18))
    assert feed.describe()["faults"]["fault"][0]["kind"] == "silent_stream"
    said = [one.__class__.__name__ for step in feed for one in step]
    assert "FeedStale" in said
    exchange = exchange_of(chosen(exchange=SIMULATED, faults="tg-94"))
    assert "faults" not in world_of(exchange, SyntheticMarket(["BTCUSDT"], 3, 10**18)).describe()


def test_who_trades_on_the_fake_hears_a_bad_feed_too() -> None:
    market = SyntheticMarket(["BTCUSDT"], 30, 10**18)
    assert misheard(exchange_of(chosen()), market) is None
    assert misheard(exchange_of(chosen(faults="tg-94")), market) is None
    feed = misheard(exchange_of(chosen(faults="ccxt-19717")), market, ["BTCUSDT"], "synthetic")
    assert feed is not None
    assert any(one.__class__.__name__ == "FeedStale" for step in feed for one in step)
