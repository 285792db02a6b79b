"""Checkpoints and orders on file, with a folder in memory that may fail at any write."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.simulator_builders import NOON, a_simulator, after, an_execution, an_order
from tools.live.core.errors import ContractError
from tools.live.sim.simulator_contracts import Order, OrderStatus
from tools.live.sim.simulator_folder import CheckpointFolder
from tools.live.sim.simulator_registry import INDEX, OrderFiles


class Crash(Exception):
    """The machine stopped."""


class Memory:
    """Files in memory; with `left`, it stops when so many writes are done."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.left = 10**9
        self.reads: list[str] = []

    def names(self, folder: str) -> list[str]:
        inside = [path[len(folder) + 1 :] for path in self.files if path.startswith(f"{folder}/")]
        return sorted(name for name in inside if "/" not in name)

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    def put(self, path: str, data: bytes) -> None:
        self._step()
        self.files[path] = data

    def append(self, path: str, data: bytes) -> None:
        if self.left == 0:  # what stops in an append may leave a part of it
            self.files[path] = self.files.get(path, b"") + data[: len(data) // 2]
        self._step()
        self.files[path] = self.files.get(path, b"") + data

    def remove(self, path: str) -> None:
        self._step()
        if path not in self.files:
            raise FileNotFoundError(path)
        del self.files[path]

    def _step(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1


def created(order_id: str, days: int = 0, symbol: str = "SPY") -> Order:
    order = an_order(order_id, symbol=symbol)
    order.created_ns += days * 86_400 * 10**9
    return order


def test_checkpoints_are_listed_newest_first_and_loaded_by_time() -> None:
    memory, one = Memory(), a_simulator(simulator_id="s")
    folder = CheckpointFolder(memory)
    assert folder.list_checkpoints("s") == []
    with pytest.raises(FileNotFoundError):
        folder.load_checkpoint("s")
    for ms in (1, 2):
        one.process_until(after(ms))
        path = folder.save_checkpoint(folder.create_checkpoint(one))
    assert path == "s/20260105_120000_002000.json"
    older = "s/20260105_120000_001000.json"
    assert folder.list_checkpoints("s") == [(after(2), path), (after(1), older)]
    assert folder.load_checkpoint("s") == folder.load_checkpoint("s", after(2))
    assert folder.load_checkpoint("s", after(1)).checkpoint_timestamp == after(1)
    with pytest.raises(FileNotFoundError):
        folder.load_checkpoint("s", after(3))
    assert folder.restore_simulator(folder.load_checkpoint("s")).current_time == after(2)


def test_files_that_are_no_checkpoints_are_not_listed() -> None:
    memory = Memory()
    for name in ("notes.txt", "20261399_000000_000000.json", "20260105_120000_002000.json.tmp"):
        memory.files[f"s/{name}"] = b""
    assert CheckpointFolder(memory).list_checkpoints("s") == []


def test_pruning_keeps_the_newest() -> None:
    memory, one = Memory(), a_simulator(simulator_id="s")
    folder = CheckpointFolder(memory)
    for ms in range(4):
        one.process_until(after(ms))
        folder.save_checkpoint(folder.create_checkpoint(one))
    assert folder.prune("s", 9) == []
    assert folder.prune("s", 1) == [f"s/20260105_120000_00{n}000.json" for n in (2, 1, 0)]
    assert sorted(memory.files) == ["s/20260105_120000_003000.json", "s/latest.json"]
    for keep in (0, -1, True, "1"):
        with pytest.raises(ContractError, match="keep .* is no whole number from 1 on"):
            folder.prune("s", keep)  # type: ignore[arg-type]
        with pytest.raises(ContractError, match="keep .* is no whole number from 1 on"):
            CheckpointFolder(memory, keep=keep)  # type: ignore[arg-type]


def test_a_checkpoint_of_another_simulator_is_not_taken_for_ones_own() -> None:
    memory = Memory()
    folder = CheckpointFolder(memory)
    folder.save_checkpoint(folder.create_checkpoint(a_simulator(simulator_id="a")))
    memory.files["b/latest.json"] = memory.files["a/latest.json"]
    with pytest.raises(ContractError, match="is of simulator 'a'"):
        folder.load_checkpoint("b")
    memory.files["a/latest.json"] = b'{"version": NaN}'
    with pytest.raises(ContractError, match="checkpoint a/latest.json cannot be used: it holds"):
        folder.load_checkpoint("a")


def test_orders_are_found_by_what_is_known_of_them() -> None:
    memory = Memory()
    files = OrderFiles(memory)
    filled = created("b", 1)
    filled.add_execution(an_execution())
    for order in (created("a"), filled, created("c", 1, "X"), created("d", 2)):
        files.save_order(order)
    assert sorted(memory.files)[0] == "2026/01/05/a.json"
    files = OrderFiles(memory)

    def found(**by: object) -> list[str]:
        orders = files.list_orders(**by)  # type: ignore[arg-type]
        return [order.order_id for order in orders]

    assert found() == ["d", "c", "b", "a"]
    assert found(limit=2) == ["d", "c"] and found(limit=0) == []
    assert found(symbol="SPY") == ["d", "b", "a"]
    assert found(status=OrderStatus.FILLED) == ["b"]
    day = timedelta(days=1)
    assert found(since=NOON + day) == ["d", "c", "b"]
    assert found(until=NOON + day, since=NOON + day) == ["c", "b"]
    memory.reads.clear()
    assert found(until=NOON) == ["a"] and memory.reads == ["2026/01/05/a.json"]
    assert files.load_order("b") == filled
    assert files.get_executions("b") == filled.executions


def test_an_order_is_replaced_by_its_newer_self_and_by_nothing_else() -> None:
    memory = Memory()
    files = OrderFiles(memory)
    order = created("a")
    path = files.save_order(order)
    order.add_execution(an_execution())
    assert files.save_order(order) == path
    assert files.load_order("a").status is OrderStatus.FILLED
    assert memory.files[INDEX].count(b"\n") == 1
    with pytest.raises(ContractError, match="'a' is stored at 2026/01/05/a.json already"):
        files.save_order(created("a", 1))
    assert files.save_order(created("a", 0, "X")) == path  # the same file, another symbol
    assert OrderFiles(memory).list_orders(symbol="X")[0].symbol == "X"


def test_orders_can_be_deleted() -> None:
    memory = Memory()
    files = OrderFiles(memory)
    files.save_order(created("a"))
    assert files.delete_order("a") and not files.delete_order("a")
    assert not OrderFiles(memory).delete_order("a")
    with pytest.raises(FileNotFoundError, match="'a' is not on file"):
        files.load_order("a")
    files.save_order(created("b"))
    del memory.files["2026/01/05/b.json"]
    assert files.delete_order("b")
    assert OrderFiles(memory).list_orders() == []


@pytest.mark.parametrize("name", ["../a", "a/b", ".a"])
def test_an_id_that_is_no_file_name_is_refused(name: str) -> None:
    files = OrderFiles(Memory())
    for use in (files.load_order, files.delete_order, files.get_executions):
        with pytest.raises(ContractError, match="order_id .* is no name"):
            use(name)
    with pytest.raises(ContractError, match="order_id .* is no name"):
        files.save_order(an_order(name))


def test_the_index_does_not_grow_for_ever() -> None:
    memory = Memory()
    files = OrderFiles(memory)
    for number in range(1_600):
        files.save_order(created(f"o{number}"))
        if number % 2:
            files.delete_order(f"o{number}")
            files.delete_order(f"o{number - 1}")
    assert memory.files[INDEX].count(b"\n") < 1_100
    files.save_order(created("kept"))
    assert [order.order_id for order in OrderFiles(memory).list_orders()] == ["kept"]


def test_damage_is_named() -> None:
    memory = Memory()
    files = OrderFiles(memory)
    path = files.save_order(created("a"))
    memory.files["2026/01/05/b.json"] = memory.files[path]
    memory.files[path] = b"{"
    with pytest.raises(ContractError, match="file 2026/01/05/a.json cannot be used: it is no"):
        files.load_order("a")
    other = files.save_order(created("c"))
    memory.files[path] = memory.files[other]
    with pytest.raises(ContractError, match="a.json is of another order, 'c'"):
        files.load_order("a")
    for line in (b"{}\n", b'{"created_ns":"1","deleted":false,"order_id":"a","symbol":"S"}\n'):
        memory.files[INDEX] = line
        with pytest.raises(ContractError, match="index line"):
            OrderFiles(memory)


def test_whatever_write_a_crash_stops_nothing_that_was_saved_is_lost() -> None:
    for stop in range(40):
        memory = Memory()
        memory.left = stop
        saved: list[str] = []
        try:
            files = OrderFiles(memory)
            for number in range(8):
                files.save_order(created(f"o{number}"))
                saved.append(f"o{number}")
                if number % 3 == 2:
                    gone = saved.pop(0)
                    files.delete_order(gone)
        except Crash:
            pass
        memory.left = 10**9
        again = OrderFiles(memory)
        found = [order.order_id for order in again.list_orders()][::-1]
        for path in memory.files:
            assert path == INDEX or again.load_order(path[11:-5]).order_id == path[11:-5]
        assert [name for name in found if name in saved] == saved
        assert len(found) <= len(saved) + 1
