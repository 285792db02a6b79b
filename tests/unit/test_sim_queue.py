"""Queue models: by hand; the proofs over all levels are in `tests/exchange/test_queue.py`."""

from __future__ import annotations

import pytest

from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.sim.queue import (
    PESSIMISTIC, PROPORTIONAL, LogQueue, PowerQueue, ahead_after, queue_model,
)  # fmt: skip


def test_the_pessimist_moves_only_when_nothing_is_left_behind() -> None:
    assert ahead_after(PESSIMISTIC, 60, 100, 40) == 60
    assert ahead_after(PESSIMISTIC, 60, 100, 41) == 59
    assert ahead_after(PESSIMISTIC, 60, 100, 100) == 0


def test_proportional_rounds_in_favour_of_the_others() -> None:
    assert ahead_after(PROPORTIONAL, 60, 100, 50) == 30
    assert ahead_after(PROPORTIONAL, 1, 3, 1) == 1
    assert PROPORTIONAL.gone_ahead(0, 0, 0) == 0


@pytest.mark.parametrize(
    ("n", "after"),
    ((1, 540), (2, 531), (3, 523), ("0.5", 545), ("1.5", 536)),
)
def test_a_power_sees_a_large_part_shrink_more(n: object, after: int) -> None:
    """600 before and 400 behind, 100 canceled: 600^n / (600^n + 400^n) of them before us."""
    assert ahead_after(PowerQueue(n), 600, 1000, 100) == after  # type: ignore[arg-type]


def test_a_fraction_as_a_power_by_hand() -> None:
    """64^0.5 = 8 and 16^0.5 = 4: two thirds of 30; the other way round one third."""
    model = PowerQueue("0.5")
    assert model.gone_ahead(64 * SCALE, 16 * SCALE, 30 * SCALE) == pytest.approx(20 * SCALE, abs=1)
    assert model.gone_ahead(16 * SCALE, 64 * SCALE, 30 * SCALE) == pytest.approx(10 * SCALE, abs=1)


def test_ratios_beyond_measure_are_all_or_nothing() -> None:
    steep = PowerQueue("15.5")
    assert steep.gone_ahead(10**24, 1, 10**22) == 10**22
    assert steep.gone_ahead(1, 10**24, 10**22) == 0


def test_a_large_reduction_is_taken_in_pieces_so_that_nobody_overtakes() -> None:
    """In one piece the third power would leave 60 ahead with 0, and 40 ahead with 20."""
    model = PowerQueue(3)
    assert ahead_after(model, 60, 100, 80) >= ahead_after(model, 40, 100, 80)


def test_what_is_left_when_nobody_is_behind_was_before_us() -> None:
    assert PowerQueue(2).gone_ahead(99, 1, 60) == 59
    assert PowerQueue(2).gone_ahead(100, 0, 60) == 60


def test_the_logarithm_by_hand() -> None:
    """log(1 + 3) = 2 and log(1 + 1) = 1 to base two: two thirds before us."""
    assert LogQueue().gone_ahead(3 * SCALE, SCALE, 300_000_000) == 200_000_000
    assert LogQueue().gone_ahead(0, SCALE, 5) == 0
    assert LogQueue().gone_ahead(3 * SCALE, SCALE, 4 * SCALE) == 3 * SCALE


def test_who_joined_later_than_the_level_was_seen_is_behind_what_is_left() -> None:
    assert ahead_after(PROPORTIONAL, 10**24, 100, 30) == 70
    assert ahead_after(PROPORTIONAL, 0, 100, 30) == 0
    assert ahead_after(PROPORTIONAL, 100, 100, 30) == 70
    assert ahead_after(PROPORTIONAL, 5, 20, 30) == 0


@pytest.mark.parametrize(
    ("name", "described"),
    (
        ("pessimistic", {"queue": "pessimistic"}),
        ("proportional", {"queue": "proportional"}),
        ("log", {"queue": "log"}),
        ("power:2", {"queue": "power", "n": "2"}),
        ("power:1.50", {"queue": "power", "n": "1.5"}),
    ),
)
def test_a_model_has_a_name(name: str, described: dict[str, str]) -> None:
    assert queue_model(name).describe() == described


@pytest.mark.parametrize("name", ("", "power", "power:", "log:2", "Pessimistic", "fifo"))
def test_an_unknown_name_lists_the_known(name: str) -> None:
    with pytest.raises(ContractError, match="choose pessimistic, proportional, power:N or log"):
        queue_model(name)


@pytest.mark.parametrize("n", ("0", "-1", "nan", "1e400", "two", "0.001", "16.5", True))
def test_a_power_out_of_bounds_is_refused(n: object) -> None:
    with pytest.raises(ContractError, match="n of the power queue"):
        PowerQueue(n)  # type: ignore[arg-type]


def test_the_bounds_of_a_power_are_in() -> None:
    assert PowerQueue("0.01").describe()["n"] == "0.01"
    assert PowerQueue(16).describe()["n"] == "16"
