"""The package's front: every published name, loaded when it is asked for and not before."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import tools.live
from tools.live import (
    durable_run, exchange, exchange_query, execution_loop, order_store, risk_monitor,
)  # fmt: skip
from tools.live.core import errors
from tools.live.journal import durable_store
from tools.live.reports import shadow_report

ROOT = Path(__file__).parents[2]
PUBLISHED = {
    "DurableOrderStore": durable_store.DurableOrderStore,
    "DurableRun": durable_run.DurableRun,
    "ExchangeFillEvent": exchange.FillEvent,
    "ExchangePosition": exchange.Position,
    "ExecutionLoop": execution_loop.ExecutionLoop,
    "ExecutionParams": execution_loop.ExecutionParams,
    "FakeExchangeClient": exchange.FakeExchangeClient,
    "IExchangeClient": exchange.IExchangeClient,
    "InMemoryOrderStore": order_store.InMemoryOrderStore,
    "NotSent": errors.NotSent,
    "OpenOrder": exchange.OpenOrder,
    "Order": order_store.Order,
    "OrderAnswer": exchange_query.OrderAnswer,
    "OrderStatus": exchange.OrderStatus,
    "OrderStoreState": order_store.OrderState,
    "PlaceOrderRequest": exchange.PlaceOrderRequest,
    "PlaceOrderResponse": exchange.PlaceOrderResponse,
    "QueryableExchange": exchange_query.QueryableExchange,
    "Quote": execution_loop.Quote,
    "RuntimeRiskMonitor": risk_monitor.RuntimeRiskMonitor,
    "ShadowReport": shadow_report.ShadowReport,
    "Side": exchange.Side,
    "run_shadow_demo": execution_loop.run_shadow_demo,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_name_is_the_modules_own(name: str) -> None:
    assert getattr(tools.live, name) is PUBLISHED[name]


def test_all_and_dir_list_exactly_the_published_names() -> None:
    expected = sorted(["__version__", *PUBLISHED])
    assert sorted(tools.live.__all__) == expected
    assert dir(tools.live) == expected


def test_a_star_import_takes_every_published_name() -> None:
    taken: dict[str, object] = {}
    exec("from tools.live import *", taken)
    assert PUBLISHED.keys() <= taken.keys()


def test_an_unknown_name_is_an_attribute_error_that_says_which() -> None:
    with pytest.raises(AttributeError, match=r"'tools.live' has no attribute 'NoSuchName'"):
        getattr(tools.live, "NoSuchName")
    with pytest.raises(ImportError):
        exec("from tools.live import NoSuchName")


def test_a_submodule_can_still_be_imported_by_its_path() -> None:
    assert importlib.import_module("tools.live.exchange") is exchange


def test_importing_the_package_loads_and_prints_nothing() -> None:
    script = (
        "import sys, tools.live; "
        "sys.exit(','.join(m for m in sys.modules if m.startswith('tools.live.')) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
