"""Run every check, each under its own heading with its time; the last line is the sum.

Run by `make test` with .venv's Python. All checks run even when one fails. A linter or type checker
counts as one; a test runner counts each of its tests, read from its machine-readable report, and
counts one more failure if it exits with an error without naming a test. Skipped tests are not
counted. `gate.py format` formats and fixes what the tools can fix instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import bundle
import chromium

ROOT = bundle.ROOT
REPORTS = ROOT / ".reports"
BIN = Path(sys.executable).parent
PYTHON_FOLDERS = ["kaizen_widgets", "tests", ".ci"]
WORKERS = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
"""Two processes, as the smallest machine has two cores; a file's tests stay together, in order."""


@dataclass
class Check:
    """One thing that passes or fails.

    Attributes:
        name: The heading.
        command: What to run.
        folder: Where to run it.
        report: Reads the tool's report and returns tests passed and failed; None counts as one.
        environment: Variables on top of the machine's.
    """

    name: str
    command: list[str]
    folder: Path = ROOT
    report: Callable[[], tuple[int, int]] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *, live: bool) -> tuple[int, int]:
        """Run it, print it, and return how many passed and failed.

        Args:
            live: Print the output as it comes; else all at once, so that several can run.
        """
        started = time.monotonic()
        if live:
            print(f"\n=== {self.name}", flush=True)
        done = subprocess.run(
            self.command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            check=False,
            text=True,
            stdout=None if live else subprocess.PIPE,
            stderr=None if live else subprocess.STDOUT,
        )
        passed, failed = self._count(done.returncode)
        words = [f"{passed} passed, {failed} failed, {time.monotonic() - started:.1f} s"]
        if not live:
            words = [f"\n=== {self.name}", done.stdout.strip(), *words]
        print("\n".join(filter(None, words)), flush=True)
        return passed, failed

    def _count(self, code: int) -> tuple[int, int]:
        if self.report is None:
            return (0, 1) if code else (1, 0)
        try:
            passed, failed = self.report()
        except (OSError, ValueError, LookupError, ElementTree.ParseError):
            return (0, 1)  # it died before it could write its report
        return (passed, max(failed, 1)) if code else (passed, failed)


def quick_checks(node: bundle.Node) -> list[Check]:
    """Return the checks that take seconds; two run at a time."""
    plain = {"PATH": node.environment()["PATH"], "NO_COLOR": "1"}  # read later, often in a log
    in_js = {"folder": bundle.JS, "environment": plain}
    vitest_json = REPORTS / "vitest.json"
    tool = str(BIN / "{}").format
    return [
        Check("ruff check", [tool("ruff"), "check", *PYTHON_FOLDERS]),
        Check("ruff format", [tool("ruff"), "format", "--check", *PYTHON_FOLDERS]),
        Check("basedpyright", [tool("basedpyright")]),
        Check("import-linter", [tool("lint-imports")]),
        Check("biome", ["biome", "ci", "--colors=off", "."], **in_js),
        Check("tsc", ["tsc", "--noEmit"], **in_js),
        Check(
            "vitest",
            [
                "vitest",
                "run",
                "--reporter=default",
                "--reporter=json",
                f"--outputFile={vitest_json}",
            ],
            report=lambda: read_vitest(vitest_json),
            **in_js,
        ),
    ]


def pytest_checks(data: str) -> list[Check]:
    """Return the runs of pytest: plain tests, notebooks, and the browser's story.

    Args:
        data: A fresh folder for what a studio keeps, so that no test meets the user's own pipelines.
    """

    def check(name: str, *arguments: str) -> Check:
        report = REPORTS / f"{name.split()[-1]}.xml"
        command = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *arguments]
        # Hundreds of kernels and processes import the package: once compiled it starts in half the time.
        mine = {"XDG_DATA_HOME": data, "XDG_STATE_HOME": data, "PYTHONDONTWRITEBYTECODE": ""}
        return Check(name, command, report=lambda: read_junit(report), environment=mine)

    no_notebooks = ("-p", "no:nbval")  # importing it takes seconds
    checks = [check("pytest unit", "-m", "not browser", *no_notebooks, *WORKERS)]
    if any((ROOT / "notebooks").glob("*.ipynb")):
        checks.append(check("pytest notebooks", "--nbval", "--nbval-current-env", "notebooks"))
    folders = ("tests/browser", "tests/faults", "tests/secrets")
    return [*checks, check("pytest browser", "-m", "browser", *no_notebooks, *folders)]


def fuzz_check() -> Check:
    """Return the run of fresh random scenarios against query-core; it prints its seed."""
    report = REPORTS / "fuzz.json"
    command = [sys.executable, "-m", "tests.conformance.query.fuzz", f"--report={report}"]

    def read() -> tuple[int, int]:
        counts = json.loads(report.read_text())
        return counts["passed"], counts["failed"]

    return Check("query fuzz", command, report=read)


def read_junit(path: Path) -> tuple[int, int]:
    """Return tests passed and failed in a report of pytest's."""
    suite = next(ElementTree.parse(path).getroot().iter("testsuite"))
    total, failed, errors, skipped = (
        int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
    )
    return max(total - failed - errors - skipped, 0), failed + errors


def print_slowest(count: int) -> None:
    """Print the tests of pytest that took longest, with their seconds."""
    tests: list[tuple[float, str]] = []
    for path in REPORTS.glob("*.xml"):
        try:
            cases = list(ElementTree.parse(path).getroot().iter("testcase"))
        except ElementTree.ParseError:
            continue  # its check has failed already
        tests += [
            (float(one.get("time", 0)), f"{one.get('classname')}::{one.get('name')}")
            for one in cases
        ]
    print(f"\n=== the slowest {count}")
    for seconds, name in sorted(tests, reverse=True)[:count]:
        print(f"{seconds:6.1f} s  {name[:120]}")


def read_vitest(path: Path) -> tuple[int, int]:
    """Return tests passed and failed in a report of vitest's; a file that did not load is one."""
    report = json.loads(path.read_text())
    unloaded = sum(
        suite["status"] == "failed" and not suite["assertionResults"]
        for suite in report["testResults"]
    )
    return report["numPassedTests"], report["numFailedTests"] + unloaded


def find_browser() -> tuple[int, int]:
    """Let CHROMIUM name a browser that runs, installing one if need be; having none is a failure."""
    try:
        os.environ["CHROMIUM"] = chromium.find_or_install()
    except chromium.NoChromiumError as error:
        print(f"\n=== chromium\n{error}", flush=True)
        return 0, 1
    return 0, 0


def format_everything(node: bundle.Node) -> int:
    """Format and fix Python and TypeScript; return 0 if nothing is left to fix."""
    checks = [
        Check("ruff check", [str(BIN / "ruff"), "check", "--fix", *PYTHON_FOLDERS]),
        Check("ruff format", [str(BIN / "ruff"), "format", *PYTHON_FOLDERS]),
        Check(
            "biome",
            ["biome", "check", "--write", "."],
            folder=bundle.JS,
            environment={"PATH": node.environment()["PATH"]},
        ),
    ]
    return sum(check.run(live=True)[1] for check in checks)


def main() -> int:
    """Run every check; return 0 if and only if nothing failed."""
    node = bundle.find_node()
    if node is None:
        raise SystemExit("make: there is no Node: run `make build`, which installs one.")
    REPORTS.mkdir(exist_ok=True)
    for old in REPORTS.iterdir():  # a report of an earlier run must not be counted
        old.unlink()
    bundle.install_modules(node)  # an unpacked source distribution has a bundle and no modules
    if "format" in sys.argv:
        return min(format_everything(node), 1)
    results = [find_browser()]
    with ThreadPoolExecutor(max_workers=2) as pool:  # the smallest machine has two cores
        results += pool.map(lambda check: check.run(live=False), quick_checks(node))
    with tempfile.TemporaryDirectory() as data:
        results += [check.run(live=True) for check in [fuzz_check(), *pytest_checks(data)]]
    print_slowest(10)
    passed, failed = (sum(column) for column in zip(*results, strict=True))
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
