"""RunInputsForm asks for the inputs of a run: a field for each that the pipeline's input nodes name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.displays.markup import hint
from kaizen_widgets.errors import RunError
from kaizen_widgets.runs.input_fields import input_fields
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.widgets.panel import Panel


class RunInputsForm(Panel):
    """The inputs of a run, as fields of the pipeline's input nodes.

    A value that was typed stays while the pipeline is edited, as long as its field does.

    Args:
        store: The pipeline; without one there is one field, for plain text or JSON.

    Attributes:
        fields: The control of each input, by its name; empty without a pipeline.
        text: The field for plain text or JSON, where there is no pipeline.
    """

    # None until the end of `__init__`: ipywidgets also closes a form whose `__init__` raised.
    _unsubscribe: Callable[[], None] | None = None

    def __init__(self, store: CanvasStore | None = None) -> None:
        self._store = store
        self._asked: dict[str, dict[str, Any]] = {}
        self.fields: dict[str, Any] = {}
        self.text = ipw.Textarea(
            placeholder='Inputs of the run: plain text, or JSON such as {"text": "..."}',
            layout=ipw.Layout(width="auto", height="44px"),
            description="Inputs",
            style={"description_width": "initial"},
            tooltip="Inputs of the run",
        )
        self._none = ipw.HTML(hint("This pipeline has no inputs."))
        super().__init__([self.text])
        if store is not None:
            self._unsubscribe = store.subscribe(
                lambda state: [node for node in state["nodes"] if node.type == "input"],
                lambda _nodes, _before: self._show_fields(store),
            )
            self._show_fields(store)

    def read(self) -> dict[str, Any]:
        """Return the inputs by name; those of empty fields are left out, so that the node's default applies.

        Raises:
            RunError: A text is not the JSON that it has to be; the message names the input.
        """
        if self._store is None:
            return _read_text(self.text.value.strip())
        found = {}
        for name, control in tuple(self.fields.items()):
            value = _read(self._asked[name], control.value)
            if value is not None:
                found[name] = value
        return found

    def close(self) -> None:
        """Close the form, and stop following the pipeline."""
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()
            for part in (self.text, self._none, *self.fields.values()):
                part.close()
        super().close()

    def _show_fields(self, store: CanvasStore) -> None:
        asked = {field["name"]: field for field in input_fields(store.graph)}
        if asked == self._asked and self.children != (self.text,):
            return
        before, self.fields = self.fields, {}
        for name, field in asked.items():
            kept = before.pop(name, None) if field == self._asked.get(name) else None
            self.fields[name] = _control(field) if kept is None else kept
        self._asked = asked
        self.children = tuple(self.fields.values()) or (self._none,)
        for control in before.values():
            control.close()

    def __repr__(self) -> str:
        return f"RunInputsForm({', '.join(self.fields)})"


def _control(field: Mapping[str, Any]) -> Any:
    """Return the control of a field, with the node's default in it."""
    name, value = field["name"], field["value"]
    look: dict[str, Any] = {
        "description": name if len(name) <= 60 else f"{name[:59]}…",
        "tooltip": f"Input {name}"[:300],
        "style": {"description_width": "120px"},
        "layout": ipw.Layout(width="auto"),
    }
    match field["type"]:
        case "boolean":
            return ipw.Checkbox(value=value, **look)
        case "number":
            return ipw.FloatText(value=value, **look)
        case "text":
            return ipw.Textarea(value=value, rows=2, **look)
        case _:
            return ipw.Textarea(value=json.dumps(value), rows=2, placeholder="JSON", **look)


def _read(field: Mapping[str, Any], value: Any) -> Any:
    match field["type"]:
        case "number":
            # A whole number stays one: 3, not 3.0.
            return int(value) if float(value).is_integer() else value
        case "text":
            return value or None
        case "json":
            try:
                return json.loads(value) if value.strip() else None
            except (ValueError, RecursionError) as error:
                raise RunError(f"{field['name'][:80]} is not valid JSON ({error}).") from None
        case _:
            return value


def _read_text(text: str) -> dict[str, Any]:
    if not text:
        return {}
    if not text.startswith("{"):
        return {"text": text}
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunError(f"The inputs look like JSON but cannot be read ({error}).") from None
