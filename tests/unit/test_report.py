"""The report: the published tree, books that balance, and bytes that depend on nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_MS, PlainExchange, a_fake, a_loop, a_monitor, a_quote, some_params,
)  # fmt: skip
from tools.live.core import codec
from tools.live.execution_loop import COMPUTED, SCRIPTED, run_shadow_demo
from tools.live.market.synthetic import SyntheticMarket
from tools.live.reports.report import instant_utc

NUMBER = float
PUBLISHED: dict[str, dict[str, Any]] = {
    "execution": {"iterations": int, "symbols": list},
    "orders": {
        "placed": int, "filled": int, "rejected": int, "canceled": int, "risk_blocks": int,
    },
    "positions": {"by_symbol": dict, "net_pos_usd": dict, "total_notional_usd": NUMBER},
    "risk": {
        "frozen": bool, "freeze_events": int, "last_freeze_reason": str,
        "last_freeze_symbol": str, "blocks_total": int, "freezes_total": int,
    },
    "runtime": {"utc": str},
}  # fmt: skip


def a_run(now_ms: int = T0_MS, **changed: Any) -> dict[str, Any]:
    """A run with fills, partial fills, rejections and a freeze."""
    asked = {"symbols": [ETH, BTC], "iterations": 30, "edge_freeze_threshold_bps": 3.0}
    return run_shadow_demo(**{**asked, **changed}, clock=lambda: now_ms).data


def leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from leaves(value, f"{path}[{place}]")
    else:
        yield path, data


def differing(one: dict[str, Any], two: dict[str, Any]) -> set[str]:
    first, second = dict(leaves(one)), dict(leaves(two))
    assert first.keys() == second.keys()
    return {path for path in first if first[path] != second[path]}


# The tree.


@pytest.mark.parametrize("section", PUBLISHED)
def test_the_published_keys_have_the_published_types(section: str) -> None:
    found = a_run()[section]
    for key, kind in PUBLISHED[section].items():
        assert type(found[key]) is kind, key


def test_before_a_freeze_its_reason_symbol_and_time_are_null() -> None:
    risk = a_run(edge_freeze_threshold_bps=1.0)["risk"]
    assert not risk["frozen"]
    for key in ("reason", "symbol", "utc"):
        assert risk[f"last_freeze_{key}"] is None
        assert risk[f"first_freeze_{key}"] is None


def test_symbols_are_sorted_and_only_those_that_filled_have_positions() -> None:
    data = a_run(fill_rate=0.0)
    assert data["execution"]["symbols"] == data["params"]["symbols"] == [BTC, ETH]
    assert data["positions"]["by_symbol"] == data["pnl"]["by_symbol"] == {}
    assert list(a_run()["positions"]["by_symbol"]) == [BTC, ETH]


def test_the_params_are_those_of_the_run_and_the_limits_those_in_force() -> None:
    data = a_run(base_qty="0.02", spread_bps=4, fee_maker_bps=2, fee_taker_bps=5, requote=True)
    params = dict(data["params"])
    assert params.pop("market")
    assert params.pop("exchange") == {
        "client": "FakeExchangeClient", "fill_rate": 0.7, "latency_ms": 100,
        "partial_fill_rate": 0.1, "reject_rate": 0.05, "seed": 42,
    }
    assert params == {
        "symbols": [BTC, ETH], "iterations": 30, "base_qty": 0.02, "spread_bps": 4.0,
        "requote": True, "edge": "scripted", "max_inventory_usd_per_symbol": 10_000.0,
        "max_total_notional_usd": 50_000.0, "edge_freeze_threshold_bps": 3.0,
        "fee_maker_bps": 2.0, "fee_taker_bps": 5.0,
    }  # fmt: skip


def test_the_config_hash_follows_the_params_and_nothing_else() -> None:
    one, other = a_run(), a_run(base_qty=0.02)
    assert one["integrity"]["config_sha256"] == codec.sha256(one["params"])
    assert one["integrity"]["config_sha256"] != other["integrity"]["config_sha256"]
    assert one["integrity"]["config_sha256"] == a_run(T0_MS + 1)["integrity"]["config_sha256"]


@pytest.mark.parametrize(
    "changed", [{"fill_rate": 0.1}, {"seed": 1}, {"latency_ms": 1}, {"symbols": [BTC]}]
)
def test_another_exchange_or_market_is_another_config(changed: dict[str, Any]) -> None:
    hashes = [run["integrity"]["config_sha256"] for run in (a_run(), a_run(**changed))]
    assert hashes[0] != hashes[1]


def test_an_exchange_of_the_users_is_named_by_its_class() -> None:
    report = a_loop(PlainExchange()).run_shadow(some_params(iterations=1))
    assert report["params"]["exchange"] == {"client": "PlainExchange"}


# Balanced books.


@pytest.mark.parametrize("requote", [False, True])
@pytest.mark.parametrize("threshold", [1.0, 5.0])
@pytest.mark.parametrize("seed", range(8))
def test_placed_is_filled_and_canceled_and_open(
    seed: int, threshold: float, requote: bool
) -> None:
    orders = a_run(
        seed=seed, edge_freeze_threshold_bps=threshold, requote=requote, partial_fill_rate=0.4
    )["orders"]
    assert orders["placed"] == orders["filled_full"] + orders["canceled"] + orders["open"]
    assert orders["open_partially_filled"] <= orders["open"]


def test_profit_adds_up_over_symbols_and_kinds() -> None:
    pnl = a_run(fee_maker_bps=1.5)["pnl"]
    for key in ("realised_usd", "unrealised_usd", "fees_usd", "net_usd", "cash_usd", "volume_usd"):
        parts = [symbol[key] for symbol in pnl["by_symbol"].values()]
        assert pnl[key] == pytest.approx(math.fsum(parts), abs=1e-12), key
    for found in (pnl, *pnl["by_symbol"].values()):
        net = found["realised_usd"] + found["unrealised_usd"] - found["fees_usd"]
        assert found["net_usd"] == pytest.approx(net, abs=1e-12)


def test_net_profit_is_cash_and_inventory_at_the_mark() -> None:
    data = a_run(fee_maker_bps=1.5)
    positions, marks = data["positions"]["by_symbol"], data["positions"]["marks"]
    for symbol, found in data["pnl"]["by_symbol"].items():
        worth = found["cash_usd"] + positions[symbol] * marks[symbol]
        assert found["net_usd"] == pytest.approx(worth, abs=1e-9)
        assert positions[symbol] == pytest.approx(found["bought_qty"] - found["sold_qty"])


def test_notionals_are_quantities_at_the_mark() -> None:
    positions = a_run()["positions"]
    for symbol, qty in positions["by_symbol"].items():
        notional = abs(qty) * positions["marks"][symbol]
        assert positions["net_pos_usd"][symbol] == pytest.approx(notional)
    total = math.fsum(positions["net_pos_usd"].values())
    assert positions["total_notional_usd"] == pytest.approx(total)


def test_fees_are_split_into_makers_and_takers() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange, a_monitor(maker_bps=1, taker_bps=7))
    loop.on_quote(a_quote(), some_params())
    exchange.report("X1", price=50_000.0, liquidity="taker")
    exchange.report("X2", side="Sell", price=50_000.0, liquidity="maker")  # type: ignore[arg-type]
    loop.on_fill()
    report = loop.run_shadow(some_params(iterations=1))
    assert report["fees"] == {
        "maker_bps": 1.0, "taker_bps": 7.0, "maker_fills": 1, "taker_fills": 1,
        "maker_usd": 0.05, "taker_usd": 0.35, "total_usd": 0.4,
    }  # fmt: skip
    assert report["pnl"]["fees_usd"] == 0.4


def test_refusals_are_counted_by_reason() -> None:
    data = a_run(max_inventory_usd_per_symbol=600)
    blocks = data["orders"]["risk_blocks"]
    assert data["orders"]["refusals"] == {"symbol_limit": blocks}
    assert data["risk"]["blocks_total"] == blocks > 0


def test_the_worst_case_counts_open_orders_at_the_mark() -> None:
    data = a_loop().run_shadow(some_params(iterations=3))
    assert data["risk"]["worst_case_usd"] == {BTC: 3 * 0.01 * 50_100.0}


# Time.


def test_the_time_honours_the_frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2024-02-29T12:34:56Z")
    one = run_shadow_demo([BTC], 20, edge_freeze_threshold_bps=3.0)
    assert one.data["runtime"]["utc"] == "2024-02-29T12:34:56+00:00"
    assert one.data["risk"]["first_freeze_utc"].startswith("2024-02-29T12:35:1")
    assert one == run_shadow_demo([BTC], 20, edge_freeze_threshold_bps=3.0)


def test_the_time_of_the_run_is_in_whole_seconds_as_published() -> None:
    assert a_run(now_ms=T0_MS + 796)["runtime"]["utc"] == "2025-01-01T00:00:00+00:00"
    assert instant_utc(0) == "1970-01-01T00:00:00+00:00"


def test_runs_at_different_times_differ_in_times_only() -> None:
    one, other = a_run(), a_run(now_ms=T0_MS + 86_400_123)
    times = {"runtime.utc", "risk.first_freeze_utc", "risk.last_freeze_utc"}
    assert differing(one, other) == times
    assert one["integrity"]["state_sha256"] == other["integrity"]["state_sha256"]


# Bytes.


@pytest.mark.parametrize("edge", [SCRIPTED, COMPUTED])
@pytest.mark.parametrize("seed", range(6))
def test_the_line_is_a_fixed_point_of_json(seed: int, edge: str) -> None:
    line = run_shadow_demo([BTC, ETH], 40, seed=seed, edge=edge, clock=lambda: T0_MS)
    again = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")) + "\n"
    assert line == again


@pytest.mark.parametrize("seed", range(6))
def test_there_is_no_negative_zero_and_no_number_that_is_none(seed: int) -> None:
    data = run_shadow_demo(
        [BTC], 40, seed=seed, fill_rate=1.0, partial_fill_rate=0.0, fee_maker_bps=0,
        clock=lambda: T0_MS,
    ).data  # fmt: skip
    for path, value in leaves(data):
        if isinstance(value, float):
            assert math.isfinite(value), path
            assert value != 0 or math.copysign(1, value) == 1, path


def test_the_same_run_gives_the_same_bytes() -> None:
    assert codec.canonical(a_run()) == codec.canonical(a_run())


@pytest.mark.parametrize("retain", [0, 1, 7, 1_000])
@pytest.mark.parametrize("requote", [False, True])
def test_dropping_finished_orders_changes_no_byte(retain: int, requote: bool) -> None:
    def bytes_of(kept: int | None) -> str:
        loop = a_loop(a_fake(0.6, 0.1, 0.3), a_monitor(threshold=3), retain=kept)
        params = some_params((BTC, ETH), 40, requote)
        return codec.canonical(loop.run_shadow(params))

    assert bytes_of(retain) == bytes_of(None)


@pytest.mark.parametrize("requote", [False, True])
def test_recording_the_line_changes_no_byte(requote: bool) -> None:
    def bytes_of(recorded: bool) -> str:
        loop = a_loop(a_fake(0.6, 0.1, 0.3), a_monitor(threshold=3), recorded=recorded)
        return codec.canonical(loop.run_shadow(some_params((BTC, ETH), 40, requote)))

    assert bytes_of(True) == bytes_of(False)


def test_naming_the_synthetic_feed_changes_no_byte() -> None:
    def bytes_of(named: bool) -> str:
        feed = SyntheticMarket([BTC], 20, T0_MS * 10**6) if named else None
        return codec.canonical(a_loop(a_fake(0.6)).run_shadow(some_params(iterations=20), feed))

    assert bytes_of(True) == bytes_of(False)
