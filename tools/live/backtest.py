"""Backtests from Python: `run_backtest` for the result, `Backtest` to step, pause and seek."""

from __future__ import annotations

from .backtest_result import BacktestResult
from .backtest_run import Backtest, run_backtest

__all__ = ["Backtest", "BacktestResult", "run_backtest"]
