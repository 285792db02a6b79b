"""Rows of a sweep in a file: whole or not there, never two of one run, never changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tools.live import __version__
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.sweep_rows import (
    KIND, VERSION, KeptRows, RowFile, RowsHeld, RowsRefused, key_of, read_rows,
)  # fmt: skip


def a_row(seed: int = 1, **changes: Any) -> dict[str, Any]:
    config = {"seed": seed}
    return {
        "v": VERSION, "kind": KIND, "key": key_of(config, "ab"), "version": __version__,
        "config": config, "inputs_sha256": "ab", "fold": None, "part": None,
        "varied": {"seed": seed}, "measures": {"sharpe": 1.5}, "frozen": False,
        "state_sha256": "cd", **changes,
    }  # fmt: skip


def line(row: Any) -> bytes:
    return codec.canonical(row).encode() + b"\n"


def error_row() -> dict[str, Any]:
    row = a_row(9, error="no quote")
    for name in ("measures", "frozen", "state_sha256"):
        del row[name]
    return row


def test_what_is_written_is_found_again(tmp_path: Path) -> None:
    path = str(tmp_path / "rows.jsonl")
    with RowFile(path) as rows:
        assert (rows.found, rows.torn) == ({}, 0)
        for row in (a_row(1), a_row(2), error_row()):
            rows.write(row)
    with RowFile(path) as rows:
        assert list(rows.found.values()) == [a_row(1), a_row(2), error_row()]
    assert Path(path).read_bytes() == line(a_row(1)) + line(a_row(2)) + line(error_row())


def test_a_torn_tail_is_cut_wherever_it_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    first, second = line(a_row(1)), line(a_row(2))
    for size in (*range(0, len(second), 29), len(second) - 1):
        path.write_bytes(first + second[:size])
        with RowFile(str(path)) as rows:
            assert (len(rows.found), rows.torn) == (1, size)
            rows.write(a_row(2))
        assert path.read_bytes() == first + second


DAMAGES: list[tuple[bytes, str]] = [
    (b"{}\n", "is no row of a sweep"),
    (b"7\n", "is no row of a sweep"),
    (b"\n", "line 2"),
    (b"{\"kind\":\n", "line 2"),
    (b"\xff\xfe\n", "line 2"),
    (line(a_row(2, v=2)), "is of version 2, not 1"),
    (line(a_row(2, more=1)), "has other keys than a row"),
    (line(a_row(2, key="0" * 64)), "was changed: its key is not of its config"),
    (line(a_row(2, config={"seed": 3})), "was changed: its key is not of its config"),
    (line(a_row(2, version="0")), "was changed"),
    (json.dumps(a_row(2)).encode() + b"\n", "was changed"),
    (line(a_row(1)), "is of a run that has a row already; take the line out"),
]


@pytest.mark.parametrize(("damage", "told"), DAMAGES)
def test_anything_else_is_refused_and_nothing_is_changed(
    tmp_path: Path, damage: bytes, told: str
) -> None:
    path = tmp_path / "rows.jsonl"
    content = line(a_row(1)) + damage + line(a_row(7)) + b"torn"
    path.write_bytes(content)
    with pytest.raises(RowsRefused) as refused:
        RowFile(str(path))
    assert "line 2" in str(refused.value) and told in str(refused.value)
    assert refused.value.exit_code == 3 and path.read_bytes() == content


def test_nothing_but_a_plain_file_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OSError, match=r"."):
        RowFile(str(tmp_path))
    with pytest.raises(ContractError, match="--rows '/dev/null' is no file of rows; name another"):
        RowFile(os.devnull)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(line(a_row(1)))
    monkeypatch.setattr("tools.live.sweep_rows.MOST_BYTES", 5)
    with pytest.raises(ContractError, match="is no file of rows"):
        RowFile(str(path))


def test_two_sweeps_do_not_write_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "rows.jsonl")
    with RowFile(path), pytest.raises(RowsHeld, match="is written by another sweep; wait") as held:
        RowFile(path)
    assert held.value.exit_code == 4
    with RowFile(path) as rows:
        assert rows.found == {}


def test_a_key_is_of_everything_that_decides_a_run() -> None:
    keys = [key_of({"a": 1}, "x"), key_of({"a": 2}, "x"), key_of({"a": 1}, "y"),
            key_of({"a": 1}, None)]  # fmt: skip
    assert len(set(keys)) == 4


def test_without_a_file_rows_are_kept_nowhere() -> None:
    kept = KeptRows()
    kept.write(a_row())
    assert kept.found == {} and read_rows(b"torn", "x") == ({}, 0)
