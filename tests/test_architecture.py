"""The layout of the code: who may import what, what a name means, and that generated files are fresh.

That imports point down and form no circles is import-linter's part of the gate (see pyproject.toml).
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import bundle
import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kaizen_widgets"
JUPYTER = ("anywidget", "comm", "ipykernel", "ipywidgets", "IPython")
WITHOUT_JUPYTER = (
    "api",
    "core",
    "displays",
    "engines",
    "forms",
    "graph",
    "nodes",
    "query",
    "runs",
    "saving",
    "server",
    "stores",
    "sync",
    "transport",
)

TWO_ENDS_CLASSES = frozenset(
    {
        "Dashboard",
        "Deployment",
        "DeploymentCreate",
        "DeploymentLog",
        "Execution",
        "ExecutionLog",
        "Gateway",
        "GatewayCreate",
        "GatewayUpdate",
        "NodeExecution",
        "Pipeline",
        "PipelineCreate",
        "PipelineUpdate",
        "Policy",
        "Validation",
    }
)
"""Class names that are the client's and the server's end of one thing: one in api/, one in server/."""

TWO_ENDS_MODULES = {
    "agent_models": {"api", "server/agents"},
    "agents": {"api", "server/agents"},
    "auth": {"api", "server/organization", "stores"},  # its requests, its routes, its state
    "canvas": {"stores", "widgets"},  # its document, its view
    "deployments": {"api", "server/deployments"},
    "executions": {"api", "server/executions"},
    "gateways": {"api", "server/deployments"},
    "messages": {"sync/canvas", "sync/form"},  # of the one protocol and of the other
    "metrics": {"api", "server/executions"},
    "pipelines": {"api", "server/pipelines"},
    "policies": {"api", "server/organization"},
    "teams": {"api", "server/organization"},
    "users": {"api", "server/organization"},
}
"""Module names that stand in several packages, because there they are ends of the same noun."""


@pytest.mark.parametrize("package", WITHOUT_JUPYTER)
def test_package_below_the_widgets_imports_without_jupyter(package: str):
    # None in sys.modules makes every import of that name fail.
    blocked = f"import sys; sys.modules.update(dict.fromkeys({JUPYTER}))"
    command = [sys.executable, "-c", f"{blocked}; import kaizen_widgets.{package}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_layers_hold_for_type_checking_imports_too():
    graph = grimp.build_graph("kaizen_widgets", exclude_type_checking_imports=False)
    illegal = graph.find_illegal_dependencies_for_layers(
        layers=_layers(),
        containers={"kaizen_widgets"},
    )
    assert sorted(f"{one.importer} -> {one.imported}" for one in illegal) == []


def test_architecture_page_draws_the_layers_of_the_contract():
    page = (ROOT / ".github" / "ARCHITECTURE.md").read_text()
    picture = page.split("```")[1].splitlines()
    drawn = [re.split(r"\s{2,}", line)[0].split(" | ") for line in picture if line[:1].isalpha()]
    assert [sorted(names) for names in drawn] == [
        sorted(names - {"__main__"}) for names in _layers()
    ]


def test_imports_inside_functions_give_their_reason():
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in _imports_in_functions(ast.parse(path.read_text()))
        if not _is_commented(path.read_text().splitlines(), node.lineno)
    ]
    assert silent == [], "move the import to the top, or say in a comment why it cannot stand there"


def test_class_names_have_one_meaning():
    homes: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(str(path.relative_to(PACKAGE)))
    shared = {name: sorted(paths) for name, paths in homes.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in TWO_ENDS_CLASSES} == {}
    assert sorted(TWO_ENDS_CLASSES) == sorted(shared), "the list of exceptions is stale"
    ends = {name: [path.split("/")[0] for path in paths] for name, paths in shared.items()}
    assert {name: ends[name] for name in ends if ends[name] != ["api", "server"]} == {}


def test_module_names_have_one_meaning():
    homes: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if not path.name.startswith("__"):
            homes[path.stem].add(str(path.parent.relative_to(PACKAGE)))
    assert {name: where for name, where in homes.items() if len(where) > 1} == TWO_ENDS_MODULES


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


def test_typescript_of_the_protocols_is_what_the_python_messages_say():
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
    written = sorted(source.rglob("protocol.gen.ts"))
    assert [path.parent.name for path in written] == ["canvas", "form"]
    kept = "".join(path.read_text() for path in written)
    assert kept == fresh.stdout, "stale: run `npm --prefix js run codegen`"


def test_lock_file_knows_the_packages_of_every_platform():
    # npm leaves out those it did not find while locking; then `npm ci` refuses on every machine.
    packages = json.loads((ROOT / "js" / "package-lock.json").read_text())["packages"]
    unlocked = [
        name
        for package in packages.values()
        for name in package.get("optionalDependencies", {})
        if f"node_modules/{name}" not in packages
    ]
    assert unlocked == []


def _layers() -> list[set[str]]:
    """Return the folders of each layer of the contract in pyproject.toml, from the top down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one["layers"] for one in contracts["contracts"] if one["type"] == "layers")
    return [{name.strip(" ()") for name in layer.split("|")} for layer in layers]


def _imports_in_functions(tree: ast.Module) -> Iterator[ast.ImportFrom | ast.Import]:
    """Yield the imports of this package that a function makes when it is called."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "kaizen_widgets"
                ):
                    yield node
                if isinstance(node, ast.Import) and any(
                    alias.name.startswith("kaizen_widgets") for alias in node.names
                ):
                    yield node


def _is_commented(lines: list[str], number: int) -> bool:
    """Whether there is a comment on a line (counted from 1) or on the line above it."""
    return "#" in lines[number - 1] or lines[number - 2].lstrip().startswith("#")


def _defines_a_test(path: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, functions) and node.name.startswith("test_"):
            return True
        # hypothesis' machines are test cases by assignment: `TestHistory = Machine.TestCase`
        if isinstance(node, ast.Attribute) and node.attr == "TestCase":
            return True
    return False
