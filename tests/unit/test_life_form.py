"""A drift as JSON, as a table, and as terms of an exchange."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.life_files import CCXT, E9, MS, T0, a_deal
from tools.live.core.codec import canonical
from tools.live.life.deals import deals_of
from tools.live.life.fit import Latency, fit_fees, fit_latency, latency_of
from tools.live.life.form import (
    Found, drift_form, estimate_form, hundredths, percent_e9, sentence,
)  # fmt: skip
from tools.live.life.intervals import Estimate
from tools.live.life.match import Window, match
from tools.live.life.measure import measure
from tools.live.life.read import read_fills
from tools.live.life.table import drift_table
from tools.live.life.terms_text import terms_toml
from tools.live.sim.delays import Constant, Empirical
from tools.live.sim.queue import PowerQueue
from tools.live.sim.terms_table import read_terms

QUEUE = {"used": 5, "left_out": 1, "best": "power:2", "low": "1", "high": "3", "models": {},
         "tells": True}  # fmt: skip


def found(
    queue: dict[str, Any] | None = None, negative: int = 0, trips: Latency | None = None
) -> Found:
    file = read_fills(CCXT.encode(), "FILLS")
    life = deals_of(file.fills)
    run = [
        a_deal(1, name="CLI00000001", qty=4 * E9 // 10, price=50_000 * E9, at_ns=T0, fee=0),
        a_deal(2, symbol="ETHUSDT", at_ns=None),
    ]  # fmt: skip
    life.append(a_deal(3, name="T", symbol="ODD\x1b", liquidity="taker", at_ns=T0 + 5 * MS))
    run.append(a_deal(3, name="T", symbol="ODD\x1b", at_ns=T0, sent_ns=T0 + negative))
    matched = match(life, run)
    return Found(
        file, len(life), len(run), 2, Window(), matched, measure(matched), fit_latency(matched),
        trips, fit_fees(file.fills, 1), queue,
    )  # fmt: skip


def test_the_report_says_it_all_in_exact_texts() -> None:
    form = drift_form(found(QUEUE))
    assert json.loads(canonical(form)) == form
    assert form["life"] == {
        "form": "ccxt", "rows": 3, "fills": 3, "passed_over": 0, "refused": {}, "orders": 3,
    }  # fmt: skip
    assert form["run"] == {"orders": 3, "filled": 2}
    assert form["matching"] == {
        "by_name": 2, "by_place": 0, "within_ns": 60_000 * MS, "within_bps": "100",
    }  # fmt: skip
    whole = form["all"]
    assert (whole["matched"], whole["missed"], whole["ghosts"]) == (2, 1, 0)
    assert whole["life_value"] == "26100.2" and whole["missed_value"] == "6000"
    assert whole["price_bps"] == {
        "count": 2, "p50": "0", "p90": "0.099999", "p99": "0.099999", "p999": "0.099999",
    }  # fmt: skip
    assert whole["time_ns"]["p999"] == 120 * MS
    assert form["by"]["symbol"]["ETHUSDT"]["missed"] == 1
    assert form["fit"]["submit"]["p50"] == {"value": 5 * MS, "low": None, "high": None}
    assert form["fit"]["fees"]["maker"]["fills"] == 2 and form["fit"]["queue"] == QUEUE
    assert form["fit"]["fees"]["taker"] == {"fills": 0, "unknown": 1, "rate_bps": None}
    assert form["kinder"]["total_bps"] == {
        "value": form["kinder"]["total_bps"]["value"], "low": None, "high": None,
    }  # fmt: skip
    assert form["sentence"] in drift_table(found(QUEUE))


def test_nothing_matched_is_said_in_the_report() -> None:
    matched = match([a_deal(1)], [])
    file = read_fills(CCXT.encode(), "FILLS")
    empty = Found(file, 1, 0, 0, Window(), matched, measure(matched), None, None, (), None)
    form = drift_form(empty)
    assert form["kinder"] is None and form["fit"]["submit"] is None
    assert form["sentence"] == (
        "Nothing can be said: no order filled in both (1 missed, 0 ghosts)."
    )
    assert "fitted" not in drift_table(empty)


def test_the_sentence_has_a_number_and_a_direction() -> None:
    def said(price: int, count: int = 1) -> str:
        life = [a_deal(seq, name=f"N{seq}") for seq in range(1, count + 1)]
        run = [a_deal(seq, name=f"N{seq}", price=price) for seq in range(1, count + 1)]
        return sentence(measure(match(life, run)))

    assert said(99 * E9).startswith(
        "The simulation was 100 bps kinder than life (too few orders for an interval)"
    )
    assert "100 bps harder than life (95 %: -100 to -100)" in said(101 * E9, 8)
    assert said(100 * E9).startswith("The simulation was as kind as life")
    assert "it missed 0 % of what life filled, and 0 % of what it filled never" in said(E9)


def test_ghosts_are_a_share_of_the_run_and_missed_ones_of_life() -> None:
    life = [a_deal(1, name="A"), a_deal(2, name="B", qty=E9 // 4)]
    run = [a_deal(1, name="A"), a_deal(2, name="C", qty=3 * E9, symbol="ETHUSDT")]
    said = sentence(measure(match(life, run)))
    assert "it missed 20 % of what life filled, and 75 % of what it filled never" in said


def test_numbers_for_eyes_are_rounded_ties_to_even() -> None:
    assert hundredths(1_235_000_000) == 1_240_000_000 and hundredths(-5_000_000) == 0
    assert percent_e9(1, 3) == 33_333_333_333 and percent_e9(1, 0) == 0
    assert estimate_form(None) is None
    assert estimate_form(Estimate(1, None, 2), scaled=False) == {
        "value": 1, "low": None, "high": 2,
    }  # fmt: skip


def test_the_table_has_each_part_and_nothing_that_moves_a_cursor() -> None:
    shown = drift_table(found(QUEUE))
    assert "\x1b" not in shown and "ODD\\x1b" in shown
    assert "fitted submit delay, ms, of 1 orders: p50 5 (? to ?)" in shown
    assert "fitted maker fee, bps, of 2 fills: 1 (" in shown
    assert "fitted queue, of 5 orders: power:2 (95 %: 1 to 3)" in shown
    assert "fitted taker fee" not in shown and "see the clocks" not in shown
    assert "fitted queue" not in drift_table(found({"used": 0, "left_out": 1, "tells": False}))
    alike = drift_table(found({**QUEUE, "tells": False}))
    assert "fitted queue, of 5 orders: none, as they fill alike with every power" in alike
    assert "1 of them ended before they began" in drift_table(found(negative=9 * MS))
    trips = latency_of([2 * MS] * 20)
    assert "fitted round trip, ms, of 20 orders: p50 2 (2 to 2)" in drift_table(found(trips=trips))
    assert drift_form(found(trips=trips))["fit"]["round_trip"]["orders"] == 20


def test_the_terms_are_read_back_as_they_were_fitted() -> None:
    one = found(QUEUE)
    text = terms_toml(one.latency, latency_of([9]), one.fees, "power:1.5")
    terms = read_terms(text.encode(), "terms", toml=True)
    assert isinstance(terms.queue, PowerQueue)
    assert terms.queue.describe() == {"queue": "power", "n": "1.5"}
    assert isinstance(terms.delays.submit, Constant) and terms.delays.submit.ns == 5 * MS
    assert terms.delays.acknowledge.is_zero
    assert terms.fees is not None
    assert terms.describe()["fees"] == {"model": "flat", "maker_bps": "1", "taker_bps": "0"}


def test_a_sample_of_delays_is_a_sample_of_delays_again() -> None:
    for sample in ([MS, 3 * MS + 1], [n * MS for n in range(30)]):
        text = terms_toml(latency_of(sample), None, (), None)
        delay = read_terms(text.encode(), "terms", toml=True).delays.submit
        assert isinstance(delay, Empirical)
        assert sorted(set(delay.sample_ns)) == sample


def test_a_round_trip_is_half_there_and_half_back() -> None:
    text = terms_toml(None, latency_of([40 * MS]), (), None)
    delays = read_terms(text.encode(), "terms", toml=True).delays
    assert isinstance(delays.submit, Constant) and delays.submit.ns == 20 * MS
    assert isinstance(delays.acknowledge, Constant) and delays.acknowledge.ns == 20 * MS


def test_terms_of_nothing_are_the_plain_ones() -> None:
    text = terms_toml(None, None, (), None)
    assert text == "# Fitted to fills of life.\n"
    assert read_terms(text.encode(), "terms", toml=True).fees is None
