"""What a pass over market data found: as plain data, and in lines for eyes.

Prices and ticks leave the house here, as correctly rounded doubles; times stay whole nanoseconds.
"""

from __future__ import annotations

from typing import Any

from .core.clock import NS_PER_MS, NS_PER_S
from .core.money import SCALE, divide_half_even, text, view
from .core.record import fields_of
from .market.drift import PERMILLES, Drift, DriftFigures, Measure
from .market.gaps import advice
from .market.health import HealthFigures
from .market.micro import MicroFigures
from .md_replay_run import COMPARE, Feed, Plan, Replay

VERSION = 1
KIND = "md_replay"
MOST_LISTED = 10


def drift_form(figures: DriftFigures, tick: int) -> dict[str, Any]:
    """The distributions of one feed: what a fixture locks."""
    return {
        "quotes": figures.quotes,
        "compared": figures.compared,
        "kept": figures.kept,
        "skipped": {why.value: count for why, count in figures.skipped.items()},
        "bid": _measure(figures.bid, SCALE),
        "ask": _measure(figures.ask, SCALE),
        "mid": _measure(figures.mid, SCALE),
        "spread": _measure(figures.spread, SCALE),
        "ticks": _measure(figures.worst, tick),
        "nearest_dt_ns": _measure(figures.dt_ns, None),
        "histogram_ticks": {str(edge): count for edge, count in figures.histogram},
    }


def _measure(measure: Measure, unit: int | None) -> dict[str, Any]:
    """Low, mean and high of all and the percentiles, in units; None keeps the integers."""
    values = {"low": measure.low, "mean": measure.mean, "high": measure.high}
    values |= dict(zip(PERMILLES, measure.percentiles, strict=True))
    return {name: value if unit is None else value / unit for name, value in values.items()}


def feed_form(feed: Feed, plan: Plan, end_ns: int) -> dict[str, Any]:
    """Everything about one symbol of one source."""
    quote = feed.last_quote
    return {
        "source": feed.source,
        "symbol": feed.symbol,
        "counts": feed.counts,
        "last_bbo": None if quote is None else [view(quote.bid), view(quote.ask)],
        "drift": (
            drift_form(feed.meter.figures(), plan.terms.tick) if plan.mode == COMPARE else None
        ),
        "gaps": {
            "count": feed.gap_count,
            "missing": feed.missing,
            "first": [
                {
                    "from": gap.first_missing, "to": gap.last_missing, "ts_ns": gap.ts_ns,
                    "advice": _advised(gap.last_missing - gap.first_missing + 1, 0),
                }
                for gap in feed.gaps[:MOST_LISTED]
            ],
        },
        "time_gaps": _pauses(feed),
        "unusable": {
            "reasons": dict(feed.stop_reasons),
            "total_ns": feed.stopped_until(end_ns),
            "at_end": feed.is_stopped,
        },
        "receive_minus_exchange_ns": _offset(feed),
        "health": health_form(feed.health.at(end_ns)),
        "micro": micro_form(feed.micro.at(end_ns)),
    }


def _pauses(feed: Feed) -> dict[str, Any]:
    """Pauses between messages that were too long, and what that asks for."""
    return {
        "count": feed.pauses,
        "most_in_a_row": feed.pauses_most,
        "advice": _advised(0, feed.pauses_most),
    }


def _advised(missing: int, pauses: int) -> str | None:
    """What to do about so many missing updates, or pauses in a row."""
    asked = advice(missing, pauses)
    return None if asked is None else asked.value


def _offset(feed: Feed) -> dict[str, int] | None:
    if not feed.offset_count:
        return None
    mean = divide_half_even(feed.offset_total, feed.offset_count)
    return {"low": feed.offset_low, "mean": mean, "high": feed.offset_high}


def health_form(figures: HealthFigures) -> dict[str, Any]:
    """The health of a feed at the end of the data."""
    latency = figures.latency
    return {
        "score": figures.score_tenths / 10,
        "is_healthy": figures.is_healthy,
        "issues": [issue.value for issue in figures.issues],
        "messages_per_s": figures.messages * NS_PER_S / figures.span_ns,
        "silent_ns": figures.silent_ns,
        "gap_rate": figures.gaps / figures.diffs if figures.diffs else 0.0,
        "latency": None if latency is None else {
            "samples": latency.samples, "offset_ns": latency.offset_ns,
            "p50_ns": latency.p50_ns, "p95_ns": latency.p95_ns, "p99_ns": latency.p99_ns,
        },
    }  # fmt: skip


def micro_form(figures: MicroFigures) -> dict[str, Any]:
    """The small scale of a symbol at the end of the data."""
    shown = {name: getattr(figures, name) for name in fields_of(figures)}
    for name, value in shown.items():
        if type(value) is int:
            shown[name] = view(value)
    return shown


def drift_line(drift: Drift, tick: int) -> str:
    """One comparison that is worth showing."""
    quote = drift.quote
    named = {
        "sym": quote.symbol, "source": quote.source, "tick": text(tick),
        "drift_ticks": text(divide_half_even(drift.worst * SCALE, tick)),
        "d_bid": text(drift.bid), "d_ask": text(drift.ask), "d_mid": text(drift.mid),
        "d_spread": text(drift.spread), "book_bid": text(drift.book_bid),
        "book_ask": text(drift.book_ask), "bbo_bid": text(quote.bid), "bbo_ask": text(quote.ask),
        "nearest_dt_ms": ms_text(drift.dt_ns).removesuffix(" ms"), "ts_ns": quote.ts_ns,
    }  # fmt: skip
    return "BBO_DRIFT " + " ".join(f"{name}={value}" for name, value in named.items())


def tally_form(replay: Replay) -> dict[str, Any]:
    """Where the lines and the items of the input went."""
    tally = replay.tally
    return {
        "lines_read": tally.read,
        "lines_silent": tally.silent,
        "wire_parsed": tally.parsed,
        "wire_unparsed": tally.unparsed,
        "matched_stream": tally.matched,
        "other_stream": tally.other,
        "refused_lines": tally.refused_lines,
        "items": tally.items,
        "decoded_events": tally.decoded,
        "other_events": tally.unmatched_events,
        "refused": {fault.value: count for fault, count in tally.refused.items()},
    }


def form(replay: Replay, described: dict[str, Any]) -> dict[str, Any]:
    """The whole result as plain data; what is to be thought of it comes beside it."""
    plan = replay.plan
    end_ns = replay.end_ns()
    return {
        "v": VERSION,
        "kind": KIND,
        "input": described,
        "mode": plan.mode,
        "symbol": plan.symbol,
        "terms": terms_form(plan),
        "feeds": [feed_form(feed, plan, end_ns) for feed in replay.sorted_feeds()],
        "lines": tally_form(replay),
        "printed": len(replay.shown),
        "at_or_above_threshold": replay.worth_showing,
        "state_sha256": replay.watch.state_sha256(),
    }


def terms_form(plan: Plan) -> dict[str, Any]:
    """What the comparison went by."""
    terms = plan.terms
    return {
        "tick": text(terms.tick), "window_ms": terms.window_ns // NS_PER_MS, "ring": terms.ring,
        "drift_keep": terms.keep,
    }  # fmt: skip


def ms_text(ns: int) -> str:
    """A time in milliseconds, to the microsecond."""
    return f"{text(divide_half_even(ns, 1000) * NS_PER_MS)} ms"
