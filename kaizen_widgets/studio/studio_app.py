"""The studio as one app: header, board with drawer, and tabs with panels.

It is a VBox of the studio's parts; `Studio` has each of them as an attribute, to lay them out differently.
Panels are built when their tab is opened first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from kaizen_widgets.core.background import Pending
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.runs.input_fields import input_fields
from kaizen_widgets.stores.execution import ACTIVE
from kaizen_widgets.studio.app_dialogs import AppDialogs
from kaizen_widgets.studio.panels import StudioPanels
from kaizen_widgets.studio.pipeline_menu import TIMEOUT, graph_of_file, pipeline_entries
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.studio_header import HeaderAction, StudioHeader
from kaizen_widgets.widgets.tab_bar import TabBar

if TYPE_CHECKING:
    from kaizen_widgets.studio.studio import Studio

logger = logging.getLogger(__name__)

_ZOOMS = frozenset({"50", "75", "100", "150", "200"})
"""What the header's menu offers, in percent."""


class StudioApp(Panel):
    """The composed studio.

    Args:
        studio: The studio; its parts are shown.
        panels: The panels of the tabs.
        has_users: Whether users sign in and out; not at the embedded API.

    Attributes:
        header: Title menu, saved state, history, Run, theme and user.
        tabs: The tabs below the board; ``tabs.selected`` is the open one, or None.
        dialogs: The place of the app's dialogs.
        last_action: The newest action of the header that runs beside the kernel, or None.
    """

    _unsubscribes: tuple[Callable[[], None], ...] = ()

    def __init__(
        self,
        studio: Studio,
        panels: StudioPanels,
        *,
        has_users: bool,
    ) -> None:
        self._studio = studio
        self._panels = panels
        self._boxes: dict[str, ipw.Box] = {}
        self.last_action: Pending[None] | None = None
        self.header = StudioHeader(self._act)
        self.header.show(hasUsers=has_users, hasVersions="versions" in panels.labels)
        self.tabs = TabBar(
            list(panels.labels.items()),
            label="Panels",
            collapsible=True,
        )
        self.tabs.add_class("kaizen-app-tabs")
        self.tabs.on_select(self._show_panel)
        self.board = ipw.Box(
            [studio.canvas, studio.drawer, studio.notifications], _dom_classes=("kaizen-board",)
        )
        self.notices = ipw.VBox(
            [studio.account.panel, studio.unsaved_panel], _dom_classes=("kaizen-notices",)
        )
        self.body = ipw.VBox(_dom_classes=("kaizen-app-body",))
        self.dialogs = studio.dialogs
        self.modals = AppDialogs(studio)
        super().__init__(
            [
                *studio.screen,
                self.header,
                self.notices,
                self.board,
                self.tabs,
                self.body,
                self.dialogs,
            ]
        )
        self.add_class("kaizen-studio")
        self._connect()

    def open_tab(self, name: str | None) -> None:
        """Open the tab with a name, or close the open one with None.

        Raises:
            TraitError: There is no such tab.
        """
        self.tabs.selected = name

    def close(self) -> None:
        """Close the app; the studio's parts stay usable."""
        unsubscribes, self._unsubscribes = self._unsubscribes, ()
        for unsubscribe in unsubscribes:
            unsubscribe()
        if unsubscribes:
            self.modals.close()
            for part in (self.header, self.tabs, *self._boxes.values(), self.body):
                part.close()
        super().close()

    # ------------------------------------------------------------ panels

    def _show_panel(self, name: str | None) -> None:
        if name is not None and name not in self._boxes:
            try:
                panel = self._panels.get(name)
            except KaizenError as error:
                self._notify_error(error)
                return
            self._boxes[name] = ipw.VBox(
                [panel], _dom_classes=("kaizen-app-panel", f"kaizen-app-{name}")
            )
            self.body.children = tuple(self._boxes.values())
        for other, box in self._boxes.items():
            display = "" if other == name else "none"
            if box.layout.display != display:
                box.layout.display = display

    # ------------------------------------------------------------- state

    def _connect(self) -> None:
        studio, show = self._studio, self.header.show
        store, canvas = studio.store, studio.canvas

        def document(*_change: Any) -> None:
            history = store.history
            show(
                title=store.pipeline_name,
                pipelineId=store.pipeline_id or "",
                canUndo=history.can_undo,
                canRedo=history.can_redo,
                undoLabel=history.undo_label,
                redoLabel=history.redo_label,
                fields=input_fields(store.graph),
            )
            saving()

        def saving(*_change: Any) -> None:
            # A new pipeline without edits is not shown as saved.
            known = store.pipeline_id or studio.autosave.status != "saved"
            status = studio.autosave.status if known else "none"
            show(save=status, saveMessage=studio.autosave.message)

        def run(status: str, _previous: str) -> None:
            if status not in ACTIVE or self.header.state["run"] == "idle":
                show(run="running" if status in ACTIVE else "idle")

        def user(*_change: Any) -> None:
            who = studio.auth.user or {}
            name = str(who.get("name") or who.get("email") or "")
            show(user=name[:200], signedIn=bool(studio.auth.has_tokens))

        def theme(name: str, _previous: str) -> None:
            show(theme=name)

        def palette(*_change: Any) -> None:
            wanted = palette_of(studio.ui.sidebar_open, studio.ui.sidebar_collapsed)
            # Where there is little room it is folded, unless the user unfolded it.
            if (wanted, canvas.palette) != ("auto", "open"):
                canvas.palette = wanted

        def folded(change: Any) -> None:
            if change["new"] in ("open", "rail"):
                studio.ui.set_sidebar_collapsed(change["new"] == "rail")

        observed: list[tuple[Any, Callable[..., None], list[str]]] = [
            (store, document, ["pipeline_name", "pipeline_id"]),
            (store.history, document, ["past", "future"]),
            (studio.autosave, saving, ["status", "message"]),
            (canvas, folded, ["palette"]),
        ]
        for target, handler, names in observed:
            target.observe(handler, names)
        self._unsubscribes = (
            *(
                lambda target=target, handler=handler, names=names: target.unobserve(handler, names)
                for target, handler, names in observed
            ),
            studio.execution.subscribe(lambda state: state["status"], run),
            studio.auth.subscribe(user),
            studio.ui.subscribe(lambda state: state["theme"], theme, fire_immediately=True),
            studio.ui.subscribe(
                lambda state: (state["sidebar_open"], state["sidebar_collapsed"]), palette
            ),
        )
        document()
        user()
        palette()

    # ----------------------------------------------------------- actions

    def _act(self, action: HeaderAction) -> None:
        studio, value = self._studio, action.value
        match action.name:
            case "undo":
                studio.undo()
            case "redo":
                studio.redo()
            case "arrange":
                studio.canvas.arrange()
            case "zoom_in":
                studio.canvas.zoom_in()
            case "zoom_out":
                studio.canvas.zoom_out()
            case "zoom_to" if value in _ZOOMS:
                studio.canvas.zoom_to(int(value) / 100)
            case "fit":
                studio.canvas.fit()
            case "run":
                self._try(lambda: studio.run(action.inputs), "Not run.")
            case "cancel":
                self.header.show(run="cancelling")
                studio.cancel()
            case "save":
                studio.autosave.flush()
            case "list":
                self._send_list()
            case "open":
                self._start(lambda: studio.open(value))
            case "new":
                self._start(lambda: studio.new(value))
            case "duplicate":
                self._start(studio.duplicate)
            case "import":
                text = action.inputs.get("text")
                self._start(lambda: studio.import_graph(value, graph_of_file(str(text))))
            case "import_failed":
                studio.ui.add_notification("Not imported", value, type="error", duration=0)
            case "export":
                self._start(self._export)
            case "theme":
                if value in ("light", "dark", "system"):
                    studio.ui.set_theme(value)
            case "sign_out":
                studio.account.panel.sign_out()
            case "versions":
                self.open_tab("versions")
            case "ask_new":
                studio.ui.open_modal("new-pipeline", {"name": value})
            case "ask_rename":
                studio.ui.open_modal("rename-pipeline")
            case "ask_archive":
                studio.ui.open_modal("archive-pipeline")
            case "account":
                studio.ui.open_modal("account")

    def _send_list(self) -> None:
        if not self._studio.auth.has_tokens:
            self.header.show_pipelines([])
            return
        query = self._studio.pipelines.list()
        if query.data is not None:
            self.header.show_pipelines(pipeline_entries(query.data))
        self._start(
            lambda: self.header.show_pipelines(pipeline_entries(query.refetch().wait(TIMEOUT)))
        )

    def _export(self) -> None:
        name, text = self._studio.export_text()
        self.header.download(name, text)

    def _try(self, work: Callable[[], object], title: str) -> None:
        try:
            work()
        except KaizenError as error:
            self._notify_error(error, title)

    def _start(self, work: Callable[[], object]) -> None:
        """Do what waits for the server on another thread, so that the kernel stays free."""

        async def run() -> None:
            try:
                await asyncio.to_thread(work)
            except (KaizenError, TimeoutError) as error:
                self._notify_error(error)
            except Exception as error:
                logger.exception("An action of the studio's header failed")
                self._notify_error(error)

        self.last_action = self._studio.query_client.loop.start(run())

    def _notify_error(self, error: BaseException, title: str = "Not done.") -> None:
        text = str(error) or "The server does not respond."
        self._studio.ui.add_notification(title, text, type="error", duration=0)

    def __repr__(self) -> str:
        return f"StudioApp({self._studio.store.pipeline_name!r}, tab={self.tabs.selected!r})"


def palette_of(is_open: bool, is_collapsed: bool) -> str:
    """Return the canvas' palette for the sidebar of a `UIStore`."""
    return "hidden" if not is_open else "rail" if is_collapsed else "auto"
