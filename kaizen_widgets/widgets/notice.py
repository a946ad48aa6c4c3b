"""A notice above the canvas: a sentence, buttons, and space for the result of a button."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.displays.markup import LINE, WARN, alert, note
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.widgets.panel import AFTER_EDITS
from kaizen_widgets.widgets.python_owned import PythonOwned


class Notice(PythonOwned, ipw.VBox):
    """A sentence with buttons, and space below for their results.

    Args:
        text: The sentence.
        urgent: Whether screen readers interrupt to read it.
    """

    def __init__(self, text: str, *, urgent: bool = False) -> None:
        self._role = "alert" if urgent else "status"
        self._text = ipw.HTML(layout=ipw.Layout(flex="1 1 320px", min_width="240px"))
        self.set_text(text)
        self._buttons: list[ipw.Button] = []
        self._is_open = False
        self._bar = ipw.HBox(layout=ipw.Layout(flex_flow="row wrap"))
        self._details = ipw.HTML(layout=ipw.Layout(display="none"))
        line = ipw.HBox(
            [self._text, self._bar], layout=ipw.Layout(flex_flow="row wrap", align_items="center")
        )
        self._own = (self._text, self._bar, self._details, line)
        super().__init__(
            [line, self._details],
            layout=ipw.Layout(
                border_left=f"3px solid {WARN}",
                border_bottom=f"1px solid {LINE}",
                padding="4px 8px",
                width="100%",
            ),
            # A click commits what is being typed first, so that the decision includes it.
            _dom_classes=(AFTER_EDITS,),
        )

    def set_text(self, text: str) -> None:
        """Replace the sentence, but not the buttons."""
        self._text.value = (
            f'<span role="{self._role}" style="line-height: 1.4">{html.escape(text)}</span>'
        )

    def button(
        self,
        name: str,
        tooltip: str,
        press: Callable[[], object],
        *,
        primary: bool = False,
        sure: bool = False,
    ) -> None:
        """Add a button.

        Args:
            name: Label of the button.
            tooltip: Tooltip of the button, such as the same action in Python.
            press: Called when it is pressed; the message of a `KaizenError` is shown below.
            primary: Whether it is the recommended choice.
            sure: Whether to ask once more, because the action cannot be undone.
        """
        button = ipw.Button(
            description=name,
            tooltip=tooltip,
            button_style="primary" if primary else "",
            layout=ipw.Layout(width="auto"),
        )

        def pressed(_button: Any) -> None:
            if sure and button.description == name:
                button.description, button.button_style = f"{name} for good?", "danger"
                return
            try:
                press()
            except KaizenError as error:
                self.say(str(error), is_problem=True)

        button.on_click(pressed)
        self._buttons.append(button)
        self._bar.children = self._buttons

    def fold(
        self, name: str, tooltip: str, markup: Callable[[], str], *, is_open: bool = False
    ) -> None:
        """Add a button that shows and hides details.

        Args:
            name: Label of the button.
            tooltip: Tooltip of the button.
            markup: Returns the details as HTML; called whenever they are shown.
            is_open: Whether they are shown from the start.
        """

        def toggle() -> None:
            if self.is_open:
                self._details.layout.display, self._is_open = "none", False
            else:
                self._show(markup())
                self._is_open = True

        self.button(name, tooltip, toggle)
        if is_open:
            toggle()

    @property
    def is_open(self) -> bool:
        """Whether the details of `fold` are shown."""
        return self._is_open

    async def follow(self, work: Awaitable[object], busy: str) -> None:
        """Await work that a button started; until then, show ``busy`` and disable the buttons."""
        for button in self._buttons:
            button.disabled = True
        self.say(busy)
        try:
            await work
        except (KaizenError, TimeoutError) as error:
            self.say(str(error) or "The server does not respond.", is_problem=True)
        finally:
            for button in self._buttons:
                button.disabled = False

    def add(self, widget: ipw.DOMWidget) -> None:
        """Add a widget below."""
        self.children = (*self.children, widget)

    def say(self, text: str, *, is_problem: bool = False) -> None:
        """Show a sentence below."""
        self._show(alert(text) if is_problem else note(text))

    def _show(self, markup: str) -> None:
        self._is_open = False
        self._details.value = markup
        self._details.layout.display = ""

    def close(self) -> None:
        """Close the notice and its parts; widgets given to `add` stay open."""
        for part in (*self._buttons, *self._own):
            for widget in (part, part.layout, getattr(part, "style", None)):
                if widget is not None:
                    widget.close()
        self.layout.close()
        super().close()
