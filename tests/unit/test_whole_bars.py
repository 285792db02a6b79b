"""What a file says of a bar beside the trade at its close."""

from __future__ import annotations

from pathlib import Path

from tests.unit.bar_builders import MINUTE, T0, ToldBars, minute
from tests.unit.sim_builders import Told
from tools.live.market.whole_bars import WholeBar, bars_of
from tools.live.market.window import MarketWindow
from tools.live.market_source import open_market

E9 = 10**9
KLINE = "1583020800000,1.5,3,0.5,2.5,10,1583020859999,1,7,4,1,0\n"
TABLE = "timestamp,open,high,low,close,volume\n1704067200,1,3,0.5,2,10\n1704067260,2,2,2,2,0\n"


def test_klines_and_tables_tell_all_of_a_bar(tmp_path: Path) -> None:
    klines, table = tmp_path / "a", tmp_path / "b"
    klines.write_text(KLINE)
    table.write_text(TABLE)
    for path, begin_ns in ((klines, 1_583_020_800 * E9), (table, 1_704_067_200 * E9)):
        market = open_market(str(path), symbol="X")
        (whole,) = market.whole_bars()  # a bar without a trade is none
        assert [whole.trade] == [one for one in market if hasattr(one, "price")]
        assert (whole.begin_ns, whole.high, whole.low) == (begin_ns, 3 * E9, E9 // 2)
        assert whole.open in (E9, 3 * E9 // 2)


def test_where_there_are_no_bars_there_is_nothing_whole(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text("symbol,bid,ask,timestamp_ms\nX,1,2,5\n")
    market = open_market(str(path))
    assert not market.tells_bars and list(market.whole_bars()) == []
    assert bars_of(market) is None and bars_of(Told()) is None
    window = MarketWindow(market, 0, None)
    assert bars_of(window) is None and list(window.whole_bars()) == []


def test_a_window_has_the_bars_that_end_in_it() -> None:
    told = ToldBars(*(minute(at, 1, 1, 1, 1) for at in range(4)))
    second, third = T0 + 2 * MINUTE, T0 + 3 * MINUTE
    for bounds, ends in (
        ((None, None), [1, 2, 3, 4]), ((second, None), [2, 3, 4]), ((None, second), [1]),
        ((second, third + 1), [2, 3]),
    ):  # fmt: skip
        window = bars_of(MarketWindow(told, *bounds))
        assert window is not None
        found = [whole.trade.ts_ns for whole in window.whole_bars()]
        assert found == [T0 + end * MINUTE for end in ends]
        assert found == [one.ts_ns for one in window if not isinstance(one, WholeBar)]
