"""One way to market data, whatever a path holds, to be read again and again."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from tests.unit.market_files import TRADE_LINE, written
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import Trade
from tools.live.journal.errors import JournalError
from tools.live.journal.os_disk import OsDisk
from tools.live.market_cli import main as import_main
from tools.live.market_source import open_market, open_picked

LINES = TRADE_LINE + b"\n" + b"7 {}\n"


@pytest.fixture
def journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    path = written(tmp_path, LINES)
    assert import_main([str(path), "--journal", str(tmp_path / "m")]) == 0
    capsys.readouterr()
    return str(tmp_path / "m")


def test_a_file_can_be_read_again_and_again(tmp_path: Path) -> None:
    market = open_market(str(written(tmp_path, LINES)))
    assert market.where() == 0
    first = list(market)
    assert len(first) == 2 and market.where() == 3
    assert list(market) == first
    iterator = iter(market)
    next(iterator)
    assert market.where() == 1


def test_the_description_is_of_the_content_however_it_is_packed(tmp_path: Path) -> None:
    plain = open_market(str(written(tmp_path, LINES))).describe()
    assert plain == {
        "format": "capture", "kind": "market", "source": "binance-spot",
        "sha256": hashlib.sha256(LINES).hexdigest(),
    }  # fmt: skip
    market = open_market(str(written(tmp_path, gzip.compress(LINES))))
    assert market.describe() == market.describe() == plain


def test_a_refusal_names_the_file_once(tmp_path: Path) -> None:
    path = written(tmp_path, TRADE_LINE + b"x\n")
    with pytest.raises(ContractError) as caught:
        list(open_market(str(path), field="--market"))
    said = "b'x' is no receive time in ns and a message at line 2"
    assert str(caught.value) == f"{said} of --market {str(path)!r}; correct the line"
    cut = written(tmp_path, gzip.compress(TRADE_LINE * 9000)[:-9])
    with pytest.raises(ContractError) as caught:
        list(open_market(str(cut)))
    assert str(caught.value) == f"market {str(cut)!r} is gzip that ends early; get it again"


def test_a_journal_gives_the_events_that_went_into_it(tmp_path: Path, journal: str) -> None:
    market = open_market(journal)
    events = list(open_market(str(tmp_path / "data")))[:1]
    assert market.format == "journal" and list(market) == list(market) == events
    told = market.describe()
    assert told["finished"] == "yes" and told["kind"] == "market" and len(told["sha256"]) == 64
    assert market.where() == 5  # with the four that the journal says of itself


def test_symbol_and_source_of_a_journal_are_not_overruled(journal: str) -> None:
    for given in ({"symbol": "X"}, {"source": "x"}):
        with pytest.raises(ContractError, match="is a journal, whose events name symbol and sour"):
            open_market(journal, **given)  # type: ignore[arg-type]


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="holds no journal; name a folder that has segments"):
        open_market(str(tmp_path))


def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    OsDisk(tmp_path / "j").make_folder("segments")
    with pytest.raises(ContractError) as caught:
        open_market(str(tmp_path / "j"), field="--market")
    assert str(caught.value) == (
        f"--market {str(tmp_path / 'j')!r} holds a journal with nothing; give one that `import` or"
        " `record` made"
    )


def test_a_damaged_journal_is_refused_before_anything_is_read(journal: str) -> None:
    (segment,) = (Path(journal) / "segments").glob("*.jsonl")
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b"61837.63", b"61837.64"))
    with pytest.raises(JournalError, match=r"journal verify .*m"):
        open_market(journal)


def test_a_journal_that_is_damaged_later_is_refused_where_it_is(journal: str) -> None:
    market = open_market(journal)
    (segment,) = (Path(journal) / "segments").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"61837.63", b"61837.64"))
    with pytest.raises(JournalError, match="seq 2"):
        list(market)


def test_who_picks_does_not_overrule_what_the_data_names(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(
        '{"kind":"md.trade","payload":{"exchange_ns":null,"price":"9","qty":"1","sequence":null,'
        '"side":null,"source":"bybit-spot","symbol":"AUSD","trade_id":"1"},"ts_ns":1,"v":1}\n'
    )
    market = open_picked(str(path), symbol="BUSD", source="coinbase")
    assert [one.symbol for one in market if isinstance(one, Trade)] == ["AUSD"]
    assert market.describe() == open_market(str(path)).describe()


def test_who_picks_says_what_the_data_does_not(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    rows = ("timestamp,open,high,low,close,volume", "1700000000,1,2,1,2,5", "1700000060,2,2,2,2,1")
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(ContractError, match="holds bars without a symbol; name it with --symbol"):
        open_picked(str(path))
    with pytest.raises(ContractError, match="holds bars without a symbol; name it with --symbol"):
        open_picked(str(path), source="mine")
    named = open_picked(str(path), symbol="AUSD", source="mine").describe()
    assert (named["symbol"], named["source"]) == ("AUSD", "mine")
    assert open_picked(str(path), symbol="AUSD").describe()["symbol"] == "AUSD"


def test_who_picks_a_source_says_what_a_capture_is_of(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    message = b'{"topic":"publicTrade.AUSD","type":"snapshot","ts":1,"data":[{"L":"x"}]}'
    path.write_bytes(b"1 " + message + b"\n")
    assert open_picked(str(path)).describe()["source"] == "bybit-linear"
    assert open_picked(str(path), source="bybit-inverse").describe()["source"] == "bybit-inverse"
