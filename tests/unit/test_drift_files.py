"""The two sides of a drift from disk."""

from __future__ import annotations

import builtins
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.unit.journal_folders import a_journal
from tests.unit.life_files import CCXT, E9, MS, OWN, T0, freqtrade
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.drift_files import Life, open_life, open_run
from tools.live.exec_demo import main as demo
from tools.live.journal.os_disk import OsDisk
from tools.live.life.deals import Spelling

PLACE = {"client_order_id": "CLI1", "symbol": "X", "side": "Buy", "qty": "1", "price": "10"}
FILL = {"fill_id": "F1", "order_id": "O1", "symbol": "X", "side": "Buy", "qty": "1",
        "price": "10", "liquidity": "taker", "fee": "0.01", "why": ""}  # fmt: skip
LINE = (
    ("order.place", T0, PLACE),
    ("order.accepted", T0 + 1, {"client_order_id": "CLI1", "order_id": "O1"}),
    ("order.executed", T0 + 2, FILL), ("md.quote", T0 + 3, {}),
)  # fmt: skip


def a_line(folder: Path, *changes: dict[str, Any]) -> str:
    rows = [{"v": 1, "seq": seq, "ts_ns": ts, "kind": kind, "src": "", "corr": 1, "cause": 0,
             "payload": payload} for seq, (kind, ts, payload) in enumerate(LINE, 1)]  # fmt: skip
    for row, change in zip(rows[1:], changes):
        row.update(change)
    path = folder / "line.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "\n")
    return str(path)


def written(folder: Path, text: str) -> str:
    path = folder / "fills"
    path.write_text(text)
    return str(path)


def life(path: str, offset_ns: int = 0) -> Life:
    return open_life(path, spelling=Spelling(), prices={}, offset_ns=offset_ns)


def test_a_file_of_somebody(tmp_path: Path) -> None:
    found = life(written(tmp_path, CCXT), 5)
    assert found.file.form == "ccxt" and len(found.deals) == 2
    assert found.deals[0].first_ns == T0 + 120 * MS + 5


def test_a_line_of_ours_is_life_and_run(tmp_path: Path) -> None:
    path = a_line(tmp_path)
    found = life(path)
    (deal,) = found.deals
    assert found.file.form == "line" and found.round_trips == (1,)
    assert (deal.client_order_id, deal.sent_ns, deal.fee_e18) == ("CLI1", T0, 10**16)
    (run,) = open_run(path, spelling=Spelling())
    assert (run.filled, run.sent_ns, run.price) == (E9, T0, 10 * E9)


def test_a_journal_of_ours_is_life_and_run_and_pays_its_own_fees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")
    folder = str(tmp_path / "run")
    out = str(tmp_path / "out.json")
    assert demo(["--shadow", "--iterations", "5", "--journal", folder, "--out", out]) == 0
    found, run = life(folder), open_run(folder, spelling=Spelling())
    assert found.file.form == "journal" and found.deals
    assert all(one.fee_e18 is None for one in found.deals)
    filled = [one for one in run if one.filled]
    assert len(filled) == len(found.deals) and len(run) > len(filled)
    assert all(one.fee_e18 is not None and one.fee_e18 > 0 for one in filled)


def test_a_journal_without_an_opening_tells_no_fees(tmp_path: Path) -> None:
    folder = tmp_path / "j"
    folder.mkdir()
    a_journal(OsDisk(str(folder)))
    run = open_run(str(folder), spelling=Spelling())
    assert [(one.filled > 0, one.fee_e18) for one in run] == [(True, None), (False, None)]


def test_a_journal_with_an_order_that_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "j"
    folder.mkdir()
    story = ("loop", "order.place", 1, 1, 0, 0, ["no", "object"])
    a_journal(OsDisk(str(folder)), story=(story,))  # type: ignore[arg-type]
    with pytest.raises(ContractError, match="is no object; verify the journal"):
        open_run(str(folder), spelling=Spelling())


@pytest.mark.parametrize(
    "change",
    [{"kind": 7}, {"ts_ns": "1"}, {"ts_ns": True}, {"ts_ns": -1}, {"payload": []}],
)
def test_an_envelope_is_read_strictly(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="line 2 of --run .* is no envelope"):
        open_run(a_line(tmp_path, change), spelling=Spelling())


def test_a_line_that_turns_into_something_else(tmp_path: Path) -> None:
    path = a_line(tmp_path)
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"kind":"order.fill"}\n')
    with pytest.raises(ContractError, match="line 6 of --run"):
        open_run(path, spelling=Spelling())


def test_what_is_no_run_or_sent_nothing_or_filled_nothing(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="is no run; name the folder"):
        open_run(written(tmp_path, OWN), spelling=Spelling())
    quiet = a_line(tmp_path, {"kind": "x"}, {"kind": "x"})
    with pytest.raises(ContractError, match="in which nothing filled"):
        life(quiet)
    lines = Path(quiet).read_text().splitlines()
    with pytest.raises(ContractError, match="sent no order"):
        open_run(written(tmp_path, "\n".join(lines[1:])), spelling=Spelling())
    for name in ("", "a\0b", str(tmp_path / "missing")):
        with pytest.raises(ContractError, match="FILLS"):
            life(name)


def test_freqtrade_is_read_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = freqtrade(tmp_path / "trades.sqlite")
    before = path.read_bytes()
    found = life(str(path))
    assert sorted(os.listdir(tmp_path)) == ["trades.sqlite"] and path.read_bytes() == before
    assert (found.file.form, found.file.rows, found.file.passed_over) == ("freqtrade", 4, 1)
    assert found.file.refusals() == {"not_life": 1}
    entry, stop = found.file.fills
    assert (entry.side, entry.price, entry.qty, entry.liquidity) == (
        BUY, 49_999_500_000_000, E9 // 5, "",
    )  # fmt: skip
    assert entry.sent_ns == T0 and entry.ts_ns == T0 + 4_250 * MS
    assert entry.fee_e18 == 99_999 * 10**14  # 0.001 of 0.2 at 49999.5
    assert (stop.side, stop.price, stop.liquidity, stop.fee_e18) == (
        SELL, 49_000 * E9, "taker", 196 * 10**17,
    )  # fmt: skip


def test_a_short_trade_enters_with_a_sale(tmp_path: Path) -> None:
    path = freqtrade(tmp_path / "trades.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE trades SET is_short = 1")
    connection.close()
    entry = life(str(path)).file.fills[0]
    assert entry.fee_e18 == 2 * 99_999 * 10**14  # the buy closes it


def test_the_newest_orders_may_still_be_in_the_log(tmp_path: Path) -> None:
    path = freqtrade(tmp_path / "trades.sqlite")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("UPDATE orders SET filled = 0.1 WHERE order_id = '4003'")
    connection.execute(
        "UPDATE orders SET order_update_date = '2026-01-01 02:00:09' WHERE order_id = '4003'"
    )
    connection.commit()
    try:
        assert len(life(str(path)).file.fills) == 3
        assert sorted(os.listdir(tmp_path)) == [
            "trades.sqlite", "trades.sqlite-shm", "trades.sqlite-wal",
        ]  # fmt: skip
    finally:
        connection.close()


def test_a_database_of_something_else_or_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE a (b)")
    connection.close()
    with pytest.raises(ContractError, match="no database of freqtrade that can be read .*no such"):
        life(str(other))
    path = freqtrade(tmp_path / "trades.sqlite")
    raw = bytearray(path.read_bytes())
    raw[4096 + 8 : 4096 + 40] = b"\xff" * 32
    path.write_bytes(raw)
    with pytest.raises(ContractError, match="damaged|can be read"):
        life(str(path))
    path.write_bytes(bytes(raw[:100]))
    with pytest.raises(ContractError, match="damaged|can be read"):
        life(str(path))
    real = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name == "sqlite3":
            raise ImportError(name)
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ContractError, match="built without sqlite3"):
        life(str(path))
