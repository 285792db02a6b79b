"""`python -m tools.live journal VERB DIR`: look at the journal of a run, and look after it."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, takewhile
from typing import Any

from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_INTERRUPTED, EXIT_OK, Usage, did_you_mean, emit, run, say,
)  # fmt: skip
from .core.clock import environment_clock
from .core.errors import ContractError
from .journal.os_disk import OsDisk
from .journal.reader import Reader, Record
from .journal.show import HEADING, Picker, Wanted, parse_bound, readable, stored_line
from .journal.summary import summarize
from .journal.tail import Tail, kept_seq
from .journal_cli_flags import MOST_LAST, PROG, VERBS, number, parse, usage
from .journal_folder import advised, give_up, named_folder

_DEFAULT_LAST = 10
_LARGEST = 10**18 - 1
_FOLLOW_SECONDS = 0.2
_LINES_AT_ONCE = 512
_PARTIAL = ".partial"
_MOST_WORDS = 200
_HELP = ("-h", "--help")


def main(argv: Sequence[str] | None = None, *, wait: Callable[[], None] | None = None) -> int:
    """Run one verb; `wait` passes the time between two looks at a journal that is followed."""
    given = sys.argv[1:] if argv is None else list(argv)
    task = f"journal {given[0]}" if given and given[0] in VERBS else "the command"
    return run(lambda: _main(given, wait or _sleep), debug=DEBUG.name in given, task=task)


def _sleep() -> None:
    time.sleep(_FOLLOW_SECONDS)


def _main(given: list[str], wait: Callable[[], None]) -> int:
    verb = given[0] if given else "--help"
    if verb in _HELP:
        emit(usage())
        return EXIT_OK
    if verb not in VERBS:
        raise Usage(f"unknown verb {verb[:60]!r} at argument 1; {did_you_mean(verb, VERBS)}")
    parser, options = parse(verb, given[1:])
    if options["help"]:
        emit(parser.help())
        return EXIT_OK
    folder = named_folder(options["dir"], verb, f"{PROG} {verb}")
    with advised(folder, give_up):
        if verb == "tail":
            return _tail(folder, options, wait)
        return _COMMANDS[verb](folder, options)


# Reading.


def _verify(folder: str, options: dict[str, Any]) -> int:
    summary = summarize(OsDisk(folder))
    emit(summary.spell() if options["json"] else summary.show())
    return EXIT_OK


def _show(folder: str, options: dict[str, Any]) -> int:
    limit = number(options["limit"], "--limit", 1, _LARGEST)
    wanted = _wanted(options)
    disk = OsDisk(folder)
    picker = Picker(wanted)
    picker.learn_names(disk)
    printer = _Printer(raw=options["json"])
    records = Reader(disk, from_seq=kept_seq(disk, wanted.since.seq or 0)).poll()
    in_reach = takewhile(lambda one: not wanted.is_behind(one), records)
    printer.show(islice(filter(picker.picks, in_reach), limit))
    if not printer.printed:
        say("no record is like that")
    return EXIT_OK


def _tail(folder: str, options: dict[str, Any], wait: Callable[[], None]) -> int:
    count = number(options["last"], "--last", 0, MOST_LAST)
    count = _DEFAULT_LAST if count is None else count
    wanted, follow = _wanted(options), options["follow"]
    printer = _Printer(raw=options["json"])
    try:
        tail = Tail(OsDisk(folder), wanted, count=count, follow=follow)
        printer.show(tail.last())
        while follow:
            wait()
            printer.show(tail.new())
    except KeyboardInterrupt:
        if not follow:
            raise
        return EXIT_INTERRUPTED  # It is how following ends, so there is nothing to say.
    return EXIT_OK


def _wanted(options: dict[str, Any]) -> Wanted:
    """What the flags ask for; a tail has no range."""
    found: dict[str, Any] = {}
    if options["kind"] is not None:
        found["kinds"] = tuple(options["kind"].split(","))
        if "" in found["kinds"]:
            raise Usage(f"--kind {options['kind'][:60]!r} has an empty name; write order,risk")
    if options["order"] is not None:
        if not options["order"]:
            raise Usage("--order '' names no order; write an id such as CLI00000007")
        found["order"] = options["order"]
    for name in ("since", "until"):
        if options.get(name) is not None:
            found[name] = parse_bound(options[name], f"--{name}")
    return Wanted(corr=number(options["corr"], "--corr", 1, _LARGEST), **found)


class _Printer:
    """Records on stdout, under a heading when people look at it."""

    def __init__(self, *, raw: bool) -> None:
        self.printed = 0
        self._raw = raw
        self._columns = 0 if raw else _columns()
        self._lines = [HEADING[: self._columns] + "\n"] if self._columns else []

    def show(self, records: Iterable[Record]) -> None:
        """Print records, and let the reader have them before anything goes wrong."""
        try:
            for one in records:
                self.printed += 1
                self._lines.append(self._line(one))
                if len(self._lines) >= _LINES_AT_ONCE:
                    self._put()
        finally:
            if self.printed:
                self._put()

    def _put(self) -> None:
        text, self._lines = "".join(self._lines), []
        emit(text)
        sys.stdout.flush()

    def _line(self, one: Record) -> str:
        if self._raw:
            return stored_line(one).decode("ascii", "backslashreplace")
        return readable(one, self._columns) + "\n"


def _columns() -> int:
    """The width of the terminal on stdout; 0 when it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return 0
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


# Copying.


def _export(folder: str, options: dict[str, Any]) -> int:
    from .journal.export import export

    target = _new_folder(options["out_dir"], folder)
    partial = target + _PARTIAL
    os.mkdir(partial, 0o700)
    try:
        done = export(OsDisk(folder), OsDisk(partial))
        os.rename(partial, target)
    except BaseException:
        shutil.rmtree(partial)
        raise
    OsDisk(os.path.dirname(target)).sync_folder()
    emit(
        f"exported {done.records:,} records of {done.log_id} (seq {done.first_seq} to"
        f" {done.last_seq}) into {done.files} files in {options['out_dir']}\n"
    )
    return EXIT_OK


def _new_folder(named: str | None, journal: str) -> str:
    """The absolute name of a folder that can be made; ContractError says why it cannot."""
    if not named or "\0" in named:
        raise Usage(f"export needs a folder to write to; write {PROG} export DIR OUTDIR")
    target = os.path.abspath(named)
    above = os.path.dirname(target)
    if os.path.lexists(target):
        raise ContractError(f"OUTDIR {named!r} is there already; name a new folder")
    if not os.path.isdir(above):
        raise ContractError(f"OUTDIR {named!r}: there is no folder {above!r}; create it first")
    home = os.path.realpath(journal)
    if os.path.commonpath([home, os.path.realpath(above)]) == home:
        raise ContractError(f"OUTDIR {named!r} is in the journal's folder; name another")
    if os.path.lexists(target + _PARTIAL):
        raise ContractError(
            f"OUTDIR {named!r}: {target + _PARTIAL!r} is left of an export that was cut short;"
            " remove it first"
        )
    return target


# Upkeep.


def _index(folder: str, options: dict[str, Any]) -> int:
    from .journal.upkeep import RIGHT, check_indexes, rebuild_indexes

    disk = OsDisk(folder)
    check = options["check"]
    found = check_indexes(disk) if check else rebuild_indexes(disk, _holder("index"))
    off = [one for one in found if one.found != RIGHT]
    for one in off:
        emit(f"{one.path}  {one.found}{'' if check else ', written anew'}\n")
    emit(f"{_count(len(found), 'complete segment')}, {len(off)} without a right index\n")
    return EXIT_CHECK_FAILED if check and off else EXIT_OK


def _compact(folder: str, options: dict[str, Any]) -> int:
    from .journal.upkeep import drop_before, oldest_checkpoint, pack_closed

    disk = OsDisk(folder)
    if options["drop_before_checkpoint"]:
        seq = oldest_checkpoint(disk)
        dropped = drop_before(disk, seq, holder=_holder("compact"), time_ns=_now_ns())
        emit(f"dropped {_count(dropped, 'segment')} before the checkpoint at seq {seq}\n")
    packed = pack_closed(disk, _holder("compact"))
    for one in packed:
        emit(f"{one.path}  {one.before:,} bytes, now {one.after:,}\n")
    emit(f"packed {_count(len(packed), 'segment')}\n")
    return EXIT_OK


def _project(folder: str, options: dict[str, Any]) -> int:
    from .journal_cli_project import project_command

    return project_command(folder, options)


def _repair(folder: str, options: dict[str, Any]) -> int:
    from .journal_cli_repair import repair_command

    return repair_command(folder, options, _holder("repair"), _now_ns())


def _resume(folder: str, options: dict[str, Any]) -> int:
    from .journal.halt import resume

    said = {name: _word(options[name], f"--{name}") for name in ("actor", "reason")}
    seq = resume(OsDisk(folder), **said, holder=_holder("resume"), time_ns=_now_ns())
    emit(f"resumed by {said['actor']} at seq {seq}: {said['reason']}\n")
    return EXIT_OK


def _word(given: str | None, flag: str) -> str:
    """Something to be recorded as it is, on one line."""
    if given is None or not given.strip():
        raise Usage(f"resume needs {flag}, and not an empty one; write {flag} TEXT")
    if not given.isprintable() or len(given) > _MOST_WORDS:
        raise Usage(f"{flag} {given[:60]!r} is not {_MOST_WORDS} or fewer printable characters;"
                    " write it on one line")  # fmt: skip
    return given.strip()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _holder(verb: str) -> str:
    return f"process {os.getpid()} (journal {verb})"


def _now_ns() -> int:
    return environment_clock().now_ns()


_COMMANDS: dict[str, Callable[[str, dict[str, Any]], int]] = {
    "verify": _verify, "show": _show, "export": _export, "index": _index, "compact": _compact,
    "project": _project, "repair": _repair, "resume": _resume,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
