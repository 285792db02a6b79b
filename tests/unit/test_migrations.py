"""Every checkpoint ever stored can be loaded: `tools.live.journal.migrations`."""

from __future__ import annotations

import copy
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Golden
from tests.unit.busy_fold import BUSY, busy_base
from tools.live.core.errors import InvariantBroken
from tools.live.fold_state import restore, state_of
from tools.live.journal.checkpoint import Checkpoint, read_content, spell
from tools.live.journal.migrations import MIGRATIONS, VERSION, migrate

GOLDENS = Path(__file__).parent / "goldens" / "checkpoints"
FROZEN = {  # what was stored in the field cannot be written anew
    1: "4e4a72ebc7119aed687895264fa6a7162e11a7a90a45d298fc9ded6f668c789b",
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
    checkpoint = Checkpoint(
        "golden", 37, "1b" * 32, "5a" * 32, "c0" * 32, {"fold": BUSY, "line_seq": 35}
    )
    golden(GOLDENS / f"v{VERSION}.json", spell(checkpoint).decode("ascii"))


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_checkpoint_of_every_version_is_restored(version: int) -> None:
    raw = (GOLDENS / f"v{version}.json").read_bytes()
    assert sha256(raw).hexdigest() == FROZEN[version]
    content = migrate(read_content(raw))
    assert (content["log_id"], content["seq"]) == ("golden", 37)
    assert content["state"]["line_seq"] == 35
    fold = busy_base()
    restore(fold, content["state"]["fold"])
    assert state_of(fold) == BUSY
