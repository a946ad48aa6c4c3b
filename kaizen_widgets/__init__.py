"""An agent studio in a notebook: canvas, forms, queries and runs, with the state in Python.

    from kaizen_widgets import Studio
    Studio()

The public names are listed in ``__init__.pyi``. Each is loaded when it is first used, so that
``from kaizen_widgets import Graph`` loads no widgets.
"""

from __future__ import annotations

import ast
from importlib import import_module, metadata
from pathlib import Path
from typing import Any


def _read_public_names() -> dict[str, str]:
    """Return the module of each public name, from the imports in ``__init__.pyi``."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8"))
    return {
        alias.name: str(statement.module)
        for statement in stub.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


_MODULES = _read_public_names()
__all__ = sorted(_MODULES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return metadata.version("kaizen-widgets")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
