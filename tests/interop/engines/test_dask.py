"""A sweep on a real Dask cluster: the very rows that processes make, and that one thread makes."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tools.live.sweep import inputs_sha256, plan_sweep, run_sweep
from tools.live.sweep_rows import RowFile

ROOT = Path(__file__).resolve().parents[3]
BASE: dict[str, Any] = {"iterations": 150, "requote": True}
VARY = "spread_bps=2,6,10 seed=1:4:1"
SECONDS = 60


@pytest.fixture(autouse=True)
def _package(must_have: Callable[[str, bool], None]) -> None:
    must_have("the package distributed", importlib.util.find_spec("distributed") is not None)


@contextmanager
def dask() -> Iterator[Executor]:
    """Two processes on the loopback, found by nobody else; whoever hangs is given up on."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address=None, protocol="tcp",
        ) as cluster,
        Client(cluster, timeout=SECONDS) as client,
    ):  # fmt: skip
        client.wait_for_workers(2, timeout=SECONDS)
        yield client.get_executor()


def rows(executor: Executor, path: Path) -> bytes:
    """The file that a sweep over an executor writes."""
    plan = plan_sweep(BASE, VARY)
    with RowFile(str(path)) as kept:
        outcome = run_sweep(plan, executor, rows=kept, inputs_sha256=inputs_sha256(plan))
    assert len(outcome.rows) == 12 and not outcome.errors
    return path.read_bytes()


def test_a_cluster_makes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with ThreadPoolExecutor(1) as one_after_the_other:
        alone = rows(one_after_the_other, tmp_path / "alone.jsonl")
    with ProcessPoolExecutor(2) as processes:
        assert rows(processes, tmp_path / "processes.jsonl") == alone
    with dask() as cluster:
        assert rows(cluster, tmp_path / "dask.jsonl") == alone
        again = rows(cluster, tmp_path / "dask.jsonl")
    assert again == alone, "a second start finds every row and makes none"
    assert alone.count(b"\n") == 12 and b'"fills":' in alone
