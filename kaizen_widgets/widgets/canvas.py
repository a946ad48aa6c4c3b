"""The canvas: a graph on React Flow, in a cell, edited by hand and from Python alike.

The document, its history and its rules live in `CanvasStore`; this widget only carries them to the
browser (`sync`) and shows what surrounds them: saving, runs, selection. Edits travel as operations in
messages; the one trait that holds the whole graph is read when a view opens, so that a saved notebook
shows a picture without a kernel.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from IPython.core.getipython import get_ipython
from traitlets import Bool, Dict, Enum, Int, TraitError, Tuple, validate

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Registry, default_registry
from kaizen_widgets.saving import AutoSave
from kaizen_widgets.stores import CanvasStore, Commit, ExecutionStore, Replaced
from kaizen_widgets.stores.elements_trait import Elements
from kaizen_widgets.sync import KernelEnd, Outbox
from kaizen_widgets.sync.canvas.columns import columns_of, pack
from kaizen_widgets.sync.canvas.messages import (
    CanvasState,
    KernelMail,
    KindInfo,
    Problem,
    SaveState,
)
from kaizen_widgets.widgets.bundle import Bundle, BundledWidget
from kaizen_widgets.widgets.canvas_messages import look_of, run_state_of

logger = logging.getLogger(__name__)

SNAPSHOT_DELAY = 2.0
"""Seconds without an edit after which the saved picture is brought up to date."""
SNAPSHOT_LIMIT = 1000
"""Above so many nodes the saved picture is only made when a view opens."""

CommandHandler = Callable[[], None]


class Canvas(BundledWidget):
    """An editable graph.

    Args:
        graph: A `Graph`, a `CanvasStore` to share with other canvases, or React Flow JSON.
        nodes: Instead of a graph: its nodes.
        edges: And its edges.
        height: In pixels.
        registry: The node kinds to draw and to offer in the palette.
        read_only: Look, pan and select, but change nothing.
        zoom_on_scroll: Whether the wheel zooms: once the canvas has the ``focus``, ``always``, ``never``
            (otherwise the page scrolls).
        minimap: Whether to show the small map.
        clock: Time and timers; the background loop's by default.

    Raises:
        GraphError: The graph is none; the message names the element.
    """

    bundle = Bundle("canvas")

    nodes = Elements("nodes")
    edges = Elements("edges")
    selected: tuple[str, ...] = Tuple(help="The ids of the selected nodes and edges.")  # type: ignore[assignment]
    height = Int(420).tag(sync=True)
    read_only = Bool(False).tag(sync=True)
    zoom_on_scroll = Enum(("focus", "always", "never"), "focus").tag(sync=True)
    minimap = Bool(True).tag(sync=True)
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
        # Before the base: it reads the state for the first message.
        self.store = graph if isinstance(graph, CanvasStore) else CanvasStore(_graph_of(graph))
        self.registry = registry or default_registry()
        self._clock = clock
        self._commands: dict[str, CommandHandler] = {}
        self._autosave: AutoSave | None = None
        self._execution: ExecutionStore | None = None
        self._ends: list[Callable[[], None]] = []
        self._selecting: int | None = None
        self._snapshot_timer: Any = None
        self._outbox = Outbox(
            self._send_mail,
            lambda: self._end.heartbeat(),
            clock,
            snapshot=lambda: self._end.snapshot(),
            size=lambda: self.store.graph.node_count + self.store.graph.edge_count,
        )
        self._end = KernelEnd(
            self.store,
            self._outbox.post,
            kinds=self._kinds,
            on_select=self._selected_in_view,
            on_command=self._command,
        )
        super().__init__(
            height=height,
            read_only=read_only,
            zoom_on_scroll=zoom_on_scroll,
            minimap=minimap,
            **keys,
        )
        self._ends.append(self.store.on_event(self._on_event))
        self._watch(self.store, ["pipeline_name", "pipeline_id"])
        self._watch(self.store.history, ["past", "future"])
        self.observe(self._select_in_views, names="selected")
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))
        self._ends.append(_at_end_of_cells(self._send_due_snapshot))
        self._refresh()

    # --------------------------------------------------------- for users

    @property
    def graph(self) -> Graph:
        """The graph as it is now; assign another to open it."""
        return self.store.graph

    @graph.setter
    def graph(self, graph: Graph | Mapping[str, Any]) -> None:
        self.store.load_pipeline(_graph_of(graph))

    def set_nodes(self, nodes: Any) -> None:
        """Make these the nodes; see `CanvasStore.set_nodes`."""
        self.store.set_nodes(nodes)

    def set_edges(self, edges: Any) -> None:
        """Make these the edges; see `CanvasStore.set_edges`."""
        self.store.set_edges(edges)

    def undo(self) -> bool:
        """Take back the newest step; False when there is none."""
        return self.store.undo()

    def redo(self) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        return self.store.redo()

    def transaction(self, label: str = "") -> Any:
        """Make one step of all changes inside; see `CanvasStore.transaction`."""
        return self.store.transaction(label)

    def on_command(self, name: str, handler: CommandHandler) -> None:
        """Have a button of the toolbar do something.

        Args:
            name: ``run``, ``cancel`` or ``save``; the run button shows once it has a handler.
            handler: Called on any thread; must not block. What it raises is shown on the canvas.
        """
        self._commands[name] = handler
        self._refresh()

    def show_saving(self, autosave: AutoSave) -> None:
        """Show how an `AutoSave` fares."""
        self._autosave = autosave
        self._watch(autosave, ["status", "message"])
        self._refresh()

    def show_run(self, execution: ExecutionStore) -> None:
        """Show the run an `ExecutionStore` follows, on the nodes and in the toolbar."""
        self._execution = execution
        self._ends.append(execution.subscribe(lambda _state, _previous: self._refresh()))
        self._refresh()

    def close(self) -> None:
        """Close every view and stop listening; the store lives on."""
        if not hasattr(self, "_outbox"):
            return  # A canvas that was refused when made; ipywidgets closes those too.
        for end in self._ends:
            end()
        self._ends.clear()
        if self._snapshot_timer is not None:
            self._snapshot_timer.cancel()
        self._outbox.close()
        super().close()

    # ------------------------------------------------------- to the views

    def _on_event(self, event: Commit | Replaced) -> None:
        match event:
            case Commit():
                self._end.applied(event.epoch, event.rev, event.batch, event.source)
            case Replaced():
                self._end.replaced()
        self._drop_lost_selection()
        Elements.announce(self, event.before, event.after)
        self._plan_snapshot()

    def _refresh(self) -> None:
        """Tell the views what surrounds the document now."""
        history = self.store.history
        autosave, execution = self._autosave, self._execution
        save = SaveState()
        if autosave is not None and (self.store.pipeline_id or autosave.status != "saved"):
            # A pipeline that was never stored, and has nothing to store yet, is not "saved".
            save = SaveState(status=autosave.status, message=autosave.message)
        self._end.show(
            CanvasState(
                title=self.store.pipeline_name if autosave is not None else "",
                can_undo=history.can_undo,
                can_redo=history.can_redo,
                undo_label=history.undo_label,
                redo_label=history.redo_label,
                can_run="run" in self._commands,
                save=save,
                run=run_state_of(execution),
            )
        )

    def _send_mail(self, mail: KernelMail) -> None:
        if self.comm is not None:
            content, buffers = pack(mail)
            self.send(content, buffers)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced state; the picture of the graph in it is made now."""
        state = super().get_state(key, drop_defaults)
        if "_snapshot" in state:
            state["_snapshot"] = self._picture()
        return state

    def _picture(self) -> dict[str, Any]:
        """Return the document as a view shows it before the kernel answers, or without one."""
        with self.store.locked():
            graph, snapshot = self.store.graph, self._end.snapshot()
        drawn = {node.type for node in graph.nodes}
        picture = snapshot.model_copy(
            update={"kinds": tuple(kind for kind in snapshot.kinds or () if kind.type in drawn)}
        )
        include = {"epoch", "rev", "digest", "kinds"}
        if picture.state != CanvasState():  # a view begins with that one
            include.add("state")
        return {
            **picture.model_dump(mode="json", by_alias=True, include=include),
            "columns": columns_of(graph.nodes, graph.edges),
        }

    def _plan_snapshot(self) -> None:
        if self._snapshot_timer is not None:
            self._snapshot_timer.cancel()
        if self.store.graph.node_count <= SNAPSHOT_LIMIT:
            self._snapshot_timer = self._clock.call_later(SNAPSHOT_DELAY, self._send_snapshot)

    def _send_due_snapshot(self) -> None:
        """Send at the end of a cell what it changed: nbconvert takes no later word for the cell's."""
        if self._snapshot_timer is not None:
            self._snapshot_timer.cancel()
            self._send_snapshot()

    def _send_snapshot(self) -> None:
        self._snapshot_timer = None
        if self.comm is not None:
            self.send_state("_snapshot")

    def _kinds(self) -> tuple[KindInfo, ...]:
        return tuple(look_of(look) for look in self.registry.looks())

    # ----------------------------------------------------- from the views

    def _receive(self, content: Any) -> None:
        """Take a view's message; what a user's observer raises is logged, for nobody else would see it."""
        try:
            self._end.receive(content)
        except Exception:
            logger.exception("An observer of the canvas raised; the edit itself was made.")

    def _command(self, name: str) -> Problem | None:
        handler = self._commands.get(name)
        if handler is None:
            return Problem(code="no_handler", message=f"This canvas has nothing to {name}.")
        try:
            handler()
        except KaizenError as error:
            return Problem(code="refused", message=str(error))
        except Exception as error:
            logger.exception("The %s button's handler raised.", name)
            return Problem(code="error", message=f"{name.capitalize()} failed: {error}.")
        return None

    def _selected_in_view(self, nodes: tuple[str, ...], edges: tuple[str, ...]) -> None:
        self._selecting = threading.get_ident()
        try:
            self.selected = (*nodes, *edges)
        finally:
            self._selecting = None

    @validate("selected")
    def _only_what_is_there(self, proposal: Any) -> tuple[str, ...]:
        graph = self.store.graph
        for one in proposal.value:
            if not (isinstance(one, str) and (graph.has_node(one) or graph.has_edge(one))):
                raise TraitError(f"There is no node or edge {one!r} to select.")
        return proposal.value

    def _select_in_views(self, change: Any) -> None:
        graph = self.store.graph
        nodes = tuple(element_id for element_id in change.new if graph.has_node(element_id))
        edges = tuple(element_id for element_id in change.new if not graph.has_node(element_id))
        self.store.set_selection(
            nodes[-1] if nodes else None, edges[-1] if edges and not nodes else None
        )
        if self._selecting != threading.get_ident():
            self._end.select(nodes, edges)

    def _drop_lost_selection(self) -> None:
        graph = self.store.graph
        kept = tuple(one for one in self.selected if graph.has_node(one) or graph.has_edge(one))
        if kept != self.selected:
            self.selected = kept

    # ------------------------------------------------------------- within

    def _watch(self, store: Any, names: list[str]) -> None:
        def refresh(_change: Any) -> None:
            self._refresh()

        store.observe(refresh, names=names)
        self._ends.append(lambda: store.unobserve(refresh, names=names))

    def __repr__(self) -> str:
        graph = self.store.graph
        return f"Canvas(nodes={graph.node_count}, edges={graph.edge_count})"


def _at_end_of_cells(call: Callable[[], None]) -> Callable[[], None]:
    """Have a call made after each cell, where there are cells; return what ends that."""
    shell = get_ipython()
    if shell is None:
        return lambda: None

    def after(_result: object) -> None:
        call()

    shell.events.register("post_run_cell", after)
    return lambda: shell.events.unregister("post_run_cell", after)


def _graph_of(graph: Graph | Mapping[str, Any]) -> Graph:
    match graph:
        case Graph():
            return graph
        case Mapping():
            return Graph.from_json(graph)
        case _:
            raise TypeError(
                f"A canvas shows a Graph, a CanvasStore or React Flow JSON, not {type(graph).__name__}."
            )
