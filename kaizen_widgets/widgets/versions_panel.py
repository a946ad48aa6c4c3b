"""VersionsPanel: the versions of the open pipeline, with a preview, differences, restore and export.

The preview is a canvas of its own, so looking at a version changes nothing. It shows the version, and marks
what was added, removed, changed or moved since.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.api.pipeline_versions import PipelineVersion
from kaizen_widgets.core.background import Pending
from kaizen_widgets.displays.markup import MUTED
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.graph import Graph
from kaizen_widgets.graph.without_secrets import without_secrets
from kaizen_widgets.saving.version_history import VersionHistory, What, combined
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.data_grid import Column, DataGrid, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.panel_frame import PanelFrame

SINCE: Final[Mapping[What, str]] = {
    "added": "added since",
    "removed": "removed since",
    "changed": "changed since",
    "moved": "moved since",
}
"""What became of an element after a version, in words."""


class VersionsPanel(PanelFrame):
    """The versions of a studio's pipeline.

    Args:
        studio: A `Studio`: its ``versions`` are shown.
        dialogs: Where dialogs appear; by default in the panel itself.
        height: Height of the preview in pixels.

    Attributes:
        grid: The list of versions.
        preview: The canvas that shows the selected version.

    Raises:
        TypeError: ``studio`` has no versions.
    """

    _unobserve: Any = None

    def __init__(
        self, studio: Any, *, dialogs: DialogHost | None = None, height: int = 320
    ) -> None:
        versions = getattr(studio, "versions", None)
        if not isinstance(versions, VersionHistory):
            raise TypeError(
                f"VersionsPanel needs a Studio, not {type(studio).__name__}: it shows studio.versions."
            )
        self.versions: VersionHistory = versions
        self._previewed: PipelineVersion | None = None
        self.grid = DataGrid(
            columns=[
                Column("name", "Version", "title"),
                Column("version_number", "Number", "number"),
                Column("node_count", "Nodes", "number"),
                Column("created_at", "Made", "date"),
                Column("is_automatic", "Saved", "text", value=_saved, is_filter=True),
            ],
            title="Versions",
            empty="No versions yet. Save one before a change that you may want to take back.",
            toolbar=[RowAction("new", "Save version", "add")],
            actions=[
                RowAction("restore", "Restore", is_visible=True),
                RowAction("rename", "Rename"),
                RowAction("export", "Export without secrets"),
                RowAction("delete", "Delete", is_danger=True),
            ],
        )
        self.grid.on_action(self._act)
        self.grid.observe(self._on_select, names="selected")
        self.summary = ipw.HTML()
        self.preview = Canvas(
            read_only=True,
            height=height,
            registry=studio.kinds,
            toolbar=False,
            minimap=False,
            fit_view="all",
        )
        self._previews = ipw.VBox([self.summary, self.preview])
        self._previews.layout.display = "none"
        super().__init__(
            studio,
            body=[self.grid, self._previews],
            noun="versions",
            permission="agents:read",
            on_data=self._show_rows,
            dialogs=dialogs,
        )
        store = self.versions.canvas
        store.observe(self._on_pipeline, names="pipeline_id")
        self._unobserve = lambda: store.unobserve(self._on_pipeline, names="pipeline_id")
        self._stop_following = store.on_event(lambda _event: self._follow_draft())
        self._on_pipeline(None)

    def is_empty(self, data: Any) -> bool:
        """Return False, because the grid says itself that there are none."""
        return False

    def show(self, version: PipelineVersion) -> Pending[None]:
        """Show a version in the preview, with what differs now; ends when it is shown."""
        handle = self.versions.graph(version)

        async def show() -> None:
            try:
                graph = await handle
            except KaizenError as error:
                await asyncio.to_thread(self.say, f"{version.name}: {error}", problem=True)
                return
            await asyncio.to_thread(self._draw_preview, version, graph)

        return self.versions.start(show())

    def close(self) -> None:
        """Close the panel and its preview; the versions stay."""
        unobserve, self._unobserve = self._unobserve, None
        if unobserve is not None:
            unobserve()
            self._stop_following()
            self.preview.close()
            self.grid.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _on_pipeline(self, _change: Any) -> None:
        self._hide_preview()
        if self.versions.canvas.pipeline_id is not None:
            self.show_query(self.versions.list())

    def _show_rows(self, versions: list[PipelineVersion]) -> None:
        self.grid.records = versions
        shown = self._previewed
        if shown is not None and shown.id not in {version.id for version in versions}:
            self._hide_preview()

    def _on_select(self, change: Any) -> None:
        version = self._version(change.new[0]) if len(change.new) == 1 else None
        if version is None:
            self._hide_preview()
        else:
            self.show(version)

    def _version(self, version_id: str) -> PipelineVersion | None:
        return next((one for one in self.grid.records if one.id == version_id), None)

    def _act(self, name: str, version: PipelineVersion | None) -> None:
        if name == "new":
            self._ask_name("Save version", "", "Save version", self.versions.create, "is saved")
        elif version is None:
            return
        elif name == "restore":
            self._follow(
                f"Restore {version.name}",
                self.versions.restore(version),
                f"{version.name} is on the canvas. Undo takes it back.",
            )
        elif name == "rename":
            self._ask_name(
                f"Rename {version.name}",
                version.name,
                "Rename",
                lambda text: self.versions.rename(version, text),
                "is its new name",
            )
        elif name == "export":
            self._export(version)
        elif name == "delete":
            self.dialogs.confirm(
                f"Delete {version.name}?",
                "The version is deleted for everyone. The pipeline itself stays as it is.",
                "Delete version",
                lambda: self._done(self.versions.delete(version), f"{version.name} is deleted."),
            )

    def _ask_name(self, title: str, name: str, answer: str, change: Any, done: str) -> None:
        field = ipw.Text(
            value=name,
            description="Name",
            placeholder="Before the new router",
            layout=ipw.Layout(width="auto"),
        )

        def give() -> Any:
            text = field.value.strip()
            if not text:
                dialog.show_problem("Give it a name.")
                return False
            return self._done(change(text), f"“{text}” {done}.")

        dialog = self.dialogs.show(Dialog(title, [field], answer=answer, on_answer=give))

    async def _done(self, handle: Pending[Any], text: str) -> None:
        await handle
        await asyncio.to_thread(self.say, text)

    def _follow(self, what: str, handle: Pending[Any], done: str) -> None:
        async def follow() -> None:
            try:
                await handle
            except KaizenError as error:
                await asyncio.to_thread(self.say, f"{what}: {error}", problem=True)
            else:
                await asyncio.to_thread(self.say, done)

        self.versions.start(follow())

    def _export(self, version: PipelineVersion) -> None:
        handle = self.versions.graph(version)

        async def export() -> None:
            graph, left_out = without_secrets(await handle)
            link = ipw.HTML(_download(version.name, graph, left_out))
            dialog = Dialog(f"Export {version.name}", [link], answer=None)
            await asyncio.to_thread(self.dialogs.show, dialog)

        self._follow(f"Export {version.name}", self.versions.start(export()), "")

    # ------------------------------------------------------------ preview

    def _draw_preview(self, version: PipelineVersion, graph: Graph) -> None:
        selected = tuple(self.grid.selected)
        if selected and selected != (version.id,):
            return  # Another version was selected while this one was fetched.
        now = self.versions.canvas.committed_graph
        both, nodes, edges = combined(graph, now)
        self._previewed, self._graph = version, graph
        if self.preview.graph != both:
            self.preview.store.load_pipeline(both, name=version.name)
        self.preview.set_node_facts(
            {each: {"difference": what} for each, what in {**nodes, **edges}.items()}
        )
        self.summary.value = _summary(version.name, nodes, edges)
        self._previews.layout.display = ""

    def _follow_draft(self) -> None:
        """Compare the previewed version with the pipeline after an edit."""
        version = self._previewed
        if version is not None:
            self.versions.start(asyncio.to_thread(self._draw_preview, version, self._graph))

    def _hide_preview(self) -> None:
        self._previewed = None
        self._previews.layout.display = "none"

    def __repr__(self) -> str:
        return f"VersionsPanel({len(self.grid.records)} versions)"


def _saved(version: PipelineVersion) -> str:
    return "Automatically" if version.is_automatic else "By name"


def _summary(name: str, nodes: Mapping[str, What], edges: Mapping[str, What]) -> str:
    """Return what differs now from a version, as HTML."""
    parts = []
    for noun, differences in (("node", nodes), ("edge", edges)):
        counts = Counter(differences.values())
        parts += [
            f"{counts[what]} {noun}{'' if counts[what] == 1 else 's'} {text}"
            for what, text in SINCE.items()
            if counts[what]
        ]
    text = ", ".join(parts) or "the same as the pipeline now"
    return (
        f'<p role="status" style="margin: 8px 0; color: {MUTED}"><b>{html.escape(name)}</b>: '
        f"{html.escape(text)}.</p>"
    )


def _download(name: str, graph: Graph, left_out: tuple[str, ...]) -> str:
    """Return a link to a graph as a file, and what was left out of it."""
    text = json.dumps(graph.to_json(), ensure_ascii=False, indent=2).encode()
    stem = "".join(one if one.isalnum() else "-" for one in name.lower()).strip("-") or "version"
    file_name = html.escape(f"{stem[:60]}.json")
    link = (
        f'<p><a download="{file_name}" href="data:application/json;base64,'
        f'{base64.b64encode(text).decode()}">Download {file_name}</a></p>'
    )
    if not left_out:
        return f"{link}<p>No secrets were found in it.</p>"
    items = "".join(f"<li>{html.escape(place)}</li>" for place in left_out[:40])
    return f"{link}<p>Secrets that were left out:</p><ul>{items}</ul>"
