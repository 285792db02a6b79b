"""The simulated world: an exchange that knows queue, liquidity, latency and fees.

`world` drives it from recorded or synthetic market data and is the feed of a run. `exchange` is the
port and the wires to it, `desk` what the exchange makes of a request, `pit` how orders trade there;
`laws` is what none of them may break. Each unknown has a small part of its own, and `terms` holds
them all: who is matched (`venue`, `queue`, `book`), how much trades (`liquidity`, `bars`), at what
price (`slippage`), what it costs (`fees`, `funding`), when it arrives (`delays`), what is allowed
(`rules`, `session`, `self_trade`). Nothing here sleeps, and the same inputs give the same bytes.

`faults` puts a bad line in between, by plan. `simulator` and its neighbours are another door to the
same ideas: a paper account that stands by itself, in Decimal, with checkpoints of its own.
"""
