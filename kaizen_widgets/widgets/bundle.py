"""Delivers JavaScript to the page: one copy for all widgets that share it.

anywidget keeps a module in the state of each instance, so ten canvases would send, and save, ten copies of
React Flow. Here each instance has a loader of 1 kB and refers to a `SharedCode` widget, one per kernel,
whose module is the bundle; if the host cannot provide that widget, the bundle is sent in a message. Only this
module sets ``_esm``.

    class FieldArea(BundledWidget):
        bundle = Bundle("form")  # js/src/form/bundle.ts; its default export is
                                 # { initialize: () => ({ mount }) }; mount({ model, el }) returns its cleanup
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import anywidget
from ipywidgets import Layout
from traitlets import Unicode

from kaizen_widgets.widgets.python_owned import PythonOwned

STATIC = Path(__file__).parent.parent / "static"
_LOCK = threading.Lock()


def built(name: str) -> str:
    """Return a module that `js/build.mjs` built.

    Raises:
        RuntimeError: It was not built.
    """
    path = STATIC / f"{name}.js"
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise RuntimeError(
            f"{path.name} is not built: run `make`, or install the package again."
        ) from None


class SharedCode(PythonOwned, anywidget.AnyWidget):
    """A widget without a view that holds a bundle; its ``initialize`` returns ``mount``."""

    # A trait of the class: anywidget would make the module a default value, and embedding drops those.
    _esm = Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return "SharedCode()"


class Bundle:
    """A built module, styles included.

    Args:
        name: The folder of ``js/src`` it is built from.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._widget: SharedCode | None = None

    @cached_property
    def source(self) -> str:
        """The JavaScript of the module.

        Raises:
            RuntimeError: It was not built.
        """
        return built(self.name)

    @cached_property
    def hash(self) -> str:
        """Identifies this version of the module."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]

    @property
    def widget(self) -> SharedCode:
        """The kernel's widget that holds the module; a new one if the previous one was closed."""
        with _LOCK:
            if self._widget is None or self._widget.comm is None:
                self._widget = SharedCode(_esm=self.source)
            return self._widget

    def __repr__(self) -> str:
        return f"Bundle({self.name!r})"


class CompactLayout(PythonOwned, Layout):
    """A layout that syncs only the values that are set; an ipywidgets layout syncs 1.4 kB of nulls."""

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the state, or the given keys of it; unset values are left out of the whole state."""
        state = super().get_state(key, drop_defaults)
        return state if key else {name: value for name, value in state.items() if value is not None}


class BundledWidget(PythonOwned, anywidget.AnyWidget):
    """A widget whose JavaScript is its class's `Bundle`."""

    bundle: ClassVar[Bundle]
    _esm = Unicode().tag(sync=True)
    _code = anywidget.WidgetTrait().tag(sync=True)
    _code_hash = Unicode().tag(sync=True)

    def __init__(self, *args: Any, **keys: Any) -> None:
        if "layout" not in keys:
            keys["layout"] = CompactLayout()
        super().__init__(
            *args,
            **keys,
            _esm=built("loader"),
            _code=self.bundle.widget,
            _code_hash=self.bundle.hash,
        )

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        if isinstance(content, Mapping) and content.get("kind") == "code":
            if content.get("hash") == self.bundle.hash:
                self.send({"kind": "code", "hash": self.bundle.hash, "code": self.bundle.source})
            return
        super()._handle_custom_msg(content, buffers)
