"""What a file is, is told by how it begins; whatever is not known is refused in one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.market_files import TRADE_LINE, npz, written, zipped
from tools.live.core.errors import ContractError
from tools.live.market.importers import detect
from tools.live.market.importers.content import Content
from tools.live.market.importers.detect import FORMATS, check_names, find_form

DUMP = b"1,2,3,6,1583709433583,true\n"


def complaint(folder: Path, content: bytes, **given: str) -> str:
    path = written(folder, content, "BTCUSDT-trades-2020.csv")
    told = {"symbol": None, "source": None, **given}
    with pytest.raises(ContractError) as caught:
        find_form(Content(str(path), "PATH"), **told)
    return str(caught.value).replace(repr(str(path)), "FILE")


def form_name(folder: Path, content: bytes, name: str) -> str:
    path = written(folder, content, name)
    return find_form(Content(str(path), "PATH"), symbol="X", source=None).name


@pytest.mark.parametrize("name", ["a.csv", "a.npz", "a.jsonl.gz", "BTCUSDT-klines-1m.zip"])
@pytest.mark.parametrize(("content", "form"), [
    (TRADE_LINE, "capture"), (TRADE_LINE.replace(b"\n", b"\r\n"), "capture"),
    (DUMP, "binance-trades"), (DUMP.replace(b"\n", b"\r\n"), "binance-trades"),
    (npz([]), "hftbacktest"), (b"symbol,bid,ask,timestamp_ms\n", "quotes-csv"),
])  # fmt: skip
def test_neither_the_name_nor_the_packing_matters(
    tmp_path: Path, name: str, content: bytes, form: str
) -> None:
    assert form_name(tmp_path, content, name) == form
    if form != "hftbacktest":
        assert form_name(tmp_path, gzip.compress(content), name) == form
        assert form_name(tmp_path, zipped(("x", content)), name) == form


@pytest.mark.parametrize(("content", "said"), [
    (b"", "PATH FILE is empty; give market data"),
    (b"\xef\xbb\xbf1,2,3", "PATH FILE begins with a byte order mark; save it without"),
    (b"hello\n", f"PATH FILE begins with b'hello', no format that is known; give {FORMATS}"),
    (b"{}\n", f"PATH FILE begins with b'{{}}', no format that is known; give {FORMATS}"),
    (b"\n" + DUMP, f"PATH FILE begins with b'', no format that is known; give {FORMATS}"),
    (b"x" * 90, f"PATH FILE begins with b'{'x' * 40}', no format that is known; give {FORMATS}"),
    (b"timestamp,open,open,low,close,volume\n",
     "PATH FILE holds a table with the column 'open' twice; leave one out"),
    (b'{"a":1,"a":2}\n', "PATH FILE holds a first line that has the key 'a' twice; correct it"),
    (b'{"a":NaN}\n',
     "PATH FILE holds a first line that holds NaN; JSON numbers are finite"),
])  # fmt: skip
def test_what_is_not_known_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    assert complaint(tmp_path, content) == said


def test_what_the_user_says_must_be_names() -> None:
    check_names("BTC/USDT", "binance-spot")
    check_names(None, None)
    for symbol in ("", "btc", "B" * 33, "B C"):
        with pytest.raises(ContractError, match="is not 1 to 32 upper-case letters.*; write it so"):
            check_names(symbol, None)
    for source in ("", "Binance", "a" * 33, "-a", "a b"):
        with pytest.raises(ContractError, match="lower-case letters.*; name it like binance-spot"):
            check_names(None, source)


def test_only_what_was_found_or_given_is_told(tmp_path: Path) -> None:
    content = Content(str(written(tmp_path, DUMP)), "PATH")
    assert find_form(content, symbol="X", source="y").options == {"symbol": "X", "source": "y"}
    content = Content(str(written(tmp_path, TRADE_LINE)), "PATH")
    assert find_form(content, symbol=None, source=None).options == {"source": "binance-spot"}


def test_a_capture_whose_messages_are_cut_by_the_sample_is_still_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (len(TRADE_LINE) + 60, 30):
        monkeypatch.setattr(detect, "SAMPLE_BYTES", size)
        assert form_name(tmp_path, TRADE_LINE + TRADE_LINE, "x") == "capture"


def test_a_long_first_line_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    levels = ",".join(f'["{n}.5","1"]' for n in range(1, 30_000))
    book = f'{{"kind":"md.depth_snapshot","payload":{{"bids":[{levels}]}},"ts_ns":5,"v":1}}\n'
    assert len(book) > detect.SAMPLE_BYTES
    path = written(tmp_path, book.encode() * 2)
    assert find_form(Content(str(path), "PATH"), symbol=None, source=None).name == "market-jsonl"


def test_only_the_first_messages_are_asked_for_the_venue(tmp_path: Path) -> None:
    unknown = b"5 {}\n"
    path = unknown * (detect.MOST_MESSAGES - 1) + TRADE_LINE
    assert form_name(tmp_path, path + unknown, "x") == "capture"
    assert "a capture of no venue" in complaint(tmp_path, unknown + path + unknown)
