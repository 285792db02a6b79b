"""The two sides of a drift from disk: fills of life in whatever form, and the orders of a run.

A run is the folder of its journal, or its line as envelopes in JSON lines. Both may also stand for
life, when it was our own engine that traded. freqtrade's database is read from a copy of its bytes,
so that it is neither locked nor changed, nor anything left beside it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from .core.codec import Digits, load_strict
from .core.errors import ContractError
from .core.record import record
from .journal.os_disk import OsDisk
from .journal.reader import Reader
from .journal.run_facts import OPENED, read_opened
from .journal_folder import advised, look_first, named_folder
from .life.deals import Deal, LifeFill, Spelling, deals_of, shifted
from .life.formats import FREQTRADE
from .life.line import KINDS, LineOrders, Told
from .life.read import MOST_BYTES, FillsFile, read_fills, take_rows
from .life.rows import LATEST_NS
from .market.files import open_input

_SQLITE = b"SQLite format 3\0"
_QUERY = """
SELECT o.*, t.fee_open, t.fee_close, t.is_short FROM orders o
LEFT JOIN trades t ON t.id = o.ft_trade_id ORDER BY o.id
"""
_ENVELOPE = ("kind", "payload", "seq", "ts_ns")
_JOURNAL, _LINE = "journal", "line"
_AS_IT_WAS = "give the line as it was written"


@record
class Life:
    """What a file tells of life: its rows, and the orders behind its fills.

    `round_trips` are the times from sending to acknowledgement, which only our own line tells.
    """

    file: FillsFile
    deals: tuple[Deal, ...]
    round_trips: tuple[int, ...]


def open_life(
    path: str, *, spelling: Spelling, prices: Mapping[str, int], offset_ns: int = 0
) -> Life:
    """The fills at a path; a ContractError when there are none."""
    named = f"FILLS {path!r}"
    orders = _own_line(path, "FILLS", spelling, with_rates=False)
    if orders is not None:
        fills = orders.fills()
        if not fills:
            raise ContractError(f"{named} is a run in which nothing filled; give one that traded")
        form = _JOURNAL if os.path.isdir(path) else _LINE
        names = {one.order_id: one for one in orders.deals()}
        fills = [_with_name(fill, names[fill.order_id]) for fill in fills]
        file = FillsFile(form, tuple(fills), (), 0, len(fills))
    elif (raw := _read(path, "FILLS")).startswith(_SQLITE):
        rows = list(enumerate(_freqtrade(path, named), 1))
        file = take_rows(FREQTRADE, rows, named, spelling, prices)
    else:
        file = read_fills(raw, named, spelling=spelling, prices=prices)
    deals = deals_of([shifted(one, offset_ns) for one in file.fills])
    return Life(file, tuple(deals), () if orders is None else tuple(orders.round_trips()))


def open_run(path: str, *, spelling: Spelling) -> list[Deal]:
    """The orders of a run; a ContractError when it sent none."""
    orders = _own_line(path, "--run", spelling, with_rates=True)
    if orders is None:
        raise ContractError(
            f"--run {path!r} is no run; name the folder of its journal, or its line as envelopes"
        )
    deals = orders.deals()
    if not deals:
        raise ContractError(f"--run {path!r} sent no order; give a run that traded")
    return deals


def _with_name(fill: LifeFill, deal: Deal) -> LifeFill:
    """The fill of our own line, with what its order adds."""
    return LifeFill(
        fill.fill_id, fill.order_id, deal.client_order_id, fill.symbol, fill.side, fill.qty,
        fill.price, fill.liquidity, fill.fee_e18, deal.sent_ns, fill.ts_ns, fill.line,
    )  # fmt: skip


def _read(path: str, flag: str) -> bytes:
    if not path or "\0" in path:
        raise ContractError(f"{flag} {path!r} is no file; name one")
    with open_input(path, flag) as opened:
        return opened.read(MOST_BYTES + 1)


def _own_line(
    path: str, flag: str, spelling: Spelling, *, with_rates: bool
) -> LineOrders | None:
    """The orders of a line of ours; None when this is something else."""
    if os.path.isdir(path):
        return _from_journal(path, flag, spelling, with_rates)
    raw = _read(path, flag)
    first = raw.lstrip()[:65536].partition(b"\n")[0]
    if not first.startswith(b"{") or not all(f'"{key}"'.encode() in first for key in _ENVELOPE):
        return None
    orders = LineOrders(spelling)
    for kind, ts_ns, payload in _envelopes(raw, f"{flag} {path!r}"):
        if kind in KINDS:
            orders.hear(kind, ts_ns, payload)
    return orders


def _envelopes(raw: bytes, named: str) -> Iterator[Told]:
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"line {number} of {named}"
        told = load_strict(line, where)
        if not isinstance(told, dict) or not all(key in told for key in _ENVELOPE):
            raise ContractError(f"{where} is no envelope; {_AS_IT_WAS}")
        kind, ts_ns, payload = told["kind"], told["ts_ns"], told["payload"]
        timed = type(ts_ns) is int and 0 <= ts_ns <= LATEST_NS
        if type(kind) is not str or not timed or not isinstance(payload, dict):
            raise ContractError(f"{where} is no envelope; {_AS_IT_WAS}")
        yield kind, ts_ns, payload


def _from_journal(folder: str, flag: str, spelling: Spelling, with_rates: bool) -> LineOrders:
    named_folder(folder, flag, "drift FILLS --run")
    orders = LineOrders(spelling)
    with advised(folder, look_first):
        for one in Reader(OsDisk(folder)).poll():
            topic = one.topic
            if topic == OPENED and with_rates:
                terms = read_opened(one.payload()).terms
                orders = LineOrders(
                    spelling, maker_bps=terms.maker_bps_e9, taker_bps=terms.taker_bps_e9
                )
            elif topic in KINDS:
                payload = one.payload()
                if not isinstance(payload, dict):
                    what = f"{topic} at seq {one.seq} of {flag} {folder!r} is no object"
                    raise ContractError(f"{what}; verify the journal")
                orders.hear(topic, one.ts, payload)
    return orders


def _freqtrade(path: str, named: str) -> list[dict[str, Any]]:
    """The rows of the orders, from a copy; with the log beside it, which may hold the newest."""
    try:
        import sqlite3
    except ImportError:
        raise ContractError("this Python was built without sqlite3; use one that has it") from None
    with tempfile.TemporaryDirectory(prefix="fills-") as folder:
        copy = os.path.join(folder, "copy.sqlite")
        shutil.copyfile(path, copy)
        if os.path.isfile(path + "-wal"):
            shutil.copyfile(path + "-wal", copy + "-wal")
        connection = sqlite3.connect(copy)
        try:
            connection.row_factory = sqlite3.Row
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                what = f"{named} is damaged ({verdict:.60})"
                raise ContractError(f"{what}; stop the bot and copy it again")
            return [_plain(dict(row)) for row in connection.execute(_QUERY)]
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            what = str(error).partition("\n")[0]
            raise ContractError(
                f"{named} is no database of freqtrade that can be read ({what!a:.80}); give one"
                " with its tables orders and trades"
            ) from None
        finally:
            connection.close()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as one of JSON: floats by their shortest text, and which fee rate it pays."""
    fields: dict[str, Any] = {
        name: Digits(repr(value)) if isinstance(value, float) else value
        for name, value in row.items()
    }
    placed = fields.get("ft_order_side")
    fields["is_exit"] = placed != ("sell" if fields.get("is_short") else "buy")
    if placed in ("buy", "sell"):
        fields["side"] = placed
    return fields
