"""The schemas: every report fits its own, each key is closed, and the text is frozen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.json_schema import errors
from tools.live import risk_monitor_cli
from tools.live.audit.laws import LAWS
from tools.live.core.contracts_v1 import RefusalReason
from tools.live.edge_modes import COMPUTED, MARKOUTS, SCRIPTED
from tools.live.execution_loop import run_shadow_demo
from tools.live.reports import schema
from tools.live.reports.report import SCHEMA_VERSION
from tools.live.reports.schema_parts import DIALECT

GOLDENS = Path(__file__).parent / "goldens"
REPORT, RISK = schema.SCHEMAS["report"], schema.SCHEMAS["risk"]

RUNS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "frozen": {"edge_freeze_threshold_bps": 3.0},
    "frozen at once": {"edge_freeze_threshold_bps": 100},
    "one step": {"iterations": 1},
    "computed, too few fills": {"edge": "computed", "iterations": 3},
    "computed": {"edge": "computed", "iterations": 300, "edge_freeze_threshold_bps": -50},
    "computed and frozen": {"edge": "computed", "iterations": 60, "edge_freeze_threshold_bps": 99},
    "all rejected": {"reject_rate": 1.0},
    "no limit left": {"max_inventory_usd_per_symbol": 0},
    "refused in total": {"max_total_notional_usd": 600, "requote": True},
    "rebate": {"fee_maker_bps": -1.5, "spread_bps": 0},
    "one odd symbol": {"symbols": ["A/B:C-D.E_1"]},
}


def a_report() -> dict[str, Any]:
    """A fresh report that a test may spoil."""
    data: dict[str, Any] = json.loads(run_shadow_demo(clock=lambda: 1_700_000_000_000))
    return data


def objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object inside a schema, with its place."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(node, list):
        for item in node:
            yield from objects(item, path)


@pytest.mark.parametrize("name", RUNS)
def test_every_report_fits_the_schema(name: str) -> None:
    assert errors(json.loads(run_shadow_demo(**RUNS[name])), REPORT) == []


@pytest.mark.parametrize(("max_inv", "edge"), [(10_000, 1.5), (0, 1.5), (20_000, 1.0)])
def test_every_risk_report_fits_the_schema(max_inv: int, edge: float) -> None:
    assert errors(risk_monitor_cli.run_demo(max_inv, 50_000, edge), RISK) == []


def spoil(where: str, value: Any) -> Callable[[dict[str, Any]], None]:
    *path, last = where.split(".")

    def change(data: dict[str, Any]) -> None:
        for key in path:
            data = data[key]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("extra", 1),
        ("orders.extra", 1),
        ("orders.placed", 1.5),
        ("orders.placed", -1),
        ("orders.placed", "1"),
        ("orders.refusals.other", 1),
        ("positions.by_symbol.BTCUSDT", None),
        ("positions.total_notional_usd", -0.5),
        ("risk.frozen", 0),
        ("risk.first_freeze_utc", "2025-01-01T00:00:00Z"),
        ("risk.risk_ratio_p95", 1.01),
        ("risk.foreign_open_orders", ["A", "A"]),
        ("runtime.utc", "2025-01-01"),
        ("runtime.utc", None),
        ("edge.mode", "other"),
        ("edge.last_bps.BTCUSDT", "10"),
        ("edge.measured", {"BTCUSDT": {}}),
        ("execution.iterations", 0),
        ("execution.symbols", ["btcusdt"]),
        ("integrity.state_sha256", "ABC"),
        ("integrity.laws", []),
        ("integrity.schema_version", SCHEMA_VERSION + 1),
        ("latency.ack_ms.p95", 1.5),
        ("params.base_qty", 0),
        ("params.market", {"kind": "recorded"}),
        ("params.exchange.fill_rate", 1.5),
        ("pnl.by_symbol.BTCUSDT.extra", 1),
    ],
)
def test_a_spoilt_report_is_refused(where: str, value: Any) -> None:
    data = a_report()
    spoil(where, value)(data)
    found = errors(data, REPORT)
    assert len(found) >= 1 and where.split(".")[0] in found[0]


@pytest.mark.parametrize("key", REPORT["required"])
def test_a_section_that_is_missing_is_refused(key: str) -> None:
    data = a_report()
    del data[key]
    assert errors(data, REPORT) == [f"/: {key!r} is missing"]


def test_counts_are_integers_in_the_text_too() -> None:
    """To JSON Schema 3.0 is an integer; to whoever reads the line it is not."""

    def whole(value: Any, part: dict[str, Any]) -> Iterator[Any]:
        kinds = part.get("type")
        if "integer" in ([kinds] if isinstance(kinds, str) else kinds or ()):
            yield value
        for key, inner in part.get("properties", {}).items():
            if key in value:
                yield from whole(value[key], inner)

    counts = list(whole(a_report(), REPORT))
    assert len(counts) > 20 and all(isinstance(count, int) for count in counts)


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_every_object_is_closed_or_a_map(name: str) -> None:
    for path, part in objects(schema.SCHEMAS[name]):
        if part["additionalProperties"] is False:
            assert part["properties"], path
        else:
            assert "properties" not in part, path


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_the_text_of_a_schema_is_frozen(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / f"schema_{name}.json", schema.text(name))


def test_the_text_is_the_schema() -> None:
    assert json.loads(schema.text("report")) == REPORT


def test_the_id_carries_the_version_of_the_report() -> None:
    assert REPORT["$id"] == f"urn:shadow-trading-toolkit:report:{SCHEMA_VERSION}"
    assert REPORT["$id"].endswith(f":{a_report()['integrity']['schema_version']}")
    assert RISK["$id"] == "urn:shadow-trading-toolkit:risk:1"
    assert {one["$schema"] for one in (REPORT, RISK)} == {DIALECT}


def test_the_closed_words_are_those_of_the_code() -> None:
    parts = REPORT["properties"]
    assert list(parts["orders"]["properties"]["refusals"]["properties"]) == [
        reason.value for reason in RefusalReason
    ]
    assert parts["edge"]["properties"]["mode"] == {
        "enum": [SCRIPTED, MARKOUTS, COMPUTED]
    }
    assert parts["integrity"]["properties"]["laws"]["enum"][0] == list(LAWS)
