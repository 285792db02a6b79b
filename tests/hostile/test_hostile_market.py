"""Market data as an enemy writes it: an event, a coded refusal or one clear line, nothing else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.market.captures import SPOT, USDM, extract
from tests.unit.market_files import TRADE_LINE, npy, npz, zipped
from tests.unit.prop import chance
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.market.importers.own import line_of
from tools.live.market.normalize.wire import WireRefused
from tools.live.market.synthetic import SYMBOL
from tools.live.market_source import open_market

WHO = b"binance,BTCUSDT,1723161254087000,1723161254088000"
FIRST = b"exchange,symbol,timestamp,local_timestamp"
EVENTS = [
    (3 << 29 | 3, 5, 5, 1.0, 0.0), (3 << 29 | 4, 5, 5, 1.0, 2.0), (3 << 29 | 1, 6, 6, 1.0, 2.0),
    (3 << 29 | 2, 7, 7, 1.5, 2.0), (1 << 31, 8, 8, 1.0, 1.0),
]  # fmt: skip
A_TRADE = Trade("BTC", "here", "7", None, 10**9, 2 * 10**9, None, None, 5)
FILES = {
    "spot": b"".join(extract(SPOT).read_bytes().splitlines(keepends=True)[5:25]),
    "usdm": b"".join(extract(USDM).read_bytes().splitlines(keepends=True)[:6]),
    "agg": b"7,61837.63,0.5,3,4,1723161254087,True,False\n" * 5,
    "trades": b"id,price,qty,quote_qty,time,is_buyer_maker\n" + b"7,1.5,0.5,1,1723161254087,true\n",
    "ticker": b"7,61837.63,0.5,61837.64,0.25,1723161254087,1723161254087\n" * 5,
    "klines": b"1735689600000000,4.15,4.16,4.15,4.16,9,1735693199999999,2,13,4,1,0\n" * 3,
    "tardis trades": FIRST + b",id,side,price,amount\n" + (WHO + b",7,buy,61837.63,0.5\n") * 4,
    "tardis book": FIRST + b",is_snapshot,side,price,amount\n" + (WHO + b",true,bid,1,2\n") * 3
    + (WHO + b",false,ask,3,2\n") * 3,
    "bars": b"timestamp,open,high,low,close,volume\n1704067200,1,3,1,2,9\n1704067260,1,3,1,2,9\n",
    "candles": b"[[1704067200000,1,3,1,2,9], [1704067260000, 1, 3.5, 1, 2, 9]]",
    "quotes": b"symbol,bid,ask,timestamp_ms\nBTC,1,2,3\nBTC,1,2,4\n",
    "own": line_of(A_TRADE) * 3,
    "npy": npy(EVENTS),
    "npz": npz(EVENTS),
    "gzip": gzip.compress(TRADE_LINE * 3, mtime=0),
    "zip": zipped(("a", TRADE_LINE * 3)),
}  # fmt: skip
PIECES = (
    b"\0", b"\r", b"\n", b",", b'"', b"{", b"}", b"[", b"NaN", b"1e400", b"1_0", b"-", b"9" * 40,
    b"\xff", b"\xef\xbb\xbf", b"null", b"1" * 19, b"\xd9\xa3", b" ", b"Infinity", b"0x1",
)  # fmt: skip


def damaged(seed: int, content: bytes) -> bytes:
    """The content with a few pieces put in, taken out, or changed."""
    random = chance(seed)
    made = bytearray(content)
    for _ in range(random.randrange(1, 5)):
        place = random.randrange(len(made) + 1)
        end = min(len(made), place + random.randrange(4))
        piece = random.choice((b"", random.choice(PIECES), bytes((random.randrange(256),))))
        made[place:end] = piece
    if random.random() < 0.1:
        del made[random.randrange(1, len(made)):]
    return bytes(made)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("block", range(4))
def test_damage_is_an_event_a_refusal_or_one_line(tmp_path: Path, name: str, block: int) -> None:
    path = tmp_path / "data"
    for seed in range(block * 60, block * 60 + 60):
        path.write_bytes(damaged(seed, FILES[name]))
        try:
            found = list(open_market(str(path), symbol=None if name == "own" else "BTCUSDT"))
        except ContractError as error:
            said = str(error)
            assert repr(str(path)) in said or "symbol" in said, (seed, said)
            assert "; " in said and "\n" not in said and len(said) < 900, (seed, said)
            continue
        for one in found:
            if isinstance(one, WireRefused):
                assert len(one.shown) <= 60, (seed, one)
                continue
            assert 0 <= one.ts_ns < 1 << 63, (seed, one)
            told = codec.load_strict(codec.canonical(codec.payload_of(one)).encode(), "it")
            assert codec.market_event(one.kind, one.ts_ns, told) == one
            if name != "own":
                assert SYMBOL.fullmatch(one.symbol), (seed, one)
                assert not isinstance(one, Trade) or (one.price > 0 and one.qty > 0), (seed, one)
                assert not isinstance(one, Bbo) or min(one.bid, one.ask, one.bid_qty) >= 0
