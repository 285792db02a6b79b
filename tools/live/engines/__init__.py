"""Strategies of other people's engines on our simulated exchange.

- `passage.py`             orders on their way to an exchange, and its answers back, for any engine
- `backtrader_adapter.py`  a broker for Backtrader
- `nautilus_adapter.py`    an execution client for NautilusTrader's backtests

The engines are no packages that we need: an adapter loads its engine when it is made, and says what
to install where there is none.
"""
