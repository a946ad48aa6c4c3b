"""A notice above the canvas: one sentence, buttons that answer it, and room for what they have to say."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.errors import KaizenError
from kaizen_widgets.widgets.markup import LINE, WARN, alert, note
from kaizen_widgets.widgets.panel import AFTER_EDITS


class Notice(ipw.VBox):
    """One sentence with buttons, and room for what they have to say."""

    def __init__(self, text: str, *, urgent: bool = False) -> None:
        self._role = "alert" if urgent else "status"
        self._words = ipw.HTML(layout=ipw.Layout(flex="1 1 320px", min_width="240px"))
        self.reword(text)
        self._buttons: list[ipw.Button] = []
        self._is_open = False
        self._bar = ipw.HBox(layout=ipw.Layout(flex_flow="row wrap"))
        self._more = ipw.HTML(layout=ipw.Layout(display="none"))
        line = ipw.HBox(
            [self._words, self._bar], layout=ipw.Layout(flex_flow="row wrap", align_items="center")
        )
        self._own = (self._words, self._bar, self._more, line)
        super().__init__(
            [line, self._more],
            layout=ipw.Layout(
                border_left=f"3px solid {WARN}",
                border_bottom=f"1px solid {LINE}",
                padding="4px 8px",
                width="100%",
            ),
            # Whoever decides, decides about what was typed until then.
            _dom_classes=(AFTER_EDITS,),
        )

    def reword(self, text: str) -> None:
        """Say another sentence, with the same buttons."""
        self._words.value = (
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
        """Add a button; ``sure`` asks once more before it does what cannot be undone."""
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
        """Add a button that shows something more, made when it is pressed, and hides it again."""

        def toggle() -> None:
            if self.is_open:
                self._more.layout.display, self._is_open = "none", False
            else:
                self._tell(markup())
                self._is_open = True

        self.button(name, tooltip, toggle)
        if is_open:
            toggle()

    @property
    def is_open(self) -> bool:
        """Whether what the fold has is shown."""
        return self._is_open

    async def follow(self, work: Awaitable[object], busy: str) -> None:
        """Await what a button began, and say so; meanwhile no button can be pressed."""
        for button in self._buttons:
            button.disabled = True
        self.say(busy)
        try:
            await work
        except (KaizenError, TimeoutError) as error:
            self.say(str(error) or "The server does not answer.", is_problem=True)
        finally:
            for button in self._buttons:
                button.disabled = False

    def add(self, widget: ipw.DOMWidget) -> None:
        """Put a widget below."""
        self.children = (*self.children, widget)

    def say(self, text: str, *, is_problem: bool = False) -> None:
        """Add a sentence below."""
        self._tell(alert(text) if is_problem else note(text))

    def _tell(self, markup: str) -> None:
        self._is_open = False
        self._more.value = markup
        self._more.layout.display = ""

    def close(self) -> None:
        """Close it with all that is in it; what `add` was given stays its owner's."""
        for part in (*self._buttons, *self._own):
            for one in (part, part.layout, getattr(part, "style", None)):
                if one is not None:
                    one.close()
        self.layout.close()
        super().close()
