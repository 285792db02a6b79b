"""Candles in one JSON array: bars at their close and never before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Trade
from tools.live.market.importers import candles
from tools.live.market.normalize.wire import WireRefused
from tools.live.market.whole_bars import WholeBar
from tools.live.market_source import MarketSource, open_market

E9 = 10**9
T_MS = 1_700_000_040_000
MINUTE = 60 * E9
ROWS = f"[[{T_MS},10.5,11,10,10.75,3],\n [{T_MS + 60_000},1,3,0.5,2.5,0.30000000000000004]]"


def market(folder: Path, text: str = ROWS) -> MarketSource:
    path = folder / "candles.json"
    path.write_text(text)
    return open_market(str(path), symbol="X")


def test_an_array_of_candles_is_a_market(tmp_path: Path) -> None:
    found = market(tmp_path)
    assert (found.format, found.tells_bars) == ("candles", True)
    assert found.describe()["source"] == "candles"
    end_ns = T_MS * 10**6 + MINUTE
    first = Trade("X", "candles", str(T_MS), None, 43 * E9 // 4, 3 * E9, None, end_ns, end_ns)
    one, other = found
    assert one == first and isinstance(other, Trade)
    assert (other.price, other.qty) == (5 * E9 // 2, 3 * E9 // 10)
    whole, _ = found.whole_bars()
    assert whole == WholeBar(first, T_MS * 10**6, 21 * E9 // 2, 11 * E9, 10 * E9)
    assert [number for number, _, _ in found.heard()] == [1, 2]


def test_space_in_front_and_another_source_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("\n " + ROWS)
    assert open_market(str(path), symbol="X", source="mine").describe()["source"] == "mine"


@pytest.mark.parametrize(("row", "code"), [
    (f"[{T_MS + 60_000},1,1,1,1,0]", "volume"), (f"[{T_MS + 60_000},2,1,1,1,1]", "high"),
    (f"[{T_MS + 60_000},1,1,2,1,1]", "high"),
])  # fmt: skip
def test_a_candle_that_says_nothing_is_counted(tmp_path: Path, row: str, code: str) -> None:
    found = market(tmp_path, f"[[{T_MS},1,1,1,1,1],{row}]")
    _, refused = found
    assert isinstance(refused, WireRefused) and refused.field == code
    assert len(list(found.whole_bars())) == 1


@pytest.mark.parametrize(("text", "why"), [
    (f"[[{T_MS},1,1,1,1,1]]", "candles of which no two differ in time of"),
    ("[]", "candles of which no two differ in time of"),
    ("[1]", "no list of time, open, high, low, close and volume at candle 1 of"),
    ("[[1.5,1,1,1,1,1]]", "time '1.5' is no whole number of milliseconds since 1970 at candle 1"),
    ('[[1,"1",1,1,1,1]]', "open '1' is not a number at candle 1"),
    ("[[1,1,1,1,1,NaN]]", "holds NaN"),
    ("[[1,1,1", "an array of candles is not JSON"),
])  # fmt: skip
def test_what_is_no_candle_ends_the_reading(tmp_path: Path, text: str, why: str) -> None:
    for read in (MarketSource.__iter__, MarketSource.whole_bars):
        with pytest.raises(ContractError) as caught:
            list(read(market(tmp_path, text)))
        assert why in str(caught.value) and "candles.json" in str(caught.value)


def test_the_shortest_step_says_how_long_a_bar_is(tmp_path: Path) -> None:
    rows = [f"[{T_MS + 60_000 * at},1,1,1,1,1]" for at in (0, 3, 4, 9)]
    found = market(tmp_path, f"[{','.join(rows)}]")
    assert [one.trade.ts_ns - one.begin_ns for one in found.whole_bars()] == [MINUTE] * 4


def test_candles_need_a_symbol(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(ROWS)
    with pytest.raises(ContractError, match="holds candles without a symbol; name it with --symb"):
        open_market(str(path))


def test_an_array_has_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candles, "MOST_BYTES", 10)
    with pytest.raises(ContractError, match="bars of more than 10 bytes of .*; split the file"):
        list(market(tmp_path))
