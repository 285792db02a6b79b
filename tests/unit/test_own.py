"""Our own lines come back as the events that they were, and damage in them is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.market_files import heard, items, written
from tests.unit.prop import a_market_event, chance
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import MARKET_DATA, MARKET_FACTS, Trade
from tools.live.market.importers.own import find, line_of
from tools.live.market_source import open_market

ONE = Trade("BTC", "here", "7", None, 10**9, 2 * 10**9, None, None, 5)
LINE = (
    b'{"kind":"md.trade","payload":{"exchange_ns":null,"price":"1","qty":"2","sequence":null,'
    b'"side":null,"source":"here","symbol":"BTC","trade_id":"7"},"ts_ns":5,"v":1}\n'
)


def record(**changes: object) -> bytes:
    told: dict[str, object] = {
        "b": 1, "cause": 0, "corr": 0, "id": "1", "p": json.loads(LINE)["payload"], "q": 1,
        "src": "feed", "topic": "md.trade", "ts": 5, "v": 1,
    }  # fmt: skip
    return json.dumps({"h": "00", "r": {**told, **changes}}).encode() + b"\n"


def test_an_event_is_spelled_on_one_canonical_line() -> None:
    assert line_of(ONE) == LINE


@pytest.mark.parametrize("seed", range(20))
def test_every_event_comes_back(tmp_path: Path, seed: int) -> None:
    random = chance(seed)
    events = [
        a_market_event(random, random.choice((*MARKET_DATA, *MARKET_FACTS))) for _ in range(20)
    ]
    path = written(tmp_path, b"".join(map(line_of, events)))
    assert open_market(str(path)).format == "market-jsonl"
    assert items(path) == events
    spelled = b"".join(json.dumps(json.loads(line_of(one))).encode() + b"\n" for one in events)
    assert items(written(tmp_path, spelled)) == events


def test_a_blank_line_says_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, LINE + b"\n" + LINE)
    assert heard(path) == [(1, 1, (ONE,)), (2, 1, ()), (3, 1, (ONE,))]


def test_what_a_journal_exports_is_read_without_its_own_records(tmp_path: Path) -> None:
    path = written(tmp_path, record() + record(topic="market.opened", p={})
                   + record(topic="system.log.closed", p={}) + record(ts=6))  # fmt: skip
    assert open_market(str(path)).format == "journal-export"
    assert [len(said) for _, _, said in heard(path)] == [1, 0, 0, 1]
    assert items(path)[0] == ONE and items(path)[1].ts_ns == 6


@pytest.mark.parametrize(("line", "said"), [
    (LINE.replace(b'"v":1', b'"v":2'), "version 2 is not 1"),
    (LINE.replace(b'"v":1', b'"v":true'), "version True is not 1"),
    (LINE.replace(b'"v":1', b'"v":1.0'), "version 1.0 is not 1"),
    (LINE.replace(b'"md.trade"', b'"md.quote"'), "event kind 'md.quote' is no market event"),
    (LINE.replace(b'"md.trade"', b"7"), "kind 7 is no text"),
    (LINE.replace(b'"ts_ns":5', b'"ts_ns":-5'), "time -5 is not nanoseconds since 1970"),
    (LINE.replace(b'"ts_ns":5', b'"ts_ns":9223372036854775808'), "time 9223372036854775808 is not"),
    (LINE.replace(b'"ts_ns":5', b'"ts_ns":"5"'), "time '5' is not nanoseconds"),
    (LINE.replace(b'"ts_ns":5', b'"ts_ns":5,"x":1'), "is no object of kind, payload, ts_ns, v"),
    (LINE.replace(b'"price":"1"', b'"price":"NaN"'), "price 'NaN' is not a number"),
    (LINE.replace(b'"price":"1"', b'"price":1'), "price 1 is not of type str"),
    (LINE.replace(b'"price":"1",', b""), "md.trade lacks the field price"),
    (b'{"kind":"md.trade","payload":[],"ts_ns":5,"v":1}\n', "[] is no object"),
    (b"{\n", "is not JSON"), (b"[]\n", "[] is no object of"),
])  # fmt: skip
def test_a_damaged_line_ends_the_reading(tmp_path: Path, line: bytes, said: str) -> None:
    path = written(tmp_path, LINE + line)
    with pytest.raises(ContractError) as caught:
        heard(path)
    assert said in str(caught.value) and f"at line 2 of market {str(path)!r}; " in str(caught.value)


@pytest.mark.parametrize(("line", "said"), [
    (record(v=2), "version 2"), (record(topic=5), "kind 5 is no text"),
    (record(p=[]), "[] is no object"), (record(ts=None), "time None"),
    (record(extra=1), "is no object of b, cause, corr"), (b'{"h":"0","r":5}\n', "5 is no object"),
    (b'{"h":"0"}\n', "is no object of h, r"),
])  # fmt: skip
def test_a_damaged_record_ends_the_reading(tmp_path: Path, line: bytes, said: str) -> None:
    path = written(tmp_path, record() + line)
    with pytest.raises(ContractError) as caught:
        heard(path)
    assert said in str(caught.value) and "at line 2 of market" in str(caught.value)


def test_what_is_none_of_ours_is_not_found() -> None:
    assert find([]) is None and find({"kind": 1}) is None and find({"h": 1, "r": 2}) is None


def test_symbol_and_source_of_our_events_are_not_overruled(tmp_path: Path) -> None:
    for given in ({"symbol": "X"}, {"source": "x"}):
        with pytest.raises(ContractError, match="events that name symbol and source; leave --sym"):
            heard(written(tmp_path, LINE), **given)
