"""The header of the studio: title menu, saved state, undo and redo, Run, theme and user.

It knows nothing of the studio: it is given its state, and calls a function with each action of the user.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from traitlets import Dict

from kaizen_widgets.widgets.bundle import Bundle, BundledWidget

logger = logging.getLogger(__name__)

MAX_INPUT = 20_000_000
"""Most characters of a file or a text that the page may send."""

ActionName = Literal[
    "undo",
    "redo",
    "arrange",
    "zoom_in",
    "zoom_out",
    "zoom_to",
    "fit",
    "run",
    "cancel",
    "save",
    "list",
    "open",
    "new",
    "ask_new",
    "ask_rename",
    "duplicate",
    "versions",
    "import",
    "import_failed",
    "export",
    "ask_archive",
    "theme",
    "account",
    "sign_out",
]


class HeaderAction(BaseModel):
    """What the user did in the header, as the page sends it.

    Attributes:
        name: The action.
        value: Its subject, such as the id of a pipeline to open, the name of a new one, or a zoom in percent.
        inputs: Inputs of a run by name; of ``import`` the file's ``text``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["action"]
    name: ActionName
    value: str = Field("", max_length=5_000)
    inputs: dict[str, Any] = Field(default_factory=dict, max_length=1_000)


class StudioHeader(BundledWidget):
    """The header.

    Args:
        on_action: Called with each action, on the thread of the message.
    """

    bundle = Bundle("studio")
    _state = Dict().tag(sync=True)

    ACTIONS: ClassVar[tuple[str, ...]] = get_args(ActionName)

    def __init__(self, on_action: Callable[[HeaderAction], object]) -> None:
        self._on_action = on_action
        super().__init__(_state=dict(_EMPTY))
        self.add_class("kaizen-header")
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))

    @property
    def state(self) -> Mapping[str, Any]:
        """What is shown."""
        return self._state

    def show(self, **changes: Any) -> None:
        """Change some of what is shown.

        Raises:
            TypeError: There is no such part.
        """
        if unknown := sorted(set(changes) - set(_EMPTY)):
            raise TypeError(f"The header shows no {unknown[0]!r}.")
        state = {**self._state, **changes}
        if state != self._state:
            self._state = state

    def show_pipelines(self, pipelines: Sequence[Mapping[str, str]]) -> None:
        """Show the pipelines in the open title menu.

        Args:
            pipelines: Mappings with ``id``, ``name`` and ``detail``.
        """
        self._post({"kind": "pipelines", "pipelines": list(pipelines)})

    def download(self, name: str, text: str) -> None:
        """Let the browser store a JSON file."""
        self._post({"kind": "file", "name": name, "text": text})

    def ask_inputs(self) -> None:
        """Open the form of the run's inputs."""
        self._post({"kind": "ask_inputs"})

    def _post(self, content: Mapping[str, Any]) -> None:
        if self.comm is not None:
            self.send(content)

    def _receive(self, content: Any) -> None:
        if isinstance(content, Mapping) and content.get("kind") == "code":
            return  # Answered by the base class.
        try:
            action = HeaderAction.model_validate(content)
        except ValidationError:
            logger.warning(
                "An action of the studio's header was ignored: it has an unknown format."
            )
            return
        if any(isinstance(each, str) and len(each) > MAX_INPUT for each in action.inputs.values()):
            logger.warning("An input of more than %d characters was ignored.", MAX_INPUT)
            return
        try:
            self._on_action(action)
        except Exception:
            logger.exception("The action %r of the studio's header failed.", action.name)

    def __repr__(self) -> str:
        return f"StudioHeader({self._state['title']!r})"


_EMPTY: dict[str, Any] = {
    "title": "",
    "pipelineId": "",
    "save": "none",
    "saveMessage": "",
    "canUndo": False,
    "canRedo": False,
    "undoLabel": "",
    "redoLabel": "",
    "run": "idle",
    "fields": [],
    "user": "",
    "signedIn": False,
    "hasUsers": False,
    "hasVersions": False,
    "theme": "system",
}
"""The parts of the state, named as in `js/src/studio/header_state.ts`."""
