"""Journals in real folders, with the story of a few orders in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.unit.journal_builders import LOG_ID, NOON_NS
from tools.live.journal.disk import Disk
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits
from tools.live.journal.writer import Journal
from tools.live.journal_cli import main

Capture: TypeAlias = pytest.CaptureFixture[str]

SECOND_NS = 10**9

# Source, kind, seq of the line, chain, cause, seconds after noon, payload.
Told: TypeAlias = tuple[str, str, int, int, int, int, dict[str, Any]]
STORY: tuple[Told, ...] = (
    ("feed", "md.quote", 1, 1, 0, 0, {"ask": "101", "bid": "100", "symbol": "BTCUSDT"}),
    ("loop", "order.place", 2, 1, 1, 0, {
        "client_order_id": "CLI00000001", "price": "100.5", "qty": "0.01", "side": "Buy",
        "symbol": "BTCUSDT"}),
    ("exchange", "order.accepted", 3, 1, 2, 1,
     {"client_order_id": "CLI00000001", "order_id": "ORD000009"}),
    ("loop", "order.place", 4, 1, 1, 0, {
        "client_order_id": "CLI00000002", "price": "100.7", "qty": "0.02", "side": "Sell",
        "symbol": "BTCUSDT"}),
    ("exchange", "order.accepted", 5, 1, 4, 1,
     {"client_order_id": "CLI00000002", "order_id": "ORD000010"}),
    ("exchange", "order.fill", 6, 1, 2, 2, {
        "fill_id": "F-1", "liquidity": "maker", "order_id": "ORD000009", "price": "100.5",
        "qty": "0.01", "side": "Buy", "symbol": "BTCUSDT"}),
    ("feed", "edge.update", 7, 7, 0, 3, {"net_bps": None, "symbol": "BTCUSDT"}),
    ("loop", "risk.frozen", 8, 7, 7, 3, {"reason": "Edge: none", "symbol": "BTCUSDT"}),
    ("exchange", "order.open_listed", 9, 7, 8, 4, {"order_ids": ["ORD000010"]}),
)  # fmt: skip


def tell(journal: Journal, told: Told) -> None:
    """Put one event of a story into a journal; it waits to be committed."""
    src, kind, seq, corr, cause, seconds, payload = told
    journal.append(kind, NOON_NS + seconds * SECOND_NS, src, seq, payload, corr=corr, cause=cause)


def a_journal(
    disk: Disk, *, story: tuple[Told, ...] = STORY, close: bool = True, batch: int = 0,
    rotate_bytes: int = 0,
) -> Journal:  # fmt: skip
    """A journal of a story, each batch durable; still held by its writer unless closed."""
    limits = Limits(rotate_bytes=rotate_bytes) if rotate_bytes else None
    journal = Journal.open(disk, log_id=LOG_ID, holder="a test", time_ns=NOON_NS, limits=limits)
    for number, told in enumerate(story, 1):
        tell(journal, told)
        if batch and number % batch == 0:
            journal.commit_all()
    journal.commit_all()
    if close:
        journal.close(NOON_NS + 9 * SECOND_NS)
    return journal


def a_folder(path: Path, **options: Any) -> Path:
    """A folder with a journal that nobody holds."""
    journal = a_journal(OsDisk(path), **options)
    journal.let_go()
    return path


def in_segments(path: Path, **options: Any) -> Path:
    """The same in several small segments."""
    return a_folder(path, rotate_bytes=700, batch=1, **options)


def contents(path: Path, *, lock: bool = False) -> dict[str, bytes]:
    """Every file of a folder; the lock, which every start writes, only when asked for."""
    return {
        str(one.relative_to(path)): one.read_bytes()
        for one in sorted(path.rglob("*"))
        if one.is_file() and (lock or one.name != "LOCK")
    }


def flip(path: Path, place: int) -> None:
    """Turn a bit of a byte at rest."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


def shown(capsys: Capture, *argv: object, code: int = 0) -> list[str]:
    """The lines that a verb prints; nothing may be said beside them."""
    assert main([str(word) for word in argv]) == code
    out, err = capsys.readouterr()
    assert err == ""
    assert not out or out.endswith("\n")
    return out.splitlines()


def said(capsys: Capture, *argv: object, code: int) -> str:
    """The one line on stderr of a verb that prints nothing."""
    assert main([str(word) for word in argv]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("error: ")
    return err.removesuffix("\n")


def seqs(lines: list[str]) -> list[int]:
    """The seqs of lines as people see them."""
    return [int(line.split()[1]) for line in lines]
