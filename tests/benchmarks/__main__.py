"""Measure, side by side, in one run: ``python -m tests.benchmarks NAME [OPTIONS]``.

Each module of this package but `_`-named ones is a benchmark by its file's name: it has a docstring that
says what is compared, and ``main(arguments) -> exit code``. They print ratios; they judge nothing.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module

from tests import benchmarks


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that the command line names; return the exit code."""
    name, *options = arguments or [""]
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_")
    )
    if name not in names:
        sys.stderr.write(f"There is no benchmark {name!r}; there are: {', '.join(names)}.\n")
        return 2
    return import_module(f"tests.benchmarks.{name}").main(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
