"""The dialogs of the studio, shown as its `UIStore` says: ``studio.ui.open_modal("create-agent")``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from kaizen_widgets.errors import NotFoundError
from kaizen_widgets.widgets.agent_form import AgentForm
from kaizen_widgets.widgets.dialog import Dialog
from kaizen_widgets.widgets.sign_in_panel import SignInPanel
from kaizen_widgets.widgets.user_panel import UserPanel

if TYPE_CHECKING:
    from kaizen_widgets.studio.studio import Studio

DialogFactory = Callable[[Mapping[str, Any]], Dialog]


class AppDialogs:
    """Opens and closes dialogs as ``active_modal`` and ``modal_data`` of the studio's UI store change.

    Args:
        studio: The studio.

    Attributes:
        factories: By name of a modal, a function that returns its dialog, given the modal's data. More can be
            added: ``studio.app.modals.factories["hello"] = lambda data: Dialog("Hello")``.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._shown: Dialog | None = None
        self.factories: dict[str, DialogFactory] = {
            "create-agent": self._create_agent,
            "edit-agent": self._edit_agent,
            "new-pipeline": self._new_pipeline,
            "rename-pipeline": self._rename_pipeline,
            "archive-pipeline": self._archive_pipeline,
            "account": self._account,
        }
        self._unsubscribe = studio.ui.subscribe(
            lambda state: (state["active_modal"], state["modal_data"]), self._follow
        )

    def close(self) -> None:
        """Stop following the UI store."""
        self._unsubscribe()

    # ------------------------------------------------------------ internal

    def _follow(self, now: tuple[str | None, Any], _previous: Any) -> None:
        name, data = now
        ui, host = self._studio.ui, self._studio.dialogs
        before, self._shown = self._shown, None
        if before is not None:
            host.dismiss(before)
        if name is None:
            return
        make = self.factories.get(name)
        if make is None:
            known = ", ".join(sorted(self.factories))
            ui.close_modal()
            ui.add_notification(
                f"There is no dialog {name[:80]!r}.", f"There are: {known}.", type="warning"
            )
            return
        try:
            dialog = make(data if isinstance(data, Mapping) else {})
        except Exception:
            ui.close_modal()
            raise
        self._shown = dialog
        dialog.on_dismiss(lambda: self._dismissed(dialog))
        host.show(dialog)

    def _dismissed(self, dialog: Dialog) -> None:
        if self._shown is dialog:
            self._shown = None
            self._studio.ui.close_modal()

    # ------------------------------------------------------------- dialogs

    def _account(self, _data: Mapping[str, Any]) -> Dialog:
        studio = self._studio
        if not studio.auth.has_tokens:
            return SignInPanel(studio).dialog()
        panel = UserPanel(studio, dialogs=studio.dialogs)
        return Dialog("Account", [panel], answer=None, wide=True)

    def _create_agent(self, _data: Mapping[str, Any]) -> Dialog:
        return self._agent_dialog("New agent", None)

    def _edit_agent(self, data: Mapping[str, Any]) -> Dialog:
        wanted = data.get("id")
        agents = self._studio.agents.list().wait(30.0)
        for agent in agents:
            if agent.id == wanted:
                return self._agent_dialog(agent.name, agent)
        raise NotFoundError(f"There is no agent with the id {wanted!r}.", status=404)

    def _agent_dialog(self, title: str, agent: Any) -> Dialog:
        dialog: Dialog
        form = AgentForm(
            agent, agents=self._studio, title="", on_success=lambda _agent: dialog.cancel()
        )

        def submit() -> bool:
            form.submit()
            return False  # Closed when it is saved.

        # The dialog has a button for that.
        form.submit_button.layout = form.reset_button.layout = ipw.Layout(display="none")
        answer = "Create agent" if agent is None else "Save agent"
        dialog = Dialog(title, [form], answer=answer, on_answer=submit)
        return dialog

    def _new_pipeline(self, data: Mapping[str, Any]) -> Dialog:
        name = _name_field(str(data.get("name") or ""))
        studio = self._studio
        return Dialog(
            "New pipeline",
            [name],
            answer="Create pipeline",
            on_answer=lambda: studio.new(studio.checked_name(name.value)),
        )

    def _rename_pipeline(self, _data: Mapping[str, Any]) -> Dialog:
        name = _name_field(self._studio.store.pipeline_name)
        return Dialog(
            "Rename the pipeline",
            [name],
            answer="Rename",
            on_answer=lambda: self._studio.rename(name.value),
        )

    def _archive_pipeline(self, _data: Mapping[str, Any]) -> Dialog:
        name = self._studio.store.pipeline_name
        return Dialog(
            f"Archive “{name[:80]}”?",
            "It is no longer listed. What ran before stays in the history.",
            answer="Archive",
            on_answer=self._studio.archive,
            danger=True,
        )


def _name_field(name: str) -> ipw.Text:
    return ipw.Text(
        value=name,
        placeholder="Name",
        description="Name",
        layout=ipw.Layout(width="100%"),
        _dom_classes=("kaizen-unlabeled",),
    )
