"""Rows that are read together say what they say one by one, whatever is wrong among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.market_files import heard, items, written
from tests.unit.prop import chance
from tools.live.core.errors import ContractError
from tools.live.market.importers import columns, content
from tools.live.market_source import open_market

WHO = "binance,BTCUSDT,1723161254087000,1723161254088000"
FIRST = "exchange,symbol,timestamp,local_timestamp"
FILES = {
    "spot agg": ("", "7,61837.63,0.5,3,4,1723161254087,True,False"),
    "usdm agg": ("", "7,61837.63,0.5,3,4,1723161254087,true"),
    "spot trades": ("", "7,61837.63,0.5,1,1723161254087,True,False"),
    "usdm trades": ("", "7,61837.63,0.5,1,1723161254087,true"),
    "ticker": ("", "7,61837.63,0.5,61837.64,0.25,1723161254087,1723161254087"),
    "tardis trades": (f"{FIRST},id,side,price,amount\n", f"{WHO},7,buy,61837.63,0.5"),
    "tardis quotes": (f"{FIRST},ask_amount,ask_price,bid_price,bid_amount\n", f"{WHO},2,3,1,4"),
}
ODD = ("", "0", "NaN", "-1", "1_0", "1e400", "x", "9" * 19, "1,1", "1e2", "0.0000000001", "é",
       "i" * 65, "\x07", "BTC USDT", "OTHER")  # fmt: skip


def some_rows(seed: int, row: str) -> bytes:
    """Rows with other numbers in them, and a few odd fields here and there."""
    random = chance(seed)
    lines = []
    for number in range(random.randrange(1, 40)):
        fields = row.split(",")
        fields = [str(number + 10) if one == "7" else one for one in fields]
        if random.random() < 0.03:
            fields[random.randrange(len(fields))] = random.choice(ODD)
        lines.append("" if random.random() < 0.01 else ",".join(fields))
    return "\n".join(lines).encode()


@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("seed", range(40))
def test_together_is_as_one_by_one(
    tmp_path: Path, seed: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "BLOCK_BYTES", 500)
    header, row = FILES[name]
    path = written(tmp_path, f"{header}{row}\n".encode() + some_rows(seed, row) + b"\n")
    told = []
    for way in (columns._at_once, lambda *_given: None):
        monkeypatch.setattr(columns, "_at_once", way)
        try:
            found = items(path, symbol="BTCUSDT")
            told.append((found, sum(rows for _, rows, _ in heard(path, symbol="BTCUSDT"))))
        except ContractError as error:
            told.append(str(error))
    assert told[0] == told[1]


@pytest.mark.parametrize("name", list(FILES))
def test_clean_rows_are_read_together_and_their_lines_are_known(
    tmp_path: Path, name: str
) -> None:
    header, row = FILES[name]
    path = written(tmp_path, f"{header}{row}\n".encode() * 1 + f"{row}\n".encode() * 9000)
    market = open_market(str(path), symbol="BTCUSDT")
    assert len(list(market.heard())) < 9000 * 2 / 3
    first = 2 if header else 1
    assert [market.where() for _ in market] == list(range(first, 9001 + first))
