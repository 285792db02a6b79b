"""`python -m tests.sim`: the whole campaign, or with `--workload` the one case that failed.

The campaign crashes every log at every call of every script, plays seeds, kills the mutants, and
prints the figures. It exits 1 at the first promise that does not hold.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.sim import harness
from tests.sim.figures import table
from tests.sim.harness import Case
from tests.sim.subjects import SUBJECTS, UNDER_TEST, mutants
from tests.sim.workloads import WORKLOADS
from tests.sim.world import KILL

MUTANT_SEEDS = 500


def main(argv: list[str]) -> int:
    """Play what the arguments say; 1 when a promise does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    known = {**SUBJECTS, **mutants()}
    parser.add_argument("--log", choices=known, default=UNDER_TEST, metavar="NAME")
    parser.add_argument("--workload", choices=WORKLOADS, help="play one case of this script")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--crash", type=int, default=0, metavar="CALL")
    parser.add_argument("--then", type=int, default=KILL, help="-1: kill; else: power loss, choice")
    parser.add_argument("--again", type=int, default=0, metavar="CALL", help="in the recovery")
    parser.add_argument("--fail", type=int, default=0, metavar="CALL")
    parser.add_argument("--seeds", type=int, default=2_000, help="of the campaign")
    options = parser.parse_args(argv)
    subject = known[options.log]
    figures: Counter[str] = Counter()
    began = time.monotonic()
    try:
        if options.workload:
            case = Case(subject.name, options.workload, options.seed, options.crash, options.then,
                        options.again, options.fail)  # fmt: skip
            harness.play(subject, case, figures)
        else:
            _campaign(options.seeds, figures)
    except harness.Found as found:
        print(found)
        return 1
    print("\n".join(table(figures)))
    print(f"acked events lost 0, silent corruption 0, {time.monotonic() - began:.0f} s")
    return 0


def _campaign(seeds: int, figures: Counter[str]) -> None:
    for subject in SUBJECTS.values():
        for workload in WORKLOADS:
            harness.crash_everywhere(subject, workload, figures)
            harness.crash_recoveries(subject, workload, figures)
            for call in range(1, harness.length_of(subject, workload) + 1):
                case = Case(subject.name, workload, fail=call)
                harness.fail_at(subject, case, figures)
        for seed in range(seeds):
            case = Case(subject.name, harness.workload_of(seed), seed)
            harness.run_seed(subject, case, figures)
    for name, mutant in mutants().items():
        figures["mutants"] += 1
        killed = harness.killed_at(mutant, MUTANT_SEEDS, Counter())
        if killed is None:
            raise harness.Found(f"{name} survived {MUTANT_SEEDS} seeds")
        figures["mutants killed"] += 1
        seed, found = killed
        print(f"{name}: seed {seed}: {found.splitlines()[0]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
