"""Certify an exchange adapter: `python -m tools.live conform MODULE:FACTORY`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

from .conformance.catalogue import chosen
from .conformance.certificate import catalogue_table, certify, table
from .conformance.loading import EXAMPLE, load
from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_OK, HELP, Flag, Parser, Usage, emit, first_word, run,
)  # fmt: skip
from .core import codec
from .reports.files import check_target, write_whole

PROG = "python -m tools.live conform"
PARSER = Parser(
    usage=f"{PROG} MODULE:FACTORY [FLAGS]",
    about="""Hold an exchange adapter against the cases that every adapter must pass, offline. The
factory is called without arguments, once for every case, and returns an adapter, or a Candidate
with its capabilities and the hooks to the world behind it.""",
    flags=(
        Flag("--adapter", "M:F", "the factory; also the first word", "what to certify"),
        Flag("--case", "IDS", "only these cases, separated by commas", "what to certify"),
        Flag("--list", "", "show the cases and what they need, and run none", "what to certify"),
        Flag("--json", "", "the certificate as one canonical JSON line", "output"),
        Flag("--out", "FILE", "write it there as JSON, too, whole or not at all", "output"),
        DEBUG,
        HELP,
    ),
    examples=(f"{PROG} {EXAMPLE}", f"{PROG} my_venue:make --out certificate.json",
              f"{PROG} my_venue:make --case fills-003,cancel-007"),
    end="""exit codes: 0 no case failed, 1 a case failed, 2 wrong usage or no adapter there,
5 storage fault, 130 interrupted, 143 terminated. An adapter that never returns is not ended.""",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Certify an adapter and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the certification")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(first_word(argv, "--adapter"))
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    cases = chosen([one for one in (options["case"] or "").split(",") if one])
    if options["list"]:
        emit(catalogue_table(cases))
        return EXIT_OK
    where = options["adapter"]
    if where is None:
        raise Usage(f"MODULE:FACTORY is missing; name the factory of an adapter, like {EXAMPLE}")
    if options["out"] is not None:
        check_target(options["out"], "--out")
    with redirect_stdout(sys.stderr):  # what an adapter prints is no part of its certificate
        told = certify(load(where), where, cases)
    return _publish(told, options)


def _publish(told: dict[str, Any], options: dict[str, Any]) -> int:
    line = codec.canonical(told) + "\n"
    if options["out"] is not None:
        write_whole(options["out"], line, "--out")
    emit(line if options["json"] else table(told))
    return EXIT_CHECK_FAILED if told["counts"]["failed"] else EXIT_OK
