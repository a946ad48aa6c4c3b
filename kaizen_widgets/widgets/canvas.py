"""The canvas widget: a graph drawn by React Flow, edited by hand and from Python.

`CanvasStore` holds the document, its history and its rules; this widget sends them to the browser
(`sync.canvas`) together with the save status, runs and the selection. Edits are sent as operations in
messages. The trait ``_snapshot`` is a picture of the graph for saved notebooks, which are shown without a
kernel.
"""

from __future__ import annotations

import difflib
import logging
import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, get_args

from IPython.core.getipython import get_ipython
from pydantic import Field, TypeAdapter, ValidationError
from traitlets import Bool, CInt, Dict, Enum, HasTraits, TraitError, Tuple, validate

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.engines import EdgeValue
from kaizen_widgets.errors import GraphError, GraphWarning, KaizenError, RunError
from kaizen_widgets.graph import AddElement, Edge, Graph, Node
from kaizen_widgets.graph.connections import Connection
from kaizen_widgets.graph.operations import ElementId
from kaizen_widgets.nodes import Registry, default_registry
from kaizen_widgets.nodes.connection_types import connection_problem
from kaizen_widgets.saving import AutoSave
from kaizen_widgets.stores import CanvasStore, Commit, ExecutionStore, Replaced
from kaizen_widgets.stores.elements_trait import Elements
from kaizen_widgets.sync.canvas import KernelEnd, Outbox, problem_of
from kaizen_widgets.sync.canvas.columns import pack
from kaizen_widgets.sync.canvas.messages import (
    CanvasState,
    KernelMail,
    KindInfo,
    NodeCommand,
    NodeFacts,
    Problem,
    SaveState,
    ViewCommand,
)
from kaizen_widgets.widgets.bundle import Bundle, BundledWidget
from kaizen_widgets.widgets.canvas_messages import kind_info_of, run_state_of
from kaizen_widgets.widgets.canvas_picture import picture_of

logger = logging.getLogger(__name__)

PICTURE_DELAY = 2.0
"""Seconds without an edit after which the picture for saved notebooks is updated."""
NODES_A_SECOND = 1_000
"""Nodes per second of delay, for graphs for which that is longer than `PICTURE_DELAY`."""
FIRST_PICTURE_LIMIT = 1_000
"""Most nodes for which the first message includes the picture; larger graphs send it after the snapshot."""

_facts_by_id: TypeAdapter[dict[ElementId, NodeFacts]] = TypeAdapter(
    Annotated[dict[ElementId, NodeFacts], Field(max_length=50_000)]
)

CommandHandler = Callable[..., object]
_NODE_COMMANDS: tuple[NodeCommand, ...] = get_args(NodeCommand)
_COMMANDS = ("run", "cancel", "save", *_NODE_COMMANDS)


class Canvas(BundledWidget):
    """An editable graph in a cell.

    Args:
        graph: A `Graph`, a `CanvasStore` (which other canvases may also show), or React Flow JSON.
        nodes: Nodes of the graph, instead of ``graph``.
        edges: Edges of the graph, instead of ``graph``.
        height: Height in pixels; a height in ``layout``, or of a box around the canvas, takes precedence.
        registry: Node kinds that are drawn and offered in the palette.
        read_only: Whether users can only look, pan and select.
        zoom_on_scroll: When the wheel zooms: while the canvas has the ``focus``, ``always`` or ``never``
            (otherwise the page scrolls).
        minimap: Whether the small map is shown.
        toolbar: Whether the canvas has its own toolbar. Without it the board shows the progress of a run,
            and a status when something is wrong with the connection; `undo`, `redo`, `arrange`, `fit`,
            `zoom_in`, `zoom_out` and `zoom_to` do what its buttons do.
        palette: The list of node kinds: ``open``, a ``rail`` of icons, ``hidden``, or ``auto``: open where
            there is room. The user folds and opens it, which sets the trait.
        clock: Time and timers; the background loop's by default.

    Attributes:
        fit_view: What a document that is drawn first shows: ``all`` of it, or its ``start`` where its nodes
            could not be read otherwise.
        covered_right: Pixels at the right of the board that something lies over, such as a drawer; a selected
            node is brought beside it, and `fit` leaves it free.

    Raises:
        GraphError: The nodes and edges do not form a valid graph; the message names the element.
    """

    bundle = Bundle("canvas")
    page_traits: ClassVar[frozenset[str]] = frozenset(
        {"height", "minimap", "zoom_on_scroll", "palette"}
    )
    _newest: ClassVar[weakref.WeakKeyDictionary[CanvasStore, weakref.ref[Canvas]]] = (
        weakref.WeakKeyDictionary()
    )
    """The newest canvas of each store."""

    nodes = Elements("nodes")
    edges = Elements("edges")
    selected: tuple[str, ...] = Tuple(help="The ids of the selected nodes and edges.")  # type: ignore[assignment]
    height = CInt(420).tag(sync=True)
    read_only = Bool(False).tag(sync=True)
    zoom_on_scroll = Enum(("focus", "always", "never"), "focus").tag(sync=True)
    minimap = Bool(True).tag(sync=True)
    toolbar = Bool(True).tag(sync=True)
    palette = Enum(("auto", "open", "rail", "hidden"), "auto").tag(sync=True)
    fit_view = Enum(("start", "all"), "start").tag(sync=True)
    covered_right = CInt(0).tag(sync=True)
    _snapshot = Dict().tag(sync=True)

    def __init__(
        self,
        graph: Graph | CanvasStore | Mapping[str, Any] | None = None,
        *,
        nodes: Iterable[Any] = (),
        edges: Iterable[Any] = (),
        height: int = 420,
        registry: Registry | None = None,
        read_only: bool = False,
        zoom_on_scroll: str = "focus",
        minimap: bool = True,
        toolbar: bool = True,
        palette: str = "auto",
        clock: Clock = background,
        **keys: Any,
    ) -> None:
        unknown = sorted(set(keys) - set(self.trait_names()))
        if unknown:
            raise TypeError(f"A canvas has no option {unknown[0]!r}.")
        if graph is None:
            graph = Graph(nodes, edges)
        elif nodes or edges:
            raise TypeError("Give either a graph or its nodes and edges, not both.")
        # Before the base class, which reads the state for the first message.
        self.store = graph if isinstance(graph, CanvasStore) else CanvasStore(_graph_of(graph))
        self.registry = registry or default_registry()
        self._clock = clock
        self._commands: dict[str, CommandHandler] = {
            "group": self._group_in_view,
            "ungroup": self._ungroup_in_view,
        }
        self._autosave: AutoSave | None = None
        self._execution: ExecutionStore | None = None
        self._look_up: Callable[[str], EdgeValue] | None = None
        self._ends: list[Callable[[], None]] = []
        self._selecting: int | None = None
        self._picture_timer: Any = None
        self._picture_is_old = self.store.graph.node_count > FIRST_PICTURE_LIMIT
        self._had_views = False
        self._warned_types: set[str] = set()
        self._outbox = Outbox(
            self._send_mail,
            lambda: self._end.heartbeat(),
            clock,
            snapshot=lambda: self._end.snapshot(),
            size=lambda: self._end.graph.node_count + self._end.graph.edge_count,
        )
        self._end = KernelEnd(
            self.store,
            self._outbox.post,
            kinds=self._kinds,
            on_select=lambda nodes, edges: self.store.post_notification(
                partial(self._selected_in_view, nodes, edges)
            ),
            on_command=self._command,
            on_views=self._on_views,
        )
        self._newest[self.store] = weakref.ref(self)
        super().__init__(
            height=height,
            read_only=read_only,
            zoom_on_scroll=zoom_on_scroll,
            minimap=minimap,
            toolbar=toolbar,
            palette=palette,
            **keys,
        )
        self._ends.append(self.store.on_event(self._on_event))
        self._ends.append(self.store.check_connections(self._connection_problem))
        self._ends.append(self.registry.subscribe(self._end.kinds_changed))
        self._watch(self.store, ["pipeline_name", "pipeline_id"])
        self._watch(self.store.history, ["past", "future"])
        self.observe(self._select_in_views, names="selected")
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))
        self._ends.append(_at_end_of_cells(self._update_picture_after_cell))
        self._refresh()

    # --------------------------------------------------------- for users

    @property
    def graph(self) -> Graph:
        """The current graph.

        Assigning another graph opens it. On a canvas with an open pipeline, such as a studio's, it replaces
        the pipeline's content as one undo step.
        """
        return self.store.graph

    @graph.setter
    def graph(self, graph: Graph | Mapping[str, Any]) -> None:
        made = _graph_of(graph)
        if self._autosave is None and self.store.pipeline_id is None:
            self.store.load_pipeline(made)
            return
        with self.store.transaction("replace the graph"):
            self.store.set_nodes(made.nodes)
            self.store.set_edges(made.edges)

    def add_node(self, node: Node | Mapping[str, Any] | None = None, **keys: Any) -> Node:
        """Add a node; see `CanvasStore.add_node`."""
        return self.store.add_node(node, **keys)

    def connect(self, source: str | Node, target: str | Node, **keys: Any) -> Edge | None:
        """Add an edge between two nodes; see `CanvasStore.connect`."""
        return self.store.connect(source, target, **keys)

    def set_nodes(self, nodes: Any) -> None:
        """Replace the nodes; see `CanvasStore.set_nodes`."""
        self.store.set_nodes(nodes)

    def set_edges(self, edges: Any) -> None:
        """Replace the edges; see `CanvasStore.set_edges`."""
        self.store.set_edges(edges)

    def undo(self) -> bool:
        """Undo the newest step; False when there is none."""
        return self.store.undo()

    def redo(self) -> bool:
        """Redo the step undone last; False when there is none."""
        return self.store.redo()

    def group(self, node_ids: Iterable[str | Node], *, label: str = "Subflow") -> Node:
        """Put nodes into a new node whose work is their pipeline, as one undo step, and select it.

        A run gives the same results before and after it.

        Args:
            node_ids: The nodes, or their ids.
            label: Label of the new node.

        Returns:
            The new node, of the kind ``subflow``.

        Raises:
            GraphError: There is no such node, none was given, or they are not in the same frame.
        """
        made = self.store.group(node_ids, label=label)
        self.selected = (made.id,)
        return made

    def ungroup(self, subflow: str | Node) -> tuple[Node, ...]:
        """Put the nodes of a subflow beside the others, as one undo step, and select them.

        Args:
            subflow: The subflow, or its id.

        Returns:
            The nodes; their ids stay where they are free.

        Raises:
            GraphError: There is no such subflow, or it cannot be read.
        """
        nodes = self.store.ungroup(subflow)
        self.selected = tuple(node.id for node in nodes)
        return nodes

    def fit(self) -> bool:
        """Bring all nodes into view, in every view; False when none is open."""
        return self._end.command_views(ViewCommand(name="fit"))

    def zoom_in(self) -> bool:
        """Zoom in by one step, in every view; False when none is open."""
        return self._end.command_views(ViewCommand(name="zoom_in"))

    def zoom_out(self) -> bool:
        """Zoom out by one step, in every view; False when none is open."""
        return self._end.command_views(ViewCommand(name="zoom_out"))

    def zoom_to(self, zoom: float) -> bool:
        """Zoom every view to a scale between 0.01 and 2, where 1 is 100 %; False when none is open."""
        if not 0.01 <= zoom <= 2:
            raise ValueError(f"A canvas zooms to between 0.01 and 2, not to {zoom!r}.")
        return self._end.command_views(ViewCommand(name="zoom_to", zoom=zoom))

    def arrange(self) -> bool:
        """Arrange the nodes from left to right, as one undo step; False when no view is open.

        The view that was used last does it, because only a view knows how large its nodes are.
        """
        return self._end.command_views(ViewCommand(name="arrange"))

    def set_node_facts(self, facts: Mapping[str, NodeFacts | Mapping[str, Any]]) -> None:
        """Replace what the cards show of nodes besides the document: what they call, what is wrong.

        Facts are never saved, make no undo step, and are kept for nodes that do not exist (yet). Only changed
        facts are sent. May be called on any thread.

        Args:
            facts: Facts by node id; nodes that are not named have none. Keys: ``calls`` (second line of the
                card), ``problem`` (shown with a warning badge, a few words) and its ``hint`` (a sentence),
                ``value`` (value line before a run), ``details`` (at most two texts for the foot before a
                run), ``mark`` (muted, waiting, stale, pinned or cached) and its ``reason``.

        Raises:
            ValueError: A fact is unknown, of a wrong type or too long; no facts were changed.
        """
        try:
            self._end.show_facts(_facts_by_id.validate_python(dict(facts)))
        except GraphError as error:
            raise ValueError(f"The facts of nodes are not valid: {error}") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(
                f"The facts of nodes are not valid at {where}: {first['msg']}."
            ) from None

    @property
    def node_facts(self) -> dict[str, dict[str, Any]]:
        """The facts that were set with `set_node_facts`, by node id, without empty ones."""
        return {
            node_id: fact.model_dump(exclude_defaults=True)
            for node_id, fact in self._end.facts.items()
        }

    def transaction(self, label: str = "") -> Any:
        """Make all changes inside it one undo step; see `CanvasStore.transaction`."""
        return self.store.transaction(label)

    def on_command(self, name: str, handler: CommandHandler) -> None:
        """Set what a button does; buttons without a handler are not shown.

        Args:
            name: ``run``, ``cancel`` or ``save``, called without arguments. Or a button above the selected
                nodes, called with a tuple of their ids: ``run_from``, ``run_to``, ``pin``, ``unpin``,
                ``accept`` (of a stale node), ``approve`` or ``reject`` (of a waiting one), ``group`` or
                ``ungroup`` (which have handlers).
            handler: Called on any thread; must not block. An exception is shown on the canvas.

        Raises:
            ValueError: There is no such button.
        """
        if name not in _COMMANDS:
            raise ValueError(f"A canvas has no button {name!r}; it has {', '.join(_COMMANDS)}.")
        self._commands[name] = handler
        self._refresh()

    def show_saving(self, autosave: AutoSave) -> None:
        """Show the status of an `AutoSave` in the toolbar."""
        self._autosave = autosave
        self._watch(autosave, ["status", "message"])
        self._refresh()

    def show_run(self, execution: ExecutionStore) -> None:
        """Show the run of an `ExecutionStore` on the nodes and in the toolbar."""
        self._execution = execution
        self._ends.append(execution.subscribe(lambda _state, _previous: self._refresh()))
        self._refresh()

    def show_values(self, look_up: Callable[[str], EdgeValue]) -> None:
        """Let `edge` return what went over an edge.

        Args:
            look_up: Returns the value by the id of the edge, or raises a `KaizenError` that says why not.
        """
        self._look_up = look_up

    def edge(self, edge_id: str) -> EdgeValue:
        """Return what went over an edge in the last run: ``canvas.edge("e1").value`` is the object itself.

        Raises:
            UnknownEdgeError: There is no such edge.
            RunError: Nothing went over it, or nothing has run yet.
        """
        self.store.graph.edge(edge_id)
        if self._look_up is None:
            raise RunError("Nothing has run on this canvas yet.")
        return self._look_up(edge_id)

    def close(self) -> None:
        """Close every view and stop listening; the store stays usable."""
        if not hasattr(self, "_outbox"):
            return  # Its constructor raised; ipywidgets also closes such widgets.
        for end in self._ends:
            end()
        self._ends.clear()
        self._cancel_picture()
        self._outbox.close()
        super().close()

    # ------------------------------------------------------- to the views

    def _on_event(self, event: Commit | Replaced) -> None:
        match event:
            case Commit():
                self._end.committed(event)
            case Replaced():
                self._end.replaced(event)
        # The user's observers are called later, because Ctrl-C cannot interrupt this method.
        self.store.post_notification(partial(self._notify_of_event, event))
        self._picture_is_old = True
        self._schedule_picture()
        if isinstance(event, Commit) and event.source is None:
            self._warn_about_unknown_types(event)

    def _notify_of_event(self, event: Commit | Replaced) -> None:
        self._drop_lost_selection(event)
        Elements.announce(self, event.before, event.after)

    def _refresh(self) -> None:
        """Send the views the state to show in addition to the document."""
        history = self.store.history
        autosave, execution = self._autosave, self._execution
        save = SaveState()
        if autosave is not None and (self.store.pipeline_id or autosave.status != "saved"):
            # A new pipeline without edits is not shown as "saved".
            save = SaveState(status=autosave.status, message=autosave.message)
        self._end.show(
            CanvasState(
                title=self.store.pipeline_name if autosave is not None else "",
                can_undo=history.can_undo,
                can_redo=history.can_redo,
                undo_label=history.undo_label,
                redo_label=history.redo_label,
                can_run="run" in self._commands,
                node_commands=tuple(name for name in _NODE_COMMANDS if name in self._commands),
                save=save,
                run=run_state_of(execution),
            )
        )

    def _send_mail(self, mail: KernelMail) -> None:
        if self.comm is not None:
            content, buffers = pack(mail)
            self.send(content, buffers)

    # ------------------------------------------- the picture of saved notebooks

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced state, with a picture of the current graph."""
        state = super().get_state(key, drop_defaults)
        if "_snapshot" in state:
            state["_snapshot"] = self._picture(is_first=key is None)
        return state

    def _picture(self, *, is_first: bool) -> dict[str, Any]:
        graph = self._end.graph
        if self._had_views and not self._end.has_views:
            return {}  # Its cell was cleared or run again: a newer canvas replaces it.
        if is_first and graph.node_count > FIRST_PICTURE_LIMIT:
            return {}  # The view requests the whole graph anyway.
        return picture_of(graph, self._kinds(), self._end.state)

    def _on_views(self, has_views: bool) -> None:
        if has_views:
            self._had_views = True
            self._schedule_picture()
        else:
            # Without a view it is not displayed, so no picture of it is saved.
            self._cancel_picture()
            self._picture_is_old = True
            self._send_picture()

    def _schedule_picture(self) -> None:
        """Schedule an update of the picture when edits pause; only while there is a view."""
        self._cancel_picture()
        if self._picture_is_old and self._end.has_views:
            delay = max(PICTURE_DELAY, self._end.graph.node_count / NODES_A_SECOND)
            self._picture_timer = self._clock.call_later(delay, self._update_picture)

    def _update_picture_after_cell(self) -> None:
        """Update the picture at the end of a cell, when nbconvert saves the state."""
        # nbconvert has no views. Each run of a cell may create another canvas of the same store; only the
        # newest one is updated.
        newest = self._newest.get(self.store)
        is_newest_unseen = not self._had_views and newest is not None and newest() is self
        if self._picture_is_old and (self._end.has_views or is_newest_unseen):
            self._cancel_picture()
            self._update_picture()

    def _update_picture(self) -> None:
        self._picture_timer = None
        self._picture_is_old = False
        self._send_picture()

    def _send_picture(self) -> None:
        if self.comm is not None:
            self.send_state("_snapshot")

    def _cancel_picture(self) -> None:
        if self._picture_timer is not None:
            self._picture_timer.cancel()
            self._picture_timer = None

    def _connection_problem(self, graph: Graph, connection: Connection) -> str | None:
        return connection_problem(graph, connection, self.registry.look_of)

    def _kinds(self) -> tuple[KindInfo, ...]:
        return tuple(kind_info_of(look) for look in self.registry.looks())

    # ----------------------------------------------------- from the views

    def _receive(self, content: Any) -> None:
        """Handle a view's message; log an exception of a user's observer, which would otherwise be lost."""
        try:
            self._end.receive(content)
        except Exception:
            logger.exception(
                "An observer of the canvas raised an exception; the edit itself was made."
            )

    def _command(self, name: str, node_ids: tuple[str, ...]) -> Problem | None:
        handler = self._commands.get(name)
        if handler is None:
            return Problem(code="no_handler", message=f"This canvas has no handler for {name}.")
        is_of_nodes = name in _NODE_COMMANDS
        if is_of_nodes and not node_ids:
            return Problem(code="no_nodes", message="The selected nodes no longer exist.")
        try:
            handler(*((node_ids,) if is_of_nodes else ()))
        except GraphError as error:
            return problem_of(error)
        except KaizenError as error:
            return Problem(code="refused", message=str(error))
        except Exception as error:
            logger.exception("The handler of the %s button raised an exception.", name)
            said = name.replace("_", " ").capitalize()
            return Problem(code="error", message=f"{said} failed: {error}.")
        return None

    def _group_in_view(self, node_ids: tuple[str, ...]) -> None:
        self.group(node_ids)

    def _ungroup_in_view(self, node_ids: tuple[str, ...]) -> None:
        opened = [node for node_id in node_ids for node in self.store.ungroup(node_id)]
        self.selected = tuple(node.id for node in opened if self.store.graph.has_node(node.id))

    def _selected_in_view(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        self._selecting = threading.get_ident()
        try:
            self.selected = (*nodes, *edges)
        finally:
            self._selecting = None

    @validate("selected")
    def _validate_selected(self, proposal: Any) -> tuple[str, ...]:
        graph = self.store.graph
        for element_id in proposal.value:
            if not (isinstance(element_id, str) and _has(graph, element_id)):
                raise TraitError(f"There is no node or edge {element_id!r} to select.")
        return proposal.value

    def _select_in_views(self, change: Any) -> None:
        # The first change has no old value.
        previous = change.old if isinstance(change.old, tuple) else ()
        self.store.on_rollback(lambda: self._select_existing(previous))
        graph = self.store.graph
        nodes = tuple(element_id for element_id in change.new if graph.has_node(element_id))
        edges = tuple(element_id for element_id in change.new if not graph.has_node(element_id))
        self.store.set_selection(
            nodes[-1] if nodes else None, edges[-1] if edges and not nodes else None
        )
        if self._selecting != threading.get_ident():
            self._end.select(nodes, edges)

    def _select_existing(self, wanted: tuple[str, ...]) -> None:
        graph = self.store.graph
        self.selected = tuple(element_id for element_id in wanted if _has(graph, element_id))

    def _drop_lost_selection(self, event: Commit | Replaced) -> None:
        # Only elements this event removed: an open transaction may have selected elements it just added.
        removed = {
            element_id
            for element_id in self.selected
            if not _has(event.after, element_id)
            and (isinstance(event, Replaced) or _has(event.before, element_id))
        }
        if removed:
            self.selected = tuple(each for each in self.selected if each not in removed)

    # ------------------------------------------------------------- helpers

    def _warn_about_unknown_types(self, commit: Commit) -> None:
        """Warn once about each node type that Python added and the registry does not have."""
        for operation in commit.batch:
            if not (isinstance(operation, AddElement) and isinstance(operation.item, Node)):
                continue
            node = operation.item
            if node.type in self.registry or node.type in self._warned_types | {"default", "group"}:
                continue
            self._warned_types.add(node.type)
            known = ", ".join(self.registry)
            similar = difflib.get_close_matches(node.type, list(self.registry), n=1)
            meant = f" Did you mean {similar[0]!r}?" if similar else ""
            warnings.warn(
                f"Node {node.id!r} has the type {node.type!r}, which is not a node kind of this canvas: it "
                f"cannot run.{meant} The kinds are: {known}.",
                GraphWarning,
                stacklevel=2,
            )

    def _watch(self, store: HasTraits, names: list[str]) -> None:
        def refresh(_change: Any) -> None:
            self._refresh()

        store.observe(refresh, names=names)
        self._ends.append(lambda: store.unobserve(refresh, names=names))

    def __repr__(self) -> str:
        graph = self.store.graph
        return f"Canvas(nodes={graph.node_count}, edges={graph.edge_count})"


def _at_end_of_cells(call: Callable[[], None]) -> Callable[[], None]:
    """Call a function after each cell, in IPython; return a function that unregisters it."""
    shell = get_ipython()
    if shell is None:
        return lambda: None

    def after(_result: object) -> None:
        call()

    shell.events.register("post_run_cell", after)
    return lambda: shell.events.unregister("post_run_cell", after)


def _has(graph: Graph, element_id: str) -> bool:
    return graph.has_node(element_id) or graph.has_edge(element_id)


def _graph_of(graph: Any) -> Graph:
    match graph:
        case Graph():
            return graph
        case Mapping():
            return Graph.from_json(graph)
        case str() | os.PathLike():
            raise TypeError(
                f"A canvas shows a graph, not a file: Canvas(Graph.read({str(graph)!r}))."
            )
        case _:
            raise TypeError(
                f"A canvas shows a Graph, a CanvasStore or React Flow JSON, not {type(graph).__name__}."
            )
