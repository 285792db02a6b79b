"""The demo with its line in a journal: which folder, from where, and until it is closed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .console import Progress, Usage, say
from .core.clock import environment_clock
from .core.errors import ContractError, LineFailed
from .core.line import Line
from .execution_loop import ExecutionLoop
from .journal.checkpointing import EVERY, Checkpointing
from .journal.halt import ACTOR, REASON, refuse_halted
from .journal.os_disk import OsDisk
from .journal.run import Found, JournaledRun, Opened, look
from .journal_folder import advised, give_up, look_first
from .params import ExecutionParams, Feed, describe_run

DEFAULT_STATE = "artifacts/state"
_ONLY_WITH = ("recover", "sync_each_send", "checkpoint_every")
_MOST_EVERY = 10**9


def folder_of(options: dict[str, Any]) -> str:
    """The journal's folder that the flags name, when any of them was given."""
    if options["state_dir"] is not None and not options["durable_state"]:
        raise Usage("--state-dir goes with --durable-state; give both, or --journal DIR")
    if options["journal"] is not None and options["durable_state"]:
        raise Usage("--journal and --durable-state name a folder each; leave one out")
    folder: str | None = options["journal"]
    if options["durable_state"]:
        folder = options["state_dir"] or DEFAULT_STATE
    if folder is None:
        name = next(name for name in _ONLY_WITH if options[name])
        flag = f"--{name.replace('_', '-')}"
        raise Usage(f"{flag} needs a journal; give --journal DIR or --durable-state")
    if not folder or "\0" in folder:
        raise Usage(f"--journal {folder!r} is no folder name; name a folder")
    return folder


def checkpoint_every(options: dict[str, Any]) -> int:
    """How many entries lie between two checkpoints of the run; 0 for none."""
    text = options["checkpoint_every"]
    if text is None:
        return EVERY
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_EVERY)):
        every = int(text)
        if every <= _MOST_EVERY:
            return every
    raise Usage(f"--checkpoint-every {text[:60]!r} is no number from 0 to {_MOST_EVERY};"
                " write it in digits")  # fmt: skip


class Book:
    """The journal of one run of the demo."""

    def __init__(
        self, folder: str, *, recover: bool, sync_each_send: bool, checkpoint_every: int = EVERY
    ) -> None:
        self.folder = folder
        self._every = checkpoint_every
        self._checkpointing: Checkpointing | None = None
        self._disk = OsDisk(folder)
        self._sync_each_send = sync_each_send
        self._run: JournaledRun | None = None
        self.halted = False
        self.found = self._look()
        if recover and self.found.opened is None:
            raise ContractError(
                f"--recover: {folder!r} holds no interrupted run; leave the flag out to begin one"
            )

    def _look(self) -> Found:
        if os.path.lexists(self.folder) and not os.path.isdir(self.folder):
            raise ContractError(f"--journal {self.folder!r} is no folder; name another")
        found = Found(None, None, False)
        if os.path.isdir(self.folder):
            with advised(self.folder, look_first):
                refuse_halted(self._disk)
                found = look(self._disk)
        if found.finished:
            raise ContractError(
                f"--journal {self.folder!r} holds a finished run; name another folder, or"
                f" `python -m tools.live replay {self.folder} --report` prints its report"
            )
        return found

    def begin(
        self,
        loop: ExecutionLoop,
        params: ExecutionParams,
        feed: Feed,
        start_ns: int,
    ) -> None:
        """Put the loop's line into the journal, at its beginning or where it was interrupted."""
        monitor, ledger = loop.risk_monitor, loop.risk_monitor.ledger
        keep = loop.line if isinstance(loop.line, Line) else None
        opened = Opened(
            describe_run(
                params, feed, loop.exchange, monitor, loop.edge, loop.rules_of(feed.symbols)
            ),
            loop.edge,
            start_ns,
            feed.start_ns,
            monitor.max_symbol_e9,
            monitor.max_total_e9,
            monitor.threshold_bps_e9,
            ledger.fee_maker_bps,
            ledger.fee_taker_bps,
            loop.order_store.retain,
        )
        with advised(self.folder, give_up):
            self._run = JournaledRun.begin(
                self._disk, opened, holder=f"process {os.getpid()}", time_ns=_now_ns(),
                commit_each_send=self._sync_each_send, keep=keep,
            )  # fmt: skip
        loop.line = self._run.line
        if self._every:
            self._checkpointing = Checkpointing(
                self._disk, self._run.line, loop.fold, self._run.opened, self._every
            )
        if self._run.resumed:
            say(f"going on with the interrupted run in {self.folder}")

    def watch(self, loop: ExecutionLoop, shown: Progress | None) -> Callable[[int, int], None]:
        """What the loop is to call behind each step: when the journal was halted, it freezes."""
        assert self._run is not None
        is_freeze_due = self._run.line.is_freeze_due

        def after_step(done: int, total: int) -> None:
            if not self.halted and is_freeze_due():
                self.halted = True
                loop.freeze(REASON, ACTOR)
            if shown is not None:
                shown(done, total)

        return after_step

    def finish(self, report: dict[str, Any], loop: ExecutionLoop) -> None:
        """Record what the run came to."""
        assert self._run is not None
        moved = {one.symbol: one.qty_e9 for one in loop.exchange.get_positions()}
        self._run.finish(report, moved, max(_now_ns(), loop.event_clock.ns))
        if self._checkpointing is not None and self._checkpointing.stopped:
            say(f"checkpoints ended before the run did: {self._checkpointing.stopped}")

    def halt(self, loop: ExecutionLoop, failed: LineFailed) -> None:
        """The line has failed: cancel what rests, and halt the journal until somebody has looked.

        A run that could not even begin has sent nothing, so nothing is halted.
        """
        if self._run is not None:
            loop.abandon()
            loop.tell_left(failed)
            self._run.halt(failed, _now_ns())

    def close(self) -> None:
        """Let go of the journal; a run that did not finish stays one that can go on."""
        if self._run is not None:
            self._run.let_go()


def _now_ns() -> int:
    return environment_clock().now_ns()
