"""Plans of faults after what really happened to somebody, each with the thread that tells it.

    plan = scenario("nt-4215").plan()

The names are those of the threads: the project and the number. The times are short, so that a run
of half a minute meets all of it; a plan says nothing about the market or the exchange.
"""

from __future__ import annotations

from difflib import get_close_matches

from ...core.errors import ContractError
from ...core.record import record
from .plan import FaultPlan, read_plan


@record
class Scenario:
    """What happened, where it is told, the plan of it, and what it does to a naive loop."""

    name: str
    thread: str
    happened: str
    breaks: str
    text: str

    def plan(self) -> FaultPlan:
        """The plan, ready for a line or a feed."""
        return read_plan(self.text, f"scenario {self.name}")


def scenario(name: str, field: str = "scenario") -> Scenario:
    """The scenario of this name; a ContractError names what comes near it."""
    for one in SCENARIOS:
        if one.name == name:
            return one
    names = [one.name for one in SCENARIOS]
    close = get_close_matches(name[:60], names, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
    raise ContractError(f"{field} {name[:60]!r} is no scenario; {hint}")


_GITHUB = "https://github.com/"

SCENARIOS = (
    Scenario(
        "lean-ib-249", _GITHUB + "QuantConnect/Lean.Brokerages.InteractiveBrokers/issues/249",
        "executions that came while the connection was down were dropped and never asked for",
        "its position is wrong for good",
        """
[[fault]]
kind = "disconnect"
from_s = 8
for_s = 4

[[fault]]
kind = "lose_fill"
from_s = 6
for_s = 10
""",
    ),
    Scenario(
        "lean-ts-95", _GITHUB + "QuantConnect/Lean.Brokerages.TradeStation/pull/95",
        "a stream with healthy heartbeats delivered four of eighteen executions",
        "its position is wrong for good",
        """
[[fault]]
kind = "lose_fill"
chance = 0.78
for_s = 25
""",
    ),
    Scenario(
        "nt-4215", _GITHUB + "nautechsystems/nautilus_trader/issues/4215",
        "a submission timed out, its acceptance came before the retry, and it was sent again",
        "one intent stands in the book twice",
        """
[[fault]]
kind = "late_answer"
by_ms = 2400
nth = [3, 8, 15]
""",
    ),
    Scenario(
        "tg-94", _GITHUB + "yubing744/trading-gpt/issues/94",
        "an error after an ambiguous submission made the agent act again, without an id",
        "one intent is executed twice",
        """
[[fault]]
kind = "lose_answer"
nth = [2, 5, 6, 13]
""",
    ),
    Scenario(
        "catalyst-317", _GITHUB + "scrtlabs/catalyst/issues/317",
        "a slow exchange took the order after the time-out, and the same order was placed again",
        "one intent stands in the book twice",
        """
[[fault]]
kind = "late_request"
by_ms = 3500
nth = [1, 4, 9]
""",
    ),
    Scenario(
        "tt-351", _GITHUB + "tastyware/tastytrade/issues/351",
        "a bad load balancer held submissions beyond the time-out, and they were filled anyway",
        "one intent is executed twice",
        """
[[fault]]
kind = "outage"
from_s = 5
for_s = 3

[[fault]]
kind = "lose_answer"
from_s = 8
for_s = 3
""",
    ),
    Scenario(
        "nt-4958", _GITHUB + "nautechsystems/nautilus_trader/issues/4958",
        "an order in flight was called rejected after some retries, and traded later",
        "it does not know of orders that rest",
        """
seed = 4

[[fault]]
kind = "lose_answer"
chance = 0.4
from_s = 4
for_s = 12

[[fault]]
kind = "outage"
from_s = 16
for_s = 6
""",
    ),
    Scenario(
        "nt-5000", _GITHUB + "nautechsystems/nautilus_trader/issues/5000",
        "a process was killed with orders at work, and the next one did not know of them",
        "after a restart orders rest of which it knows nothing",
        """
[[fault]]
kind = "lose_answer"
from_s = 12
for_s = 2

[[fault]]
kind = "lose_cancel"
from_ms = 12500
for_s = 3
""",
    ),
    Scenario(
        "ft-4403", _GITHUB + "freqtrade/freqtrade/issues/4403",
        "right after an order was placed the exchange said that there was no such order",
        "what it did not find it places again",
        """
[[fault]]
kind = "lose_answer"
nth = [2, 7]

[[fault]]
kind = "amnesia"
for_s = 9
""",
    ),
    Scenario(
        "hcn-53", _GITHUB + "Haehnchen/crypto-trading-bot/issues/53",
        "an order was executed several times, because its retries were queued already",
        "one intent is executed twice",
        """
seed = 2

[[fault]]
kind = "late_answer"
by_ms = 4500
chance = 0.25
for_s = 20
""",
    ),
    Scenario(
        "ccxt-18854", _GITHUB + "ccxt/ccxt/issues/18854",
        "the stream told an execution again, forty minutes after the first time",
        "it counts executions twice",
        """
seed = 3

[[fault]]
kind = "duplicate_fill"
chance = 0.5

[[fault]]
kind = "late_fill"
by_ms = 3000
chance = 0.3
for_s = 20
""",
    ),
    Scenario(
        "hb-3167", _GITHUB + "hummingbot/hummingbot/issues/3167",
        "cancels came to nothing, and after some cycles many orders hung in the book",
        "orders rest of which it knows nothing",
        """
seed = 5

[[fault]]
kind = "lose_cancel"
chance = 0.35
for_s = 25
""",
    ),
    Scenario(
        "hb-745", _GITHUB + "hummingbot/hummingbot/issues/745",
        "canceling everything at once failed, and the orders were not tracked any more",
        "orders rest of which it knows nothing",
        """
[[fault]]
kind = "outage"
from_s = 9
for_s = 3
""",
    ),
    Scenario(
        "ft-3647", _GITHUB + "freqtrade/freqtrade/issues/3647",
        "an order was canceled in the books of the bot and rested on at the exchange",
        "an order rests of which it knows nothing",
        """
[[fault]]
kind = "disconnect"
from_s = 12
for_s = 2
""",
    ),
    Scenario(
        "pb-514", _GITHUB + "enarjord/passivbot/issues/514",
        "a cancel failed because of a fill not heard of yet, and the order was placed anew",
        "more could fill than its limit allows",
        """
[[fault]]
kind = "late_fill"
by_ms = 6000
for_s = 25
""",
    ),
    Scenario(
        "hb-2501", _GITHUB + "hummingbot/hummingbot/issues/2501",
        "orders were filled while the requests to cancel them were on their way",
        "more could fill than its limit allows",
        """
[[fault]]
kind = "late_cancel"
by_ms = 4000
for_s = 25
""",
    ),
    Scenario(
        "pst-1580", _GITHUB + "pst-group/pysystemtrade/issues/1580",
        "executions came after the word that their order was canceled",
        "more could fill than its limit allows",
        """
[[fault]]
kind = "late_cancel"
by_ms = 1500
for_s = 25

[[fault]]
kind = "late_fill"
by_ms = 5000
for_s = 25
""",
    ),
    Scenario(
        "ktb-699", _GITHUB + "ctubio/Krypto-trading-bot/issues/699",
        "cancels were not carried out at times, and the exchange held more than the bot listed",
        "orders rest of which it knows nothing",
        """
seed = 8

[[fault]]
kind = "lose_cancel"
chance = 0.2
for_s = 25

[[fault]]
kind = "lose_cancel_answer"
chance = 0.3
for_s = 25
""",
    ),
    Scenario(
        "hb-2534", _GITHUB + "hummingbot/hummingbot/issues/2534",
        "the kill switch broke at work, and orders went on",
        "behind its stop orders rest on and fill",
        """
[[fault]]
kind = "lose_cancel"
from_s = 14
for_s = 8
""",
    ),
    Scenario(
        "ccxt-19717", _GITHUB + "ccxt/ccxt/issues/19717",
        "a broken sequence left a book as it was, and it was handed out as the present one",
        "it is executed at prices of a market that it does not hear",
        """
[[fault]]
kind = "silent_stream"
from_ms = 9500
for_s = 14
""",
    ),
    Scenario(
        "xs-284", _GITHUB + "bitrich-info/xchange-stream/issues/284",
        "one update got lost, and the top of the book stood still for hours",
        "it quotes around a price that is not there, and takes",
        """
[[fault]]
kind = "silent_stream"
from_ms = 12500
for_ms = 2000
""",
    ),
    Scenario(
        "cf-606", _GITHUB + "bmoscon/cryptofeed/pull/606",
        "books were often inverted: updates had been applied that did not fit",
        "it quotes around a price that is not there, and takes",
        """
[[fault]]
kind = "crossed_book"
from_s = 12
most = 1
""",
    ),
)
