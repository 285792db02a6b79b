"""What the market displays of one symbol, without us, and what of it is still free to take.

It hears quotes (Bbo) and depth, either or both. Where both are told, the quote has the word about
the best levels, because it is the faster one, and the depth about what lies behind; a depth message
that the venue stamped later than the quote has the word until the next quote. Depth updates are
joined to their snapshot by `market/gaps.py`; behind a gap there is no depth until the next
snapshot, and never a wrong one.

A quantity of None is unknown: the price is there, and nobody said how much; or nobody said
anything about that price. An unknown quantity is worth what the liquidity rule says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from ..core.market_v1 import Bbo, DepthDiff, DepthSnapshot
from ..core.money import text
from ..core.words_v1 import BUY, Side
from ..market.book import Book
from ..market.gaps import Fit, Waiting, begins_anew, fit
from .liquidity import UNLIMITED, LiquidityRule, Taken

_FIRST_LEVELS = 16
_NOTHING: tuple[dict[int, int], dict[int, int]] = ({}, {})


class Displayed:
    """The displayed levels; `bid` and `ask` are the best ones, 0 where there is none."""

    __slots__ = (
        "bid", "bid_qty", "ask", "ask_qty", "_heard", "_book", "_sequence", "_waiting", "_quoted",
        "_quoted_ns", "_bids_taken", "_asks_taken", "_rule", "_lot",
    )  # fmt: skip

    def __init__(self, rule: LiquidityRule, lot: int = 0) -> None:
        self.bid = self.bid_qty = self.ask = self.ask_qty = 0
        self._heard = False
        self._book: Book | None = None
        self._sequence: int | None = None
        self._waiting = Waiting()
        self._quoted = False
        self._quoted_ns: int | None = None
        self._bids_taken = Taken(1)
        self._asks_taken = Taken(-1)
        self._rule = rule
        self._lot = lot or 1

    @property
    def is_crossed(self) -> bool:
        """Whether the bid is above the ask: then nothing that is displayed can be believed."""
        return self.bid > self.ask > 0

    def hear_quote(self, quote: Bbo) -> None:
        """The best levels are these."""
        self.bid = bid = quote.bid
        self.bid_qty = quote.bid_qty
        self.ask = ask = quote.ask
        self.ask_qty = quote.ask_qty
        self._heard = self._quoted = True
        self._quoted_ns = quote.exchange_ns
        if (self._bids_taken.of or self._asks_taken.of) and not bid > ask > 0:
            self._touch_told()

    def hear_depth(self, depth: DepthSnapshot | DepthDiff) -> bool:
        """Apply depth, or let it wait for what comes before it; whether anything was applied."""
        if not (self._begin(depth) if isinstance(depth, DepthSnapshot) else self._go_on(depth)):
            return False
        if self._has_the_word(depth.exchange_ns):
            self._quoted = False
            self._touch_from_depth()
        if (self._bids_taken.of or self._asks_taken.of) and not self.is_crossed:
            self._depth_told()
        return True

    def qty_at(self, side: Side, price: int) -> int | None:
        """What is displayed at a price on that side; None when nobody said."""
        if not self._heard:
            return None
        touch = self.bid if side is BUY else self.ask
        if price == touch:
            return (self.bid_qty if side is BUY else self.ask_qty) or None
        if price > touch if side is BUY else price < touch or not touch:
            return 0
        return self.behind(side, price)

    def behind(self, side: Side, price: int) -> int | None:
        """What the depth says of a price that is worse than the best; None without depth."""
        if self._book is None:
            return None
        return self._book.held()[0 if side is BUY else 1].get(price) or 0

    def offers(self, side: Side, limit: int | None) -> Iterable[tuple[int, int]]:
        """What an order of that side could take within its limit, the best first: price, quantity.

        In whole lots. A crossed market offers nothing. Nothing may be taken before the last step.
        """
        bid, ask = self.bid, self.ask
        if bid > ask > 0:
            return ()
        if side is BUY:
            touch, shown, taken = ask, self.ask_qty, self._asks_taken
            if not touch or (limit is not None and touch > limit):
                return ()
        else:
            touch, shown, taken = bid, self.bid_qty, self._bids_taken
            if not touch or (limit is not None and touch < limit):
                return ()
        free, lot = (shown or self._rule.unknown_qty) - taken.of.get(touch, 0), self._lot
        best = ((touch, free - free % lot),) if free >= lot else ()
        return best if self._book is None else chain(best, self._offers_behind(side, limit, taken))

    def take(
        self, side: Side, limit: int | None, wanted: int
    ) -> tuple[tuple[tuple[int, int], ...], int]:
        """Let an order of that side take so much of what is offered.

        What comes back is each price with its quantity, the best first, and how much that is.
        """
        used, left = [], wanted
        for price, free in self.offers(side, limit):
            qty = free if free < left else left
            used.append((price, qty))
            left -= qty
            if not left:
                break
        for price, qty in used:
            self.use(side, price, qty)
        return tuple(used), wanted - left

    def use(self, side: Side, price: int, qty: int) -> None:
        """An order of that side takes so much of a level that was offered."""
        if side is BUY:
            taken, touch, shown = self._asks_taken, self.ask, self.ask_qty
        else:
            taken, touch, shown = self._bids_taken, self.bid, self.bid_qty
        if shown or price != touch or self._rule.unknown_qty != UNLIMITED:
            taken.use(price, qty)

    def _offers_behind(
        self, side: Side, limit: int | None, taken: Taken
    ) -> Iterator[tuple[int, int]]:
        """What of it the depth shows behind the touch."""
        touch, lot = self.ask if side is BUY else self.bid, self._lot
        for price, shown in self._levels(1 if side is BUY else 0):
            if _is_beyond(side, price, limit):
                return
            better_or_touch = price <= touch if side is BUY else price >= touch
            if not better_or_touch and (free := taken.free(price, shown)) >= lot:
                yield price, free - free % lot

    def why_nothing(self, side: Side, limit: int | None) -> str:
        """Why an order of that side finds nothing to take; empty when it does find something."""
        touch = self.ask if side is BUY else self.bid
        name = "ask" if side is BUY else "bid"
        if not touch:
            return f"the market shows no {name}"
        if self.is_crossed:
            return f"the market is crossed: bid {text(self.bid)} above ask {text(self.ask)}"
        if limit is not None and _is_beyond(side, touch, limit):
            return f"the {name} {text(touch)} is beyond the limit {text(limit)}"
        if next(iter(self.offers(side, limit)), None) is None:
            return f"what the market shows from the {name} {text(touch)} on was taken already"
        return ""

    def state(self) -> tuple[object, ...]:
        """All of it as values, for a hash."""
        book = "" if self._book is None else self._book.state_sha256()
        return (
            self.bid, self.bid_qty, self.ask, self.ask_qty, self._heard, book, self._sequence,
            len(self._waiting), self._quoted, self._quoted_ns, self._bids_taken.state(),
            self._asks_taken.state(),
        )  # fmt: skip

    def _begin(self, depth: DepthSnapshot) -> bool:
        sequence, held = depth.sequence, self._sequence
        if self._book is not None and not begins_anew(depth.source, sequence):
            if sequence is not None and held is not None and sequence <= held:
                return False
        if self._book is None:
            self._book = Book()
        self._book.apply_snapshot(depth.bids, depth.asks)
        self._sequence = sequence
        for diff in self._waiting.take(sequence):
            self._apply(self._book, diff)
        return True

    def _go_on(self, diff: DepthDiff) -> bool:
        """Apply an update that follows; behind a gap there is no depth any more."""
        if self._book is not None:
            stands = fit(self._sequence, diff)
            if stands is Fit.NEXT:
                self._apply(self._book, diff)
            if stands is not Fit.GAP:
                return stands is Fit.NEXT
            self._book = None
            if not self._quoted:
                self.bid = self.bid_qty = self.ask = self.ask_qty = 0
                self._heard = False
        if diff.sequence is not None:
            self._waiting.add(diff)
        return False

    def _apply(self, book: Book, diff: DepthDiff) -> None:
        book.apply(diff.bids, diff.asks)
        self._sequence = diff.sequence

    def _has_the_word(self, depth_ns: int | None) -> bool:
        if not self._quoted:
            return True
        quoted_ns = self._quoted_ns
        return depth_ns is not None and quoted_ns is not None and depth_ns > quoted_ns

    def _touch_from_depth(self) -> None:
        assert self._book is not None, "depth was applied just now"
        self.bid, self.bid_qty, self.ask, self.ask_qty = self._book.best()
        self._heard = True

    def _touch_told(self) -> None:
        bids, asks = _NOTHING if self._book is None else self._book.held()
        if (taken := self._bids_taken).of:
            taken.on_touch(self.bid, self.bid_qty or None, bids)
        if (taken := self._asks_taken).of:
            taken.on_touch(self.ask, self.ask_qty or None, asks)

    def _depth_told(self) -> None:
        assert self._book is not None, "depth was applied just now"
        if not self._quoted:
            self._touch_told()
        bids, asks = self._book.held()
        self._bids_taken.on_depth(bids, self.bid)
        self._asks_taken.on_depth(asks, self.ask)

    def _levels(self, side: int) -> Iterator[tuple[int, int]]:
        """The levels of a side of the depth, the best first; most callers want but a few."""
        assert self._book is not None, "without depth nobody asks for it"
        seen, count = 0, _FIRST_LEVELS
        while True:
            levels = self._book.top(count)[side]
            yield from levels[seen:]
            if len(levels) < count:
                return
            seen, count = count, count * 8


def _is_beyond(side: Side, price: int, limit: int | None) -> bool:
    """Whether a price is worse for that side than its limit."""
    return limit is not None and (price > limit if side is BUY else price < limit)
