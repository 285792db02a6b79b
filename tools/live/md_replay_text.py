"""The result of `md_replay` in lines for eyes, and one line for scripts at the end."""

from __future__ import annotations

from typing import Any

from .core.clock import NS_PER_MS
from .core.money import divide_half_even, text
from .market.drift import PERMILLES
from .md_replay_report import KIND, MOST_LISTED, drift_line, ms_text
from .md_replay_run import BBO, Replay
from .reports.html_numbers import counted

_NAME_WIDTH = 10
_CELL_WIDTH = 10


def lines(replay: Replay, data: dict[str, Any], *, audit: bool) -> list[str]:
    """Drifts, a paragraph a feed, the audit if it is asked for, what failed, the summary."""
    told = [drift_line(drift, replay.plan.terms.tick) for drift in replay.shown]
    for feed in data["feeds"]:
        told += _feed(feed, data["mode"])
    for line, refused in replay.tally.first_refused:
        what = f" {refused.field}" if refused.field else ""
        told.append(f"refused {refused.fault.value}{what} at line {line}: {refused.shown}")
    if data["input"].get("finished") == "no":
        told.append("the journal is not finished: it was cut short, or is still written")
    if audit:
        told += _audit(data)
    told += [f"FAILED {one}" for one in data["failures"]]
    return [_printable(line) for line in (*told, summary(data))]


def _printable(line: str) -> str:
    """Names come from files: what could move a cursor or break a line is written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in line
    )


def _feed(feed: dict[str, Any], mode: str) -> list[str]:
    counts = ", ".join(
        counted(count, name.removesuffix("s")) for name, count in feed["counts"].items() if count
    )
    told = [f"{feed['source']} {feed['symbol']}"]
    told.append(_row("heard", counts))
    if mode != BBO:
        told.append(_row("book", _book(feed)))
    if feed["drift"] is not None:
        told += _drift(feed["drift"])
    told += _times(feed["receive_minus_exchange_ns"], feed["health"]["latency"])
    return [*told, _row("health", _health(feed["health"])), _row("minute", _micro(feed["micro"]))]


def _row(name: str, shown: str) -> str:
    return f"  {name:<{_NAME_WIDTH}}{shown}"


def _book(feed: dict[str, Any]) -> str:
    stops, gaps = feed["unusable"], feed["gaps"]
    if not stops["reasons"]:  # every book begins with a stop, until its first snapshot
        return "no depth"
    reasons = ", ".join(f"{why} {count}" for why, count in stops["reasons"].items())
    seconds = text(divide_half_even(stops["total_ns"], NS_PER_MS) * NS_PER_MS)
    told = f"not usable for {seconds} s ({reasons})"
    if stops["at_end"]:
        told += ", nor at the end"
    missing = f" with {counted(gaps['missing'], 'update')} missing" if gaps["count"] else ""
    return f"{told}; {counted(gaps['count'], 'gap')}{missing}"


def _drift(drift: dict[str, Any]) -> list[str]:
    skipped = {why: count for why, count in drift["skipped"].items() if count}
    named = ", ".join(f"{why} {count:,}" for why, count in skipped.items())
    told = f"{drift['compared']:,} of {drift['quotes']:,} quotes compared with the nearest top"
    heads = ["mean", *PERMILLES, "high"]
    table = [_row("drift", told + (f", skipped: {named}" if named else ""))]
    if not drift["compared"]:
        return table
    table.append(_row("", _cells("", heads)))
    for name in ("ticks", "bid", "ask", "mid", "spread"):
        table.append(_row("", _cells(name, [f"{drift[name][head]:,.6g}" for head in heads])))
    times = drift["nearest_dt_ns"]
    shown = [f"{times[head] / NS_PER_MS:,.2f}" for head in heads]
    return [*table, _row("", _cells("dt ms", shown))]


def _cells(name: str, cells: list[str]) -> str:
    return f"{name:<8}" + "".join(f"{cell:>{_CELL_WIDTH}}" for cell in cells)


def _times(offset: dict[str, int] | None, latency: dict[str, int] | None) -> list[str]:
    """How far the clocks are apart over all, and the delays of the last minute beyond that."""
    told = []
    if offset is not None:
        low, mean, high = (ms_text(offset[name]) for name in ("low", "mean", "high"))
        told.append(_row("clocks", f"receive minus exchange {low} to {high}, mean {mean}"))
    if latency is not None:
        p50, p95, p99 = (ms_text(latency[f"{name}_ns"]) for name in ("p50", "p95", "p99"))
        beyond = f"beyond an offset of {ms_text(latency['offset_ns'])}"
        told.append(_row("latency", f"p50 {p50}, p95 {p95}, p99 {p99} {beyond}"))
    return told


def _health(health: dict[str, Any]) -> str:
    issues = ", ".join(health["issues"]) or "no issue"
    return f"score {health['score']:.1f}, {health['messages_per_s']:,.1f} messages/s; {issues}"


def _micro(micro: dict[str, Any]) -> str:
    names = ("spread_bps", "vwap", "volume", "buy_volume", "sell_volume")
    spread, vwap, volume, bought, sold = (_number(micro[name]) for name in names)
    return f"spread {spread} bps, vwap {vwap}, volume {volume} (bought {bought}, sold {sold})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4f}"


def _audit(data: dict[str, Any]) -> list[str]:
    """Counts of lines that add up, and the exact ranges of the first gaps."""
    counts = data["lines"]
    shown = {name: count for name, count in counts.items() if name != "refused"}
    shown |= {f"refused_{fault}": count for fault, count in counts["refused"].items()}
    shown["gaps_detected"] = sum(feed["gaps"]["count"] for feed in data["feeds"])
    shown["missing_seq_total"] = sum(feed["gaps"]["missing"] for feed in data["feeds"])
    told = [f"AUDIT {name}={count}" for name, count in shown.items()]
    gaps = [
        f"{gap['from']}..{gap['to']} {feed['source']} {feed['symbol']}"
        for feed in data["feeds"] for gap in feed["gaps"]["first"]
    ]  # fmt: skip
    return told + [f"AUDIT gap[{n}] {gap}" for n, gap in enumerate(gaps[:MOST_LISTED])]


def summary(data: dict[str, Any]) -> str:
    """One line of names and values. What is only of one feed is in it when there is only one."""
    feeds, lines_read = data["feeds"], data["lines"]
    named: dict[str, Any] = {"mode": data["mode"], "format": data["input"]["format"]}
    named |= data["terms"]
    named["lines"] = lines_read["lines_read"]
    for name, shown in (("snapshots",) * 2, ("deltas",) * 2, ("quotes", "bbo"), ("trades",) * 2):
        named[shown] = sum(feed["counts"][name] for feed in feeds)
    named["refused"] = sum(lines_read["refused"].values())
    named["gaps"] = sum(feed["gaps"]["count"] for feed in feeds)
    drifts = [feed["drift"] for feed in feeds if feed["drift"] is not None]
    named["compared"] = sum(drift["compared"] for drift in drifts)
    named["skipped"] = sum(sum(drift["skipped"].values()) for drift in drifts)
    named["printed"] = f"{data['printed']}/{data['at_or_above_threshold']}"
    if len(feeds) == 1:
        named |= _of_one(feeds[0])
    named["state_sha256"] = data["state_sha256"]
    word = "FAILED" if data["failures"] else "OK"
    return f"{word} {KIND} " + " ".join(f"{name}={value}" for name, value in named.items())


def _of_one(feed: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    if feed["last_bbo"] is not None:
        named["last_bbo"] = "/".join(f"{price:.10g}" for price in feed["last_bbo"])
    offset, drift = feed["receive_minus_exchange_ns"], feed["drift"]
    if offset is not None:
        named["offset_raw_ns"] = _range(offset)
    if drift is not None and drift["compared"]:
        named["nearest_dt_ns"] = _range(drift["nearest_dt_ns"])
        for name in ("bid", "ask", "mid", "spread"):
            named[f"drift_abs_{name}"] = _range(drift[name])
        for name in PERMILLES:
            named[f"drift_ticks_{name}"] = f"{drift['ticks'][name]:.10g}"
    return named


def _range(one: dict[str, Any]) -> str:
    return "/".join(f"{one[name]:.10g}" if isinstance(one[name], float) else f"{one[name]}"
                    for name in ("low", "mean", "high"))  # fmt: skip
