"""Files of fills as each source writes them, with numbers of our own; and orders for tests."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tools.live.core.contracts_v1 import BUY, Side
from tools.live.life.deals import Deal

E9 = 10**9
MS = 10**6
T0_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
T0 = T0_MS * MS

CCXT = """[
 {"info": {"symbol": "BTCUSDT", "id": 501, "orderId": 9001, "clientOrderId": "CLI00000001"},
  "timestamp": 1767225600120, "datetime": "2026-01-01T00:00:00.120Z", "symbol": "BTC/USDT",
  "id": "501", "order": "9001", "type": "limit", "side": "buy", "takerOrMaker": "maker",
  "price": 50000.5, "amount": 0.1, "cost": 5000.05,
  "fee": {"cost": 0.500005, "currency": "USDT", "rate": 0.0001}, "fees": []},
 {"info": {"clientOrderId": "CLI00000001"}, "timestamp": 1767225600220,
  "datetime": "2026-01-01T00:00:00.220Z", "symbol": "BTC/USDT", "id": "502", "order": "9001",
  "type": "limit", "side": "buy", "takerOrMaker": "maker", "price": 50000.5,
  "amount": 0.30000000000000004, "cost": 15000.15,
  "fee": {"cost": 3e-05, "currency": "BTC"}, "fees": [{"cost": 3e-05, "currency": "BTC"}]},
 {"info": {}, "timestamp": 1767225601000, "symbol": "ETH/USDT:USDT", "id": "77", "order": "9002",
  "type": "market", "side": "sell", "takerOrMaker": "taker", "price": 3000, "amount": 2,
  "cost": 6000.0, "fee": {"cost": null, "currency": null},
  "fees": [{"cost": 0.002, "currency": "BNB"}]}
]"""

CCXT_ORDERS = """[
 {"info": {}, "id": "9001", "clientOrderId": "CLI00000001", "timestamp": 1767225600000,
  "lastTradeTimestamp": 1767225600220, "symbol": "BTC/USDT", "type": "limit", "side": "buy",
  "price": 50001, "average": 50000.5, "amount": 0.5, "filled": 0.4, "remaining": 0.1,
  "cost": 20000.2, "status": "canceled", "fee": {"cost": 2.00002, "currency": "USDT"},
  "trades": []},
 {"info": {}, "id": "9002", "clientOrderId": null, "timestamp": 1767225601000,
  "lastTradeTimestamp": null, "lastUpdateTimestamp": 1767225601050, "symbol": "BTC/USDT",
  "type": "market", "side": "sell", "price": null, "average": 50002, "amount": 0.1,
  "filled": 0.1, "remaining": 0, "cost": 5000.2, "status": "closed", "fee": null, "fees": []},
 {"info": {}, "id": "9003", "timestamp": 1767225602000, "symbol": "BTC/USDT", "type": "limit",
  "side": "sell", "price": 51000, "average": null, "amount": 0.1, "filled": 0.0,
  "remaining": 0.1, "status": "open"}
]"""

ALPACA_ACTIVITIES = """[
 {"id": "20260102143000123::a1", "activity_type": "FILL",
  "transaction_time": "2026-01-02T14:30:00.123456Z", "type": "partial_fill", "price": "190.25",
  "qty": "40", "side": "buy", "symbol": "AAPL", "leaves_qty": "60", "order_id": "61e69015",
  "cum_qty": "40", "order_status": "partially_filled"},
 {"id": "20260102143001999::a2", "activity_type": "FILL",
  "transaction_time": "2026-01-02T14:30:01.999Z", "type": "fill", "price": "190.26",
  "qty": "60", "side": "buy", "symbol": "AAPL", "leaves_qty": "0", "order_id": "61e69015",
  "cum_qty": "100", "order_status": "filled"},
 {"id": "20260102000000000::d1", "activity_type": "DIV", "date": "2026-01-02",
  "net_amount": "1.02", "symbol": "T", "qty": "2", "per_share_amount": "0.51"},
 {"id": "20260102150000000::a3", "activity_type": "FILL",
  "transaction_time": "2026-01-02T15:00:00Z", "type": "fill", "price": "64.1",
  "qty": "5", "side": "sell_short", "symbol": "BRK.B", "leaves_qty": "0", "order_id": "99ab",
  "cum_qty": "5", "order_status": "filled"}
]"""

ALPACA_ORDERS = """[
 {"id": "61e69015-8549", "client_order_id": "CLI00000007",
  "created_at": "2026-01-02T14:30:00.000000001Z", "submitted_at": "2026-01-02T14:30:00.000000002Z",
  "filled_at": "2026-01-02T14:30:00.05Z", "symbol": "BTC/USD", "qty": "0.5", "filled_qty": "0.5",
  "filled_avg_price": "64000.5", "order_type": "market", "type": "market", "side": "buy",
  "time_in_force": "gtc", "limit_price": null, "status": "filled"},
 {"id": "61e69015-8550", "client_order_id": "CLI00000008",
  "submitted_at": "2026-01-02T14:31:00Z", "filled_at": null, "updated_at": "2026-01-02T14:31:30Z",
  "symbol": "BTC/USD", "qty": "1", "filled_qty": "0.25", "filled_avg_price": "63990",
  "type": "limit", "side": "sell", "limit_price": "63990", "status": "partially_filled"},
 {"id": "61e69015-8551", "client_order_id": "CLI00000009",
  "submitted_at": "2026-01-02T14:32:00Z", "filled_at": null, "symbol": "BTC/USD", "qty": "1",
  "filled_qty": "0", "filled_avg_price": null, "type": "limit", "side": "sell",
  "status": "canceled"}
]"""

BINANCE_TRADES = """[
 {"symbol": "BNBBTC", "id": 28457, "orderId": 100234, "orderListId": -1, "price": "0.00960000",
  "qty": "12.00000000", "quoteQty": "0.11520000", "commission": "0.01200000",
  "commissionAsset": "BNB", "time": 1767225600500, "isBuyer": true, "isMaker": false,
  "isBestMatch": true},
 {"symbol": "BNBBTC", "id": 28458, "orderId": 100235, "orderListId": -1, "price": "0.00961000",
  "qty": "1.00000000", "quoteQty": "0.00961000", "commission": "0.00000961",
  "commissionAsset": "BTC", "time": 1767225601500, "isBuyer": false, "isMaker": true,
  "isBestMatch": true}
]"""

BINANCE_FUTURES_TRADES = """[
 {"buyer": false, "commission": "0.0234", "commissionAsset": "USDT", "id": 698759,
  "maker": false, "orderId": 25851813, "price": "7819.01", "qty": "0.01",
  "quoteQty": "78.1901", "realizedPnl": "-0.91", "side": "SELL", "positionSide": "SHORT",
  "symbol": "BTCUSDT", "time": 1767225602000},
 {"buyer": true, "commission": "0.0156", "commissionAsset": "USDT", "id": 698760,
  "maker": true, "orderId": 25851814, "price": "7818", "qty": "0.01", "quoteQty": "78.18",
  "realizedPnl": "0", "side": "BUY", "positionSide": "SHORT", "symbol": "BTCUSDT",
  "time": 1767225603000}
]"""

BINANCE_SPOT_EXPORT = (
    "\ufeffDate(UTC),Pair,Side,Price,Executed,Amount,Fee\r\n"
    '2026-01-01 00:00:01,BTCUSDT,BUY,"50,000.5000000000",0.1000000000BTC,5000.05000000USDT,'
    "0.0001000000BTC\r\n"
    '2026-01-01 00:00:02,LTCUSDT,SELL,370.6000000000,"1,000.5000000000LTC","370,785.30000000USDT",'
    "370.78530000USDT\r\n"
    "2026-01-01 00:00:03,1INCHUSDT,SELL,0.5000000000,30.00000000001INCH,15.00000000USDT,"
    "0.0000118000BNB\r\n"
)

BINANCE_FUTURES_EXPORT = (
    "Uid,Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID\n"
    "9,2026-01-01 00:00:01,BTCUSDT,BUY,50000.1,0.002,100.0002,0.05000010USDT,0,true,false,1,11\n"
    "9,26-01-01 00:00:02,BTCUSDT,SELL,50001,0.002,100.002,0.02000040 USDT,0.05,FALSE,TRUE,2,12\n"
)

OWN = (
    '{"client_order_id":"CLI00000001","fee":"0.5","fill_id":"A1","liquidity":"taker","order_id":'
    '"O1","price":"50000","qty":"0.1","sent_ns":1767225600000000000,"side":"Buy","symbol":'
    '"BTCUSDT","ts_ns":1767225600040000000}\n'
    '{"fill_id":"A2","price":"50001","qty":"0.2","side":"Sell","symbol":"BTCUSDT","ts_ns":'
    '"1767225601000000000"}\n'
)

TEXTS = {
    "ccxt": CCXT, "ccxt-orders": CCXT_ORDERS, "alpaca-activities": ALPACA_ACTIVITIES,
    "alpaca-orders": ALPACA_ORDERS,
    "binance-trades": BINANCE_TRADES, "binance-futures-trades": BINANCE_FUTURES_TRADES,
    "binance-spot-export": BINANCE_SPOT_EXPORT, "binance-futures-export": BINANCE_FUTURES_EXPORT,
    "fills": OWN,
}  # fmt: skip

_TRADES = """CREATE TABLE trades (id INTEGER PRIMARY KEY, exchange VARCHAR(25), pair VARCHAR(25),
 is_open BOOLEAN, fee_open FLOAT, fee_open_cost FLOAT, fee_open_currency VARCHAR(25),
 fee_close FLOAT, fee_close_cost FLOAT, fee_close_currency VARCHAR(25), is_short BOOLEAN)"""
_ORDERS = """CREATE TABLE orders (id INTEGER PRIMARY KEY, ft_trade_id INTEGER,
 ft_order_side VARCHAR(25), ft_pair VARCHAR(25), ft_is_open BOOLEAN, order_id VARCHAR(255),
 status VARCHAR(255), symbol VARCHAR(25), order_type VARCHAR(50), side VARCHAR(25), price FLOAT,
 average FLOAT, amount FLOAT, filled FLOAT, remaining FLOAT, cost FLOAT, stop_price FLOAT,
 order_date DATETIME, order_filled_date DATETIME, order_update_date DATETIME,
 funding_fee FLOAT, ft_fee_base FLOAT)"""


def freqtrade(path: Path) -> Path:
    """A database as the bot leaves it: an entry, a stop, an open order, and a dry one."""
    connection = sqlite3.connect(path)
    connection.execute(_TRADES)
    connection.execute(_ORDERS)
    connection.execute(
        "INSERT INTO trades VALUES (1,'binance','BTC/USDT',0,0.001,NULL,NULL,0.002,NULL,NULL,0)"
    )
    row = (
        "INSERT INTO orders (ft_trade_id,ft_order_side,ft_pair,ft_is_open,order_id,status,"
        "order_type,side,price,average,amount,filled,order_date,order_filled_date)"
        " VALUES (1,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    )
    for told in (
        ("buy", "BTC/USDT", 0, "4001", "closed", "limit", "buy", 50000.0, 49999.5, 0.2, 0.2,
         "2026-01-01 00:00:00.000000", "2026-01-01 00:00:04.250000"),
        ("stoploss", "BTC/USDT", 0, "4002", "closed", "market", "sell", 49000.0, None, 0.2, 0.2,
         "2026-01-01 01:00:00.000000", "2026-01-01 01:00:00.125000"),
        ("sell", "BTC/USDT", 1, "4003", "open", "limit", "sell", 51000.0, None, 0.2, 0.0,
         "2026-01-01 02:00:00.000000", None),
        ("buy", "BTC/USDT", 0, "dry_run_buy_1", "closed", "limit", "buy", 1.0, 1.0, 1.0, 1.0,
         "2026-01-01 03:00:00.000000", "2026-01-01 03:00:00.000000"),
    ):  # fmt: skip
        connection.execute(row, told)
    connection.commit()
    connection.close()
    return path


def a_deal(
    seq: int, *, name: str = "", symbol: str = "BTCUSDT", side: Side = BUY, qty: int = E9,
    price: int = 100 * E9, at_ns: int | None = T0, fee: int | None = None,
    liquidity: str = "maker", sent_ns: int | None = None, ended_ns: int | None = None,
) -> Deal:  # fmt: skip
    """An order that filled whole at one price, or, at no time, not at all."""
    filled = 0 if at_ns is None else qty
    return Deal(
        seq, name, f"O{seq}", symbol, side, filled, filled * price, fee,
        liquidity if filled else "", 1 if filled else 0, at_ns, at_ns, sent_ns, qty, price,
        ended_ns,
    )  # fmt: skip
