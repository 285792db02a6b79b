"""A fork: a run lived again up to a point, and from there on under other parameters.

What the market said after the point is known, what the exchange would have answered to other
orders is not. So only a run on the seeded fake exchange can be forked, because that exchange can be
made again: the fork lives the whole run from its beginning on the recorded quotes with such a
fake, every entry up to the point must be the parent's, and behind it the fake answers whatever the
changed run sends. With nothing changed that is the parent's own continuation, byte for byte. A
fork begins between two steps of the feed; scripted edges are the parent's, computed ones are
measured from the fork's own fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from ..core import codec
from ..core.contracts_v1 import Entry, Input, Output, ParamsSet, QuoteUpdate
from ..core.errors import ContractError, LineFailed
from ..core.line import Hear, by_event, source_of
from ..core.market_v1 import MARKET_FACTS, MarketFact
from ..core.money import view
from ..core.record import record
from ..exchange import FakeExchangeClient
from .disk import Disk
from .encode import encoders
from .folding import ReplayFailed, input_of, is_entry, told_by
from .line import JournalLine
from .outcome import Profile
from .reader import Reader
from .replay import find_run
from .run import JournaledRun, entry_text
from .run_facts import (
    OPENED, SOURCE, Parent, RunOpened, Terms, changes_of, opened_payload,
)  # fmt: skip
from .segments import list_segments
from .writer import Journal

HOLDER = "replay --fork"
_MARKETS = ("synthetic", "recorded", "market")
_FEED = frozenset({QuoteUpdate.kind, *(fact.kind for fact in MARKET_FACTS)})
_FAKE = ("fill_rate", "reject_rate", "latency_ms", "partial_fill_rate", "seed")


class NotTheParent(ReplayFailed, LineFailed):
    """Living the parent's run again gives another entry than it has recorded."""


@record
class Setup:
    """Everything a run goes on with: its terms, and the sizes and widths of its quotes."""

    terms: Terms
    params: ParamsSet


@record
class Point:
    """Where a fork leaves its parent: behind this entry, going on with this setup."""

    seq: int
    hash: str
    setup: Setup


class ParentRun:
    """The run that is forked: its opening, its quotes as a feed, and its exchange made again."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.log_id, self.opened = find_run(disk)
        first = list_segments(disk)[0].first_seq
        if first:
            raise ContractError(
                f"the journal begins with seq {first}, what was before is dropped; a fork lives its"
                " parent from the beginning, so fork a journal that is whole"
            )
        about = self.opened.about
        market, symbols, steps = (about.get(key) for key in ("market", "symbols", "iterations"))
        if not isinstance(market, dict) or market.get("kind") not in _MARKETS:
            raise ContractError("the run has a market of no known kind; it cannot be forked")
        if not isinstance(symbols, list) or not isinstance(steps, int) or self.opened.held_before:
            raise ContractError("the run did not begin as a demo does; it cannot be forked")
        self.market: dict[str, Any] = market
        self.symbols: list[str] = symbols
        self.steps = steps
        self.start_ns = self.opened.first_event_ns
        self.before_step: Callable[[], None] = _nothing
        self._quotes_a_step = len(symbols) if market["kind"] == "synthetic" else 1

    def describe(self) -> dict[str, Any]:
        """The market of the parent: a fork trades the same one."""
        return self.market

    def __iter__(self) -> Iterator[list[QuoteUpdate | MarketFact]]:
        """What the feed said, step by step; the last step may be cut short by a crash."""
        step: list[QuoteUpdate | MarketFact] = []
        for one in Reader(self._disk).poll():
            if one.topic not in _FEED:
                continue
            step.append(cast("QuoteUpdate | MarketFact", input_of(told_by(one))))
            if len(step) == self._quotes_a_step:
                self.before_step()
                yield step
                step = []
        if step:
            self.before_step()
            yield step

    def exchange(self) -> FakeExchangeClient:
        """The exchange of the parent as it was at first; ContractError when nobody can make it."""
        told = self.opened.about.get("exchange")
        name = told.get("client") if isinstance(told, dict) else told
        if not isinstance(told, dict) or name != FakeExchangeClient.__name__:
            raise ContractError(
                f"the run traded on {name!r:.60}, which cannot be made again; only a run on the"
                " fake exchange can be forked"
            )
        if sorted(told) != sorted(("client", *_FAKE)):
            raise ContractError("the run's fake exchange is not described as this program does it")
        return FakeExchangeClient(**{key: told[key] for key in _FAKE})


class ForkLine:
    """The line of a fork: the parent's, entry by entry, until `leave`; then only its own.

    Without a journal nothing is written, which is how a parent is proven before anything is.
    """

    def __init__(self, parent: ParentRun, disk: Disk, journal: JournalLine | None) -> None:
        self._records = (one for one in Reader(disk).poll() if is_entry(one))
        self._next = next(self._records, None)
        self._journal = journal
        self._encoders = encoders(source_of)
        self._changes = changes_of(parent.opened)
        self._terms = self._changes[0][1]
        first = self.wanted_params()
        if first is None:
            raise ReplayFailed("the run does not begin with its parameters; it cannot be forked")
        self._params = first
        self.following = True
        self.seq = 0
        self.hash = ""

    @property
    def entries(self) -> Sequence[Entry] | None:
        return None

    def quiet(self) -> None:
        """A fork takes no checkpoints: its parent has to be lived again anyway."""

    def clear(self) -> None:
        raise ContractError("the line of a fork cannot begin anew")

    def interrupt(self) -> None:
        if self._journal is not None:
            self._journal.interrupt()

    def anchor(self) -> tuple[str, str] | None:
        return None if self._journal is None else self._journal.anchor()

    def wanted_params(self) -> ParamsSet | None:
        """The parameters that the parent sets next, if that is what it does next."""
        if self._next is None or self._next.topic != ParamsSet.kind:
            return None
        event = input_of(told_by(self._next))
        assert isinstance(event, ParamsSet)
        return event

    def setup(self) -> Setup:
        """What the parent's next entry is decided on."""
        while self._changes and self._changes[0][0] <= self.seq + 1:
            self._terms = self._changes.pop(0)[1]
        return Setup(self._terms, self.wanted_params() or self._params)

    def leave(self) -> Point:
        """From here on the parent is not followed."""
        self.following = False
        return Point(self.seq, self.hash, Setup(self._terms, self._params))

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        if self.following:
            self._compare(seq, corr, cause, event)
            if isinstance(event, ParamsSet):
                self._params = event
        if self._journal is not None:
            self._journal.input(seq, corr, cause, event)

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        if self.following:
            self._compare(seq, corr, cause, event)
        if self._journal is not None:
            self._journal.output(seq, corr, cause, event)

    def hearing(self, kind: type[Any]) -> Hear:
        return by_event(self, kind)

    def _compare(self, seq: int, corr: int, cause: int, event: Input | Output) -> None:
        one = self._next
        head, tail = self._encoders[event.__class__](event, seq, corr, cause)
        lived = head + tail
        recorded = "nothing" if one is None else entry_text(one).decode()
        if one is None or lived != recorded:
            raise NotTheParent(
                f"seq {seq} is recorded as {recorded:.200}, but living the run again gives"
                f" {lived:.200}; only a run that its quotes and its fake exchange decide can be"
                " forked"
            )
        self.seq, self.hash = seq, one.hash.hex()
        self._next = next(self._records, None)


def fork_opening(parent: ParentRun, point: Point, changed: Setup) -> RunOpened:
    """How the fork is opened: as its parent, but for what was changed, and with its name."""
    opened, terms = parent.opened, changed.terms
    about = {
        **opened.about,
        "base_qty": view(changed.params.base_qty),
        "spread_bps": view(changed.params.spread_bps),
        "max_inventory_usd_per_symbol": view(terms.max_symbol_e9),
        "max_total_notional_usd": view(terms.max_total_e9),
        "edge_freeze_threshold_bps": view(terms.threshold_bps_e9),
        "fee_maker_bps": view(terms.maker_bps_e9),
        "fee_taker_bps": view(terms.taker_bps_e9),
    }
    left = Parent(parent.log_id, point.seq, point.hash, opened.terms, opened.parent)
    return RunOpened(
        about, opened.edge, opened.start_ns, opened.first_event_ns, terms, opened.retain,
        opened.held_before, opened.code_version, left,
    )  # fmt: skip


def begin_fork(disk: Disk, opening: RunOpened) -> JournaledRun:
    """A journal in a folder without one, which says first what it is a fork of."""
    if list_segments(disk):
        raise ContractError("the folder of the fork holds a log already; name a new one")
    payload = opened_payload(opening)
    journal = Journal.open(
        disk, log_id=f"run-{codec.sha256(payload)[:24]}", holder=HOLDER,
        time_ns=opening.start_ns, profile=Profile.BULK,
    )  # fmt: skip
    journal.append(OPENED, opening.start_ns, SOURCE, 1, payload)
    journal.commit_all(Profile.STRICT)
    return JournaledRun(disk, journal, JournalLine(journal), opening, resumed=False)


def _nothing() -> None:
    pass
