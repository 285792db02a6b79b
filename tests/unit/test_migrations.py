"""Every checkpoint ever stored can be loaded: `tools.live.journal.migrations`."""

from __future__ import annotations

import copy
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Golden
from tests.unit.busy_fold import (
    BUSY, a_busy_fold, busy_base, busy_monitor, without_cancels_on_their_way,
)  # fmt: skip
from tests.unit.run_journals import an_opening
from tools.live.core.errors import InvariantBroken
from tools.live.fold_state import restore, state_of
from tools.live.journal.checkpoint import Checkpoint, read_content, spell
from tools.live.journal.migrations import MIGRATIONS, VERSION, migrate
from tools.live.journal.run_facts import opened_payload, read_opened

KEPT = without_cancels_on_their_way(BUSY)  # that is told only while one is on its way
GOLDENS = Path(__file__).parent / "goldens" / "checkpoints"
FROZEN = {  # what was stored in the field cannot be written anew
    1: "4e4a72ebc7119aed687895264fa6a7162e11a7a90a45d298fc9ded6f668c789b",
    2: "a1e56890ba05aa299f2767ae1aa963176bbd7de72082da6ab5279ae03ef18130",
}


def first(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "state": [*content["state"], 1]}


def second(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "state": [*content["state"], 2]}


def test_migrations_follow_each_other() -> None:
    given = {"version": 1, "state": [0]}
    before = copy.deepcopy(given)
    table = {1: first, 2: second}
    assert migrate(given, table=table, version=3) == {"version": 3, "state": [0, 1, 2]}
    assert migrate(given, table=table, version=2) == {"version": 2, "state": [0, 1]}
    assert migrate({**given, "version": 2}, table=table, version=3)["state"] == [0, 2]
    assert given == before


@pytest.mark.parametrize("state", [{"of": 4}, ["line_seq"], None])
def test_what_is_no_state_of_a_run_stays_as_it_is(state: Any) -> None:
    assert MIGRATIONS[1]({"version": 1, "state": state}) == {"version": 1, "state": state}


def test_what_is_up_to_date_stays_as_it_is() -> None:
    content = {"version": VERSION, "state": []}
    assert migrate(content) == {"version": VERSION, "state": []}


def test_a_version_without_a_way_on_is_our_mistake() -> None:
    with pytest.raises(InvariantBroken, match="from checkpoint version 2 to the next"):
        migrate({"version": 1, "state": []}, table={1: first}, version=3)


def test_every_old_version_has_a_migration_and_every_version_a_golden() -> None:
    assert sorted(MIGRATIONS) == list(range(1, VERSION))
    assert sorted(path.name for path in GOLDENS.iterdir()) == [
        f"v{version}.json" for version in range(1, VERSION + 1)
    ]


def test_the_form_of_this_version_is_frozen(golden: Golden) -> None:
    """When this fails, the form has changed: raise VERSION, write a migration, and add a golden
    beside this one. The old one stays as it is."""
    state = {
        "fold": KEPT, "line_digest": "d1" * 32, "line_seq": 35,
        "opened": opened_payload(an_opening(busy_monitor(), {"golden": True})),
    }  # fmt: skip
    checkpoint = Checkpoint("golden", 37, "1b" * 32, "5a" * 32, "c0" * 32, state)
    golden(GOLDENS / f"v{VERSION}.json", spell(checkpoint).decode("ascii"))


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_checkpoint_of_every_version_is_restored(version: int) -> None:
    raw = (GOLDENS / f"v{version}.json").read_bytes()
    assert sha256(raw).hexdigest() == FROZEN[version]
    content = migrate(read_content(raw))
    assert content["version"] == VERSION
    assert (content["log_id"], content["seq"]) == ("golden", 37)
    assert content["state"]["line_seq"] == 35
    state = content["state"]
    assert sorted(state) == ["fold", "line_digest", "line_seq", "opened"]
    if version == 1:
        assert (state["line_digest"], state["opened"]) == (None, None), "nobody knows"
    else:
        assert state["line_digest"] == "d1" * 32
        assert read_opened(state["opened"]) == an_opening(busy_monitor(), {"golden": True})
    fold = busy_base()
    restore(fold, content["state"]["fold"])
    assert state_of(fold) == (KEPT if version > 1 else busy_in_version_1())


def busy_in_version_1() -> dict[str, Any]:
    """The same fold as it was told when nobody knew of doubts."""
    state = without_cancels_on_their_way(state_of(a_busy_fold(in_doubt=False)))
    state["fold"]["outbox"] = {"cancels_due_ns": None, "cancels_tried": 0, "doubts": []}
    return state
