"""The door of the paper-trading simulator: real files, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.simulator_builders import NOON, a_simulator, after, an_order
from tools.live import simulator
from tools.live.core.errors import ContractError
from tools.live.simulator import CheckpointManager, ExecutionSimulator, OrderRegistry


def test_the_door_has_every_name_of_the_adr() -> None:
    for name in simulator.__all__:
        assert getattr(simulator, name) is not None
    assert simulator.__all__ == sorted(simulator.__all__, key=lambda n: (not n.isupper(), n))


def test_the_example_of_the_adr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = ExecutionSimulator(initial_cash=100_000)
    one.submit_order(an_order(), NOON)
    manager = CheckpointManager("checkpoints")
    checkpoint = manager.create_checkpoint(one)
    path = manager.save_checkpoint(checkpoint)
    assert path == Path("checkpoints/sim-00000001/20260105_120000_000000.json")
    assert path.read_text().startswith('{\n  "actions": [],')
    assert sorted(os.listdir(path.parent)) == [path.name, "latest.json"]
    twin = manager.restore_simulator(manager.load_checkpoint(one.simulator_id))
    assert manager.create_checkpoint(twin) == checkpoint
    assert manager.list_checkpoints("sim-00000001") == [(NOON, path)]
    assert manager.list_checkpoints("unknown") == []
    with pytest.raises(FileNotFoundError):
        manager.load_checkpoint("unknown")


def test_saving_again_replaces_and_pruning_removes(tmp_path: Path) -> None:
    one = a_simulator()
    manager = CheckpointManager(str(tmp_path))
    for ms in (0, 0, 1):
        one.process_until(after(ms))
        manager.save_checkpoint(manager.create_checkpoint(one))
    assert len(manager.list_checkpoints("sim-00000001")) == 2
    gone = manager.prune("sim-00000001", keep=1)
    assert [path.name for path in gone] == ["20260105_120000_000000.json"]
    assert not gone[0].exists()


def test_what_a_crash_left_half_made_is_in_nobodys_way(tmp_path: Path) -> None:
    manager = CheckpointManager(tmp_path)
    folder = tmp_path / "sim-00000001"
    folder.mkdir()
    (folder / "latest.json.tmp").write_text("half")
    manager.save_checkpoint(manager.create_checkpoint(a_simulator(seed=1)))
    assert not (folder / "latest.json.tmp").exists()
    assert manager.load_checkpoint("sim-00000001").cash == 10_000


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    manager = CheckpointManager(tmp_path / "c")
    outside = tmp_path / "outside"
    outside.write_text("precious")
    (tmp_path / "c" / "sim-00000001").mkdir(parents=True)
    (tmp_path / "c" / "sim-00000001" / "latest.json").symlink_to(outside)
    with pytest.raises(OSError, match="regular file"):
        manager.save_checkpoint(manager.create_checkpoint(a_simulator()))
    assert outside.read_text() == "precious"


def test_orders_on_file(tmp_path: Path) -> None:
    registry = OrderRegistry(tmp_path / "orders")
    path = registry.save_order(an_order())
    assert path == tmp_path / "orders" / "2026" / "01" / "05" / "o1.json"
    registry.save_order(an_order("o2"))
    registry = OrderRegistry(str(tmp_path / "orders"))
    assert registry.load_order("o1") == an_order()
    assert [order.order_id for order in registry.list_orders(since=NOON)] == ["o2", "o1"]
    assert registry.get_executions("o1") == []
    assert registry.delete_order("o1") and not registry.delete_order("o1")
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        registry.load_order("o1")
    with pytest.raises(ContractError, match="order_id"):
        registry.load_order("../o1")
