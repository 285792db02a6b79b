"""The law of funding: what came in for holding a symbol is what the recorded payments say.

It is held wherever the line is at hand and something was paid; that payments are counted, and that
they are in the cash, is among the laws of every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..core.contracts_v1 import Entry, FundingPaid
from ..portfolio.ledger import Ledger
from .laws import Violation


def check_funding(ledger: Ledger, entries: Iterable[Entry]) -> Iterator[Violation]:
    """Every symbol whose payments come to another sum on the line than in the ledger."""
    paid: dict[str, int] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, FundingPaid):
            paid[event.symbol] = paid.get(event.symbol, 0) + event.amount_e18
    booked = {name: held.funding_e18 for name, held in ledger.holdings.items() if held.fundings}
    for symbol in sorted({**paid, **booked}):
        told, held = paid.get(symbol, 0), booked.get(symbol, 0)
        if told != held:
            yield Violation("cash", f"{symbol}: funding {held}, events {told}")
