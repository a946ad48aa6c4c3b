"""Start runs of pipelines so that their results can be used again."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock, NewId, random_id
from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines import Engine, LocalEngine, Plan, Run, check, start
from kaizen_widgets.engines.edge_value import EdgeValue
from kaizen_widgets.engines.fingerprint import Fingerprinter
from kaizen_widgets.errors import NotRunnableError, RunError
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry, Routed
from kaizen_widgets.nodes.iterators import collect
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.runs.kept_result import KeptResults
from kaizen_widgets.runs.node_key import own_key
from kaizen_widgets.runs.recalling_engine import RecallingEngine
from kaizen_widgets.runs.result_cache import ResultCache
from kaizen_widgets.runs.run_history import RunHistory
from kaizen_widgets.runs.run_plan import Known, RunPlan, make_plan
from kaizen_widgets.runs.run_selection import Names, RunSelection, everything, find_nodes, select

LAST: Any = object()
"""Stands for the output of the last run, in `Runner.pin`."""


class Runner:
    """Starts the runs of one studio, and knows what they gave.

    Args:
        functions: Functions that agents and connectors call.
        registry: Node kinds.
        loop: Loop that drives the runs.
        cache: Cache of results.
        history: Where runs are kept.
        engine: Engine that runs the nodes; this process by default.
        clock: Clock for times; the loop itself by default.
        new_id: Returns the ids of runs.
        is_attended: Returns whether a person may answer what nodes ask.

    Attributes:
        graph: Returns the graph to run, and the id of its pipeline or None.
        before: Called before a run with its graph.
        on_start: Called with each run that was started.
    """

    def __init__(
        self,
        functions: Functions,
        registry: Registry,
        *,
        loop: BackgroundLoop,
        cache: ResultCache | None = None,
        history: RunHistory | None = None,
        engine: Engine | None = None,
        clock: Clock | None = None,
        new_id: NewId = random_id,
        is_attended: Callable[[], bool] = lambda: True,
    ) -> None:
        self.functions = functions
        self.registry = registry
        self.cache = cache or ResultCache()
        # An empty history is false.
        self.history = RunHistory() if history is None else history
        self.graph: Callable[[], tuple[Graph, str | None]] = lambda: (Graph(), None)
        self.before: Callable[[Graph], object] = lambda graph: None
        self.on_start: Callable[[Run], object] = lambda run: None
        self._loop = loop
        self._engine = engine or (LocalEngine() if loop.has_thread else LocalEngine(loops=None))
        self._clock = clock or loop
        self._new_id = new_id
        self._is_attended = is_attended
        self._pins: dict[tuple[str | None, str], Any] = {}
        self._accepted: dict[tuple[str | None, str], str] = {}
        self._engines: weakref.WeakKeyDictionary[Run, RecallingEngine] = weakref.WeakKeyDictionary()
        self._changing: dict[int, Any] = {}
        """What functions change while they run, by id."""
        self._listeners: list[Callable[[], object]] = []

    # -- running

    def run(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        from_: Names = None,
        to: Names = None,
        only: Names = None,
        time_limit: float | None = None,
        repeat: bool = False,
    ) -> Run:
        """Run the pipeline or a part of it, without waiting.

        Args:
            inputs: Inputs by name; by default those of the last run when its results are kept.
            from_: Ids or labels of nodes that run with all that comes after them; the others keep what they
                gave in the last run, unless they changed.
            to: Ids or labels of nodes up to which it runs.
            only: Ids or labels of nodes that run alone, on what reached them in the last run.
            time_limit: Seconds after which the run is stopped and fails; None for no limit.
            repeat: Run nodes that touch the world again without asking.

        Raises:
            NotRunnableError: It cannot run; the message gives every reason.
            UnknownNodeError: There is no such node.
        """
        graph, pipeline_id = self.graph()
        base = self.history.last_of(pipeline_id) if from_ is not None or only is not None else None
        if base is not None and inputs is None:
            inputs = base.inputs
        plan = self._check(graph)
        selection = select(
            plan, from_=from_, to=to, only=only, base=base, results=self.results_of(base)
        )
        return self._start(
            selection, inputs, pipeline_id, base=base, time_limit=time_limit, repeat=repeat
        )

    def rerun(
        self,
        run: Run,
        from_: Names = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        repeat: bool = False,
    ) -> Run:
        """Run a pipeline again on what an earlier run of it gave; see `Run.rerun`."""
        graph, pipeline_id = self._graph_of(run)
        selection, base = self._rerun_selection(graph, run, from_)
        given = run.inputs if inputs is None else inputs
        return self._start(
            selection, given, pipeline_id, base=base, time_limit=time_limit, repeat=repeat
        )

    def plan(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        from_: Names = None,
        to: Names = None,
        only: Names = None,
    ) -> RunPlan:
        """Return what `run` would do, without running anything.

        Raises:
            NotRunnableError: It cannot run; the message gives every reason.
            UnknownNodeError: There is no such node.
        """
        graph, pipeline_id = self.graph()
        last = self.history.last_of(pipeline_id)
        base = last if from_ is not None or only is not None else None
        if base is not None and inputs is None:
            inputs = base.inputs
        selection = select(
            self._check(graph),
            from_=from_,
            to=to,
            only=only,
            base=base,
            results=self.results_of(base),
        )
        return self._make_plan(selection, inputs, pipeline_id, base)

    def plan_rerun(self, run: Run, from_: Names = None) -> RunPlan:
        """Return what `rerun` would do, without running anything."""
        graph, pipeline_id = self._graph_of(run)
        selection, base = self._rerun_selection(graph, run, from_)
        return self._make_plan(selection, run.inputs, pipeline_id, base)

    def plan_unchanged(self, run: Run) -> RunPlan:
        """Return which nodes of a run would have to run again because something changed since."""
        graph, pipeline_id = self._graph_of(run)
        plan = check(graph, self.registry, self.functions)
        return self._make_plan(RunSelection(plan), run.inputs, pipeline_id, run)

    # -- pins and accepted results

    def pin(self, node: str, value: Any = LAST) -> None:
        """Let a node give a value without running, until `unpin`.

        Args:
            node: Id or label of the node.
            value: The value; by default its output in the last run.

        Raises:
            UnknownNodeError: There is no such node.
            RunError: It cannot be pinned, or has given nothing.
        """
        graph, pipeline_id = self.graph()
        plan = self._check(graph)
        node_id = self._one_node(plan, node)
        step = plan.steps[node_id]
        label = quoted(step.node.label)
        if step.kind.asks_person:
            raise RunError(f"{label} asks a person, so it cannot be pinned.", node_id=node_id)
        last = self.history.last_of(pipeline_id)
        before = None if last is None else last.nodes.get(node_id)
        taken = None
        if before is not None and before.status == "completed":
            taken = before._outputs
            value = before.output if value is LAST else value
        if value is LAST:
            raise RunError(
                f"{label} has given nothing yet: run it first, or give a value to pin.",
                node_id=node_id,
            )
        if taken is not None and before is not None:
            value = Routed(value, taken, before.reason.removeprefix("took ").strip('"'))
        elif step.kind.outputs(step.config) is not None:
            raise RunError(
                f"{label} chooses where its value goes: run it first, then pin it.", node_id=node_id
            )
        self._pins[pipeline_id, node_id] = value
        self._notify()

    def unpin(self, node: str) -> None:
        """Let a node run again; does nothing if it is not pinned.

        Raises:
            UnknownNodeError: There is no such node.
        """
        graph, pipeline_id = self.graph()
        self._pins.pop((pipeline_id, self._one_node(self._check(graph), node)), None)
        self._notify()

    @property
    def pins(self) -> dict[str, Any]:
        """The pinned values of the open pipeline, by the ids of their nodes."""
        return {
            node_id: value.value if issubclass(type(value), Routed) else value
            for node_id, value in self._pins_of(self.graph()[1]).items()
        }

    def accept(self, node: str) -> None:
        """Count a node as up to date although it changed: re-runs use what it gave in the last run.

        It holds for what it is now; once it is changed again, it is stale again.

        Raises:
            UnknownNodeError: There is no such node.
            RunError: It gave nothing in the last run.
        """
        graph, pipeline_id = self.graph()
        plan = self._check(graph)
        node_id = self._one_node(plan, node)
        last = self.history.last_of(pipeline_id)
        results = self.results_of(last)
        if results is None or results.last(node_id) is None:
            label = quoted(plan.steps[node_id].node.label)
            raise RunError(f"{label} has no result to accept: run it first.", node_id=node_id)
        key = own_key(plan.steps[node_id], self.functions, Fingerprinter(self._changing))
        self._accepted[pipeline_id, node_id] = key.own_digest
        self._notify()

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` when pins or accepted results change; return the unsubscribe function."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # -- reading

    def edge(self, edge_id: str) -> EdgeValue:
        """Return what went over an edge in the last run of the pipeline.

        Raises:
            RunError: There was no run, or nothing went over it.
        """
        last = self.history.last_of(self.graph()[1])
        if last is None:
            raise RunError("Nothing has run on this canvas yet.")
        return last.edge(edge_id)

    def results_of(self, run: Run | None) -> KeptResults | None:
        """Return the results that a run keeps, or None for one that this object did not start."""
        engine = None if run is None else self._engines.get(run)
        return None if engine is None else engine.results

    # -- inside

    def _check(self, graph: Graph) -> Plan:
        self.before(graph)
        return check(graph, self.registry, self.functions)

    def _graph_of(self, run: Run) -> tuple[Graph, str | None]:
        """Return the graph to run again: as it is now, if it is of the pipeline that is open."""
        graph, pipeline_id = self.graph()
        ran = self.history.pipeline_of(run)
        return (graph, pipeline_id) if ran == pipeline_id else (run.graph, ran)

    def _rerun_selection(
        self, graph: Graph, run: Run, from_: Names
    ) -> tuple[RunSelection, Run | None]:
        if not run.has_ended:
            raise NotRunnableError("The run has not ended: wait for it, or cancel it.")
        plan = self._check(graph)
        if from_ is None and run.status == "completed":
            return everything(plan), None
        return select(plan, from_=from_, base=run) if from_ is not None else RunSelection(plan), run

    def _start(
        self,
        selection: RunSelection,
        inputs: Mapping[str, Any] | None,
        pipeline_id: str | None,
        *,
        base: Run | None,
        time_limit: float | None,
        repeat: bool,
    ) -> Run:
        functions = self.functions.copy()
        if base is not None:
            functions.models.carried = self._counted(base)
            functions.models.carried_by_node = self._counted_by_node(base)
        engine = RecallingEngine(
            self._engine,
            selection,
            self.cache,
            base=self.results_of(base),
            pins=self._pins_of(pipeline_id),
            accepted=self._accepted_of(pipeline_id),
            begun=_begun(base),
            repeat=repeat,
            clock=self._clock,
            uses_threads=self._loop.has_thread,
            prints=Fingerprinter(self._changing),
        )
        engine.run_id = self._new_id()
        engine.carried_by_node = dict(functions.models.carried_by_node)
        run = start(
            selection.plan.source,
            inputs,
            loop=self._loop,
            functions=functions,
            registry=self.registry,
            engine=engine,
            clock=self._clock,
            new_id=lambda: engine.run_id,
            time_limit=time_limit,
            is_attended=self._is_attended,
            plan=selection.plan,
            continued_by=self,
        )
        self._engines[run] = engine
        run.on_end(engine.end)
        self.history.add(run, pipeline_id, engine.results)
        self.on_start(run)
        return run

    def _make_plan(
        self,
        selection: RunSelection,
        inputs: Mapping[str, Any] | None,
        pipeline_id: str | None,
        base: Run | None,
    ) -> RunPlan:
        known: dict[str, Known] = {}
        for run in reversed(self.history):
            if self.history.pipeline_of(run) == pipeline_id:
                for node in run.nodes.values():
                    if node.status == "completed" and not node.origin:
                        known[node.id] = Known(node.seconds, node.usage.cost)
        return make_plan(
            selection,
            collect(dict(inputs or {})),
            self.functions,
            self.cache,
            base=self.results_of(base),
            pins=self._pins_of(pipeline_id),
            accepted=self._accepted_of(pipeline_id),
            begun=_begun(base),
            known=known,
            prints=Fingerprinter(self._changing),
        )

    def _counted(self, run: Run) -> ModelUsage:
        """Return what counts against the budget of a run that continues another one."""
        engine = self._engines.get(run)
        return run.usage if engine is None or engine.models is None else engine.models.counted

    def _counted_by_node(self, run: Run) -> dict[str, ModelUsage]:
        """Return what counts against the limits of the nodes that failed, in this run and those before."""
        engine = self._engines.get(run)
        carried = {} if engine is None else engine.carried_by_node
        return {
            node.id: carried.get(node.id, ModelUsage()) + node.usage
            for node in run.nodes.values()
            if node.status == "failed"
        }

    def _pins_of(self, pipeline_id: str | None) -> dict[str, Any]:
        return {key: value for (one, key), value in self._pins.items() if one == pipeline_id}

    def _accepted_of(self, pipeline_id: str | None) -> dict[str, str]:
        return {key: value for (one, key), value in self._accepted.items() if one == pipeline_id}

    def _one_node(self, plan: Plan, name: str) -> str:
        found = find_nodes(plan, name)
        if len(found) != 1:
            raise RunError(f"{quoted(name)} is a subflow: name one of the nodes inside it.")
        return next(iter(found))

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def __repr__(self) -> str:
        return f"Runner({len(self.history)} runs, {len(self._pins)} pins)"


def _begun(run: Run | None) -> frozenset[str]:
    """Return the nodes that ran in a run, and so touched what they touch."""
    if run is None:
        return frozenset()
    return frozenset(
        node.id for node in run.nodes.values() if node._inputs is not None and not node.origin
    )
