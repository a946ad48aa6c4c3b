"""What the nodes of a canvas call: functions of the notebook, or agents.

A choice is stored in the pipeline: the name of a function in the node's config (``config.calls``, or the
field that the kind names in `Kind.call_field`), the id of an agent in ``data.agentId``. Without a choice a
node calls the function registered under its label. When such a node is renamed, that name is stored in the
same step, so it keeps calling the same function.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from kaizen_widgets.api.agent_models import Agent
from kaizen_widgets.api.agent_records import record_of
from kaizen_widgets.api.agents import Agents
from kaizen_widgets.displays.previews import preview_line
from kaizen_widgets.graph import Batch, Graph, Node, SetProperty, UnsetProperty
from kaizen_widgets.graph.elements import label_text
from kaizen_widgets.graph.operations import id_of
from kaizen_widgets.nodes import Functions, Kind, Registry
from kaizen_widgets.nodes.functions import is_missing_function
from kaizen_widgets.nodes.kind import agent_id_of_node
from kaizen_widgets.query import QueryResult
from kaizen_widgets.stores import CanvasStore, Commit, Replaced

FUNCTION = "function:"
AGENT = "agent:"
"""Beginnings of choices; the name of a function or the id of an agent follows."""
NO_FUNCTION = "No function yet"
SHOWN = 200
"""Most characters of a text on a card."""


@dataclass(frozen=True)
class NodeCall:
    """What one node calls.

    Attributes:
        choice: ``function:<name>`` or ``agent:<id>``; empty if it calls nothing.
        text: In words: "billing() · your function", "Support · gpt-4o"; of a kind that calls nothing its
            summary ("2 routes"), which may be empty.
        problem: Why the node cannot run, as the end of a sentence that begins with its name; empty if it can.
        wrong_field: Config field that is the reason, if there is one.
        value: Beginning of its prompt.
        details: What else its config says, in a few words each ("30 s").
    """

    choice: str = ""
    text: str = ""
    problem: str = ""
    wrong_field: str = ""
    value: str = ""
    details: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """The facts for its card; see `Canvas.set_node_facts`."""
        found: dict[str, Any] = {
            "calls": preview_line(self.text, SHOWN),
            "value": preview_line(self.value, SHOWN),
            "details": self.details,
        }
        if self.problem:
            found["problem"] = self._short_problem()
            found["hint"] = preview_line(f"{self.problem[:1].upper()}{self.problem[1:]}", 4 * SHOWN)
            if is_missing_function(self.problem):
                # A notebook registers its functions after it has opened the pipeline.
                found["severity"] = "warning"
        return {name: fact for name, fact in found.items() if fact}

    def _short_problem(self) -> str:
        if self.wrong_field:
            return preview_line(self.wrong_field.replace("_", " ").capitalize(), SHOWN)
        if is_missing_function(self.problem):
            return NO_FUNCTION
        reason = self.problem.split(":")[0].removeprefix("has ").strip() or self.problem
        return preview_line(f"{reason[:1].upper()}{reason[1:]}", SHOWN)


class NodeCalls:
    """What the nodes of one pipeline call, kept up to date.

    Args:
        store: The pipeline.
        registry: Node kinds.
        functions: Functions of the notebook.
        agents: Agents to choose from; None for a canvas without a server.
        show: Called with the facts of all nodes that have any, by node id, whenever they change.
    """

    def __init__(
        self,
        store: CanvasStore,
        registry: Registry,
        functions: Functions,
        agents: Agents | None = None,
        *,
        show: Callable[[Mapping[str, Mapping[str, Any]]], object] = lambda facts: None,
    ) -> None:
        self.store = store
        self.registry = registry
        self.functions = functions
        self.agents = agents
        self._show = show
        self._lock = threading.RLock()
        self._agents: dict[str, Agent] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self._marks: Mapping[str, Mapping[str, Any]] = {}
        self._problems: Mapping[str, Mapping[str, Any]] = {}
        self._listeners: list[Callable[[], object]] = []
        self._unfollow: Callable[[], object] = lambda: None
        self._unsubscribes = (
            store.on_event(self._on_event),
            store.complete_batches(self._keep_function),
            functions.subscribe(self.refresh),
        )
        self.refresh()

    def of(self, node: Node) -> NodeCall:
        """Return what a node calls, and why it cannot run."""
        kind = self.registry.get(node.type)
        if kind is None:
            return NodeCall()
        config, problems = kind.read_config(node)
        wrong_field = _wrong_field(kind, node) if problems else ""
        problems = problems or list(kind.check(node, config, self.functions))
        if kind.call_field is not None:
            choice, text = self._choice_of(node, kind)
        else:
            choice, text = "", kind.summary(config) if config is not None else ""
        return NodeCall(
            choice,
            text,
            problem=problems[0] if problems else "",
            wrong_field=wrong_field,
            value=str(getattr(config, "prompt", None) or ""),
            details=_details(config),
        )

    def options(self, node: Node) -> list[tuple[str, str]]:
        """Return what a node may call, as pairs of choice and text; empty if its kind calls nothing."""
        kind = self.registry.get(node.type)
        if kind is None or kind.call_field is None:
            return []
        found = {f"{FUNCTION}{name}": self._function_text(name) for name in dict(self.functions)}
        texts = list(found.values())
        for choice, text in found.items():
            if texts.count(text) > 1:
                found[choice] = f"{text} · {choice.removeprefix(FUNCTION)}"
        if kind.calls_agents:
            with self._lock:
                agents = list(self._agents.values())
            found |= {
                f"{AGENT}{agent.id}": self._answerer_text(agent)
                for agent in agents
                if agent.status != "archived"
            }
        current = self.of(node)
        if current.choice:
            found.setdefault(current.choice, current.text)
        return list(found.items())

    def choose(self, node_id: str, choice: str) -> None:
        """Store what a node calls, as one step of the history.

        Args:
            node_id: Id of the node.
            choice: One of the choices of `options`; empty for the function with the node's label.

        Raises:
            UnknownNodeError: There is no such node.
            ValueError: The kind of the node cannot call that.
        """
        with self.store.locked():
            node = self.store.graph.node(node_id)
            kind = self.registry.get(node.type)
            field = kind.call_field if kind is not None else None
            is_agent = choice.startswith(AGENT)
            if kind is None or field is None or (is_agent and not kind.calls_agents):
                raise ValueError(f"The node {node.label!r} cannot call that.")
            batch: list[SetProperty | UnsetProperty] = []
            if choice.startswith(FUNCTION):
                batch.append(_set_config(node, field, choice.removeprefix(FUNCTION)))
            elif field in _config(node):
                batch.append(UnsetProperty(kind="node", id=node.id, path=("data", "config", field)))
            if is_agent:
                value = choice.removeprefix(AGENT)
                batch.append(
                    SetProperty(kind="node", id=node.id, path=("data", "agentId"), value=value)
                )
            elif kind.calls_agents and "agentId" in node.data:
                batch.append(UnsetProperty(kind="node", id=node.id, path=("data", "agentId")))
            self.store.commit(tuple(batch), label=f"choose what {node.label} calls")

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` when functions or agents changed; return the unsubscribe function."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def follow_agents(self) -> None:
        """Follow the list of agents; call it once a user is signed in."""
        self.forget_agents()
        if self.agents is not None:
            live = self.agents.list()
            self._unfollow = live.subscribe(self._on_agents)
            self._on_agents(live.result)

    def forget_agents(self) -> None:
        """Stop following the agents, and forget them."""
        self._unfollow()
        self._unfollow = lambda: None
        with self._lock:
            self._agents = {}
        self.functions.names = {}
        self.functions.models.set_records(())
        self.refresh()

    def refresh(self) -> None:
        """Find out again what all nodes call."""
        with self._lock:
            self._facts = {}
            self._update(self.store.graph, self.store.graph.nodes)
            self._show_facts()
        for listener in tuple(self._listeners):
            listener()

    def set_marks(self, marks: Mapping[str, Mapping[str, Any]]) -> None:
        """Show further facts with those of this object.

        Args:
            marks: By node id: ``{"mark": "stale", "reason": "Prompt changed"}``; replaces all earlier marks.
        """
        with self._lock:
            if marks != self._marks:
                self._marks = dict(marks)
                self._show_facts()

    def set_problems(self, problems: Mapping[str, Mapping[str, Any]]) -> None:
        """Show problems of nodes that this object finds none of: of their edges, of unknown kinds.

        Args:
            problems: By node id: ``{"problem": ..., "hint": ...}``; replaces all earlier ones.
        """
        with self._lock:
            self._problems = dict(problems)
            self._show_facts()

    def close(self) -> None:
        """Stop following the pipeline, the functions and the agents."""
        self._unfollow()
        for unsubscribe in self._unsubscribes:
            unsubscribe()

    # ------------------------------------------------------------ internal

    def _on_event(self, event: Commit | Replaced) -> None:
        if isinstance(event, Replaced):
            self.refresh()
            return
        graph = event.after
        changed = {id_of(operation) for operation in event.batch if operation.kind == "node"}
        with self._lock:
            before = {node_id: self._facts.get(node_id) for node_id in changed}
            self._update(graph, (graph.node(one) for one in changed if graph.has_node(one)))
            for node_id in [one for one in changed if not graph.has_node(one)]:
                self._facts.pop(node_id, None)
            if any(self._facts.get(node_id) != facts for node_id, facts in before.items()):
                self._show_facts()

    def _on_agents(self, result: QueryResult) -> None:
        if not isinstance(result.data, list):
            return
        agents = {agent.id: agent for agent in result.data}
        with self._lock:
            if agents == self._agents:
                return
            self._agents = agents
        self.functions.names = {agent.id: agent.name for agent in agents.values()}
        self.functions.models.set_records(record_of(agent) for agent in agents.values())
        self.refresh()

    def _show_facts(self) -> None:
        graph = self.store.graph
        shown = {node_id: {**facts} for node_id, facts in self._facts.items()}
        for node_id, problem in self._problems.items():
            known = shown.get(node_id, {})
            # What is missing in the notebook says less than what is wrong in the pipeline.
            is_said = "problem" in known and (
                known.get("severity") != "warning" or problem.get("severity") == "warning"
            )
            if graph.has_node(node_id) and not is_said:
                shown[node_id] = {**known, "severity": "error", **problem}
                if shown[node_id]["severity"] == "error":
                    del shown[node_id]["severity"]  # It is the default.
        for node_id, mark in self._marks.items():
            if graph.has_node(node_id):
                shown[node_id] = {**shown.get(node_id, {}), **mark}
        self._show(shown)

    def _update(self, graph: Graph, nodes: Iterable[Node]) -> None:
        for node in nodes:
            facts = self.of(node).facts
            if facts:
                self._facts[node.id] = facts
            else:
                self._facts.pop(node.id, None)

    def _choice_of(self, node: Node, kind: Kind) -> tuple[str, str]:
        """Return the choice of a node whose kind calls something, and its text."""
        chosen = _config(node).get(kind.call_field or "")
        if isinstance(chosen, str) and chosen:
            return f"{FUNCTION}{chosen}", self._function_text(chosen)
        agent_id = agent_id_of_node(node) if kind.calls_agents else None
        agent_name = self.functions.names.get(agent_id or "")
        found = self._registered_name(agent_id, agent_name)
        if found is not None:
            text = f"{agent_name or agent_id} · {_signature(found, self.functions[found])}"
            return f"{AGENT}{agent_id}", text
        found = self._registered_name(node.label, node.id)
        if found is not None:
            return f"{FUNCTION}{found}", self._function_text(found)
        if agent_id is None:
            return "", ""
        with self._lock:
            agent = self._agents.get(agent_id)
        text = f"Agent {agent_id[:8]} · not found" if agent is None else _agent_text(agent)
        return f"{AGENT}{agent_id}", text

    def _answerer_text(self, agent: Agent) -> str:
        """Return an agent with who answers for it: a function of the notebook, or its model."""
        found = self._registered_name(agent.id, agent.name)
        if found is None:
            return _agent_text(agent)
        return f"{agent.name} · {_signature(found, self.functions[found])}"

    def _registered_name(self, *names: str | None) -> str | None:
        return next((name for name in names if name is not None and name in self.functions), None)

    def _function_text(self, name: str) -> str:
        function = self.functions.get(name)
        if function is None:
            return f"{name} · not registered"
        return f"{_signature(name, function)} · your function"

    def _keep_function(self, graph: Graph, batch: Batch) -> Batch:
        """Return the operations that keep the functions of nodes that a batch renames."""
        kept: list[SetProperty] = []
        for operation in batch:
            match operation:
                case SetProperty(kind="node", id=node_id, path=("data", "label"), value=label):
                    pass
                case _:
                    continue
            if not graph.has_node(node_id) or _sets_call(node_id, batch):
                continue
            node = graph.node(node_id)
            kind = self.registry.get(node.type)
            if kind is None or kind.call_field is None or label_text(label) == node.label:
                continue
            if _config(node).get(kind.call_field):
                continue
            choice, _text = self._choice_of(node, kind)
            if choice == f"{FUNCTION}{node.label}":
                kept.append(_set_config(node, kind.call_field, node.label))
        return tuple(kept)

    def __repr__(self) -> str:
        return f"NodeCalls({len(self._facts)} nodes)"


def _wrong_field(kind: Kind, node: Node) -> str:
    """Return the field that makes a node's config invalid; empty if it is the config as a whole."""
    try:
        kind.Config.model_validate(_config(node))
    except ValidationError as error:
        return next((str(part) for part in error.errors()[0]["loc"]), "")
    return ""


def _details(config: Any) -> tuple[str, ...]:
    limit = getattr(config, "time_limit", None)
    return (f"{limit:g} s",) if limit else ()


def _config(node: Node) -> Mapping[str, Any]:
    config = node.data.get("config")
    return config if isinstance(config, Mapping) else {}


def _set_config(node: Node, field: str, value: str) -> SetProperty:
    if isinstance(node.data.get("config"), Mapping):
        path: tuple[str, ...] = ("data", "config", field)
        return SetProperty(kind="node", id=node.id, path=path, value=value)
    return SetProperty(kind="node", id=node.id, path=("data", "config"), value={field: value})


def _sets_call(node_id: str, batch: Batch) -> bool:
    """Return whether a batch itself sets what a node calls."""
    return any(
        isinstance(operation, SetProperty | UnsetProperty)
        and operation.kind == "node"
        and operation.id == node_id
        and (operation.path == ("data",) or operation.path[:2] in _CALL_PATHS)
        for operation in batch
    )


_CALL_PATHS = (("data", "config"), ("data", "agentId"))


def _signature(name: str, function: Callable[..., Any]) -> str:
    """Return a function as it is written in a call, or the name it is registered under."""
    own = getattr(function, "__name__", "")
    return f"{own}()" if isinstance(own, str) and own.isidentifier() else name


def _agent_text(agent: Agent) -> str:
    return f"{agent.name} · {agent.model}" if agent.model else agent.name
