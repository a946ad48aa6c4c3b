"""What holds the house together: who may be imported alone, and that nothing generated is stale.

That imports point down is import-linter's part of the gate (see pyproject.toml).
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import bundle
import pytest

ROOT = Path(__file__).parent.parent
JUPYTER = ("anywidget", "comm", "ipykernel", "ipywidgets", "IPython")
WITHOUT_JUPYTER = (
    "api",
    "engines",
    "forms",
    "graph",
    "nodes",
    "query",
    "saving",
    "server",
    "stores",
    "sync",
    "transport",
)


@pytest.mark.parametrize("package", WITHOUT_JUPYTER)
def test_a_package_below_the_widgets_imports_without_jupyter(package: str):
    # None in sys.modules makes every import of that name fail.
    blocked = f"import sys; sys.modules.update(dict.fromkeys({JUPYTER}))"
    command = [sys.executable, "-c", f"{blocked}; import kaizen_widgets.{package}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_every_test_file_is_collected_and_holds_a_test():
    idle = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if not _defines_a_test(path)
    ]
    uncollected = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if not path.name.startswith("test_") and _defines_a_test(path)
    ]
    assert (idle, uncollected) == ([], [])


def test_the_typescript_of_the_protocol_is_what_the_python_messages_say():
    node = bundle.find_node()
    assert node is not None, "there is no Node: `make build` installs one"
    fresh = subprocess.run(
        [node.node, "codegen.mjs", "--stdout"],
        cwd=ROOT / "js",
        env={**node.environment(), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert fresh.returncode == 0, fresh.stderr
    source = ROOT / "js" / "src"
    written = (source / "canvas" / "protocol.gen.ts", source / "form" / "protocol.gen.ts")
    kept = "".join(path.read_text() for path in written)
    assert kept == fresh.stdout, "stale: run `npm --prefix js run codegen`"


def test_the_lock_file_knows_the_packages_of_every_platform():
    # npm leaves out those it did not find while locking; then `npm ci` refuses on every machine.
    packages = json.loads((ROOT / "js" / "package-lock.json").read_text())["packages"]
    unlocked = [
        name
        for package in packages.values()
        for name in package.get("optionalDependencies", {})
        if f"node_modules/{name}" not in packages
    ]
    assert unlocked == []


def _defines_a_test(path: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, functions) and node.name.startswith("test_"):
            return True
        # hypothesis' machines are test cases by assignment: `TestHistory = Machine.TestCase`
        if isinstance(node, ast.Attribute) and node.attr == "TestCase":
            return True
    return False
