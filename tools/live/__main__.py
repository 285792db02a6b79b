"""`python -m tools.live VERB`: one umbrella over the commands, each imported only when called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

VERBS = {
    "demo": ("exec_demo", "run the shadow demo and print its report"),
    "risk": ("risk_monitor_cli", "show the risk monitor at work"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the command line to the verb's command."""
    given = sys.argv[1:] if argv is None else list(argv)
    if not given or given[0] in ("-h", "--help"):
        sys.stdout.write(_usage())
        return 0
    if given[0] not in VERBS:
        from .console import EXIT_USAGE, did_you_mean, say

        say(f"error: usage: unknown verb {given[0]!r}; {did_you_mean(given[0], VERBS)}")
        return EXIT_USAGE
    module = import_module(f".{VERBS[given[0]][0]}", __package__)
    code: int = module.main(given[1:])
    return code


def _usage() -> str:
    lines = ["usage: python -m tools.live VERB [FLAGS]   (VERB --help tells its flags)", ""]
    lines += [f"  {verb:<6} {text}" for verb, (_, text) in VERBS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
