"""The simulated world: an exchange that knows queue, liquidity, latency and fees.

`world` drives it from recorded or synthetic market data and is the feed of a run; `exchange` is the
port. Each unknown has a small part of its own that is handed to the constructor: who is matched
(`venue`, `queue`, `book`), how much trades (`liquidity`, `bars`), at what price (`slippage`), what
it costs (`fees`, `funding`), when it arrives (`delays`), what is allowed (`rules`, `session`,
`self_trade`). Nothing here sleeps, and the same inputs give the same bytes.
"""
