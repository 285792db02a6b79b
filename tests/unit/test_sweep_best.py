"""Which settings were best: means over the seeds."""

from __future__ import annotations

from typing import Any

import pytest

from tools.live.sweep_best import Choice, choose, grouped, mean_of


def row(value: float | None, **varied: Any) -> dict[str, Any]:
    return {"varied": varied, "measures": {"sharpe": value}}


BROKEN: dict[str, Any] = {"varied": {"a": 1, "seed": 3}, "error": "no quote"}


def test_the_mean_is_rounded_once() -> None:
    assert mean_of([row(0.1), row(0.2), row(0.3)], "sharpe") == 0.2
    assert mean_of([row(1e308), row(1e308)], "sharpe") == 1e308
    assert mean_of([], "sharpe") is mean_of([row(1.0), BROKEN], "sharpe") is None
    assert mean_of([row(1.0), row(None)], "sharpe") is None


def test_seeds_are_no_settings() -> None:
    rows = [row(1.0, a=1, seed=1), row(5.0, a=2, seed=1), row(3.0, a=1, seed=2)]
    groups = [(varied, len(group)) for varied, group in grouped(rows)]
    assert groups == [({"a": 1}, 2), ({"a": 2}, 1)]
    best = choose([*rows, row(2.0, a=2, seed=2)], "sharpe")
    assert best == Choice({"a": 2}, "sharpe", 3.5, 2)
    assert best.is_of({"a": 2, "seed": 9}) and not best.is_of({"a": 1, "seed": 1})


@pytest.mark.parametrize(("less", "best"), [(False, {"a": 2}), (True, {"a": 1})])
def test_more_or_less_is_better_and_the_first_of_equals_wins(
    less: bool, best: dict[str, Any]
) -> None:
    rows = [row(1.0, a=1), row(2.0, a=2), row(2.0, a=3), row(1.0, a=4), row(None, a=5)]
    chosen = choose(rows, "sharpe", less=less)
    assert chosen is not None and chosen.varied == best


def test_nothing_is_best_of_nothing() -> None:
    assert choose([], "sharpe") is choose([BROKEN], "sharpe") is None
