"""Reading and importing market data, of merely unpacking its file and splitting it into lines."""

from __future__ import annotations

import gzip
import os
import random
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from tools.live.market_cli import main as import_main
from tools.live.market_source import open_market

ROWS = 50_000
_MS = 1723161254087
_BLOCK = 128 * 1024
_WHO = "binance-futures,BTCUSDT"
_TARDIS = "exchange,symbol,timestamp,local_timestamp"


class _Walk:
    """Prices, sizes and times such as a busy market has."""

    def __init__(self) -> None:
        self._rng = random.Random(1)
        self._cents = 6_183_763
        self._ms = _MS

    def price(self) -> str:
        self._cents += self._rng.choice((-1, 0, 0, 0, 1))
        return f"{self._cents / 100:.2f}"

    def size(self) -> str:
        return f"{self._rng.choice((1, 2, 5, 10, 100, self._rng.randrange(1, 5000))) / 1000:.3f}"

    def ms(self) -> int:
        self._ms += self._rng.choice((0, 0, 1, 2))
        return self._ms

    def of(self, *words: str) -> str:
        return self._rng.choice(words)


def _agg_trade(walk: _Walk, n: int) -> str:
    maker = walk.of("true", "false")
    return f"{n},{walk.price()},{walk.size()},{2 * n},{2 * n + 1},{walk.ms()},{maker}"


def _ticker(walk: _Walk, n: int) -> str:
    ms = walk.ms()
    return f"{n},{walk.price()},{walk.size()},{walk.price()},{walk.size()},{ms},{ms + 3}"


def _trade(walk: _Walk, n: int) -> str:
    ms, side = walk.ms(), walk.of("buy", "sell")
    return f"{_WHO},{ms}000,{ms}123,{n},{side},{walk.price()},{walk.size()}"


def _level(walk: _Walk, n: int) -> str:
    at, side = _MS + n // 8, walk.of("bid", "ask")
    return f"{_WHO},{at}000,{at}123,false,{side},{walk.price()},{walk.size()}"


FILES: dict[str, tuple[str, Callable[[_Walk, int], str]]] = {
    "binance aggTrades": ("", _agg_trade),
    "binance bookTicker": ("", _ticker),
    "tardis trades": (f"{_TARDIS},id,side,price,amount\n", _trade),
    "tardis book": (f"{_TARDIS},is_snapshot,side,price,amount\n", _level),
}


def write_files(folder: Path) -> dict[str, Path]:
    """A file of each kind, packed."""
    made = {}
    for name, (header, row) in FILES.items():
        walk = _Walk()
        made[name] = folder / f"{name.replace(' ', '-')}.csv.gz"
        text = header + "".join(f"{row(walk, n)}\n" for n in range(ROWS))
        made[name].write_bytes(gzip.compress(text.encode()))
    return made


def floor(path: Path) -> float:
    """Seconds of unpacking a file and splitting it into lines."""
    began = time.perf_counter()
    lines = 0
    rest = b""
    for block in _unpacked(path):
        parts = (rest + block).split(b"\n")
        rest = parts.pop()
        lines += len(parts)
    assert lines
    return time.perf_counter() - began


def _unpacked(path: Path) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(31)
    with path.open("rb") as file:
        while packed := file.read(_BLOCK):
            yield unpacker.decompress(packed)


def seconds_read(path: Path) -> float:
    """Seconds of reading it as events."""
    market = open_market(str(path), symbol="BTCUSDT")
    began = time.perf_counter()
    count = sum(1 for _ in market)
    assert count
    return time.perf_counter() - began


def seconds_imported(path: Path, folder: Path) -> float:
    """Seconds of importing it into a new journal, from the command on."""
    words = [str(path), "--journal", str(folder), "--symbol", "BTCUSDT"]
    began = time.perf_counter()
    with redirect_stdout(StringIO()):
        code = import_main(words)
    seconds = time.perf_counter() - began
    assert code == os.EX_OK
    return seconds


def seconds_read_back(folder: Path) -> float:
    """Seconds of reading the events of a journal."""
    market = open_market(str(folder))
    began = time.perf_counter()
    count = sum(1 for _ in market)
    assert count
    return time.perf_counter() - began
