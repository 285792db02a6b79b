"""Shadow trading: run an execution engine against a market without risking a cent.

The way of the data, and where it lives:

    quote -> fold.step -> strategy (intents) -> risk_monitor.review -> order_store -> exchange
    exchange answers and fills -> fold.step -> order_store, ledger -> reports

`core` is the vocabulary, `execution_loop` the shell around the fold, `portfolio` the ledger,
`market` the feed, `audit` the laws, `reports` what people read. Names are loaded when asked for.
"""

from __future__ import annotations

__version__ = "0.1.0"

_EXPORTS = {
    "DurableOrderStore": ("journal.durable_store", "DurableOrderStore"),
    "DurableRun": ("durable_run", "DurableRun"),
    "ExchangeFillEvent": ("exchange", "FillEvent"),
    "ExchangePosition": ("exchange", "Position"),
    "ExecutionLoop": ("execution_loop", "ExecutionLoop"),
    "ExecutionParams": ("execution_loop", "ExecutionParams"),
    "FakeExchangeClient": ("exchange", "FakeExchangeClient"),
    "IExchangeClient": ("exchange", "IExchangeClient"),
    "InMemoryOrderStore": ("order_store", "InMemoryOrderStore"),
    "NotSent": ("core.errors", "NotSent"),
    "OpenOrder": ("exchange", "OpenOrder"),
    "Order": ("order_store", "Order"),
    "OrderAnswer": ("exchange_query", "OrderAnswer"),
    "OrderStatus": ("exchange", "OrderStatus"),
    "OrderStoreState": ("order_store", "OrderState"),
    "PlaceOrderRequest": ("exchange", "PlaceOrderRequest"),
    "PlaceOrderResponse": ("exchange", "PlaceOrderResponse"),
    "QueryableExchange": ("exchange_query", "QueryableExchange"),
    "Quote": ("execution_loop", "Quote"),
    "RuntimeRiskMonitor": ("risk_monitor", "RuntimeRiskMonitor"),
    "ShadowReport": ("reports.shadow_report", "ShadowReport"),
    "Side": ("exchange", "Side"),
    "run_shadow_demo": ("execution_loop", "run_shadow_demo"),
}

__all__ = ["__version__", *_EXPORTS]


def __getattr__(name: str) -> object:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _EXPORTS[name]
    return getattr(import_module(f".{module}", __name__), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
