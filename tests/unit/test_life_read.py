"""Fills of life from the files of others: what each form means, and what is refused of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.life_files import (
    ALPACA_ACTIVITIES, ALPACA_ORDERS, BINANCE_FUTURES_EXPORT, BINANCE_FUTURES_TRADES,
    BINANCE_SPOT_EXPORT, BINANCE_TRADES, CCXT, CCXT_ORDERS, E9, MS, OWN, T0, T0_MS, TEXTS,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.life import read
from tools.live.life.deals import Spelling, deals_of, shifted
from tools.live.life.formats import FORMATS, FREQTRADE, find_format
from tools.live.life.read import FillsFile, read_fills, take_rows
from tools.live.life.rows import RowFault, instant_ns
from tools.live.life.sheets import SHEETS

E18 = 10**18


def found(text: str, **given: Any) -> FillsFile:
    return read_fills(text.encode(), "FILLS 'x'", **given)


def refused(text: str) -> list[tuple[int, RowFault, str]]:
    return [(one.line, one.fault, one.field) for one in found(text).refused]


@pytest.mark.parametrize("form", TEXTS)
def test_a_form_is_told_by_its_content(form: str) -> None:
    file = found(TEXTS[form])
    assert file.form == form and not file.refused
    assert len(file.fills) + file.passed_over == file.rows > 0
    assert [one.line for one in file.fills] == sorted({one.line for one in file.fills})


def test_ccxt() -> None:
    first, second, third = found(CCXT).fills
    assert (first.fill_id, first.order_id, first.client_order_id) == ("501", "9001", "CLI00000001")
    assert (first.symbol, first.side, first.qty, first.price) == (
        "BTCUSDT", BUY, E9 // 10, 50_000_500_000_000,
    )  # fmt: skip
    assert (first.liquidity, first.fee_e18, first.ts_ns) == (
        "maker", 500_005 * 10**12, T0 + 120 * MS,
    )  # fmt: skip
    assert second.qty == 300_000_000  # the dust of binary arithmetic is dropped
    assert second.fee_e18 == 1_500_015 * 10**12  # in the base: 0.00003 at 50000.5
    assert (third.symbol, third.side, third.liquidity) == ("ETHUSDT", SELL, "taker")
    assert third.fee_e18 is None  # paid in something whose price nobody told


def test_ccxt_orders_are_no_trades() -> None:
    file = found(CCXT_ORDERS)
    limit, market = file.fills
    assert file.passed_over == 1
    assert (limit.qty, limit.price, limit.client_order_id, limit.liquidity) == (
        4 * E9 // 10, 50_000_500_000_000, "CLI00000001", "",
    )  # fmt: skip
    assert (limit.sent_ns, limit.ts_ns, limit.fee_e18) == (T0, T0 + 220 * MS, 200_002 * 10**13)
    assert (market.liquidity, market.fee_e18, market.order_id) == ("taker", None, "9002")
    assert market.sent_ns is not None and market.ts_ns - market.sent_ns == 50 * MS


def test_a_fee_in_another_asset_needs_its_price() -> None:
    third = found(CCXT, prices={"BNB": 600 * E9}).fills[2]
    assert third.fee_e18 == 12 * E18 // 10


def test_alpaca_activities_pass_over_what_is_no_execution() -> None:
    file = found(ALPACA_ACTIVITIES)
    assert file.passed_over == 1 and file.rows == 4
    assert [one.symbol for one in file.fills] == ["AAPL", "AAPL", "BRK.B"]
    assert file.fills[2].side is SELL
    assert file.fills[0].ts_ns == instant_ns("2026-01-02T14:30:00.123456Z")
    (deal, short) = deals_of(file.fills)
    assert (deal.filled, deal.fills, deal.cost_e18) == (
        100 * E9, 2, (40 * 190_250_000_000 + 60 * 190_260_000_000) * E9,
    )  # fmt: skip
    assert deal.fee_e18 is None and short.fills == 1


def test_alpaca_orders_are_one_fill_at_their_average() -> None:
    file = found(ALPACA_ORDERS)
    market, limit = file.fills
    assert file.passed_over == 1
    assert (market.client_order_id, market.liquidity, market.qty) == (
        "CLI00000007", "taker", E9 // 2,
    )  # fmt: skip
    assert market.sent_ns is not None and market.ts_ns - market.sent_ns == 50 * MS - 2
    assert (limit.liquidity, limit.qty, limit.ts_ns) == (
        "", E9 // 4, instant_ns("2026-01-02T14:31:30Z"),
    )  # fmt: skip


def test_binance_trades_of_spot_and_futures() -> None:
    buy, sell = found(BINANCE_TRADES).fills
    assert (buy.side, buy.liquidity, buy.fee_e18) == (BUY, "taker", 1_152 * 10**11)
    assert (sell.side, sell.liquidity, sell.fee_e18) == (SELL, "maker", 961 * 10**10)
    short, cover = found(BINANCE_FUTURES_TRADES).fills
    assert (short.side, short.liquidity, short.order_id) == (SELL, "taker", "25851813")
    assert (cover.side, cover.liquidity, cover.fee_e18) == (BUY, "maker", 156 * 10**14)


def test_a_trade_may_tell_neither_its_value_nor_its_fee() -> None:
    rows = json.loads(BINANCE_TRADES)
    for key in ("quoteQty", "commission", "commissionAsset"):
        del rows[0][key]
    assert found(json.dumps(rows)).fills[0].fee_e18 is None


def test_a_futures_trade_that_contradicts_itself_is_refused() -> None:
    text = BINANCE_FUTURES_TRADES.replace('"buyer": true', '"buyer": false')
    assert refused(text) == [(2, RowFault.CONTRADICTION, "buyer")]


def test_the_spot_export_has_assets_and_commas_in_its_numbers() -> None:
    first, second, third = found(BINANCE_SPOT_EXPORT).fills
    assert (first.price, first.qty, first.ts_ns) == (
        50_000_500_000_000, E9 // 10, T0 + 10**9,
    )  # fmt: skip
    assert first.fee_e18 == 5_000_050 * 10**12
    assert (second.qty, second.fee_e18) == (1_000_500_000_000, 3_707_853 * 10**14)
    assert (third.symbol, third.qty, third.fee_e18) == ("1INCHUSDT", 30 * E9, None)
    assert third.liquidity == ""


def test_the_futures_export_tells_makers_and_two_spellings_of_a_year() -> None:
    first, second = found(BINANCE_FUTURES_EXPORT).fills
    assert (first.liquidity, first.fee_e18, first.order_id) == ("taker", 500_001 * 10**11, "11")
    assert (second.liquidity, second.fee_e18, second.side) == ("maker", 200_004 * 10**11, SELL)
    assert second.ts_ns - first.ts_ns == 10**9


def test_the_futures_export_may_lack_what_it_does_not_need() -> None:
    text = (
        "Date(UTC),Symbol,Side,Price,Quantity,Fee\n2026-01-01 00:00:00,BTCUSDT,BUY,5,2,0\n"
        "2026-01-01 00:00:00,BTCUSDT,BUY,5,2,1\n2026-01-01 00:00:00,BTCUSDT,BUY,5,2,\n"
    )
    assert [one.fee_e18 for one in found(text).fills] == [0, None, None]
    assert {one.liquidity for one in found(text).fills} == {""}


def test_a_quantity_without_an_asset_keeps_its_digits() -> None:
    text = (
        "Time,Symbol,Side,Price,Quantity,Fee\n"
        "2026-01-01 00:00:00,1INCHUSDT,BUY,0.5,30.01,0.1 USDT\n"
        "2026-01-01 00:00:00,1000SHIBUSDT,BUY,0.01,21000,0.1 USDT\n"
    )
    assert [one.qty for one in found(text).fills] == [30_010_000_000, 21_000 * E9]


def test_our_own_fills() -> None:
    first, second = found(OWN).fills
    assert (first.sent_ns, first.fee_e18, first.liquidity) == (T0, E18 // 2, "taker")
    assert (second.sent_ns, second.fee_e18, second.liquidity, second.client_order_id) == (
        None, None, "", "",
    )  # fmt: skip
    assert second.ts_ns == T0 + 10**9


def test_a_fill_on_another_clock() -> None:
    first, second = (shifted(one, 5) for one in found(OWN).fills)
    assert (first.sent_ns, first.ts_ns) == (T0 + 5, T0 + 40 * MS + 5)
    assert second.sent_ns is None


def with_field(text: str, row: int, **changes: Any) -> str:
    rows = json.loads(text)
    rows[row].update(changes)
    return json.dumps(rows)


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"symbol": None}, RowFault.MISSING_FIELD, "symbol"),
        ({"symbol": "BTC?USDT"}, RowFault.BAD_SYMBOL, "symbol"),
        ({"symbol": 7}, RowFault.BAD_SYMBOL, "symbol"),
        ({"symbol": 7.5}, RowFault.BAD_SYMBOL, "symbol"),
        ({"side": "hold"}, RowFault.BAD_SIDE, "side"),
        ({"side": 1}, RowFault.BAD_SIDE, "side"),
        ({"price": -1}, RowFault.BAD_NUMBER, "price"),
        ({"price": True}, RowFault.BAD_NUMBER, "price"),
        ({"price": "1_0"}, RowFault.BAD_NUMBER, "price"),
        ({"price": 0.12345678901}, RowFault.BAD_NUMBER, "price"),
        ({"amount": 0}, RowFault.BAD_NUMBER, "amount"),
        ({"amount": [1]}, RowFault.BAD_NUMBER, "amount"),
        ({"cost": 5100}, RowFault.CONTRADICTION, "cost"),
        ({"cost": "x"}, RowFault.BAD_NUMBER, "cost"),
        ({"timestamp": 1767225600}, RowFault.BAD_TIME, "timestamp"),
        ({"timestamp": "1767225600120"}, RowFault.BAD_TIME, "timestamp"),
        ({"takerOrMaker": "both"}, RowFault.BAD_WORD, "takerOrMaker"),
        ({"takerOrMaker": []}, RowFault.BAD_WORD, "takerOrMaker"),
        ({"id": 1.5}, RowFault.BAD_ID, "id"),
        ({"id": "a\nb"}, RowFault.BAD_ID, "id"),
        ({"id": "x" * 200}, RowFault.BAD_ID, "id"),
        ({"fee": "free"}, RowFault.BAD_WORD, "fee"),
        ({"fee": {"cost": 1}}, RowFault.MISSING_FIELD, "currency"),
        ({"fee": {"cost": "1e99", "currency": "USDT"}}, RowFault.BAD_NUMBER, "cost"),
        ({"fee": None, "fees": {"cost": 1}}, RowFault.BAD_WORD, "fee"),
        ({"id": "502"}, RowFault.DUPLICATE, "id"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_refused_with_its_code(
    changes: dict[str, Any], fault: RowFault, field: str
) -> None:
    text = with_field(CCXT, 0, **changes)
    line = 2 if fault is RowFault.DUPLICATE else 1
    assert (line, fault, field) in refused(text)
    assert found(text).refusals() == {fault.value: 1}


def test_a_rate_of_dust_and_no_fee_at_all() -> None:
    assert found(with_field(CCXT, 0, fee=None, fees=None)).fills[0].fee_e18 is None
    tiny = found(with_field(CCXT, 0, fee={"cost": "15e-19", "currency": "USDT"}))
    assert tiny.fills[0].fee_e18 == 2  # ties to even
    parts = [{"cost": None, "currency": "USDT"}, {"cost": 1, "currency": "USDT"}]
    assert found(with_field(CCXT, 0, fee=None, fees=parts)).fills[0].fee_e18 == E18
    rebate = found(with_field(CCXT, 0, fee={"cost": -1, "currency": "USDT"}))
    assert rebate.fills[0].fee_e18 == -E18


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[1, {"ts_ns":1,"qty":1,"price":1,"symbol":"A","side":"buy"}]', RowFault.NOT_A_FILL),
        (OWN + "{broken\n", RowFault.NOT_JSON),
        (BINANCE_SPOT_EXPORT + "2026-01-01 00:00:03,BTCUSDT\r\n", RowFault.NOT_A_FILL),
        (BINANCE_SPOT_EXPORT + '"2026-01-01', RowFault.NOT_A_FILL),
        (BINANCE_SPOT_EXPORT.replace("5000.05000000USDT", "5000.05EUR"), RowFault.CONTRADICTION),
        (BINANCE_SPOT_EXPORT.replace("5000.05000000USDT", "USDT"), RowFault.BAD_NUMBER),
        (BINANCE_SPOT_EXPORT.replace("5000.05000000USDT", "6000USDT"), RowFault.CONTRADICTION),
        (BINANCE_SPOT_EXPORT.replace("0.1000000000BTC", "0BTC"), RowFault.BAD_NUMBER),
        (BINANCE_SPOT_EXPORT.replace("2026-01-01 00:00:01", "2026-13-01 00:00:01"),
         RowFault.BAD_TIME),
        (BINANCE_SPOT_EXPORT.replace("2026-01-01 00:00:01", "1999-12-31 23:59:59"),
         RowFault.BAD_TIME),
        (BINANCE_SPOT_EXPORT.replace("2026-01-01 00:00:01", ""), RowFault.MISSING_FIELD),
        (BINANCE_FUTURES_EXPORT.replace("true,false,1,", "true,maybe,1,"), RowFault.BAD_WORD),
        (BINANCE_SPOT_EXPORT.replace("2026-01-01 00:00:01", "yesterday"), RowFault.BAD_TIME),
        (ALPACA_ACTIVITIES.replace('"type": "fill", "price": "64.1"', '"type": "x", "price": "1"'),
         RowFault.BAD_WORD),
        (ALPACA_ORDERS.replace('"filled_qty": "0"', '"filled_qty": "-1"'), RowFault.BAD_NUMBER),
        (OWN.replace('"1767225601000000000"', '"-5"'), RowFault.BAD_TIME),
        (OWN.replace('"fee":"0.5"', '"fee":"much"'), RowFault.BAD_NUMBER),
    ],
)  # fmt: skip
def test_other_rows_that_are_refused(text: str, fault: RowFault) -> None:
    assert found(text).refusals() == {fault.value: 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "no form that is known"),
        ('{"a":1}', "no form that is known"),
        ("[{]", "is not JSON"),
        ("a,b\n1,2\n", "no header that is known"),
        ("", "no header that is known"),
        ("Time,Symbol,Side,Price,Quantity,Fee\n", "holds no fill: 0 rows"),
        ("Time,Symbol,Side,Price,Quantity,Fee,Fee\nx\n", "a column twice"),
        ("Time,Symbol,Side,Price,Quantity,Fee\n1,2,3,4,5\n",
         "1 rows of binance-futures-export, 1 refused, the first at row 2 for not_a_fill"),
        ('[{"activity_type":"DIV"}]', "1 of another kind"),
        ("Time\0", "a NUL byte"),
    ],
)  # fmt: skip
def test_a_file_without_a_fill_is_an_error(text: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        found(text)


def test_bytes_that_are_no_text_and_files_beyond_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ContractError, match="not UTF-8 at byte 1"):
        read_fills(b"a\xff", "FILLS")
    monkeypatch.setattr(read, "MOST_BYTES", 10)
    with pytest.raises(ContractError, match="the limit is 10"):
        found(OWN)


def test_two_spellings_of_one_name_are_refused_unless_told_apart() -> None:
    text = with_field(CCXT, 2, symbol="BTC/USDT:USDT")
    with pytest.raises(ContractError, match="--map BTC/USDT:USDT=NAME"):
        found(text)
    fills = found(text, spelling=Spelling({"BTC/USDT:USDT": "BTCPERP"})).fills
    assert [one.symbol for one in fills] == ["BTCUSDT", "BTCUSDT", "BTCPERP"]


@pytest.mark.parametrize(
    ("spelled", "ours"),
    [("BTC/USDT", "BTCUSDT"), ("btc-usd", "BTCUSD"), ("BTC_USDT", "BTCUSDT"),
     ("ETH/BTC:BTC", "ETHBTC"), ("BRK.B", "BRK.B"), ("", None), ("a?b", None), (":X", None)],
)  # fmt: skip
def test_the_rule_of_names(spelled: str, ours: str | None) -> None:
    assert Spelling().ours(spelled) == ours


def test_deals_belong_together_by_the_best_name_that_there_is() -> None:
    rows = [
        {"order_id": "1", "client_order_id": "a"}, {"order_id": "1", "client_order_id": "a"},
        {"client_order_id": "a"}, {"client_order_id": "a"}, {}, {},
    ]  # fmt: skip
    base = {"symbol": "X", "side": "buy", "qty": 1, "price": 2}
    lines = [json.dumps({**base, **row, "ts_ns": T0 + n}) for n, row in enumerate(rows)]
    deals = deals_of(found("\n".join(lines)).fills)
    assert [(one.seq, one.fills, one.first_ns, one.last_ns) for one in deals] == [
        (1, 2, T0, T0 + 1), (2, 2, T0 + 2, T0 + 3), (3, 1, T0 + 4, T0 + 4), (4, 1, T0 + 5, T0 + 5),
    ]  # fmt: skip


def test_the_liquidity_and_the_fee_of_an_order_of_many_fills() -> None:
    base = {"symbol": "X", "side": "buy", "qty": 1, "price": 2, "ts_ns": T0, "order_id": "1"}

    def of(*parts: dict[str, Any]) -> tuple[str, int | None]:
        (deal,) = deals_of(found("\n".join(json.dumps({**base, **one}) for one in parts)).fills)
        return deal.liquidity, deal.fee_e18

    assert of({"liquidity": "maker", "fee": 1}, {"liquidity": "maker", "fee": 2}) == (
        "maker", 3 * E18,
    )  # fmt: skip
    assert of({"liquidity": "maker", "fee": 1}, {"liquidity": "taker"}) == ("mixed", None)
    assert of({"liquidity": "maker"}, {}) == ("", None)


def test_the_freqtrade_form_refuses_what_was_never_sent() -> None:
    row = {
        "order_id": "dry_run_buy_1", "filled": 1, "side": "buy", "average": 2, "ft_pair": "A/B",
        "order_update_date": "2026-01-01 00:00:00",
    }  # fmt: skip
    live = {**row, "order_id": "5", "order_type": "limit"}
    file = take_rows(FREQTRADE, [(1, row), (2, live)], "x", Spelling(), {})
    assert file.refusals() == {"not_life": 1} and file.fills[0].sent_ns is None
    assert file.fills[0].fee_e18 is None


def test_every_form_has_a_name_of_its_own() -> None:
    assert len(dict.fromkeys(read.NAMES)) == len(FORMATS) + len(SHEETS) + 1
    assert find_format(iter([1, {"x": 1}])) is None
    assert T0_MS * MS == T0
