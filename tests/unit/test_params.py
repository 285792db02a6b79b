"""What a run is asked to do: quotes, parameters, and what the config hash covers."""

from __future__ import annotations

import pytest

from tests.unit.builders import BTC, T0_NS, PlainExchange, a_fake, a_monitor, some_params
from tools.live.core.errors import ContractError
from tools.live.exchange import IExchangeClient
from tools.live.market.synthetic import SyntheticMarket
from tools.live.params import ExecutionParams, Quote, describe_run


def test_a_quote_is_human_numbers_and_must_be_above_zero() -> None:
    quote = Quote(BTC, 49_975.5, "50025", 7)
    assert (quote.symbol, quote.bid, quote.ask, quote.timestamp_ms) == (BTC, 49_975.5, 50_025.0, 7)
    for bid, ask in ((0, 1), (1, 0), (-1, 1)):
        with pytest.raises(ContractError):
            Quote(BTC, bid, ask, 7)


def test_params_have_the_published_defaults() -> None:
    params = ExecutionParams([BTC], 5, 10_000, 50_000, 1.5)
    assert (params.base_qty, params.spread_bps, params.requote) == (0.01, 5.0, False)


def test_params_keep_what_was_asked_under_the_published_names() -> None:
    params = ExecutionParams([BTC], 5, 10_000, 50_000, 1.5, 0.02, 4.0, True)
    assert (params.symbols, params.iterations) == ([BTC], 5)
    assert params.max_inventory_usd_per_symbol == 10_000
    assert params.max_total_notional_usd == 50_000
    assert params.edge_freeze_threshold_bps == 1.5
    assert (params.base_qty, params.spread_bps, params.requote) == (0.02, 4.0, True)
    assert params == ExecutionParams([BTC], 5, 10_000, 50_000, 1.5, 0.02, 4.0, True)
    assert params != some_params()


def described(exchange: IExchangeClient) -> dict[str, object]:
    feed = SyntheticMarket([BTC], 3, T0_NS)
    return describe_run(some_params(), feed, exchange, a_monitor(max_symbol=7), "scripted")


def test_a_run_is_described_by_what_is_in_force() -> None:
    found = described(a_fake(seed=5))
    assert (found["symbols"], found["iterations"], found["edge"]) == ([BTC], 3, "scripted")
    assert found["max_inventory_usd_per_symbol"] == 7.0
    assert found["market"] == {"kind": "synthetic"}
    exchange = found["exchange"]
    assert isinstance(exchange, dict)
    assert exchange["seed"] == 5


def test_a_users_exchange_is_described_by_its_name_only() -> None:
    assert described(PlainExchange())["exchange"] == {"client": "PlainExchange"}
