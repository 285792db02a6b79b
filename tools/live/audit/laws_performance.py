"""Laws of a performance: whatever is shown in parts adds up to the whole, to the last digit."""

from __future__ import annotations

from collections.abc import Iterator

from ..portfolio.ledger import Holding, Ledger
from ..portfolio.order_tracks import OrderCounts
from ..portfolio.performance import Performance
from ..portfolio.symbol_track import SymbolTrack
from .laws import LawsBroken, Violation

LAWS_OF_PERFORMANCE = (
    "total_is_its_symbols",
    "profit_is_explained",
    "profit_is_the_ledgers",
    "slippage_is_spread_and_delay",
    "fills_are_measured",
    "orders_end_once",
    "exposure_is_bounded",
)


def check_performance(performance: Performance, ledger: Ledger) -> None:
    """LawsBroken when the books of a finished performance do not add up."""
    found = [*_of_all(performance)]
    for symbol, track in performance.tracks.items():
        found += _of_one(track)
        found += _of_the_ledger(track, ledger.holdings.get(symbol))
        found += _of_orders(symbol, performance.orders.counts.get(symbol))
    if found:
        raise LawsBroken([Violation(law, detail) for law, detail in found])


def _of_all(performance: Performance) -> Iterator[tuple[str, str]]:
    equity, total = performance.curve.equity, performance.total("equity")
    if equity != total:
        yield "total_is_its_symbols", f"equity {equity} is not the {total} of the symbols"
    low, high = performance.curve.low, performance.curve.high
    if not low <= equity <= high:
        yield "total_is_its_symbols", f"equity {equity} is not within {low} and {high}"
    held: int = sum(abs(track.qty) * track.mark for track in performance.tracks.values())
    if held != performance.gross or performance.gross > performance.most_gross:
        yield "exposure_is_bounded", f"gross {performance.gross} is not the {held} of the symbols"


def _of_one(track: SymbolTrack) -> Iterator[tuple[str, str]]:
    name, explained = track.symbol, track.explained_e18()
    if explained != track.equity:
        yield "profit_is_explained", f"{name}: {track.equity} is not the {explained} of its parts"
    spread = track.earned - track.paid - track.slippage
    if spread != track.capture_e18:
        yield "profit_is_explained", f"{name}: spread {spread} is not {track.capture_e18}"
    arrival = track.delay_e18 - track.capture_e18
    if arrival != track.arrival_e18:
        yield "slippage_is_spread_and_delay", f"{name}: {track.arrival_e18} is not {arrival}"
    for horizon in track.markouts.horizons:
        if horizon.heard != track.fills:
            yield "fills_are_measured", f"{name}: {horizon.heard} of {track.fills} fills"
    if abs(track.net_ns) > track.gross_ns:
        yield "exposure_is_bounded", f"{name}: net {track.net_ns} is above gross {track.gross_ns}"


def _of_the_ledger(track: SymbolTrack, held: Holding | None) -> Iterator[tuple[str, str]]:
    """Two accounts of one thing: the track's own, and the ledger's lots and fees."""
    if held is None:
        held = Holding(track.symbol)
    ours = (track.qty, track.equity, track.fees - track.rebates, track.funding,
            track.volume_e18, track.fills)  # fmt: skip
    theirs = (held.qty, held.net_e18(track.mark), held.fees_e18, held.funding_e18,
              held.bought_e18 + held.sold_e18, held.maker_fills + held.taker_fills)  # fmt: skip
    if ours != theirs:
        yield "profit_is_the_ledgers", f"{track.symbol}: {ours} is not {theirs}"


def _of_orders(symbol: str, counts: OrderCounts | None) -> Iterator[tuple[str, str]]:
    if counts is None:
        return
    ended: int = sum(counts.ended.values())
    if ended != counts.sent:
        yield "orders_end_once", f"{symbol}: {counts.sent} were sent, {ended} have an end"
    if counts.filled_e18 > counts.asked_e18:
        yield "orders_end_once", f"{symbol}: filled {counts.filled_e18} of {counts.asked_e18}"
