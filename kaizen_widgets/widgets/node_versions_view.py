"""The versions of one node: what differs from it now, and the way back for this node alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.background import Pending
from kaizen_widgets.displays.formats import format_time_ago
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.markup import alert, hint, note, skeleton
from kaizen_widgets.errors import KaizenError, NotFoundError
from kaizen_widgets.graph import Node
from kaizen_widgets.saving.node_version import NodeVersion, is_same_config
from kaizen_widgets.saving.version_history import VersionHistory
from kaizen_widgets.widgets.data_grid import DataGrid, RowAction
from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.version_differences import differences_html, field_differences


class NodeVersionsView(PythonOwned, ipw.VBox):
    """The versions of the node that is shown; its pipeline's versions are in the Versions panel.

    Args:
        versions: The versions of the open pipeline, such as ``studio.versions``.

    Attributes:
        grid: The versions, newest first; the selected one is compared with the node now.
        message: What is the case, or how going back ended.
        difference: What differs between the selected version and the node now.
        pending: Ends when what was asked last is shown; None before.
    """

    def __init__(self, versions: VersionHistory) -> None:
        self.versions = versions
        self._node_id = ""
        self.pending: Pending[None] | None = None
        self.message = ipw.HTML()
        self.difference = ipw.HTML()
        self.grid = DataGrid(
            columns=[
                # One column: the drawer is narrow.
                Column("name", "Version", "title", second="made"),
            ],
            key="key",
            actions=[
                RowAction(
                    "restore",
                    "Use it",
                    is_visible=True,
                    is_enabled=lambda each: not self._is_now(each),
                    reason=lambda each: (
                        "The node was not there."
                        if each.earlier.node is None
                        else "The node is like this now."
                    ),
                )
            ],
            is_searchable=False,
            is_dense=True,
        )
        self.grid.on_action(lambda _name, each: self.restore(each.earlier))
        self.grid.observe(lambda _change: self._show_difference(), names="selected")
        super().__init__([self.message, self.grid, self.difference])

    def show(self, node_id: str) -> None:
        """Show the versions of a node; they are fetched."""
        if node_id != self._node_id:
            self._draw((), skeleton(2))
        self._node_id = node_id
        self._fetch()

    def refresh(self) -> None:
        """Compare with the node as it is now, after an edit."""
        self.grid.draw_again()
        self._show_difference()

    def restore(self, earlier: NodeVersion) -> None:
        """Give the node what it had in a version; undo takes it back."""
        done = f"The node is as it was in {earlier.version.name}. Undo takes it back."
        self._follow(lambda: self.versions.restore_node(earlier), lambda _none: note(done))

    def close(self) -> None:
        """Close it and its parts."""
        for part in (self.message, self.grid, self.difference):
            part.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _fetch(self) -> None:
        node_id = self._node_id

        def shown(found: Sequence[NodeVersion]) -> str:
            if node_id == self._node_id:
                empty = "No version has this node. Save one in the Versions panel."
                self._draw(found, "" if found else hint(empty))
            return self.message.value

        self._follow(lambda: self.versions.of_node(node_id), shown)

    def _follow(self, start: Callable[[], Any], done: Callable[[Any], str]) -> None:
        """Start something, and show how it ended."""

        def say(markup: str) -> None:
            self.message.value = markup

        async def follow() -> None:
            try:
                result = await start()
            except NotFoundError:
                markup = hint("This server has no versions of pipelines.")
            except KaizenError as error:
                markup = alert(str(error)[:400])
            else:
                markup = await asyncio.to_thread(done, result)
            await asyncio.to_thread(say, markup)

        self.pending = self.versions.start(follow())

    def _draw(self, found: Sequence[NodeVersion], markup: str) -> None:
        self.message.value = markup
        self.grid.records = [_Row(each) for each in found]
        self.grid.layout.display = None if found else "none"
        self._show_difference()

    def _show_difference(self) -> None:
        earlier = next((row.earlier for row in self.grid.selected_records), None)
        now, node = self._now(), None if earlier is None else earlier.node
        if earlier is None or now is None or node is None:
            self.difference.value = ""
            return
        found = field_differences(_fields(node), _fields(now))
        self.difference.value = differences_html(found, earlier.version.name[:60], "Now")

    def _now(self) -> Node | None:
        graph = self.versions.canvas.graph
        return graph.node(self._node_id) if graph.has_node(self._node_id) else None

    def _is_now(self, row: _Row) -> bool:
        """Return whether going back would change nothing."""
        node, now = row.earlier.node, self._now()
        return node is None or now is None or is_same_config(node, now)

    def __repr__(self) -> str:
        return f"NodeVersionsView({self._node_id!r})"


class _Row:
    """A version of a node as a record of the table."""

    def __init__(self, earlier: NodeVersion) -> None:
        version = earlier.version
        self.earlier = earlier
        self.key, self.name = version.id, version.name
        self.made = "" if version.created_at is None else format_time_ago(version.created_at)


def _fields(node: Node) -> dict[str, Any]:
    """Return the kind and the config of a node, by the names that its form has."""
    return {"kind": node.type, **node.data}
