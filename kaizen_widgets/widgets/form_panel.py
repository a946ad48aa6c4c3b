"""The form panel: a heading, the fields, Submit and Reset buttons, and a status line.

    FormPanel(AgentInput, on_submit=lambda agent: studio.agents.create(**agent.model_dump()))

It is a VBox whose parts can be laid out differently: `panel.heading`, `panel.area`, `panel.submit_button`,
`panel.reset_button`, `panel.status`, and `panel.field("name")` for a single field. Passwords are never part
of a widget's state, so they are never saved in a notebook.
"""

from __future__ import annotations

import asyncio
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
from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import BAD, GOOD, alert, heading, note
from kaizen_widgets.errors import InvalidInputError, KaizenError
from kaizen_widgets.forms import Change, Form, Submission
from kaizen_widgets.forms.form_inputs import split_instance
from kaizen_widgets.forms.resolver_runs import end_future
from kaizen_widgets.sync.form.field_rules import (
    FieldRules,
    OptionsRule,
    ReadOutRule,
    WhenRule,
)
from kaizen_widgets.sync.form.key_index import KeyIndex
from kaizen_widgets.widgets.field_area import FieldArea
from kaizen_widgets.widgets.panel import AFTER_EDITS
from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.widget_link import link_widget

log = logging.getLogger(__name__)


class FormPanel(PythonOwned, ipw.VBox):
    """A form in a notebook.

    Args:
        form: A `Form`, or its model: a pydantic model, a dataclass, a TypedDict, or an instance of a
            model, which also provides the default values.
        on_submit: Called with the model of a valid form; it may be async, or return an awaitable. An
            exception is shown with a Retry button; a server's validation errors (422) at their fields.
        on_success: Called with the result of ``on_submit``.
        title: The heading; the model's title by default, "" for none.
        submit_label, busy_label, done_label, reset_label: The texts of the buttons and the status line.
        widgets: By field, an ipywidget with a `value` that replaces its control.
        options: By field, its options, or a function of all values (``lambda values: MODELS[...]``):
            values, pairs of value and label, or labels by value.
        when: By field, a function of all values that returns whether it is shown. A hidden field is not
            submitted: the model's default applies.
        read_outs: By field, a function of all values that returns a text to show beside its label.
        clock: Time and timers.
        **form_options: Options of the new `Form` (``default_values``, ``mode``, ``fields``, ...).

    Raises:
        FormError: The model has a field that cannot be shown, or a name is not a field.
    """

    # Class attributes, because ipywidgets also closes and prints widgets whose `__init__` raised.
    _unsubscribes: tuple[Callable[[], None], ...] = ()
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
        options: Mapping[str, OptionsRule] | None = None,
        when: Mapping[str, WhenRule] | None = None,
        read_outs: Mapping[str, ReadOutRule] | None = None,
        clock: Clock = background,
        **form_options: Any,
    ) -> None:
        form, default_values = split_instance(form, form_options.get("default_values"))
        if default_values is not None:
            form_options["default_values"] = default_values
        self.form = (
            form if isinstance(form, Form) else Form(form, **_with_panel_defaults(form_options))
        )
        if isinstance(form, Form) and form_options:
            raise TypeError(
                f"{sorted(form_options)[0]!r} is an option of a new form; this form exists already."
            )
        self.on_submit = on_submit and fit_callback(on_submit, 1)
        self.on_success = on_success and fit_callback(on_success, 1)
        self.submit_label, self.busy_label = submit_label, busy_label
        self.done_label = done_label
        self._clock = clock
        self._client: str | None = None
        self._problem = ""
        self._result: Any = None
        self._fields: dict[str, FieldArea] = {}
        selects = frozenset(options or ())
        is_existing = not isinstance(form_options.get("default_values"), Mapping | None)
        self._description = self.form.tree.description(selects=selects, is_existing=is_existing)
        self._keys = KeyIndex(self.form, self._description)
        for named in (widgets, options, when, read_outs):
            for name in named or ():
                self.form.get_value(name)  # raises unless it is a field
        own = dict(widgets or {})
        links = tuple(link_widget(self.form, name, widget) for name, widget in own.items())
        self._rules = FieldRules(
            self.form,
            self._key_of,
            options=options or {},
            when=when or {},
            read_outs=read_outs or {},
            on_change=self._rules_changed,
        )
        # The number of comms determines how long a panel takes to open, so its parts share two layouts and
        # two styles. Assign a new one (`panel.status.layout = Layout(...)`) instead of changing it.
        wide = ipw.Layout(width="100%", flex_flow="row wrap", align_items="center")
        narrow = ipw.Layout(width="auto", min_width="96px")
        text_style, button_style = HTMLStyle(), ipw.ButtonStyle()
        self.area = self._make_area(
            layout=wide,
            widgets={self._key_of(name): f"IPY_MODEL_{w.model_id}" for name, w in own.items()},
        )
        self.title = self._description.root.label if title is None else title
        self.heading = ipw.HTML(heading(self.title), layout=wide, style=text_style)
        shared = {"layout": narrow, "style": button_style, "_dom_classes": (AFTER_EDITS,)}
        self.submit_button = ipw.Button(description=submit_label, button_style="primary", **shared)
        self.reset_button = ipw.Button(description=reset_label, **shared)
        self.status = ipw.HTML(layout=narrow, style=text_style)
        self.submit_button.on_click(lambda _button: self.submit())
        self.reset_button.on_click(lambda _button: self.reset())
        parts = [self.area, self.submit_button, self.reset_button, self.status]
        super().__init__(
            [self.heading, *parts] if self.title else parts,
            layout=wide,
            _dom_classes=("kaizen-panel", "kz", "kaizen-form-panel"),
        )
        self._unsubscribes = (*links, self._rules.close, self.form.subscribe(self._on_change))

    # ----------------------------------------------------------- public

    @property
    def value(self) -> Any:
        """The validated model; None while the form is invalid."""
        return self.form.value

    def field(self, name: str) -> FieldArea:
        """Return a single field as a widget of its own; the panel no longer shows it.

        Each call returns the same widget.

        Raises:
            UnknownFieldError: The form has no such field.
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
        """Submit the form, like the Submit button.

        Args:
            client: The view that submitted; its first invalid field gets the focus.

        Returns:
            A handle on the result of ``on_submit``; None if a submit is already running.
        """
        if self.form.is_submitting:
            return None
        self._client = client
        self._problem = ""
        self._result = None
        ended: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def end(submission: Submission) -> None:
            # The panel is updated before the handle resolves, so that waiting code sees the result.
            error = submission.exception()
            try:
                self._on_submit_ended(submission, error)
            except Exception:
                log.exception("A form panel could not show how its submit ended")
            finally:
                end_future(ended, self._result, error)

        def end_off_loop(submission: Submission) -> None:
            # The loop must wait neither for the form's lock nor for `on_success`.
            if background.is_current:
                background.start(asyncio.to_thread(end, submission))
            else:
                end(submission)

        submission = self.form.submit(self._handle, self._on_invalid)
        submission.add_done_callback(end_off_loop)
        return Submission(ended, background, submission.submitted_values)

    def reset(self) -> None:
        """Reset the form to its defaults."""
        self._problem = ""
        self.form.reset()
        self._show_status("")

    def on_blur(self, key: str) -> None:
        """Do nothing, because values are used on submit, not when a field loses the focus."""

    def store_file(self, name: str, content: bytes) -> str:
        """Store a file chosen for a field of type `Path` in a temporary folder; return its path."""
        safe = PurePath(name.replace("\\", "/")).name or "file"
        path = Path(tempfile.mkdtemp(prefix="kaizen-")) / safe
        path.write_bytes(content)
        return str(path)

    def close(self) -> None:
        """Close the panel and its fields, and stop listening to the form, which stays usable."""
        unsubscribes, self._unsubscribes = self._unsubscribes, ()
        for unsubscribe in unsubscribes:
            unsubscribe()
        for area in (self.area, *self._fields.values()) if unsubscribes else ():
            area.close()
        super().close()

    # ---------------------------------------------------------- internal

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

    def _on_submit_ended(self, submission: Submission, error: BaseException | None) -> None:
        if error is None:
            if not self.form.is_submit_successful:
                self._show_error_count()
                return
            try:
                self._succeeded(self._result)
            except Exception as error:
                log.exception("A form's on_success raised")
                self._show_status(alert(str(error) or type(error).__name__))
            return
        if isinstance(error, InvalidInputError) and error.details:
            self.form.set_errors(error, submission=submission)
            self._show_error_count()
            self._focus_first_error()
            return
        if not isinstance(error, KaizenError):
            log.error("A form's on_submit raised", exc_info=error)
        self._problem = str(error) or type(error).__name__
        self._show_status(alert(self._problem))
        self._refresh_button()

    def _succeeded(self, result: Any) -> None:
        self._refresh_button()
        self._show_status(note(f"✓ {self.done_label}", GOOD))
        if self.on_success is not None:
            self.on_success(result)

    def _on_change(self, change: Change) -> None:
        if "is_submitting" in change.flags:
            self._refresh_button()
            if change.flags["is_submitting"]:
                self._show_status(note(self.busy_label))
        elif self.status.value and change.values and not change.is_reset:
            # The status is about values that have changed.
            self._problem = ""
            self._show_status("")
            self._refresh_button()

    def _refresh_button(self) -> None:
        # Not disabled, because that would take the focus away from it; a second click does nothing.
        busy = self.form.is_submitting
        label = self.busy_label if busy else "Retry" if self._problem else self.submit_label
        with self.submit_button.hold_sync():
            self.submit_button.description = label
            self.submit_button.icon = "spinner" if busy else "refresh" if self._problem else ""

    def _show_error_count(self) -> None:
        count = len({name for name in self.form.errors if name})
        if count:
            fields = "1 field needs" if count == 1 else f"{count} fields need"
            self._show_status(note(f"{fields} attention", BAD))

    def _show_status(self, text: str) -> None:
        if self.status.value != text:
            self.status.value = text

    def _rules_changed(self) -> None:
        for area in (self.area, *self._fields.values()):
            area.end.rules_changed()

    def _key_of(self, name: str) -> str:
        return self._keys.key_of(name)[0]

    def _make_area(self, **options: Any) -> FieldArea:
        return FieldArea(
            self.form,
            rules=self._rules,
            actions=self,
            description=self._description,
            clock=self._clock,
            on_failure=lambda error: self._show_status(alert(str(error) or type(error).__name__)),
            **options,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.title!r})"


def _with_panel_defaults(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a form, with `cross_field` on by default."""
    return {"cross_field": True, **options}
