"""The tables of the page: the report's own numbers, section by section, under their own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.money import SCALE
from .html_charts import sampled
from .html_numbers import NONE, e9, exact, fixed, safe

ROWS = 200
_EDGE_TABLES = ("last_bps", "measured", "decision", "counterfactual")  # have tables of their own
_MONEY_DECIMALS = 4
# A report that has been through JSON has lost the order of its keys, so the page has its own:
# these come first, the others by name.
_FIRST = (
    "placed", "filled", "filled_full", "open", "open_partially_filled", "canceled", "rejected",
    "risk_blocks", "refusals", "count", "p50", "p95", "max", "symbols", "iterations", "frozen",
    "freeze_events", "first_freeze_reason", "first_freeze_symbol", "first_freeze_utc",
    "maker_fills", "taker_fills", "schema_version", "code_version", "events", "state_sha256",
)  # fmt: skip


def tables(data: dict[str, Any], level: int) -> str:
    """Every section of the report but the JSON itself."""
    columns = [
        ("Orders", data["orders"]),
        ("Fees", data["fees"]),
        ("Edge", _without(data["edge"], *_EDGE_TABLES)),
        ("Risk", _without(data["risk"], "worst_case_usd")),
        ("Acknowledgement, ms", data["latency"]["ack_ms"]),
        ("Parameters", data["params"]),
    ]
    tag = f"h{level + 1}"
    parts = [
        _section(tag, "Positions", _positions(data)),
        _section(tag, "Profit and loss by symbol", _pnl(data["pnl"])),
        _measured(tag, "Measured edge", data["edge"].get("measured", {})),
        _decisions(tag, data["edge"].get("decision", {})),
        _would_be(tag, data["edge"].get("counterfactual", {}).get("by_symbol", {})),
        '<div class="columns">',
        *(_section(tag, name, pairs(section)) for name, section in columns),
        "</div>",
        _section(tag, "Integrity", pairs(data["integrity"], "pairs hashes")),
    ]
    return "".join(parts)


def _without(section: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A section less what has a table of its own."""
    return {name: part for name, part in section.items() if name not in names}


def _section(tag: str, name: str, body: str) -> str:
    return f"<section><{tag}>{name}</{tag}>{body}</section>"


def pairs(section: Mapping[str, Any], style: str = "pairs") -> str:
    """A section as names and values; what is nested in it becomes rows of dotted names."""
    rows = list(_flat(section, ""))
    body = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{value}</td></tr>' for name, value in rows[:ROWS]
    )
    return f'<table class="{style}"><tbody>{body}</tbody></table>{_left_out(len(rows))}'


def _flat(section: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name in sorted(section, key=_rank):
        value = section[name]
        shown = f"{prefix}{name}" if prefix else _spelled(name)
        if isinstance(value, Mapping):
            rows += _flat(value, f"{shown} / ") if value else [(shown, "none")]
        else:
            rows.append((shown, _cell(value)))
    return rows


def _rank(key: str) -> tuple[int, str]:
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


def _spelled(key: str) -> str:
    """A key of the report in words."""
    return " ".join({"usd": "USD", "utc": "UTC"}.get(word, word) for word in key.split("_"))


def _cell(value: object) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        named = ", ".join(str(item) for item in value[:ROWS])
        return safe(named) if named else "none"
    return safe(value)


def _number(value: float) -> str:
    """Whole and short numbers as they are, the others to four decimals."""
    scaled = e9(value)
    digits = exact(scaled)
    return digits if len(digits.partition(".")[2]) <= _MONEY_DECIMALS else fixed(scaled, SCALE, 4)


def _positions(data: dict[str, Any]) -> str:
    positions, worst = data["positions"], data["risk"]["worst_case_usd"]
    edge = data["edge"]["last_bps"]
    symbols = sorted({**positions["by_symbol"], **worst, **edge})
    if not symbols:
        return "<p>No symbol was quoted.</p>"
    rows = [
        [
            safe(symbol),
            _exactly(positions["by_symbol"].get(symbol)),
            _exactly(positions["marks"].get(symbol)),
            _money(positions["net_pos_usd"].get(symbol)),
            _money(worst.get(symbol)),
            _money(edge.get(symbol)),
        ]
        for symbol in symbols[:ROWS]
    ]
    rows.append(["total", "", "", _money(positions["total_notional_usd"]), "", ""])
    heads = ["symbol", "position", "mark", "notional USD", "worst case USD", "edge bps"]
    return sampled(heads, rows) + _left_out(len(symbols))


_PNL_KEYS = ("realised_usd", "unrealised_usd", "fees_usd", "net_usd", "cash_usd", "volume_usd")


def _pnl(pnl: dict[str, Any]) -> str:
    by_symbol = pnl["by_symbol"]
    if not by_symbol:
        return "<p>Nothing was traded.</p>"
    keys = (*_PNL_KEYS, *(("funding_usd",) if "funding_usd" in pnl else ()))
    rows = []
    for symbol in sorted(by_symbol)[:ROWS]:
        row = by_symbol[symbol]
        rows.append([
            safe(symbol), _exactly(row["bought_qty"]), _exactly(row["sold_qty"]),
            _money(row["avg_entry_price"]), *(_money(row.get(key)) for key in keys),
        ])  # fmt: skip
    rows.append(["total", "", "", "", *(_money(pnl[key]) for key in keys)])
    names = [key.removesuffix("_usd") + " USD" for key in keys]
    heads = ["symbol", "bought", "sold", "average entry", *names]
    return sampled(heads, rows) + _left_out(len(by_symbol))


_EDGE_KEYS = ("capture_bps", "fee_bps", "adverse_bps", "net_bps")


def _measured(tag: str, name: str, measured: Mapping[str, Any]) -> str:
    """What each horizon after a fill made of the spread that was captured."""
    rows = [
        [
            safe(symbol), safe(horizon), f"{row['fills']:,}",
            *(_money(row.get(key)) for key in _EDGE_KEYS),
        ]
        for symbol, horizons in sorted(measured.items())
        for horizon, row in sorted(horizons.items(), key=lambda item: float(item[0].rstrip("s")))
    ]  # fmt: skip
    if not rows:
        return ""
    heads = ["symbol", "horizon", "fills", *(key.replace("_", " ") for key in _EDGE_KEYS)]
    return _section(tag, name, sampled(heads, rows[:ROWS]) + _left_out(len(rows)))


def _decisions(tag: str, decisions: Mapping[str, Any]) -> str:
    """How sure the newest fills of each symbol make us of their edge."""
    rows = [
        [
            safe(symbol), f"{row['samples']:,}", _money(row["mean_bps"]), _money(row["upper_bps"]),
            "frozen" if row["fired"] else "armed" if row["armed"] else "cooling",
        ]
        for symbol, row in sorted(decisions.items())
    ]  # fmt: skip
    if not rows:
        return ""
    heads = ["symbol", "samples", "mean bps", "at most bps", "state"]
    return _section(tag, "Edge decision", sampled(heads, rows[:ROWS]) + _left_out(len(rows)))


_WOULD_BE_KEYS = ("position", "volume_usd", "fees_usd", "pnl_usd", "saved_usd")


def _would_be(tag: str, by_symbol: Mapping[str, Any]) -> str:
    """The trading that a freeze prevented, and what it would have been worth."""
    rows = [
        [safe(symbol), f"{row['fills']:,}", *(_money(row[key]) for key in _WOULD_BE_KEYS)]
        for symbol, row in sorted(by_symbol.items())
    ]
    if not rows:
        return ""
    heads = ["symbol", "would-be fills", *(_spelled(key) for key in _WOULD_BE_KEYS)]
    table = _section(tag, "What the freeze saved", sampled(heads, rows[:ROWS]))
    markouts = {symbol: row["markouts"] for symbol, row in by_symbol.items()}
    return table + _left_out(len(rows)) + _measured(tag, "Would-be edge", markouts)


def undrawn(rows: Sequence[Sequence[str]]) -> str:
    """The symbols that have no panel, with what would have been in it."""
    table = sampled(["symbol", "quotes", "fills", "position", "net USD"], rows[:ROWS])
    return table + _left_out(len(rows))


def _money(value: float | None) -> str:
    return NONE if value is None else fixed(e9(value), SCALE, _MONEY_DECIMALS)


def _exactly(value: float | None) -> str:
    return NONE if value is None else exact(e9(value))


def _left_out(count: int) -> str:
    if count <= ROWS:
        return ""
    return f'<p class="note">{count - ROWS:,} more rows are only in the JSON report.</p>'
