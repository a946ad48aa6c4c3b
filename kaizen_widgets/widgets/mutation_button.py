"""MutationButton: a button that runs a mutation, with a line of text that shows the result.

Presses while the mutation runs are ignored. The button is not disabled then, because a disabled button loses
the keyboard focus.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.displays.markup import GOOD, MUTED, WARN, alert, note
from kaizen_widgets.query import Mutation, MutationObserver, MutationState
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel

logger = logging.getLogger(__name__)


class MutationButton(Panel):
    """Runs a mutation when pressed.

    Args:
        mutation: ``client.observe_mutation(...)``, which runs a new mutation at each press; or a function
            that starts a mutation and returns it, such as ``lambda: studio.agents.set_active(id)``.
        variables: Variables for an observer's mutation, or a function that returns them at the press.
        label: Text of the button.
        busy: Text of the button while the mutation runs.
        done: Text shown after success.
        icon: Icon of the button.
        button_style: ``primary``, ``success``, ``warning``, ``danger`` or none.
        tooltip: Tooltip of the button.

    Raises:
        TypeError: ``mutation`` is neither of these, or ``variables`` were given with a function.
    """

    # None until the end of `__init__`: ipywidgets also closes a button whose `__init__` raised.
    _unsubscribe: Callable[[], None] | None = None

    def __init__(
        self,
        mutation: MutationObserver | Callable[[], Mutation],
        variables: Any = None,
        *,
        label: str = "Save",
        busy: str = "",
        done: str = "Done",
        icon: str = "",
        button_style: str = "",
        tooltip: str = "",
    ) -> None:
        if not isinstance(mutation, MutationObserver) and not callable(mutation):
            raise TypeError(
                "A MutationButton needs client.observe_mutation(...), or a function that starts a "
                f"mutation and returns it, not {type(mutation).__name__}."
            )
        if variables is not None and not isinstance(mutation, MutationObserver):
            raise TypeError(
                "variables are for client.observe_mutation(...); put them into the function instead."
            )
        self.mutation = mutation
        self.variables = variables
        self.label, self.busy, self.done, self.icon = label, busy or f"{label}…", done, icon
        self._read: Callable[[], MutationState] = MutationState
        self._closed = False
        self._pressing = threading.RLock()
        self._drawing = Notifier(lambda error: logger.error("A button failed", exc_info=error))
        self.button = ipw.Button(
            description=label,
            icon=icon,
            button_style=button_style,
            tooltip=tooltip,
            layout=ipw.Layout(width="auto", min_width="96px"),
        )
        self.message = ipw.HTML()
        self.button.on_click(lambda _button: self.press())
        super().__init__([self.button, self.message], layout=wrapping())
        if isinstance(mutation, MutationObserver):
            mutation.client.mount()
            self._follow(mutation.subscribe, lambda: mutation.result)

    def press(self) -> None:
        """Run the mutation, unless one is running; an error is shown beside the button."""
        with self._pressing:  # two presses may arrive on two threads
            if self._read().is_pending:
                return
            self._try()

    def _try(self) -> None:
        try:
            self._start()
        except Exception as error:
            logger.exception("A MutationButton could not start its mutation")
            failed = MutationState(status="error", error=error)
            self._read = lambda: failed
            self.refresh()

    def refresh(self) -> None:
        """Show the mutation's current state; may be called at any time."""
        self._drawing.post(self._draw)

    def close(self) -> None:
        """Close the button; a running mutation continues."""
        self._closed = True
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()
            if isinstance(self.mutation, MutationObserver):
                self.mutation.client.unmount()
        super().close()

    def _start(self) -> None:
        if isinstance(self.mutation, MutationObserver):
            given = self.variables
            self.mutation.mutate(given() if callable(given) else given)
            return
        started = self.mutation()
        if not isinstance(started, Mutation):
            raise TypeError("The button's function must return the mutation it starts.")
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._follow(started.subscribe, lambda: started.state)

    def _follow(self, subscribe: Callable[..., Any], read: Callable[[], MutationState]) -> None:
        self._read = read
        self._unsubscribe = subscribe(lambda _state: self.refresh())
        self.refresh()

    def _draw(self) -> None:
        if self._closed:
            return
        state = self._read()
        self.button.description = self.busy if state.is_pending else self.label
        self.button.icon = "spinner spin" if state.is_pending else self.icon
        self.message.value = self._message(state)

    def _message(self, state: MutationState) -> str:
        if state.is_error:
            return alert(str(state.error) or type(state.error).__name__)
        if state.is_success:
            return note(f"✓ {self.done}", GOOD)
        if state.is_paused:
            return note("Waiting to be sent", WARN)
        if state.is_pending and state.failure_count:
            return note(f"Failed {state.failure_count}x, retrying", MUTED)
        return ""

    def __repr__(self) -> str:
        return f"MutationButton({self.label!r})"
