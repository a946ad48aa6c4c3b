"""The drawer over the board of a studio: the selected node's config, and what a run did in it.

    NodeDrawer(canvas, lambda: NodeForm(canvas), execution, run=lambda: run)

It is shown while a node or an edge is selected: of a node its config, its input, output and log in the last
run, and its versions; of an edge the value that took it, and how often its loop runs. Its widgets are created
when something is selected first.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import MONO, MUTED, hint
from kaizen_widgets.engines import EdgeValue, Run
from kaizen_widgets.engines.run import NodeRun
from kaizen_widgets.errors import NodeFailedError, RunError, UnknownEdgeError
from kaizen_widgets.graph import Edge, Node
from kaizen_widgets.saving.version_history import VersionHistory
from kaizen_widgets.stores import Commit, ExecutionStore, Replaced
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.edge_value_view import EdgeValueView
from kaizen_widgets.widgets.loop_editor import LoopEditor, leads_back
from kaizen_widgets.widgets.node_form import NodeForm
from kaizen_widgets.widgets.node_versions_view import NodeVersionsView
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.result_view import ResultView
from kaizen_widgets.widgets.tab_bar import TabBar
from kaizen_widgets.widgets.throttle import Throttle

WIDTH = 328
"""Its width in pixels, `--kz-drawer` in `js/src/tokens.css`."""
MAX_LINES = 500
NODE_TABS = (("config", "Config"), ("input", "Input"), ("output", "Output"), ("log", "Log"))
_DROPPED = "The values of this run are not kept any more: run it again."
VERSIONS_TAB = ("versions", "Versions")
EDGE_TABS = (("value", "Value"),)
LOOP_TABS = (*EDGE_TABS, ("loop", "Loop"))


class NodeDrawer(Panel):
    """The drawer of the selected node or edge.

    Args:
        canvas: Canvas whose selection it follows.
        make_form: Returns the form of the selected node; called when a node is selected first.
        execution: Store of the run.
        run: Returns the last run, or None.
        canvas_name: How a cell reaches the canvas, in the line of Python that gives the value of an edge.
        versions: Versions of the open pipeline, for the tab Versions; without them there is none.
        clock: Time and timers.
    """

    _unsubscribes: tuple[Callable[[], None], ...] = ()

    def __init__(
        self,
        canvas: Canvas,
        make_form: Callable[[], NodeForm],
        execution: ExecutionStore,
        *,
        run: Callable[[], Run | None],
        canvas_name: str = "canvas",
        versions: VersionHistory | None = None,
        clock: Clock = background,
    ) -> None:
        self.canvas = canvas
        self._make_form = make_form
        self._run = run
        self._canvas_name = canvas_name
        self._versions = versions
        self._node_tabs = NODE_TABS if versions is None else (*NODE_TABS, VERSIONS_TAB)
        self._clock = clock
        self._parts: _Parts | None = None
        self.loop: LoopEditor | None = None
        """The form of the selected edge's loop; None of other edges and of nodes."""
        self._shown_value: Any = _NOTHING
        self._tab = "config"
        """The tab of nodes that was chosen last."""
        super().__init__()
        self.add_class("kaizen-drawer")
        store = canvas.store
        names = ["selected_node_id", "selected_edge_id"]
        store.observe(self._on_select, names=names)
        self._throttle = Throttle(self.refresh, clock)
        self._unsubscribes = (
            lambda: store.unobserve(self._on_select, names=names),
            store.on_event(self._on_edit),
            execution.subscribe(lambda _state, _previous: self._on_run()),
        )
        self._on_select(None)

    @property
    def is_open(self) -> bool:
        """Whether something is selected, so that the drawer is shown."""
        return self._selected() is not None

    @property
    def tab(self) -> str:
        """Name of the tab that is shown for nodes: config, input, output, log or versions."""
        return self._tab

    @tab.setter
    def tab(self, name: str) -> None:
        if name not in dict(self._node_tabs):
            names = ", ".join(dict(self._node_tabs))
            raise ValueError(f"The drawer has no tab {name!r}; it has {names}.")
        self._tab = name
        if self._parts is not None and isinstance(self._selected(), Node):
            self._parts.tabs.selected = name

    @property
    def shown(self) -> tuple[ipw.Widget, ...]:
        """The widgets below the tabs: the form, or what the last run did."""
        return self._parts.body.children if self._parts is not None else ()

    @property
    def text(self) -> str:
        """What is shown of the last run, for tests."""
        if self._parts is None:
            return ""
        parts = self._parts
        if isinstance(self._selected(), Edge):
            shown = (parts.edge.summary.value, parts.edge.code.contents, parts.edge.value.contents)
            return str(shown)
        return parts.log.value if self._tab == "log" else str(parts.value.contents)

    def dismiss(self) -> None:
        """Close the drawer by selecting nothing."""
        self.canvas.selected = ()

    def refresh(self) -> None:
        """Show what the selected element has in the last run."""
        parts, element = self._parts, self._selected()
        if parts is None or element is None:
            return
        run, tab = self._run(), parts.tabs.selected
        if isinstance(element, Edge):
            self._show_edge(parts.edge, element, run)
        elif tab == "input":
            self._show_value(parts, tab, self._input_of(element, run))
        elif tab == "output":
            self._show_value(parts, tab, self._output_of(element, run))
        elif tab == "log":
            self._show_log(parts, self._node_run(element, run))

    def close(self) -> None:
        """Close the drawer and stop following the canvas."""
        unsubscribes, self._unsubscribes = self._unsubscribes, ()
        for unsubscribe in unsubscribes:
            unsubscribe()
        if unsubscribes:
            self._throttle.close()
            self._leave_loop()
        if self._parts is not None:
            for part in self._parts.all:
                part.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _selected(self) -> Node | Edge | None:
        store = self.canvas.store
        graph = store.graph
        if store.selected_node_id and graph.has_node(store.selected_node_id):
            return graph.node(store.selected_node_id)
        if store.selected_edge_id and graph.has_edge(store.selected_edge_id):
            return graph.edge(store.selected_edge_id)
        return None

    def _on_select(self, _change: Any) -> None:
        element = self._selected()
        if element is None:
            self._leave_loop()
            self.remove_class("kaizen-open")
            self.canvas.covered_right = 0
            return
        if self._parts is None:
            self._parts = _Parts(self._make_form(), self._canvas_name, self._versions)
            self._parts.close_button.on_click(lambda _button: self.dismiss())
            self._parts.tabs.on_select(self._on_tab)
            self.children = (*self._parts.children, *self.children)
        self._show_element(self._parts, element)
        self.add_class("kaizen-open")
        self.canvas.covered_right = WIDTH

    def _show_element(self, parts: _Parts, element: Node | Edge) -> None:
        self._shown_value = _NOTHING
        self._leave_loop()
        if isinstance(element, Edge) and leads_back(self.canvas.store.graph, element):
            parts.loop_status.value = ""
            self.loop = LoopEditor(self.canvas.store, element, self._clock, parts.show_loop_status)
            parts.loop.children = (self.loop.area, parts.loop_status)
        parts.heading.value = self._heading_of(element)
        if isinstance(element, Edge):
            is_loop = self.loop is not None
            has_value = isinstance(_edge_value(element, self._run()), EdgeValue)
            tabs = LOOP_TABS if is_loop else EDGE_TABS
            wanted = "loop" if is_loop and not has_value else "value"
        else:
            tabs, wanted = self._node_tabs, self._tab
        if [each["name"] for each in parts.tabs.tabs] != [name for name, _label in tabs]:
            parts.tabs.set_tabs(tabs)
        if parts.tabs.selected == wanted:
            self._show_tab(parts, wanted)
        else:
            parts.tabs.selected = wanted

    def _heading_of(self, element: Node | Edge) -> str:
        if isinstance(element, Edge):
            graph = self.canvas.store.graph
            ends = [graph.node(end).label or end for end in (element.source, element.target)]
            title, kind = " → ".join(ends), "Edge"
        else:
            found = self.canvas.registry.get(element.type or "")
            title = element.label or element.id
            kind = found.look.title if found is not None else element.type or ""
        return (
            f'<b title="{html.escape(title)}">{html.escape(title)}</b> '
            f'<span style="color: {MUTED}">{html.escape(kind)}</span>'
        )

    def _leave_loop(self) -> None:
        loop, self.loop = self.loop, None
        if loop is not None:
            loop.close()

    def _on_edit(self, event: Commit | Replaced) -> None:
        """Follow the element's name, and whether an edge leads back; a node's form follows its config."""
        element = self._selected()
        if self._parts is not None and isinstance(element, Edge):
            if self.loop is None and leads_back(self.canvas.store.graph, element):
                self._show_element(self._parts, element)
            elif self.loop is not None and not _is_by(event, self.loop):
                self.loop.update(element)
        if self._parts is not None and element is not None:
            self._parts.heading.value = self._heading_of(element)
            if self._parts.versions is not None and self._parts.tabs.selected == "versions":
                self._parts.versions.refresh()

    def _on_tab(self, name: str | None) -> None:
        if name is None or self._parts is None:
            return
        if name in dict(self._node_tabs):
            self._tab = name
        self._show_tab(self._parts, name)

    def _show_tab(self, parts: _Parts, name: str) -> None:
        self._shown_value = _NOTHING
        widgets = {
            "config": parts.form,
            "log": parts.log,
            "value": parts.edge,
            "loop": parts.loop,
            "versions": parts.versions or parts.value,
        }
        parts.body.children = (widgets.get(name, parts.value),)
        element = self._selected()
        if name == "versions" and parts.versions is not None and isinstance(element, Node):
            parts.versions.show(element.id)
        self.refresh()

    def _on_run(self) -> None:
        if self._parts is not None and self.is_open and self._parts.tabs.selected != "config":
            self._throttle.changed()

    # ----------------------------------------------------------- of a run

    def _node_run(self, node: Node, run: Run | None) -> NodeRun | None:
        return run.nodes.get(node.id) if run is not None else None

    def _output_of(self, node: Node, run: Run | None) -> Any:
        found = self._node_run(node, run)
        match found and found.status:
            case None:
                return _Words("Run the pipeline to see what this node returns.")
            case "completed" if found and not found.has_value:
                return _Words(_DROPPED)
            case "completed":
                return found and found.output
            case "failed":
                return (found and found.error) or _Words(found.message if found else "")
            case status:
                reason = f": {found.reason}" if found and found.reason else ""
                return _Words(f"No output: the node is {status}{reason}.")

    def _input_of(self, node: Node, run: Run | None) -> Any:
        if run is None or node.id not in run.nodes:
            return _Words("Run the pipeline to see what arrives at this node.")
        if not run.has_values:
            return _Words(_DROPPED)
        edges = [edge for edge in run.graph.edges if edge.target == node.id]
        if not edges:
            return run.inputs or _Words("The run was started without inputs.")
        arrived: dict[str, Any] = {}
        for edge in edges:
            source = run.nodes.get(edge.source)
            if source is not None and source.status == "completed":
                arrived[source.label if source.label not in arrived else source.id] = source.output
        return arrived or _Words("Nothing has arrived at this node.")

    def _show_edge(self, view: EdgeValueView, edge: Edge, run: Run | None) -> None:
        found = _edge_value(edge, run)
        shown = found.value if isinstance(found, EdgeValue) else found
        if (edge.id, id(shown)) == self._shown_value:
            return
        self._shown_value = (edge.id, id(shown))
        self._shown = shown  # So that no other value gets its id.
        if isinstance(found, EdgeValue):
            view.show(found)
        else:
            view.clear(found)

    def _show_value(self, parts: _Parts, tab: str, value: Any) -> None:
        if (tab, id(value)) == self._shown_value:
            return
        self._shown_value = (tab, id(value))
        self._shown = value  # So that no other value gets its id.
        if isinstance(value, _Words):
            parts.value.clear(str(value))
        else:
            parts.value.show(value)

    def _show_log(self, parts: _Parts, node: NodeRun | None) -> None:
        lines = node.logs if node is not None else ()
        text = "\n".join(lines[-MAX_LINES:])
        parts.log.value = (
            f'<pre style="{MONO}; margin: 0; overflow-wrap: anywhere">{html.escape(text)}</pre>'
            if lines
            else hint("Lines that the node prints and logs appear here.")
        )

    def __repr__(self) -> str:
        element = self._selected()
        return f"NodeDrawer({element.id!r})" if element is not None else "NodeDrawer()"


def _edge_value(edge: Edge, run: Run | None) -> EdgeValue | str:
    """Return what went over an edge, or a sentence that says why nothing did."""
    if run is None:
        return "Run the pipeline to see the value that takes this edge."
    try:
        return run.edge(edge.id)
    except NodeFailedError:
        return "Nothing went over this edge: its node failed."
    except UnknownEdgeError:
        return "The last run did not have this edge."
    except RunError as error:
        return str(error)


def _is_by(event: Commit | Replaced, loop: LoopEditor) -> bool:
    return isinstance(event, Commit) and event.source is loop


class _Words(str):
    """A sentence in place of a value."""


class _Parts:
    """The widgets of the drawer."""

    def __init__(self, form: NodeForm, canvas_name: str, versions: VersionHistory | None) -> None:
        form.heading.layout.display = "none"  # The drawer has one.
        form.layout.max_height = form.layout.max_width = None
        form.layout.padding = "0"
        form.layout.flex = "0 0 auto"
        self.form = form
        self.heading = ipw.HTML(layout=ipw.Layout(flex="1 1 auto", width="0"))
        self.close_button = ipw.Button(
            icon="close",
            tooltip="Close (Escape on the board)",
            _dom_classes=("kaizen-quiet", "kaizen-after-edits"),
        )
        self.tabs = TabBar(NODE_TABS, label="Selected node", selected="config")
        self.value = ResultView()
        self.edge = EdgeValueView(canvas_name)
        self.loop_status = ipw.HTML()
        self.loop = ipw.VBox()
        self.versions = None if versions is None else NodeVersionsView(versions)
        self.log = ipw.HTML()
        self.body = ipw.VBox(_dom_classes=("kaizen-drawer-body",))
        self.tabs.add_class("kaizen-drawer-tabs")
        self.head = ipw.HBox(
            [self.heading, self.close_button], _dom_classes=("kaizen-drawer-head",)
        )
        self.children = (self.head, self.tabs, self.body)

    def show_loop_status(self, text: str) -> None:
        """Show a line below the form of a loop."""
        if self.loop_status.value != text:
            self.loop_status.value = text

    @property
    def all(self) -> tuple[ipw.Widget, ...]:
        """Every widget, the form included."""
        return (
            *self.children,
            self.heading,
            self.close_button,
            self.value,
            self.edge,
            self.loop,
            self.loop_status,
            self.log,
            self.form,
            *([] if self.versions is None else [self.versions]),
        )


_NOTHING = object()
