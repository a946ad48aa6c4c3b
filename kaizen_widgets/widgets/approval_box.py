"""What a run asks a person, and the buttons that answer it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.displays.markup import MUTED, WARN, alert
from kaizen_widgets.engines import Run
from kaizen_widgets.errors import RunError
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.result_view import ResultView


class ApprovalBox(PythonOwned, ipw.VBox):
    """Shows the question of a node that waits for a person; hidden while none does.

    Attributes:
        question: The question as HTML.
        value: What the question is about.
        note: Text field of a reason, which the log and a rejected agent get.
        approve_button: Answers with yes.
        reject_button: Answers with no.
        problem: Why an answer was refused.
    """

    def __init__(self) -> None:
        self.question = ipw.HTML()
        self.value = ResultView(empty="")
        self.note = ipw.Text(
            placeholder="Reason (optional)", layout=ipw.Layout(width="220px"), tooltip="Reason"
        )
        self.approve_button = ipw.Button(
            description="Approve", icon="check", button_style="primary"
        )
        self.reject_button = ipw.Button(description="Reject", icon="times")
        self.problem = ipw.HTML()
        self._run: Run | None = None
        self._asked: tuple[Run | None, str, object] | None = None
        self._node_id = ""
        self.approve_button.on_click(lambda _button: self._answer(is_approved=True))
        self.reject_button.on_click(lambda _button: self._answer(is_approved=False))
        self._buttons = ipw.HBox(
            [self.approve_button, self.reject_button, self.note, self.problem], layout=wrapping()
        )
        super().__init__([self.question, self.value, self._buttons])
        self.add_class("kaizen-approval")
        self.layout.display = "none"

    @property
    def node_id(self) -> str:
        """Id of the node whose question is shown; empty for none."""
        return self._node_id

    def draw(self, state: Mapping[str, Any], run: Run | None, selected: str | None) -> None:
        """Show the question of the selected node if it waits, else of the first one that does.

        Args:
            state: State of an `ExecutionStore`.
            run: The run it shows; without it a question cannot be answered here.
            selected: Id of the selected node, or None.
        """
        nodes = state["node_executions"]
        waiting = [key for key, node in nodes.items() if node["status"] == "waiting"]
        chosen = selected if selected in waiting else next(iter(waiting), "")
        display = "" if chosen else "none"
        if self.layout.display != display:
            self.layout.display = display
        if not chosen:
            self._asked, self._node_id = None, ""
            return
        asked = None if run is None else run.nodes[chosen].question
        shown = (run, chosen, asked)
        # Not equal ones: a question may be about a table, which cannot be compared.
        if self._is_shown(run, chosen, asked):
            return  # What is typed in the note stays.
        self._asked, self._run, self._node_id = shown, run, chosen
        more = len(waiting) - 1
        others = f" {more} more {'node waits' if more == 1 else 'nodes wait'}." if more else ""
        text = asked.text if asked is not None else nodes[chosen]["message"]
        self.question.value = (
            f'<span role="status"><b style="color: {WARN}">{html.escape(nodes[chosen]["label"])} '
            f"waits for you.</b> {html.escape(text)}"
            f'<span style="color: {MUTED}">{others}</span></span>'
        )
        if asked is None or asked.value is None:
            self.value.clear()
        else:
            self.value.show(asked.value)
        self.value.layout.display = "none" if asked is None or asked.value is None else ""
        self._buttons.layout.display = "none" if asked is None else "flex"
        self.note.value = self.problem.value = ""
        self._set_disabled(False)

    def _is_shown(self, run: Run | None, node_id: str, asked: object) -> bool:
        if self._asked is None:
            return False
        shown_run, shown_id, shown = self._asked
        return shown_run is run and shown_id == node_id and shown is asked

    def _answer(self, *, is_approved: bool) -> None:
        if self._run is None or not self._node_id:
            return
        node = self._run.nodes[self._node_id]
        reason = self.note.value.strip()[:1000]
        self._set_disabled(True)
        try:
            if is_approved:
                node.approve(reason=reason)
            else:
                node.reject(reason)
        except RunError as error:
            self.problem.value = alert(str(error))

    def _set_disabled(self, is_disabled: bool) -> None:
        self.approve_button.disabled = self.reject_button.disabled = is_disabled

    def __repr__(self) -> str:
        return f"ApprovalBox({self._node_id or 'no question'})"
