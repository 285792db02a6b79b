"""The projection, which knows no store and no ledger, holds what the run's own hold."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.unit.projection_builders import (
    AnyAnswers, assert_agrees, project, query, records_of, tables,
)  # fmt: skip
from tests.unit.run_journals import a_moody_run, a_run
from tools.live.journal.projection import Found, Projection

SEEDS = range(24)


@pytest.mark.parametrize("seed", range(12))
def test_it_agrees_with_the_run_on_a_moody_exchange(seed: int, tmp_path: Path) -> None:
    ran = a_moody_run(seed)
    project(tmp_path / "orders.db", ran.disk)
    assert_agrees(tmp_path / "orders.db", ran.loop.fold, ran.entries)


@pytest.mark.parametrize("retain", [None, 0, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_it_agrees_however_impossible_the_answers_are(
    seed: int, retain: int | None, tmp_path: Path
) -> None:
    answers = AnyAnswers(seed, retain)
    answers.live_on(150)
    project(tmp_path / "orders.db", answers.journal())
    assert_agrees(
        tmp_path / "orders.db", answers.fold, answers.entries, answers.contradictions
    )


def test_the_seeds_reach_every_corner(tmp_path: Path) -> None:
    """A property over runs in which nothing happens would prove nothing."""
    reached = dict.fromkeys(
        ("late", "duplicate", "unknown_order", "conflict", "overfill", "bad_numbers", "taker",
         "maker", "contradiction", "lifted", "failed"), 0,
    )  # fmt: skip
    for seed in SEEDS:
        answers = AnyAnswers(seed, None)
        answers.live_on(150)
        path = tmp_path / f"{seed}.db"
        project(path, answers.journal())
        found = [
            *query(path, "SELECT outcome FROM fills UNION ALL SELECT fault FROM fills"),
            *query(path, "SELECT charged FROM fills WHERE liquidity = ''"),
            *query(path, "SELECT 'contradiction' FROM contradictions"),
            *query(path, "SELECT 'lifted' FROM freezes WHERE lifted_seq IS NOT NULL"),
            *query(path, "SELECT answer FROM cancels"),
        ]
        for name in reached:
            reached[name] += (name,) in found
    assert {name: count for name, count in reached.items() if count < 3} == {}


@pytest.mark.parametrize("retain", [None, 2])
@pytest.mark.parametrize("seed", range(8))
def test_batches_of_any_size_with_any_reopenings_give_the_same_rows(
    seed: int, retain: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = AnyAnswers(seed, retain)
    answers.live_on(120)
    disk = answers.journal()
    whole, pieces = tmp_path / "whole.db", tmp_path / "pieces.db"
    project(whole, disk)
    records, rng = records_of(disk), Random(seed)
    with monkeypatch.context() as patch:
        patch.setattr(Projection, "catch_up", lambda self: 0)
        while records:
            with Projection.open(pieces, disk) as projection:
                for _ in range(3):
                    size = rng.choice((1, 1, 2, 5, 40))
                    taken, records = records[:size], records[size:]
                    assert projection.apply(taken) == len(taken)
    assert tables(pieces) == tables(whole)


@pytest.mark.parametrize("seed", range(4))
def test_it_follows_a_log_that_grows_and_agrees_all_the_way(seed: int, tmp_path: Path) -> None:
    answers = AnyAnswers(seed, None)
    path = tmp_path / "orders.db"
    for _ in range(12):
        answers.live_on(10)
        opened = project(path, answers.journal()).opened
        assert opened.found in (Found.CREATED, Found.CAUGHT_UP)
        assert_agrees(path, answers.fold, answers.entries, answers.contradictions)


def test_a_report_of_the_run_is_what_the_tables_say(tmp_path: Path) -> None:
    ran = a_run(30)
    path = tmp_path / "orders.db"
    project(path, ran.disk)
    assert_agrees(path, ran.loop.fold, ran.entries)
    report = ran.report
    integrity = report["integrity"]
    assert query(path, "SELECT events, state_sha256 FROM run") == [
        (integrity["events"], integrity["state_sha256"])
    ]
    assert query(path, "SELECT is_closed, is_reported, starts, torn_bytes FROM recovery_state") == [
        (1, 1, 1, 0)
    ]
    held = dict(query(path, "SELECT symbol, qty FROM positions_now"))
    assert held == ran.loop.risk_monitor.get_positions()
    open_now = {o.client_order_id for o in ran.loop.order_store.live_orders()}
    assert {row[0] for row in query(path, "SELECT client_order_id FROM open_orders")} == open_now
