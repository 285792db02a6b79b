"""`python -m tools.live replay DIR`: a run out of its journal, proven, looked at, or forked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Usage, did_you_mean, emit, first_word,
    run, say,
)  # fmt: skip
from .core import codec
from .core.clock import render_utc
from .core.errors import ContractError
from .core.money import to_e9
from .journal.checkpoint import Skipped
from .journal.disk import Disk
from .journal.folding import Replay, Start, Told
from .journal.os_disk import OsDisk
from .journal.rederive import Difference, Verified, rederive
from .journal.replay import Restore, find_run, rebuild
from .journal.run_checkpoint import restore_from
from .journal.run_facts import RunOpened
from .journal.state_view import readable, state_view
from .journal.travel import Step, last_inputs, last_steps, resolve
from .journal_folder import advised, look_first, named_folder
from .settings import BY_KEY

PROG = "python -m tools.live replay"
MOST_STEPS = 1000
CHANGEABLE = (
    "base_qty", "spread_bps", "max_inv", "max_total", "edge_threshold", "fee_maker_bps",
    "fee_taker_bps",
)  # fmt: skip
_WHERE = "a seq, a time, or an order"
PARSER = Parser(
    usage=f"{PROG} DIR [FLAGS]",
    about="Replay the run in a journal: fold what the world said, decide everything again.\n"
    "Without a flag it shows the state at the end. Nothing is written but a fork.",
    flags=(
        Flag("--dir", "DIR", "the journal's folder; also the first word", "journal"),
        Flag("--verify", "", "hold every recorded decision against what is decided now", "what"),
        Flag("--report", "", "print the report that the run made, byte for byte", "what"),
        Flag("--books", "", "print our side as `reconcile --local` reads it", "what"),
        Flag("--fork", "NEWDIR", "go on from --until under other parameters, in a new journal",
             "what"),
        Flag("--set", "NAME=VALUE", "what the fork changes, such as base_qty=0.02; repeatable",
             "what"),
        Flag("--until", "WHERE", "120, 2025-01-01T00:00:10Z, or CLI00000007 (where it ended)",
             "where"),
        Flag("--back", "K", "then K inputs back", "where"),
        Flag("--step", "K", "show the last K inputs and what each changed", "where"),
        Flag("--from-genesis", "", "begin at the beginning, not at a checkpoint", "where"),
        Flag("--json", "", "print JSON", "output"),
        Flag(DEBUG.name, DEBUG.value, DEBUG.help, "general"),
        Flag(HELP.name, HELP.value, HELP.help, "general"),
    ),
    examples=(
        "python -m tools.live.exec_demo --shadow --journal run-1",
        f"{PROG} run-1",
        f"{PROG} run-1 --verify",
        f"{PROG} run-1 --report",
        f"{PROG} run-1 --books",
        f"{PROG} run-1 --until CLI00000007 --step 3",
        f"{PROG} run-1 --until 2025-01-01T00:00:10Z --back 1 --json",
        f"{PROG} run-1 --until 120 --fork run-2 --set base_qty=0.02 --set max_inv=5000",
    ),
    end=f"""A fork changes {', '.join(CHANGEABLE[:4])},
{', '.join(CHANGEABLE[4:])}; it begins behind the step of the
feed that --until is in.

exit codes: 0 ok, 1 a decision, a state or a report came out otherwise, 2 wrong usage or
  input, 3 damaged journal, 4 journal in use, 5 storage fault, 130 interrupted,
  143 terminated""",
)  # fmt: skip
_APART = (("--report", ("--verify", "--books", "--fork", "--until", "--back", "--step")),
          ("--verify", ("--books", "--fork", "--until", "--back", "--step")),
          ("--books", ("--fork", "--step")),
          ("--fork", ("--back", "--step")))  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Replay and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    forks = any(word.partition("=")[0] == "--fork" for word in given)
    return run(
        lambda: _main(given), debug=DEBUG.name in given,
        task="the fork" if forks else "the replay",
        again="start it again with a new folder" if forks else "start it again",
    )  # fmt: skip


def _main(argv: list[str]) -> int:
    argv = first_word(argv, "--dir")
    options = PARSER.parse(argv)
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    _refuse_mixture(options)
    changes = _changes(argv)
    folder = named_folder(options["dir"], "replay", PROG)
    with advised(folder, look_first):
        return _replay(OsDisk(folder), options, changes)


def _replay(disk: Disk, options: dict[str, Any], changes: dict[str, int]) -> int:
    """The one thing that is asked for."""
    if options["fork"] is not None:
        return _fork(disk, options, changes)
    if changes:
        raise Usage("--set goes with --fork; name a new folder with --fork NEWDIR")
    for name, show in _SHOWN.items():
        if options[name]:
            return show(disk, options)
    return _state(disk, options)


def _refuse_mixture(options: dict[str, Any]) -> None:
    """What the flags ask for must be one thing."""
    for flag, others in _APART:
        for other in others:
            if options[flag[2:]] and options[other[2:]]:
                raise Usage(f"{flag} does not go with {other}; leave one out")
    if options["back"] is not None and options["until"] is None:
        raise Usage(f"--back counts from --until; give {_WHERE} with --until")


def _changes(argv: Sequence[str]) -> dict[str, int]:
    """Every --set, as a scaled integer by its name."""
    changes: dict[str, int] = {}
    for place, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name != "--set":
            continue
        given = value if equals else argv[place + 1]
        key, equals, text = given.partition("=")
        if key not in CHANGEABLE:
            raise Usage(f"--set {key[:60]!r} is nothing a fork can change; "
                        f"{did_you_mean(key, CHANGEABLE)}")  # fmt: skip
        if not equals:
            raise Usage(f"--set {key} lacks its value; write --set {key}=VALUE")
        if key in changes:
            raise Usage(f"--set {key} is given twice; leave one out")
        setting = BY_KEY[key]
        changes[key] = to_e9(setting.read(text, f"--set {key}"), f"--set {key}")
    return changes


def _target(disk: Disk, options: dict[str, Any]) -> int | None:
    """The seq that --until and --back mean; None for the end."""
    if options["until"] is None:
        return None
    seq = resolve(disk, options["until"])
    back = _count(options["back"], "--back") if options["back"] is not None else 0
    if not back:
        return seq
    inputs = last_inputs(disk, seq, back)
    if len(inputs) < back:
        raise ContractError(
            f"--back {back} is before the beginning; there are {len(inputs)} inputs up to seq {seq}"
        )
    return inputs[0] - 1


def _count(text: str, flag: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_STEPS:
        raise Usage(f"{flag} {text[:60]!r} is no number from 1 to {MOST_STEPS}; write it in digits")
    return int(text[:9])


def _restore(
    disk: Disk, options: dict[str, Any], *, digest: bool = False, oldest: bool = False
) -> Restore | None:
    """Where a replay may begin; what is passed over is told, a checkpoint a line."""
    if options["from_genesis"]:
        return None

    def nearest(opened: RunOpened, until: int | None) -> Start | None:
        skipped: list[Skipped] = []
        log_id = find_run(disk)[0]
        start = restore_from(disk, log_id, skipped, digest=digest, oldest=oldest)(opened, until)
        for one in skipped:
            say(f"passed over {one.path}: {one.reason}")
        return start

    return nearest


# What is shown.


def _state(disk: Disk, options: dict[str, Any]) -> int:
    until = _target(disk, options)
    replay = rebuild(disk, until=until, restore=_restore(disk, options))
    if options["json"]:
        emit(codec.canonical({**_place(replay), "state": state_view(replay.fold)}) + "\n")
    else:
        emit(_heading(replay) + readable(state_view(replay.fold)))
    return EXIT_OK


def _steps(disk: Disk, options: dict[str, Any]) -> int:
    until = _target(disk, options)
    if until is None:
        until = rebuild(disk, restore=_restore(disk, options)).seq
    count = _count(options["step"], "--step")
    if not until:
        raise ContractError("--step: there is no input before the beginning; name a later --until")
    replay, steps = last_steps(disk, until, count, _restore(disk, options))
    if options["json"]:
        shown = [
            {
                "input": _told(step.told),
                "decided": [_told(one) for one in step.decided],
                "changed": {path: list(pair) for path, pair in step.changed.items()},
            }
            for step in steps
        ]
        emit(codec.canonical({**_place(replay), "steps": shown}) + "\n")
    else:
        emit(_heading(replay) + "".join(_step_text(step) for step in steps))
    return EXIT_OK


def _report(disk: Disk, options: dict[str, Any]) -> int:
    replay = rebuild(disk, digest=True, restore=_restore(disk, options, digest=True))
    emit(codec.canonical(replay.report()) + "\n")
    return EXIT_OK


def _verify(disk: Disk, options: dict[str, Any]) -> int:
    verified = rederive(disk, _restore(disk, options, oldest=True))
    replay, found = verified.replay, verified.difference
    if replay.begun:
        say(f"verified behind seq {replay.begun} of the line; what was before is dropped")
    if options["json"]:
        emit(codec.canonical(_verified(verified)) + "\n")
    elif found is not None:
        emit(_difference_text(found))
    if found is not None:
        say(f"error: check: seq {found.seq} ({found.kind}) comes out otherwise than it is recorded;"
            " see its causes, and replay it with the version that wrote it")  # fmt: skip
        return EXIT_CHECK_FAILED
    if verified.state_as_reported is False:
        say(f"error: check: the state behind seq {replay.seq} comes out with the hash"
            f" {replay.state_sha256}, which is not the reported one; replay it with version"
            f" {replay.opened.code_version}")  # fmt: skip
        return EXIT_CHECK_FAILED
    if not options["json"]:
        end = "as it was reported" if replay.reported is not None else "not reported: interrupted"
        emit(
            f"{replay.log_id}: {verified.compared} decisions of {replay.seq - replay.begun}"
            " entries come out as"
            f" recorded\nstate {replay.state_sha256}, {end}\n"
        )
    return EXIT_OK


def _fork(disk: Disk, options: dict[str, Any], changes: dict[str, int]) -> int:
    from .replay_fork import fork

    target = _target(disk, options)
    if target is None:
        raise Usage(f"--fork begins behind --until; give {_WHERE} with --until")
    folder: str = options["fork"]
    if not folder or "\0" in folder:
        raise Usage(f"--fork {folder!r} is no folder name; name a new folder")
    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise ContractError(f"--fork {folder!r} is there already; name a new folder")
    point, log_id, report = fork(disk, OsDisk(folder), target, changes)
    emit(codec.canonical(report) + "\n")
    say(f"forked behind seq {point.seq} into {folder} as {log_id}")
    return EXIT_OK


def _books(disk: Disk, options: dict[str, Any]) -> int:
    from .replay_books import books_text

    replay = rebuild(disk, until=_target(disk, options), restore=_restore(disk, options))
    emit(books_text(replay))
    return EXIT_OK


_SHOWN: dict[str, Callable[[Disk, dict[str, Any]], int]] = {
    "report": _report, "verify": _verify, "books": _books, "step": _steps,
}  # fmt: skip


def _place(replay: Replay) -> dict[str, Any]:
    reported = replay.reported is not None
    return {
        "journal_id": replay.log_id,
        "seq": replay.seq,
        "head": f"{replay.journal_seq}:{replay.head.hex()}",
        "state_sha256": replay.state_sha256,
        "reported": reported,
    }


def _heading(replay: Replay) -> str:
    head = f"{replay.journal_seq}:{replay.head.hex()}" if replay.journal_seq >= 0 else "-"
    return f"{replay.log_id} at seq {replay.seq}\nhead  {head}\nstate {replay.state_sha256}\n\n"


def _verified(verified: Verified) -> dict[str, Any]:
    replay, found = verified.replay, verified.difference
    return {
        **_place(replay),
        "decisions": verified.compared,
        "unsent": verified.open_outputs,
        "state_as_reported": verified.state_as_reported,
        "difference": None if found is None else {
            "seq": found.seq,
            "kind": found.kind,
            "recorded": found.recorded,
            "derived": found.derived,
            "causes": [_told(one) for one in found.causes],
        },
    }  # fmt: skip


def _told(told: Told) -> dict[str, Any]:
    return {
        "seq": told.seq, "ts_ns": told.ts_ns, "kind": told.topic, "src": told.src,
        "corr": told.corr, "cause": told.cause, "payload": told.payload,
    }  # fmt: skip


def _step_text(step: Step) -> str:
    lines = [_told_text(step.told)]
    lines += [f"  decided {_told_text(one)}" for one in step.decided]
    for path, (before, after) in step.changed.items():
        shown = ["-" if value is None else str(value) for value in (before, after)]
        lines.append(f"  {path}  {shown[0]} -> {shown[1]}")
    return "\n".join(lines) + "\n"


def _told_text(told: Told) -> str:
    payload = codec.canonical(told.payload)
    return f"seq {told.seq}  {render_utc(told.ts_ns)}  {told.src}  {told.topic}  {payload}"


def _difference_text(found: Difference) -> str:
    lines = [f"seq {found.seq}  {found.kind}"]
    for name, told in (("recorded", found.recorded), ("derived", found.derived)):
        lines.append(f"  {name:<8}  {'nothing' if told is None else codec.canonical(told)}")
    lines += [f"  because of {_told_text(one)}" for one in found.causes]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
