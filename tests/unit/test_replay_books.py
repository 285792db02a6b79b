"""tools.live.replay_books: a run's own side of a reconciliation, out of its journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import BTC, ETH, T0_NS
from tests.unit.run_journals import Ran, a_moody_run, a_run, an_opening, to_folder, write_run
from tools.live import reconcile_cli, replay_cli
from tools.live.audit.reconcile_facts import KnownFill, VenueState
from tools.live.audit.reconcile_files import read_local
from tools.live.audit.reconcile_json import local_form, venue_form
from tools.live.audit.reconcile_venue import observe
from tools.live.core import codec
from tools.live.core.clock import NS_PER_S
from tools.live.journal.replay import rebuild
from tools.live.replay_books import books, books_text

Capture = pytest.CaptureFixture[str]
LATER_NS = T0_NS + 3600 * NS_PER_S


def theirs(ran: Ran) -> VenueState:
    """What the exchange of a run says, an hour after it."""
    return observe(ran.loop.exchange, LATER_NS)


def reconciled(folder: Path, venue: VenueState, capsys: Capture, *flags: str) -> tuple[int, str]:
    """Both command lines, as a person would type them one after the other."""
    assert replay_cli.main([str(folder), "--books", *flags]) == 0
    local, other = folder / "ours.json", folder / "theirs.json"
    local.write_text(capsys.readouterr().out)
    other.write_text(codec.canonical(venue_form(venue)))
    code = reconcile_cli.main(["--local", str(local), "--venue", str(other)])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


@pytest.mark.parametrize("requote", [True, False])
@pytest.mark.parametrize("retain", [None, 3])
def test_the_books_of_a_run_agree_with_its_exchange(
    retain: int | None, requote: bool, tmp_path: Path, capsys: Capture
) -> None:
    ran = a_run(12, retain=retain, requote=requote)
    folder = to_folder(ran.disk, tmp_path / "run")
    code, out = reconciled(folder, theirs(ran), capsys)
    assert code == 0 and out.endswith(" MATCHED\noutcome: ready\n")
    told = json.loads((folder / "ours.json").read_text())
    assert told["forgets"] is (retain is not None) and told["halted"] is False


def test_an_exchange_that_moved_on_does_not(tmp_path: Path, capsys: Capture) -> None:
    ran = a_run(12, requote=False)
    folder = to_folder(ran.disk, tmp_path / "run")
    first = ran.loop.exchange.get_open_orders()[0]
    ran.loop.exchange.cancel(first.order_id)
    code, out = reconciled(folder, theirs(ran), capsys)
    assert code == 6 and f"UNKNOWN          order {first.client_order_id}" in out


def test_the_books_as_they_were(tmp_path: Path, capsys: Capture) -> None:
    ran = a_run(12)
    folder = to_folder(ran.disk, tmp_path / "run")
    assert replay_cli.main([str(folder), "--books", "--until", "20"]) == 0
    then = rebuild(ran.disk, until=20)
    assert capsys.readouterr().out == books_text(then) != books_text(rebuild(ran.disk))
    assert replay_cli.main([str(folder), "--books", "--until", "20", "--back", "1"]) == 0
    assert capsys.readouterr().out.startswith("{")
    for other in ("--report", "--verify", "--step=1", "--fork=x"):
        assert replay_cli.main([str(folder), "--books", other]) == 2
        assert "--books" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(20))
def test_every_fact_of_the_fold_is_in_the_books(seed: int) -> None:
    replay = rebuild(a_moody_run(seed).disk)
    ours, fold = books(replay), replay.fold
    assert read_local(json.loads(books_text(replay))) == ours, f"seed {seed}"
    assert [order.client_order_id for order in ours.orders] == list(fold.store.orders)
    filled = sum(order.filled for order in ours.orders)
    assert filled == sum(fill.qty for fill in ours.fills), f"seed {seed}"
    held = {symbol: fold.monitor.ledger.qty(symbol) for symbol in (BTC, ETH)}
    assert ours.positions == {symbol: qty for symbol, qty in held.items() if qty}
    assert (ours.halted, ours.cash) == (fold.monitor.frozen, None)
    assert all(fold.store.fills[one.fill_id][1:] == (one.qty, one.price) for one in ours.fills)
    assert all(isinstance(one, KnownFill) for one in ours.fills)


def test_what_the_exchange_held_before_is_held() -> None:
    ran = a_run(12)
    replay = rebuild(ran.disk)
    fields = an_opening(ran.loop.risk_monitor, {})
    disk = SimDisk()
    write_run(disk, type(fields)(
        fields.about, fields.edge, fields.start_ns, fields.first_event_ns, fields.terms, None,
        {"XRPUSDT": 7}, fields.code_version, None,
    ), ())  # fmt: skip
    assert books(rebuild(disk)).positions == {"XRPUSDT": 7}
    assert local_form(books(rebuild(disk)))["positions"] == {"XRPUSDT": "0.000000007"}
    assert "XRPUSDT" not in books(replay).positions
