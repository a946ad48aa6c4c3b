"""What a run would do, without running anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.html_table import html_table
from kaizen_widgets.engines import Plan
from kaizen_widgets.engines.fingerprint import Fingerprinter
from kaizen_widgets.engines.run_frame import frame
from kaizen_widgets.nodes import Functions, Input, Routed, Work
from kaizen_widgets.nodes.kind import agent_id_of_node
from kaizen_widgets.runs.kept_result import KeptResult, KeptResults
from kaizen_widgets.runs.node_key import NodeKey, key_of, own_key
from kaizen_widgets.runs.recalling_engine import find_kept, policy_of
from kaizen_widgets.runs.result_cache import ResultCache
from kaizen_widgets.runs.run_selection import RunSelection, edges_into

_COLUMNS = (
    Column("label", "Node", "title"),
    Column("action", "Plan", "status"),
    Column("reason", "Reason", "text"),
    Column("seconds", "Took", "seconds"),
    Column("cost", "Cost", "money", value=lambda row: row.cost and float(row.cost)),
)
Action = Literal["run", "ask", "cached", "pinned", "muted", "skip"]


@dataclass(frozen=True)
class PlannedRow:
    """What a run would do with one node.

    Attributes:
        node_id: Id of the node.
        label: Its label.
        action: ``run``; ``ask`` a person first; take a ``cached`` or ``pinned`` output; ``muted`` passes on
            what arrives; ``skip`` behind a branch that is not taken.
        reason: Why, in a few words ("Prompt changed", "Router changed"), or empty.
        seconds: How long it took when it ran last, or None.
        cost: What its requests to models cost then, in US dollars, or None.
    """

    node_id: str
    label: str
    action: Action
    reason: str = ""
    seconds: float | None = None
    cost: Decimal | None = None


class RunPlan:
    """What a run would do; a node whose inputs are not known yet is planned to run.

    Args:
        rows: A row a node, in the order in which they would run.
    """

    def __init__(self, rows: tuple[PlannedRow, ...]) -> None:
        self.rows = rows

    def __getitem__(self, name: str) -> PlannedRow:
        """Return the row of a node by its id, else by its label."""
        for row in self.rows:
            if row.node_id == name:
                return row
        for row in self.rows:
            if row.label == name:
                return row
        raise KeyError(name)

    @property
    def will_run(self) -> tuple[str, ...]:
        """Labels of the nodes that would run."""
        return tuple(row.label for row in self.rows if row.action in ("run", "ask"))

    @property
    def cost(self) -> Decimal | None:
        """What models would cost about, in US dollars, as they did last time; None if nothing is known."""
        costs = [
            row.cost for row in self.rows if row.action in ("run", "ask") and row.cost is not None
        ]
        return sum(costs, Decimal()) if costs else None

    @property
    def seconds(self) -> float | None:
        """How long the nodes that would run took last time, added up; None if nothing is known."""
        known = [row.seconds for row in self.rows if row.action in ("run", "ask")]
        known = [one for one in known if one is not None]
        return sum(known) if known else None

    def to_frame(self) -> Any:
        """Return the plan as a pandas DataFrame, a row a node.

        Raises:
            RunError: pandas is not installed.
        """
        rows = [
            (
                row.label,
                row.action,
                row.reason,
                row.seconds,
                None if row.cost is None else float(row.cost),
            )
            for row in self.rows
        ]
        return frame(rows, ("node", "action", "reason", "seconds", "cost"))

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        shown = html_table(self.rows, _COLUMNS, caption="What would run", limit=100)
        return {"text/html": shown, "text/plain": repr(self)}

    def __iter__(self) -> Iterator[PlannedRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        count = Counter(row.action for row in self.rows)
        parts = ", ".join(f"{count[name]} {name}" for name in count)
        cost = "" if self.cost is None else f", about ${self.cost:.4f}"
        return f"RunPlan({parts}{cost})"


@dataclass(frozen=True)
class Known:
    """What is known of a node before a run.

    Attributes:
        seconds: How long it took last time, or None.
        cost: What it cost then in US dollars, or None.
    """

    seconds: float | None = None
    cost: Decimal | None = None


def make_plan(
    selection: RunSelection,
    inputs: Mapping[str, Any],
    functions: Functions,
    cache: ResultCache,
    *,
    base: KeptResults | None,
    pins: Mapping[str, Any],
    accepted: Mapping[str, str],
    begun: frozenset[str],
    known: Mapping[str, Known],
    prints: Fingerprinter,
) -> RunPlan:
    """Return what a run would do; reads values, but runs no node."""
    planner = _Planner(
        selection, inputs, functions, cache, base, pins, accepted, begun, known, prints
    )
    return RunPlan(tuple(planner.row_of(node_id) for node_id in _in_order(selection.plan)))


class _Planner:
    def __init__(
        self,
        selection: RunSelection,
        inputs: Mapping[str, Any],
        functions: Functions,
        cache: ResultCache,
        base: KeptResults | None,
        pins: Mapping[str, Any],
        accepted: Mapping[str, str],
        begun: frozenset[str],
        known: Mapping[str, Known],
        prints: Fingerprinter,
    ) -> None:
        self._selection = selection
        self._plan = selection.plan
        self._inputs = inputs
        self._functions = functions
        self._cache = cache
        self._base = base
        self._pins = pins
        self._accepted = accepted
        self._begun = begun
        self._known = known
        self._prints = prints
        self._outputs: dict[str, Any] = {}
        self._skipped: set[str] = set()
        self._roots: dict[str, str] = {}
        """Node that would run to the label of the changed node that is the reason."""
        self._in_loops = {node_id for loop in self._plan.loops for node_id in loop.body}

    def row_of(self, node_id: str) -> PlannedRow:
        """Return the row of a node; those before it have theirs."""
        step = self._plan.steps[node_id]
        known = self._known.get(node_id, Known())

        def row(action: Action, reason: str = "") -> PlannedRow:
            return PlannedRow(node_id, step.node.label, action, reason, known.seconds, known.cost)

        edges = self._plan.incoming[node_id]
        before = [edge.source for edge in edges]
        unknown = [one for one in before if one not in self._outputs and one not in self._skipped]
        brought = edges_into(self._plan, node_id, self._outputs)
        if edges and not unknown and not brought:
            self._skipped.add(node_id)
            return row("skip", "Another branch is taken")
        if node_id in self._pins:
            self._outputs[node_id] = self._pins[node_id]
            return row("pinned")
        if node_id in self._selection.given:
            self._outputs[node_id] = self._selection.given[node_id]
            return row("cached")
        if step.policy.muted:
            return row("muted")
        reason = self._reason(node_id, unknown, [edge.source for edge in brought])
        if reason is None:
            return row("cached")
        asks = step.kind.asks_person or (step.kind.touches_world and node_id in self._begun)
        return row("ask" if asks else "run", reason)

    def _reason(self, node_id: str, unknown: list[str], brought: list[str]) -> str | None:
        """Return why a node would run, or None if its output is there."""
        step = self._plan.steps[node_id]
        policy = policy_of(self._plan, node_id, self._cache, self._functions)
        last = None if self._base is None else self._base.last(node_id)
        if unknown or node_id in self._in_loops:
            return self._unknown_reason(node_id, unknown, last)
        if policy == "never":
            return ""
        key = key_of(self._work(node_id), step, self._prints)
        if node_id not in self._selection.forced:
            found = find_kept(self._base, self._accepted, node_id, key, self._prints)
            found = found or self._cache.find(key, policy, self._prints)
            if found is not None:
                self._outputs[node_id] = found.output
                return None
        difference = self._difference(key, last)
        if difference:
            self._roots[node_id] = step.node.label
        return difference or self._cache.reasons.get(node_id, "")

    def _unknown_reason(self, node_id: str, unknown: list[str], last: KeptResult | None) -> str:
        step = self._plan.steps[node_id]
        if last is not None:
            key = own_key(step, self._functions, self._prints)
            before = NodeKey(last.key.own, {}, "")
            if difference := key.difference(before):
                self._roots[node_id] = step.node.label
                return difference
        root = next((self._roots[one] for one in unknown if one in self._roots), "")
        if root:
            self._roots[node_id] = root
            return f"{root} changed"
        return ""

    def _difference(self, key: NodeKey, last: KeptResult | None) -> str:
        if last is None:
            return ""
        difference = key.difference(last.key)
        if not difference and not last.is_unchanged(self._prints):
            return "Its output was changed"
        return difference

    def _work(self, node_id: str) -> Work:
        step = self._plan.steps[node_id]
        edges = edges_into(self._plan, node_id, self._outputs)
        inputs: list[Input] = []
        for edge in edges:
            output = self._outputs[edge.source]
            value = output.value if issubclass(type(output), Routed) else output
            label = self._plan.steps[edge.source].node.label
            inputs.append(
                Input(_name_inside(self._plan, edge.source), label, value, edge.target_handle or "")
            )
        count = Counter(one.source for one in inputs)
        named = tuple(
            one if count[one.source] == 1 else Input(edge.source, one.label, one.value, one.port)
            for one, edge in zip(inputs, edges, strict=True)
        )
        return Work(
            node_id=node_id,
            label=step.node.label,
            kind=step.kind,
            config=step.config,
            inputs=named,
            run_inputs=self._inputs,
            functions=self._functions,
            agent_id=agent_id_of_node(step.node),
            is_start=not edges,
        )


def _name_inside(plan: Plan, node_id: str) -> str:
    """Return the id that a node has in its subflow, as the scheduler names it."""
    around = [key for key, one in plan.subflows.items() if node_id in one.members]
    return node_id.removeprefix(f"{around[-1]}/") if around else node_id


def _in_order(plan: Plan) -> list[str]:
    """Return the ids of the nodes so that each comes after those before it."""
    waiting = {node_id: len(edges) for node_id, edges in plan.incoming.items()}
    ready = [node_id for node_id, count in waiting.items() if count == 0]
    ordered: list[str] = []
    while ready:
        node_id = ready.pop(0)
        ordered.append(node_id)
        for edge in plan.outgoing[node_id]:
            waiting[edge.target] -= 1
            if waiting[edge.target] == 0:
                ready.append(edge.target)
    return ordered
