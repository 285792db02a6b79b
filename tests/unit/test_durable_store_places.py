"""`tools.live.journal.durable_store` in a run, in a folder, and under the journal's commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.journaled_runs import START_NS, wired
from tests.sim.sim_disk import Faults, SimDisk
from tests.unit.durable_builders import a_durable, busy, in_memory, whole
from tools.live import journal_cli
from tools.live.core import codec
from tools.live.core.clock import FREEZE_VARIABLE
from tools.live.core.errors import ContractError
from tools.live.execution_loop import ExecutionLoop
from tools.live.fold_state.orders import tell_store
from tools.live.journal.durable_store import DurableOrderStore
from tools.live.journal.errors import IntegrityRefused, LogHeld, StorageFailed
from tools.live.journal.outcome import Profile
from tools.live.market.synthetic import SyntheticMarket
from tools.live.order_store import InMemoryOrderStore, OrderState
from tools.live.params import ExecutionParams

@pytest.mark.parametrize("retain", [None, 4])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_run_over_it_reports_the_same_bytes(grouped: bool, retain: int | None) -> None:
    params = ExecutionParams(["BTCUSDT", "ETHUSDT"], 30, 2_000, 3_000, 3.0, requote=True)
    disk = SimDisk()
    durable, plain = a_durable(disk, retain), InMemoryOrderStore(retain)
    reports = []
    for store in (plain, durable):
        parts = wired()
        loop = ExecutionLoop(parts.exchange, store, parts.risk_monitor, parts._clock)
        feed = SyntheticMarket(params.symbols, 30, START_NS)
        if grouped and store is durable:
            with durable.together():
                reports.append(codec.canonical(loop.run_shadow(params, feed)))
        else:
            reports.append(codec.canonical(loop.run_shadow(params, feed)))
    assert reports[0] == reports[1]
    assert '"frozen":true' in reports[0].replace(" ", "") or "Edge degradation" in reports[0]
    disk.power_loss(1)
    assert tell_store(a_durable(disk, retain)) == tell_store(plain)


@pytest.mark.parametrize("at", range(60, 72))
def test_a_run_stops_when_its_store_fails(at: int) -> None:
    """What rests is canceled, but for an order whose acceptance could not be recorded."""
    params = ExecutionParams(["BTCUSDT"], 30, 2_000, 3_000, 3.0)
    disk = SimDisk()
    parts, store = wired(), a_durable(disk)
    loop = ExecutionLoop(parts.exchange, store, parts.risk_monitor, parts._clock)
    disk.faults = Faults(planted=disk.ops + at)
    with pytest.raises(StorageFailed):
        loop.run_shadow(params, SyntheticMarket(params.symbols, 30, START_NS))
    assert loop.risk_monitor.frozen
    for one in parts.exchange.get_open_orders():
        assert store.get(one.client_order_id).state is OrderState.PENDING


def test_people_open_it_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    folder = tmp_path / "orders"
    with DurableOrderStore.open(folder, retain=9, profile=Profile.BULK) as store:
        busy(store)
        with pytest.raises(LogHeld, match="by an order store opened at 2025-01-01T00:00:00Z; stop"):
            DurableOrderStore.open(str(folder), retain=9)
        with DurableOrderStore.open(f"{folder}-2", holder="pid 7"):
            with pytest.raises(LogHeld, match="held by pid 7; stop"):
                DurableOrderStore.open(f"{folder}-2")
    with DurableOrderStore.open(str(folder), retain=9) as again:
        assert whole(again) == whole(in_memory(9))
    (tmp_path / "file").write_text("")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for name in ("", "a\0b", str(tmp_path / "file"), str(tmp_path / "nowhere")):
        with pytest.raises(ContractError) as refused:
            DurableOrderStore.open(name)
        assert str(refused.value) == f"folder {name!r} is none; name the folder of an order store"


def test_a_folder_that_cannot_be_is_a_fault_of_the_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="too long"):
        DurableOrderStore.open(tmp_path / ("x" * 300))


def test_the_journal_commands_know_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    folder = str(tmp_path / "orders")
    with DurableOrderStore.open(folder) as store:
        busy(store)
    assert journal_cli.main(["verify", folder]) == 0
    assert "journal   orders-v1\nrecords   15 (seq 0 to 14)\n" in capsys.readouterr().out
    assert journal_cli.main(["show", folder, "--order", "CLI00000001"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[3] for line in shown] == [
        "store.entered", "store.accepted", "store.fill", "store.filled_to",
    ]  # fmt: skip
    assert shown[2].endswith("1 @99.000000001 CLI00000001 fill_id=F1")
    assert journal_cli.main(["tail", folder, "-n", "1"]) == 0
    assert "system.log.closed" in capsys.readouterr().out
    assert journal_cli.main(["export", folder, f"{folder}-export"]) == 0
    assert "exported 15 records of orders-v1" in capsys.readouterr().out
    assert journal_cli.main(["index", folder]) == 0
    assert journal_cli.main(["compact", folder]) == 0
    with DurableOrderStore.open(folder) as again:
        assert whole(again) == whole(in_memory())


def test_a_damaged_store_is_repaired_by_the_journals_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    folder = str(tmp_path / "orders")
    with DurableOrderStore.open(folder) as store:
        first = store.create("BTCUSDT", "Buy", 1, 1, 1)
        expected = whole(store)
        store.accept(first, "X1", 2)
    segment = tmp_path / "orders/segments/00000000000000000000.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b'"X1"', b'"X2"'))
    with pytest.raises(IntegrityRefused, match="--accept-loss-from 3"):
        DurableOrderStore.open(folder)
    assert journal_cli.main(["repair", folder, "--accept-loss-from", "3"]) == 0
    with DurableOrderStore.open(folder) as again:
        assert whole(again) == expected
