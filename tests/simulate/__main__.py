"""``python -m tests.simulate --seeds 10000``, or ``--seed 1234`` for one seed, as a failure prints it."""

from __future__ import annotations

import argparse
import sys

from tests.simulate.world import BrokenPropertyError, World


def main() -> int:
    """Simulate the given seeds; print each that violates a property."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="number of seeds, from --first on")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="simulate only this seed")
    parser.add_argument("--steps", type=int, default=60, help="steps in a session")
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
