"""Five hundred mutations of each form: never a traceback, never an empty life, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.unit.life_files import OWN, TEXTS, freqtrade
from tools.live.core.errors import ContractError
from tools.live.drift_files import open_life, open_run
from tools.live.life.deals import Spelling, deals_of
from tools.live.life.fit import fit_fees
from tools.live.life.match import match
from tools.live.life.measure import measure
from tools.live.life.read import FillsFile, read_fills

MUTATIONS = 500
_PIECES = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\\", b"\x00", b"\xff", b"\xed\xa0\x80",
    b"NaN", b"null", b"1e400", b"-", b"1_0", b"true", b"\\ud800", b"9" * 50, b"e", b".", b"buy",
    b"USDT", b"\xef\xbb\xbf", b"Infinity", b" ",
)  # fmt: skip


def dropped(raw: bytes, draw: Random) -> bytes:
    at = draw.randrange(len(raw))
    return raw[:at] + raw[at + 1 + draw.randrange(8) :]


def put_in(raw: bytes, draw: Random) -> bytes:
    at = draw.randrange(len(raw))
    return raw[:at] + draw.choice(_PIECES) + raw[at:]


def changed(raw: bytes, draw: Random) -> bytes:
    at = draw.randrange(len(raw))
    return raw[:at] + bytes([draw.randrange(256)]) + raw[at + 1 :]


def cut(raw: bytes, draw: Random) -> bytes:
    return raw[: draw.randrange(len(raw))]


def doubled(raw: bytes, draw: Random) -> bytes:
    start = draw.randrange(len(raw))
    return raw + raw[start : start + draw.randrange(80)]


def digit(raw: bytes, draw: Random) -> bytes:
    places = [at for at, byte in enumerate(raw) if 48 <= byte <= 57]
    at = draw.choice(places or [0])
    return raw[:at] + bytes([48 + draw.randrange(10)]) + raw[at + 1 :]


KINDS: tuple[Callable[[bytes, Random], bytes], ...] = (
    dropped, put_in, changed, cut, doubled, digit,
)  # fmt: skip


def mutated(raw: bytes, draw: Random) -> bytes:
    for _ in range(1 + draw.randrange(3)):
        raw = draw.choice(KINDS)(raw, draw) or b" "
    return raw


def checked(file: FillsFile) -> None:
    """Everything is accounted for, and can be worked with to the end."""
    assert file.rows == len(file.fills) + file.passed_over + len(file.refused) and file.fills
    for fill in file.fills:
        assert fill.qty > 0 and fill.price > 0 and fill.ts_ns >= 0
        assert fill.liquidity in ("maker", "taker", "") and fill.symbol
    for one in file.refused:
        assert one.shown.isprintable() and len(one.shown) <= 120
    deals = deals_of(file.fills)
    measure(match(deals, deals))
    fit_fees(file.fills, 1)


@pytest.mark.parametrize("form", TEXTS)
def test_mutations_of_a_text(form: str) -> None:
    draw = Random(f"mutations of {form}")
    outcomes = {"fills": 0, "refused": 0}
    for _ in range(MUTATIONS):
        try:
            file = read_fills(mutated(TEXTS[form].encode(), draw), "FILLS")
        except ContractError as error:
            assert str(error)
            outcomes["refused"] += 1
        else:
            checked(file)
            outcomes["fills"] += 1
    assert min(outcomes.values()) > 20, outcomes


def test_mutations_of_a_database(tmp_path: Path) -> None:
    raw = freqtrade(tmp_path / "whole.sqlite").read_bytes()
    path = tmp_path / "mutated.sqlite"
    draw = Random("mutations of freqtrade")
    outcomes = {"fills": 0, "refused": 0}
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(raw, draw))
        try:
            checked(open_life(str(path), spelling=Spelling(), prices={}).file)
            outcomes["fills"] += 1
        except ContractError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20, outcomes
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mutated.sqlite", "whole.sqlite"]


def whole_life(path: str) -> None:
    checked(open_life(path, spelling=Spelling(), prices={}).file)


def whole_run(path: str) -> None:
    deals = open_run(path, spelling=Spelling())
    assert deals
    measure(match([one for one in deals if one.filled], deals))


def test_a_line_of_ours_that_is_mutated(tmp_path: Path) -> None:
    ordered = '"price":"5","qty":"1","side":"Buy","symbol":"X"'
    line = (
        f'{{"kind":"order.place","payload":{{"client_order_id":"C",{ordered}}},"seq":1,'
        '"ts_ns":1}\n'
        '{"kind":"order.accepted","payload":{"client_order_id":"C","order_id":"O"},"seq":2,'
        '"ts_ns":2}\n{"kind":"order.fill","payload":{"fill_id":"F","liquidity":"maker",'
        f'"order_id":"O",{ordered}}},"seq":3,"ts_ns":3}}\n'
    )
    draw = Random("mutations of a line")
    path = tmp_path / "line.jsonl"
    for text in (line, OWN):
        for _ in range(MUTATIONS // 2):
            path.write_bytes(mutated(text.encode(), draw))
            for read in (whole_life, whole_run):
                try:
                    read(str(path))
                except ContractError as error:
                    assert str(error)
