"""What is planted in a made-up life is found again: delays, fees, queues, within their intervals.

Each interval is of 95 %; over at least a hundred seeded worlds it must hold the truth in 90 of a
hundred, and must not be so wide that it holds everything.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable
from random import Random

import pytest

from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.market_v1 import Bbo, MarketEvent, Trade
from tools.live.core.money import view
from tools.live.core.outputs_v1 import PlaceOrderRequest
from tools.live.core.rng import stream
from tools.live.life.deals import Deal, deals_of
from tools.live.life.fit import Latency, fit_fees, fit_latency
from tools.live.life.intervals import Estimate
from tools.live.life.match import match
from tools.live.life.measure import measure
from tools.live.life.read import FillsFile, read_fills
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.queue import PowerQueue
from tools.live.sim.queue_fit import QueueFit, QueueReplay, Waited
from tools.live.sim.terms import Terms

E9, MS = 10**9, 10**6
T0 = 1_767_225_600_000 * MS
WORLDS = 100
ENOUGH = 90  # nine in ten

Draw = Callable[[Random], float]


def covers(one: Estimate, truth: float) -> bool:
    return (one.low is None or one.low <= truth) and (one.high is None or truth <= one.high)


# Delays in ms, each with its quantiles.


def uniform(draw: Random) -> float:
    return 5 + 40 * draw.random()


def exponential(draw: Random) -> float:
    return 3 - 12 * math.log(1 - draw.random())


def two_ways(draw: Random) -> float:
    """Four in five go the fast way."""
    return 10 + 4 * draw.random() if draw.random() < 0.8 else 60 + 40 * draw.random()


DELAYS: dict[str, tuple[Draw, tuple[float, float, float]]] = {
    "uniform": (uniform, (25, 41, 44.6)),
    "exponential": (
        exponential, (3 + 12 * math.log(2), 3 + 12 * math.log(10), 3 + 12 * math.log(100)),
    ),
    "two ways": (two_ways, (12.5, 80, 98)),
}  # fmt: skip


def ccxt_of(rows: list[dict[str, object]]) -> FillsFile:
    return read_fills(json.dumps(rows).encode(), "FILLS")


def a_row(number: int, at_ns: int, **changes: object) -> dict[str, object]:
    told: dict[str, object] = {
        "id": str(number), "order": f"V{number}", "info": {"clientOrderId": f"CLI{number}"},
        "timestamp": at_ns // MS, "symbol": "BTC/USDT", "side": "buy", "price": 50000.5,
        "amount": 0.01, "takerOrMaker": "taker",
    }  # fmt: skip
    return {**told, **changes}


def delayed_world(seed: int, delay: Draw, orders: int = 150) -> Latency:
    """Orders of a run, and life's fills in whole ms, as ccxt tells them."""
    draw = stream(seed, "world of delays")
    run, rows = [], []
    for number in range(1, orders + 1):
        sent_ns = T0 + number * E9 + int(draw.random() * E9)
        rows.append(a_row(number, sent_ns + int(delay(draw) * MS)))
        run.append(Deal(number, f"CLI{number}", "", "BTCUSDT", BUY, 0, 0, None, "", 0, None, None,
                        sent_ns, E9, E9, None))  # fmt: skip
    found = fit_latency(match(deals_of(ccxt_of(rows).fills), run))
    assert found is not None and found.count == orders and found.resolution_ns == MS
    return found


@pytest.mark.parametrize("name", DELAYS)
def test_planted_delays_are_found(name: str) -> None:
    delay, truths = DELAYS[name]
    covered = [0, 0, 0]
    width = 0
    for seed in range(WORLDS):
        found = delayed_world(seed, delay)
        for place, truth in enumerate(truths):
            covered[place] += covers(found.quantiles[place][1], truth * MS)
        middle = found.quantiles[0][1]
        assert middle.low is not None and middle.high is not None
        width += middle.high - middle.low
    assert min(covered) >= ENOUGH, covered
    assert width / WORLDS < 16 * MS


# Fees: most pay one rate, some another, and each fee is rounded to eight decimals.


def charged_world(seed: int, base: float) -> FillsFile:
    draw = stream(seed, "world of fees")
    rows = []
    for number in range(1, 81):
        qty, price = 1 + int(draw.random() * 50), 50_000 + int(draw.random() * 1000)
        rate = base * (0.75 if draw.random() < 0.3 else 1.0)
        fee = round(qty / 1000 * price * rate / 10_000, 8)
        rows.append(a_row(number, T0 + number * E9, amount=qty / 1000, price=price,
                          takerOrMaker="maker" if base < 3 else "taker",
                          fee={"cost": f"{fee:.8f}", "currency": "USDT"}))  # fmt: skip
    return ccxt_of(rows)


@pytest.mark.parametrize("base", [-0.5, 1.5, 4.5])
def test_planted_fees_are_found(base: float) -> None:
    truth = base * (0.7 + 0.3 * 0.75) * E9
    covered = narrow = 0
    for seed in range(WORLDS):
        maker, taker = fit_fees(charged_world(seed, base).fills, 1)
        rate = (maker if base < 3 else taker).rate_bps_e9
        assert rate is not None and rate.low is not None and rate.high is not None
        covered += covers(rate, truth)
        narrow += rate.high - rate.low < abs(truth) / 10
    assert covered >= ENOUGH and narrow >= ENOUGH, (covered, narrow)


def test_an_exact_rate_is_found_to_the_last_place() -> None:
    rows = [a_row(n, T0 + n, fee={"cost": 0.05000050, "currency": "USDT"}) for n in range(1, 30)]
    (_, taker) = fit_fees(ccxt_of(rows).fills, 1)
    assert taker.rate_bps_e9 is not None and taker.rate_bps_e9.value == E9
    assert covers(taker.rate_bps_e9, E9)


# Queues: cancels fall one by one, before us with the chance of the planted power.

POWERS = ("0.5", "1", "2", "3", "4", "6")


def one_wait(draw: Random, power: int, tell: Callable[..., None]) -> bool:
    """One order's time in the queue; whether it filled at last."""
    ahead, behind = 20 + int(draw.random() * 40), 20 + int(draw.random() * 40)
    tell(ahead)
    tell(ahead + behind)
    for _ in range(400):
        drawn, qty = draw.random(), 1 + int(draw.random() * 3)
        if drawn < 0.35:
            tell(ahead + behind, traded=qty)
            if qty > ahead:
                return True
            ahead -= qty
        elif drawn < 0.85:
            for _ in range(min(qty, ahead + behind - 1)):
                before = draw.random() * (ahead**power + behind**power) < ahead**power
                ahead, behind = (ahead - 1, behind) if before else (ahead, behind - 1)
        else:
            behind += qty
        tell(ahead + behind)
    return False


def queued_world(
    seed: int, power: int, orders: int = 16
) -> tuple[list[MarketEvent], list[Waited]]:
    """A market, and the orders that waited in it in life."""
    draw = stream(seed, "world of queues")
    events: list[MarketEvent] = []
    waited = []
    price = 100 * E9
    now_ns = T0

    def tell(level: int, traded: int = 0) -> None:
        nonlocal now_ns
        now_ns += (1 + int(draw.random() * 20)) * MS
        if traded:
            name = str(len(events))
            events.append(Trade("X", "s", name, SELL, price, traded * E9, None, now_ns,
                                now_ns))  # fmt: skip
        else:
            events.append(Bbo("X", "s", price, level * E9, price + E9, E9, None, now_ns, now_ns))

    for number in range(orders):
        first = len(events)
        filled = one_wait(draw, power, tell)
        arrived_ns = events[first].ts_ns + 1
        filled_ns = events[-1].ts_ns if filled else None
        waited.append(Waited(f"N{number}", "X", BUY, E9 // 2, price, arrived_ns,
                             None if filled else now_ns + 1, filled_ns))  # fmt: skip
        now_ns += 50 * MS
        events.append(Bbo("X", "s", price - E9, E9, price + E9, E9, None, now_ns, now_ns))
    return events, waited


def fitted(events: list[MarketEvent], waited: list[Waited]) -> QueueFit:
    replay = QueueReplay(waited, POWERS)
    for event in events:
        replay.hear(event)
    found = replay.fit(1)
    assert found is not None and found.used == len(waited)
    return found


@pytest.mark.parametrize(("power", "too_low", "too_high"), [(1, 0, 4), (2, 0, 6), (4, 0.5, 7)])
def test_a_planted_queue_power_is_found(power: int, too_low: float, too_high: float) -> None:
    """The estimate leans to the lower side: a model cuts evenly what chance cuts in lumps."""
    worlds = 34
    fits = [fitted(*queued_world(seed, power)) for seed in range(worlds)]
    covered = [one.low_e9 <= power * E9 <= one.high_e9 for one in fits]
    tight = [one.low_e9 > too_low * E9 and one.high_e9 < too_high * E9 for one in fits]
    assert covered.count(True) >= 31 and tight.count(True) >= 24, (covered, tight)
    middle = sorted(one.best_e9 for one in fits)[worlds // 2]
    assert middle in (power * E9, (power - 1) * E9)


def on_the_exchange(
    events: list[MarketEvent], waited: list[Waited], power: str
) -> list[Waited]:
    """The same orders on a whole simulated exchange: when it fills them first."""
    exchange = SimulatedExchange(Terms(queue=PowerQueue(power)))
    first: dict[str, int] = {}
    coming = deque(waited)
    for event in events:
        while coming and coming[0].arrived_ns < event.ts_ns:
            one = coming.popleft()
            exchange.desk.clock.ns = exchange.here_ns = one.arrived_ns
            qty, price = view(one.qty), view(one.price)
            said = exchange.place_limit(PlaceOrderRequest(one.name, "X", BUY, qty, price))
            assert said.success
        exchange.desk.clock.ns = exchange.here_ns = event.ts_ns
        exchange.desk.hear(event)
        for fill in exchange.stream_fills():
            first.setdefault(fill.order_id, event.ts_ns)
    return [
        Waited(one.name, one.symbol, one.side, one.qty, one.price, one.arrived_ns, None,
               first.get(f"ORD{number:06d}"))
        for number, one in enumerate(waited, 1)
    ]  # fmt: skip


@pytest.mark.parametrize("power", ["1", "2", "4"])
def test_the_replay_fills_when_the_simulated_exchange_does(power: str) -> None:
    """Life is the exchange itself, so its power is found without any loss."""
    exact = 0
    for seed in range(6):
        events, waited = queued_world(seed, 2)
        life = on_the_exchange(events, waited, power)
        found = fitted(events, life)
        scores = {one.model: one.mean_ns for one in found.scores}
        assert scores[f"power:{power}"] == 0
        assert found.low_e9 <= int(power) * E9 <= found.high_e9
        exact += found.best_e9 == int(power) * E9
    assert exact == 6


# How much kinder: a planted gain in price and fee.


def test_a_planted_kindness_is_found() -> None:
    covered = 0
    for seed in range(WORLDS):
        draw = stream(seed, "world of prices")
        life, run = [], []
        for number in range(1, 41):
            side = BUY if draw.random() < 0.5 else SELL
            qty, price = 1 + int(draw.random() * 9), 100 * E9
            slip = int((2 + 2 * (draw.random() - 0.5)) * E9 // 100)  # two bps on average
            worse = price + slip if side is BUY else price - slip
            for deals, paid, fee_bps in ((life, worse, 5), (run, price, 4)):
                deals.append(Deal(
                    number, f"N{number}", "", "X", side, qty * E9, qty * paid * E9,
                    qty * paid * E9 * fee_bps // 10_000, "taker", 1, T0, T0, T0, None, None, None,
                ))  # fmt: skip
        kindness = measure(match(life, run), seed=seed).kindness
        assert kindness is not None and kindness.fee is not None
        covered += covers(kindness.total, 3 * E9)
        assert abs(kindness.fee.value - E9) < E9 // 100
    assert covered >= ENOUGH, covered
