"""The form panel: heading, fields, Submit, Reset, and how it went.

    FormPanel(AgentInput, on_submit=lambda agent: studio.agents.create(**agent.model_dump()))

A VBox to take apart: `panel.heading`, `panel.area`, `panel.submit_button`, `panel.reset_button`,
`panel.status`, and `panel.field("name")` for a single field to lay out elsewhere. Passwords never become
state of a widget, so none is ever in a notebook.
"""

from __future__ import annotations

import concurrent.futures
import inspect
import logging
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import ipywidgets as ipw
from ipywidgets.widgets.widget_string import HTMLStyle

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.errors import InvalidInputError, KaizenError
from kaizen_widgets.forms import Change, Form, Submission
from kaizen_widgets.sync.form.field_nodes import tree_of, tree_of_model
from kaizen_widgets.sync.form.key_index import KeyIndex
from kaizen_widgets.widgets import widget_link
from kaizen_widgets.widgets.field_area import FieldArea
from kaizen_widgets.widgets.field_rules import (
    FieldRules,
    Offer,
    ReadOut,
    When,
)
from kaizen_widgets.widgets.markup import BAD, GOOD, alert, heading, note
from kaizen_widgets.widgets.panel import AFTER_EDITS

log = logging.getLogger(__name__)


class FormPanel(ipw.VBox):
    """A form in a notebook.

    Args:
        form: A `Form`, or what one is made of: a pydantic model, a dataclass, a TypedDict, an instance.
        on_submit: Called with the model of a valid form; may be async, or return what can be awaited. What
            it raises is shown with a Retry; a server's 422 stands at the fields it is about.
        on_success: Called with what ``on_submit`` returned.
        title: The heading; the model's title by default, "" for none.
        submit_label, busy_label, done_label, reset_label: Texts of the buttons, and of success.
        widgets: By field, an ipywidget with a `value` to use in its place.
        options: By field, what it offers, or a function of all values (``lambda values: MODELS[...]``):
            values, pairs of value and label, or labels by value.
        when: By field, a function of all values that says whether it is shown. A field that is not shown is
            not submitted: the model's default holds.
        read_outs: By field, a function of all values that gives a text beside its label.
        clock: Time and timers.
        **form_options: Where a form is made: `Form`'s own (``default_values``, ``mode``, ``fields``, ...).

    Raises:
        FormError: The model has something that cannot be shown, or a name is no field.
    """

    # ipywidgets closes, and names, also what was refused when made.
    _ends: tuple[Callable[[], None], ...] = ()
    title = ""

    def __init__(
        self,
        form: Any,
        on_submit: Callable[[Any], Any] | None = None,
        *,
        on_success: Callable[[Any], Any] | None = None,
        title: str | None = None,
        submit_label: str = "Submit",
        busy_label: str = "Submitting…",
        done_label: str = "Submitted",
        reset_label: str = "Reset",
        widgets: Mapping[str, ipw.Widget] | None = None,
        options: Mapping[str, Offer] | None = None,
        when: Mapping[str, When] | None = None,
        read_outs: Mapping[str, ReadOut] | None = None,
        clock: Clock = background,
        **form_options: Any,
    ) -> None:
        self.form = form if isinstance(form, Form) else Form(form, **_defaults(form_options))
        if isinstance(form, Form) and form_options:
            raise TypeError(
                f"The form is made already: {sorted(form_options)[0]!r} comes too late."
            )
        self.on_submit, self.on_success = on_submit, on_success
        self.submit_label, self.busy_label = submit_label, busy_label
        self.done_label = done_label
        self._clock = clock
        self._client: str | None = None
        self._problem = ""
        self._result: Any = None
        self._fields: dict[str, FieldArea] = {}
        choices = frozenset(options or ())
        is_made = not isinstance(form_options.get("default_values"), Mapping | None)
        self._root, self._definitions = (
            tree_of(self.form.tree.describe(), choices=choices, is_made=is_made)
            if isinstance(form, Form) or form_options.get("hints")
            else tree_of_model(self.form.tree.tree, choices, is_made)
        )
        self._places = KeyIndex(self.form, self._root, self._definitions)
        for named in (widgets, options, when, read_outs):
            for name in named or ():
                self.form.get_value(name)  # refuses a name that is none
        own = dict(widgets or {})
        links = tuple(widget_link.link(self.form, name, widget) for name, widget in own.items())
        self._surroundings = FieldRules(
            self.form,
            self._key_of,
            options=options or {},
            when=when or {},
            read_outs=read_outs or {},
            on_change=self._changed_around,
        )
        # Comms are what opening a panel costs, so its parts share two layouts and two styles; give a part
        # one of its own (`panel.status.layout = Layout(...)`) before changing it.
        wide = ipw.Layout(width="100%", flex_flow="row wrap", align_items="center")
        narrow = ipw.Layout(width="auto", min_width="96px")
        text_style, button_style = HTMLStyle(), ipw.ButtonStyle()
        self.area = self._make_area(
            layout=wide,
            widgets={self._key_of(name): f"IPY_MODEL_{w.model_id}" for name, w in own.items()},
        )
        self.title = self._root.label if title is None else title
        self.heading = ipw.HTML(heading(self.title), layout=wide, style=text_style)
        alike = {"layout": narrow, "style": button_style, "_dom_classes": (AFTER_EDITS,)}
        self.submit_button = ipw.Button(description=submit_label, button_style="primary", **alike)
        self.reset_button = ipw.Button(description=reset_label, **alike)
        self.status = ipw.HTML(layout=narrow, style=text_style)
        self.submit_button.on_click(lambda _button: self.submit())
        self.reset_button.on_click(lambda _button: self.reset())
        parts = [self.area, self.submit_button, self.reset_button, self.status]
        super().__init__(
            [self.heading, *parts] if self.title else parts,
            layout=wide,
            _dom_classes=("kaizen-panel", "kaizen-form-panel"),
        )
        self._ends = (*links, self._surroundings.close, self.form.subscribe(self._on_form))

    # --------------------------------------------------------- for users

    @property
    def value(self) -> Any:
        """The model of what is filled in; None while something is wrong with it."""
        return self.form.value

    def field(self, name: str) -> FieldArea:
        """Take a field out of the panel, to lay it out elsewhere; the same widget each time.

        Raises:
            UnknownFieldError: There is no such field.
        """
        self.form.get_value(name)
        if name not in self._fields:
            key = self._key_of(name)
            self._fields[name] = self._make_area(only=(key,))
            self.area.end.take_out(key)
        return self._fields[name]

    def set_title(self, title: str) -> None:
        """Change the heading."""
        self.title = title
        self.heading.value = heading(title)

    def submit(self, client: str | None = None) -> Submission | None:
        """Do what the Submit button does.

        Args:
            client: The view that asked, which gets the focus if something is wrong.

        Returns:
            A handle on what ``on_submit`` returns; None when a submit is under way.
        """
        if self.form.is_submitting:
            return None
        self._client = client
        self._problem = ""
        self._result = None
        ended: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def end(submission: Submission) -> None:
            # First the panel, then whoever waits: both see the same.
            self._ended(submission)
            error = submission.exception()
            ended.set_exception(error) if error else ended.set_result(self._result)

        self.form.submit(self._handle, self._on_invalid).add_done_callback(end)
        return Submission(ended, background)

    def reset(self) -> None:
        """Go back to where the form began."""
        self._problem = ""
        self.form.reset()
        self._say("")

    def left(self, key: str) -> None:
        """Nothing: a form goes nowhere before it is submitted."""

    def store_file(self, name: str, content: bytes) -> str:
        """Keep a file that was picked for a field of paths, in a temporary folder; return its path."""
        safe = PurePath(name.replace("\\", "/")).name or "file"
        path = Path(tempfile.mkdtemp(prefix="kaizen-")) / safe
        path.write_bytes(content)
        return str(path)

    def close(self) -> None:
        """Close the panel and its fields, and stop listening; the form lives on."""
        ends, self._ends = self._ends, ()
        for end in ends:
            end()
        for area in (self.area, *self._fields.values()) if ends else ():
            area.close()
        super().close()

    # ------------------------------------------------------------- within

    def _handle(self, value: Any) -> Any:
        result = self.on_submit(value) if self.on_submit is not None else None
        if inspect.isawaitable(result):
            return self._wait_for(result)
        self._result = result
        return result

    async def _wait_for(self, awaitable: Awaitable[Any]) -> Any:
        self._result = await awaitable
        return self._result

    def _on_invalid(self, _errors: Any) -> None:
        self._focus_first_error()

    def _focus_first_error(self) -> None:
        for area in (self.area, *self._fields.values()):
            if area.end.has_errors:
                area.end.focus(None, self._client)
                return

    def _ended(self, submission: Submission) -> None:
        error = submission.exception()
        if error is None:
            if not self.form.is_submit_successful:
                self._say_count()
                return
            try:
                self._succeeded(self._result)
            except Exception as error:
                log.exception("What follows a form's submit raised")
                self._say(alert(str(error) or type(error).__name__))
            return
        if isinstance(error, InvalidInputError) and error.details:
            self.form.set_errors(error)
            self._say_count()
            self._focus_first_error()
            return
        if not isinstance(error, KaizenError):
            log.error("A form's on_submit raised", exc_info=error)
        self._problem = str(error) or type(error).__name__
        self._say(alert(self._problem))
        self._refresh_button()

    def _succeeded(self, result: Any) -> None:
        self._refresh_button()
        self._say(note(f"✓ {self.done_label}", GOOD))
        if self.on_success is not None:
            self.on_success(result)

    def _on_form(self, change: Change) -> None:
        if "is_submitting" in change.flags:
            self._refresh_button()
            if change.flags["is_submitting"]:
                self._say(note(self.busy_label))
        elif self.status.value and change.values and not change.is_reset:
            # What it says is about values that are no more.
            self._problem = ""
            self._say("")
            self._refresh_button()

    def _refresh_button(self) -> None:
        # Never disabled: that would take the focus from whoever pressed it. A second press does nothing.
        busy = self.form.is_submitting
        label = self.busy_label if busy else "Retry" if self._problem else self.submit_label
        with self.submit_button.hold_sync():
            self.submit_button.description = label
            self.submit_button.icon = "spinner" if busy else "refresh" if self._problem else ""

    def _say_count(self) -> None:
        count = len({name for name in self.form.errors if name})
        if count:
            fields = "1 field needs" if count == 1 else f"{count} fields need"
            self._say(note(f"{fields} attention", BAD))

    def _say(self, text: str) -> None:
        if self.status.value != text:
            self.status.value = text

    def _changed_around(self) -> None:
        for area in (self.area, *self._fields.values()):
            area.end.changed_around()

    def _key_of(self, name: str) -> str:
        return self._places.key_of(name)[0]

    def _make_area(self, **options: Any) -> FieldArea:
        return FieldArea(
            self.form,
            surroundings=self._surroundings,
            desk=self,
            root=self._root,
            definitions=self._definitions,
            clock=self._clock,
            on_failure=lambda error: self._say(alert(str(error) or type(error).__name__)),
            **options,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.title!r})"


def _defaults(options: dict[str, Any]) -> dict[str, Any]:
    """Return a form's options as panels want them: errors of partners come and go together."""
    return {"cross_field": True, **options}
