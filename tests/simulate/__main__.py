"""``python -m tests.simulate --seeds 10000`` or ``--seed 1234`` (one alone, as printed on failure)."""

from __future__ import annotations

import argparse
import sys

from tests.simulate.world import BrokenPropertyError, World


def main() -> int:
    """Play the seeds asked for; print each that breaks a property."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="play this one only")
    parser.add_argument("--steps", type=int, default=60, help="moments in a session")
    options = parser.parse_args()
    seeds = (
        [options.seed]
        if options.seed is not None
        else range(options.first, options.first + options.seeds)
    )
    failed = 0
    for seed in seeds:
        try:
            World(seed, steps=options.steps).play()
        except BrokenPropertyError as broken:
            failed += 1
            sys.stdout.write(f"seed {seed}: {broken}  (python -m tests.simulate --seed {seed})\n")
    sys.stdout.write(f"{len(seeds) - failed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
