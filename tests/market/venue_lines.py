"""Messages as Bybit, Coinbase and Alpaca send them: their shapes, with numbers of our own."""

from __future__ import annotations

BYBIT = (
    b'{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1700000000105,"data":{"s":"BTCUSDT",'
    b'"b":[["35000.10","0.512"],["35000.00","1.250"],["34999.50","0.003"]],'
    b'"a":[["35000.20","2.000"],["35000.90","0.040"]],"u":18521288,"seq":7961638724},'
    b'"cts":1700000000100}',
    b'{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1700000000125,"data":{"s":"BTCUSDT",'
    b'"b":[["35000.10","0"],["34998.70","30.028"]],"a":[["35000.20","0.892"],["35001.40","0"]],'
    b'"u":18521289,"seq":7961638731},"cts":1700000000119}',
    b'{"topic":"orderbook.200.ETHUSDT","type":"delta","ts":1700000000131,"data":{"s":"ETHUSDT",'
    b'"b":[],"a":[["1999.07","4.5"]],"u":1,"seq":88}}',
    b'{"topic":"orderbook.1.BTCUSDT","ts":1700000000140,"type":"snapshot","data":{"s":"BTCUSDT",'
    b'"b":[["34998.7","30.028"]],"a":[["35000.2","0.892"]],"u":9313,"seq":7961638740},'
    b'"cts":1700000000138}',
    b'{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1700000000150,"data":['
    b'{"T":1700000000149,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"35000.20","L":"PlusTick",'
    b'"i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false,"seq":7961638745},'
    b'{"T":1700000000149,"s":"BTCUSDT","S":"Sell","v":"12.75","p":"34998.70",'
    b'"i":"2290000000068683805","BT":false,"RPI":false},'
    b'{"T":1700000000150,"s":"BTCUSDT","S":"Sell","v":"100","p":"34990","i":"7","BT":true}]}',
    b'{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT",'
    b'"lastPrice":"35000.20","fundingRate":"-0.000212","bid1Price":"34998.70","bid1Size":"30.028",'
    b'"ask1Price":"35000.20","ask1Size":"0.892"},"cs":7961638745,"ts":1700000000160}',
    b'{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT",'
    b'"bid1Price":"34998.80","bid1Size":"1"},"cs":7961638751,"ts":1700000000260}',
    b'{"success":true,"ret_msg":"","conn_id":"d9c5-11ee","req_id":"1","op":"subscribe"}',
)

COINBASE = (
    b'{"type":"snapshot","product_id":"BTC-USD","bids":[["35000.10","0.45054140"],'
    b'["35000.00","1.2"]],"asks":[["35000.55","0.57753524"],["35001","3"]]}',
    b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","35000.10","0.162567"],'
    b'["sell","35000.55","0.00000000"],["buy","35000.10","0.2"]],'
    b'"time":"2023-11-14T22:13:20.456789Z"}',
    b'{"type":"match","trade_id":1009,"maker_order_id":"ac928c66-ca53-498f-9c13-a110027a60e8",'
    b'"taker_order_id":"132fb6ae-456b-4654-b4e0-d681ac05cea1","side":"sell","size":"0.00152",'
    b'"price":"35000.55","product_id":"BTC-USD","sequence":50177,'
    b'"time":"2023-11-14T22:13:20.789012Z"}',
    b'{"type":"ticker","sequence":50178,"product_id":"BTC-USD","price":"35000.55",'
    b'"best_bid":"35000.10","best_bid_size":"0.2","best_ask":"35001.00","best_ask_size":"3",'
    b'"side":"buy","time":"2023-11-14T22:13:20.789012Z","trade_id":1009,"last_size":"0.00152"}',
    b'{"type":"heartbeat","last_trade_id":1009,"product_id":"BTC-USD","sequence":50179,'
    b'"time":"2023-11-14T22:13:21.000001Z"}',
    b'{"channel":"l2_data","client_id":"","timestamp":"2023-11-14T22:13:20.714964855Z",'
    b'"sequence_num":3,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":['
    b'{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"35000.10",'
    b'"new_quantity":"0.06317902"},{"side":"offer","event_time":"1970-01-01T00:00:00Z",'
    b'"price_level":"35000.55","new_quantity":"0.02"}]}]}',
    b'{"channel":"l2_data","client_id":"","timestamp":"2023-11-14T22:13:20.914964855Z",'
    b'"sequence_num":4,"events":[{"type":"update","product_id":"BTC-USD","updates":['
    b'{"side":"bid","event_time":"2023-11-14T22:13:20.901001Z","price_level":"35000.10",'
    b'"new_quantity":"0"},{"side":"offer","event_time":"2023-11-14T22:13:20.900002Z",'
    b'"price_level":"35000.40","new_quantity":"1.5"}]},{"type":"update","product_id":"ETH-USD",'
    b'"updates":[{"side":"bid","event_time":"2023-11-14T22:13:20.8Z","price_level":"1999.07",'
    b'"new_quantity":"12"}]}]}',
    b'{"channel":"market_trades","client_id":"","timestamp":"2023-11-14T22:13:21.39625135Z",'
    b'"sequence_num":5,"events":[{"type":"update","trades":[{"trade_id":"571104","product_id":'
    b'"BTC-USD","price":"35000.40","size":"0.0031","side":"SELL",'
    b'"time":"2023-11-14T22:13:21.265123Z"},{"trade_id":"571105","product_id":"ETH-USD",'
    b'"price":"1999.07","size":"0.5","side":"BUY","time":"2023-11-14T22:13:21.2Z"}]},'
    b'{"type":"update","trades":[{"trade_id":"571106","product_id":"ETH-USD","price":"1999",'
    b'"size":"2","side":"BUY","time":"2023-11-14T22:13:21.3Z"}]}]}',
    b'{"channel":"ticker","client_id":"","timestamp":"2023-11-14T22:13:22.167359596Z",'
    b'"sequence_num":6,"events":[{"type":"update","tickers":[{"type":"ticker","product_id":'
    b'"BTC-USD","price":"35000.40","best_bid":"35000.00","best_bid_quantity":"1.2","best_ask":'
    b'"35000.40","best_ask_quantity":"1.4969"}]}]}',
    b'{"channel":"heartbeats","client_id":"","timestamp":"2023-11-14T22:13:23.1Z",'
    b'"sequence_num":7,"events":[{"current_time":"2023-11-14 22:13:23","heartbeat_counter":9}]}',
)

ALPACA = (
    b'[{"T":"success","msg":"authenticated"}]',
    b'[{"T":"q","S":"AMD","bx":"U","bp":187.66,"bs":100,"ax":"Q","ap":187.68,"as":440,'
    b'"t":"2026-02-02T15:51:45.335689322Z","c":["R"],"z":"C"}]',
    b'[{"T":"t","i":96921,"S":"AAPL","x":"D","p":226.55,"s":1,"t":"2026-02-02T15:51:44.208Z",'
    b'"c":["@","I"],"z":"C"},{"T":"t","i":52983525027890,"S":"AAPL","x":"Q","p":226.5501,"s":0.25,'
    b'"t":"2026-02-02T15:51:44.2081Z","c":["@"],"z":"C"}]',
    b'[{"T":"q","S":"BRK.B","bx":"V","bp":0,"bs":0,"ax":"V","ap":480.2,"as":7,'
    b'"t":"2026-02-02T14:30:00Z","c":["R"],"z":"A"},{"T":"t","i":5,"S":"BRK.B","x":"N","p":480,'
    b'"s":12,"t":"2026-02-02T14:30:00.000000001Z","c":[" "],"z":"A"},{"T":"q","S":"BRK.B",'
    b'"bx":"V","bp":479.9,"bs":3,"ax":"V","ap":4.802e2,"as":7,"t":"2026-02-02T14:30:00.5Z",'
    b'"c":["R"],"z":"A"}]',
    b'[{"T":"b","S":"SPY","o":588.9,"h":589.0,"l":588.8,"c":588.9,"v":3401,"n":30,"vw":588.901,'
    b'"t":"2026-02-02T15:51:00Z"},{"T":"subscription","trades":["AAPL"],"quotes":[],"bars":["*"]}]',
)
