"""`journal repair`: says what giving up damaged records would mean, and does it when told to."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

from .console import EXIT_OK, Usage, emit
from .core.errors import ContractError
from .journal.disk import Disk, NotAFile
from .journal.errors import IntegrityRefused, NotOurs
from .journal.guard import disk_errors
from .journal.mark import MARK, read_mark
from .journal.os_disk import OsDisk
from .journal.reader import verify
from .journal.repair import Repaired, repair
from .journal.scan import Scan, scan_log
from .journal.segments import FOLDER, PACKED, PLAIN, TORN, list_segments, segment_path
from .journal_cli_flags import PROG, number

_LARGEST = 10**18 - 1


class Plan(NamedTuple):
    """What is damaged, what would stay, and which files would change."""

    refused: IntegrityRefused
    log_id: str
    first_seq: int
    mark_seq: int | None
    files: tuple[str, ...]

    @property
    def found(self) -> str:
        return self.refused.what.rstrip(",")

    def kept(self) -> str:
        last_seq = self.refused.seq - 1
        if last_seq < self.first_seq:
            return "nothing; the journal begins anew"
        return f"seq {self.first_seq} to {last_seq}"

    def given_up(self) -> str:
        seq = self.refused.seq
        if self.mark_seq is None or self.mark_seq < seq:
            return f"seq {seq} and all behind it"
        count = self.mark_seq - seq + 1
        return f"seq {seq} and all behind it, {count:,} of them durable"


def repair_command(folder: str, options: dict[str, Any], holder: str, now_ns: int) -> int:
    """The command itself; nothing changes before the operator has named the first loss."""
    accepted = number(options["accept_loss_from"], "--accept-loss-from", 0, _LARGEST)
    dry = options["dry_run"]
    if accepted is None and not dry:
        raise Usage(
            "repair gives up records for good; name the first one with --accept-loss-from SEQ, or"
            " ask for it with --dry-run"
        )
    disk = OsDisk(folder)
    plan = make_plan(disk, options["log_id"])
    seq = plan.refused.seq
    if accepted is not None and accepted != seq:
        raise ContractError(
            f"--accept-loss-from {accepted} is not the first loss, which is seq {seq}:"
            f" {plan.found}; give that one, or restore a copy"
        )
    if dry:
        emit(_foretold(plan, folder))
        return EXIT_OK
    done = repair(disk, accept_loss_from=seq, log_id=plan.log_id, holder=holder, time_ns=now_ns)
    emit(_told(plan, done))
    return EXIT_OK


def make_plan(disk: Disk, log_id: str | None) -> Plan:
    """Find the damage without changing anything; ContractError when there is none."""
    with disk_errors("the log cannot be read"):
        mark, _ = read_mark(disk)
    refused = _damage(disk, log_id or "")
    with disk_errors("the log cannot be read"):
        scan = scan_log(disk, log_id=log_id or "")
        if not scan.log_id:
            raise ContractError(
                "the name of the journal cannot be read any more; give it with --log-id ID"
                " (a report has it as integrity.journal_id)"
            )
        files = _changing_files(disk, scan, refused.seq)
    mark_seq = None if mark is None else mark.seq
    return Plan(refused, scan.log_id, scan.first_seq, mark_seq, files)


def _damage(disk: Disk, log_id: str) -> IntegrityRefused:
    """Why the journal is refused; what nobody can repair is raised as it is."""
    try:
        verify(disk, log_id=log_id)
    except NotOurs:
        raise
    except IntegrityRefused as refused:
        if isinstance(refused.__cause__, (NotAFile, NotADirectoryError)):
            raise
        return refused
    raise ContractError("nothing that was durable is damaged; there is nothing to repair")


def _changing_files(disk: Disk, scan: Scan, seq: int) -> tuple[str, ...]:
    """The last segment with a record to keep and all behind it, in both forms, and the mark."""
    read = [one.segment.first_seq for one in scan.segments]
    cut = max((first for first in read if first <= seq), default=0)
    present = disk.names(FOLDER)
    firsts = [one.first_seq for one in list_segments(disk) if one.first_seq >= cut]
    paths = [segment_path(first, form) for first in firsts for form in (PLAIN, PACKED)]
    found = [path for path in paths if path.rpartition("/")[2] in present]
    return (*found, *([MARK] if MARK in disk.names() else []))


def _foretold(plan: Plan, folder: str) -> str:
    refused = plan.refused
    lines = [
        f"damage   {plan.found}",
        f"at       {refused.path} byte {refused.offset}",
        f"keeps    {plan.kept()}",
        f"loses    {plan.given_up()}",
        *(f"copies   {path} to {TORN}/" for path in plan.files),
        "nothing was changed; to do it, write",
        f"  {PROG} repair {shlex.quote(folder)} --accept-loss-from {refused.seq}",
    ]
    return "\n".join(lines) + "\n"


def _told(plan: Plan, done: Repaired) -> str:
    lines = [
        f"damage   {plan.found}",
        f"kept     {plan.kept()}",
        f"lost     {plan.given_up()}",
        *(f"copied   {TORN}/{name}" for name in done.kept),
    ]
    return "\n".join(lines) + "\n"
