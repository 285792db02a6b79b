"""A projection follows its log: what it takes over, what it compares, and what it leaves alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.journal_builders import NOON_NS
from tests.unit.projection_builders import (
    Script, opened_at, project, query, records_of, tables,
)  # fmt: skip
from tests.unit.projection_fixtures import a_filled_order, path
from tools.live.core.errors import ContractError
from tools.live.journal import projection as projection_module
from tools.live.journal.mark import MARK
from tools.live.journal.outcome import Limits
from tools.live.journal.projection import BATCH, Found, Projection, ProjectionOpened
from tools.live.journal.projection_books import NotProjectable
from tools.live.journal.projection_file import ProjectionRefused
from tools.live.journal.segments import segment_path


# Opening.


def test_opening_says_what_was_found(path: Path, script: Script) -> None:
    found = [project(path, script.disk).opened, project(path, script.disk).opened]
    script.place(2)
    found.append(project(path, script.disk).opened)
    script.journal.close(NOON_NS)
    found.append(project(path, script.disk).opened)
    assert found == [
        ProjectionOpened(Found.CREATED, "", "", -1, 4),
        ProjectionOpened(Found.CURRENT, "", "", 4, 4),
        ProjectionOpened(Found.CAUGHT_UP, "", "", 4, 5),
        ProjectionOpened(Found.CAUGHT_UP, "", "", 5, 6),
    ]
    assert [one.value for one in Found] == ["created", "current", "caught_up", "rebuilt"]


@pytest.mark.parametrize(("name", "said"), [
    ("orders.jsonl", "the projection 'orders.jsonl' must have a name that ends in .db"),
    ("orders", "the projection 'orders' must have a name that ends in .db"),
    ("none/orders.db", "there is no folder '.*none' for the projection"),
])  # fmt: skip
def test_a_projection_has_a_name_and_a_folder(
    name: str, said: str, tmp_path: Path, script: Script
) -> None:
    (tmp_path / "orders.jsonl").write_bytes(b"{}\n")
    with pytest.raises(ContractError, match=said):
        Projection.open(tmp_path / name, script.disk)
    assert [one.name for one in tmp_path.iterdir()] == ["orders.jsonl"]


def test_without_a_log_there_is_nothing_to_project(path: Path, script: Script) -> None:
    empty = Script().disk
    for name in empty.image():
        empty.put(name, None)
    said = "there is no log in this folder; name the folder of a run's journal"
    with pytest.raises(ContractError, match=said):
        Projection.open(path, empty)
    assert not path.exists()
    project(path, script.disk)
    with closing(opened_at(path)) as connection:
        connection.execute("UPDATE meta SET last_seq = -1")
        connection.commit()
    with pytest.raises(ContractError, match=said):  # nothing of a log is in there to be lost
        Projection.open(path, empty)


def test_a_name_may_hold_what_a_uri_gives_a_meaning_to(tmp_path: Path, script: Script) -> None:
    path = tmp_path / "a ?b#c%41.db"
    project(path, script.disk)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_log_that_does_not_project_lets_the_file_go(path: Path) -> None:
    script = Script()
    script.say("md.quote", bid="1")
    with pytest.raises(NotProjectable):
        Projection.open(path, script.disk)
    assert [one.name for one in path.parent.iterdir()] == ["orders.db"]
    assert query(path, "SELECT last_seq FROM meta") == [(-1,)]


# Following.


def test_it_follows_while_the_log_grows(path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection:
        assert projection.catch_up() == 0
        for number in range(2, 6):
            script.an_open_order(number)
            script.fill(f"F{number}", f"X{number}")
            assert projection.catch_up() == 3
            assert projection.last_seq == 4 + 3 * (number - 1)
        grown = tables(path)
    whole = path.with_name("whole.db")
    project(whole, script.disk)
    assert grown == tables(whole)


def test_only_what_is_durable_is_taken_over(path: Path, script: Script) -> None:
    mark = script.disk.image()[MARK]
    script.place(2)
    script.place(3)
    newer = script.disk.image()[MARK]
    script.disk.put(MARK, mark)
    with Projection.open(path, script.disk) as projection:
        assert projection.last_seq == 4
        script.disk.put(MARK, newer)
        assert projection.catch_up() == 2


def test_a_mark_that_a_power_loss_set_back_is_no_loss_of_the_log(
    path: Path, script: Script
) -> None:
    mark = script.disk.image()[MARK]
    script.place(2)
    project(path, script.disk)
    newer = script.disk.image()[MARK]
    script.disk.put(MARK, mark)
    with Projection.open(path, script.disk) as projection:
        assert projection.opened.found is Found.CURRENT
        script.disk.put(MARK, newer)
        script.place(3)
        assert projection.catch_up() == 1


def test_what_is_in_here_already_is_only_compared(path: Path, script: Script) -> None:
    records = records_of(script.disk)
    with Projection.open(path, script.disk) as projection:
        before = tables(path)
        assert projection.apply(records) == 0
        assert projection.apply(records[2:]) == 0
        script.place(2)
        assert projection.apply(records_of(script.disk)) == 1
        assert projection.apply([]) == 0
    assert tables(path) != before


def test_a_record_must_follow(path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection:
        script.place(2)
        script.place(3)
        before = tables(path)
        with pytest.raises(NotProjectable, match="seq 6 cannot follow seq 4, which orders.db ends"):
            projection.apply(records_of(script.disk)[6:])
        assert tables(path) == before
        assert projection.catch_up() == 2


def test_a_log_with_another_past_is_refused(path: Path, script: Script) -> None:
    other = Script()
    other.an_open_order(1)
    other.fill("F9")
    other.place(2)
    with Projection.open(path, script.disk) as projection:
        before = tables(path)
        with pytest.raises(ProjectionRefused) as caught:
            projection.apply(records_of(other.disk))
        assert tables(path) == before
    assert caught.value.exit_code == 3
    assert str(caught.value) == (
        "orders.db has another record 4 than the log; open it again, which builds it anew"
    )
    again = project(path, other.disk).opened
    assert (again.found, again.why) == (
        Found.REBUILT, "the log has another record 4 than was taken over"
    )  # fmt: skip
    assert query(path, "SELECT fill_id FROM fills") == [("F9",)]


def test_two_that_project_one_log_count_every_record_once(path: Path, script: Script) -> None:
    with (
        Projection.open(path, script.disk) as one,
        Projection.open(path, script.disk) as other,
    ):
        taken = []
        for number in range(2, 8):
            script.an_open_order(number)
            script.fill(f"F{number}", f"X{number}")
            first, second = (one, other) if number % 2 else (other, one)
            taken += [first.catch_up(), second.catch_up()]
        assert taken == [3, 0] * 6
        twice = tables(path)
    whole = path.with_name("whole.db")
    project(whole, script.disk)
    assert twice == tables(whole)


def test_a_batch_that_fails_leaves_the_batches_before_it(
    path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BATCH == 5000
    monkeypatch.setattr(projection_module, "BATCH", 2)
    with Projection.open(path, script.disk) as projection:
        for number in (2, 3, 4, 5):
            script.place(number)
        script.say("md.quote", bid="1")
        for _ in range(2):
            with pytest.raises(NotProjectable, match="seq 9 .md.quote. cannot be projected"):
                projection.catch_up()
            assert projection.last_seq == 8
            assert query(path, "SELECT max(placed_seq) FROM orders") == [(7,)]


def test_a_record_that_failed_half_way_leaves_nothing_behind(path: Path) -> None:
    logs = [Script(), Script()]
    for log in logs:
        log.fill()
    with Projection.open(path, logs[0].disk) as projection:
        logs[1].refuse_fill(1, "conflict")
        with pytest.raises(NotProjectable, match="is unknown_order, not conflict"):
            projection.apply(records_of(logs[1].disk))
        logs[0].refuse_fill(1, "unknown_order")
        assert projection.catch_up() == 1


def test_nobody_else_can_write_between_what_is_read_and_what_is_written(
    path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    with Projection.open(path, script.disk) as projection, closing(opened_at(path)) as other:
        other.execute("PRAGMA busy_timeout = 0")
        current = projection._current_books

        def meanwhile() -> Any:
            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                other.execute("UPDATE meta SET line_seq = 0")
            tried.append(True)
            return current()

        monkeypatch.setattr(projection, "_current_books", meanwhile)
        script.place(2)
        assert projection.catch_up() == 1
    assert tried == [True]


def test_a_log_that_cannot_be_read_to_its_end_is_read_again(path: Path, script: Script) -> None:
    with Projection.open(path, script.disk) as projection:
        sound = script.disk.image()[segment_path(0)]
        script.place(2)
        script.place(3)
        longer = script.disk.image()[segment_path(0)]
        script.disk.put(segment_path(0), longer[:-40] + b"x" + longer[-39:])
        with pytest.raises(Exception, match="seq 6 was durable"):
            projection.catch_up()
        script.disk.put(segment_path(0), longer)
        assert projection.catch_up() == 2
        assert longer.startswith(sound)


# A log that was trimmed.


def trimmed_script() -> Script:
    """A log of two segments, of which only the second is kept."""
    script = Script(limits=Limits(rotate_bytes=1))
    script.an_open_order(1)
    script.fill()
    return script


def test_a_trimmed_log_is_followed_by_who_has_its_beginning(path: Path) -> None:
    script = trimmed_script()
    project(path, script.disk)
    script.place(2)
    assert script.journal.trim(4, NOON_NS) == 4
    assert project(path, script.disk).opened.found is Found.CAUGHT_UP
    assert query(path, "SELECT count(*) FROM orders") == [(2,)]
    assert query(path, "SELECT count(*) FROM recovery WHERE event = 'trimmed'") == [(4,)]


@pytest.mark.parametrize("state", ["missing", "behind", "damaged", "empty"])
def test_a_trimmed_log_cannot_be_projected_anew(state: str, path: Path) -> None:
    script = trimmed_script()
    project(path, script.disk)
    if state == "missing":
        path.unlink()
    elif state == "damaged":
        path.write_bytes(b"damaged")
    elif state == "empty":
        path.write_bytes(b"")
    script.place(2)
    script.place(3)
    script.journal.trim(6, NOON_NS)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(ProjectionRefused) as caught:
        Projection.open(path, script.disk)
    assert str(caught.value) == (
        "orders.db cannot be built: the log begins with seq 6, what was before is trimmed; nothing"
        " was changed; restore a backup of it"
    )
    assert (path.read_bytes() if path.exists() else None) == before
    assert len(list(path.parent.iterdir())) == (before is not None)


def test_a_new_file_of_a_trimmed_log_is_not_taken_for_a_whole_one(path: Path) -> None:
    script = trimmed_script()
    project(path, script.disk)
    with closing(opened_at(path)) as connection:
        connection.execute("UPDATE meta SET last_seq = -1")
        connection.commit()
    script.place(2)
    script.journal.trim(4, NOON_NS)
    with pytest.raises(ProjectionRefused, match="what was before is trimmed"):
        Projection.open(path, script.disk)
