"""Small files of market data for tests, and what reading one gives."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.live.core.market_v1 import MarketEvent
from tools.live.market.importers.lines import Heard, Item
from tools.live.market.normalize.wire import WireRefused
from tools.live.market_source import open_market

TRADE_LINE = (
    b'1723161254087896568 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,'
    b'"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,'
    b'"m":true,"M":true}}\n'
)
_DTYPE = (
    "[('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8'), "
    "('order_id', '<u8'), ('ival', '<i8'), ('fval', '<f8')]"
)

Event = tuple[int, int, int, float, float]  # ev, exch_ts, local_ts, px, qty


def heard(path: Path, **given: str | None) -> list[Heard]:
    """What each line of a file says."""
    return list(open_market(str(path), **given).heard())  # type: ignore[arg-type]


def items(path: Path, **given: str | None) -> list[Any]:
    """All that a file says; a test knows which events these must be."""
    return list(open_market(str(path), **given))  # type: ignore[arg-type]


def written(folder: Path, content: bytes, name: str = "data") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content)
    return path


def event(items: Iterable[Item]) -> MarketEvent:
    """The one item, which must be an event."""
    (one,) = items
    assert not isinstance(one, WireRefused), one
    return one


def refused(items: Iterable[Item]) -> tuple[str, str, str]:
    """Code, field and value of the one item, which must be a refusal."""
    (one,) = items
    assert isinstance(one, WireRefused), one
    return one.fault.value, one.field, one.shown


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def npy(events: Iterable[Event], *, shape: int | None = None, version: int = 1) -> bytes:
    """The array of hftbacktest's events as numpy writes it."""
    rows = list(events)
    said = len(rows) if shape is None else shape
    header = f"{{'descr': {_DTYPE}, 'fortran_order': False, 'shape': ({said},), }}"
    size = 10 if version == 1 else 12
    header += " " * (-(size + len(header) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    packed = b"".join(struct.pack("<QqqddQqd", *row, 0, 0, 0.0) for row in rows)
    return b"\x93NUMPY" + bytes((version, 0)) + length + header.encode() + packed


def npz(events: Iterable[Event]) -> bytes:
    """The same in the archive that `numpy.savez_compressed` writes."""
    return zipped(("data.npy", npy(events)))
