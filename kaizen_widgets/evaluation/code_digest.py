"""A digest of what a pipeline runs: equal only where the same code would run.

Rows that were evaluated earlier count only for the same pipeline: its nodes and edges, the functions it may
call with what those use, the agents and their models.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry

_PLAIN = (str, int, float, bool, bytes, type(None))
_MAX_DEPTH = 20
_OF_EVERY_CLASS = frozenset({"__dict__", "__weakref__", "__doc__", "__module__", "__qualname__"})
_PATHS = sysconfig.get_paths()
_LIBRARIES = (
    *(_PATHS[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).parents[1]),
)


def pipeline_digest(
    graph: Graph, functions: Functions, registry: Registry, evaluators: Iterable[Any]
) -> str:
    """Return a digest of all that decides what comes of an input.

    Where a node's place is does not count. A registered function counts though no node calls it: a
    digest that differs too often costs time, one that differs too seldom gives wrong results.

    Args:
        graph: The pipeline.
        functions: Functions, agents and models it may call.
        registry: Node kinds; those made of a function count with its code.
        evaluators: What judges the outputs.
    """
    nodes = [[node.id, node.type, node.parent_id, node.data] for node in graph.nodes]
    edges = [
        [edge.source, edge.target, edge.source_handle, edge.target_handle, edge.data]
        for edge in graph.edges
    ]
    kinds = {node.type: registry.get(node.type) for node in graph.nodes}
    code = _Code()
    models = functions.models
    parts = [
        nodes,
        edges,
        {name: code.of(function) for name, function in functions.items()},
        {name: code.of(tool) for name, tool in models.tools.items()},
        {
            name: [code.of(type(kind)), code.of(getattr(kind, "function", None))]
            for name, kind in kinds.items()
            if kind is not None
        },
        sorted(map(repr, map(astuple, models.records))),
        {name: code.of(model) for name, model in models.models.items()},
        [code.of(evaluator) for evaluator in evaluators],
    ]
    return digest_of(parts)


def digest_of(value: Any) -> str:
    """Return the digest of a JSON value; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=_unlike)
    return hashlib.sha256(text.encode()).hexdigest()


def same_value(one: Any, other: Any) -> bool:
    """Whether two values are equal; False where comparing them fails or gives no answer, as with arrays."""
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # Raised by a class of the user's own, or of numpy.
        return one is other


class _Code:
    """Describes functions and objects by what they would do, as JSON."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def of(self, value: Any, depth: int = 0) -> Any:
        if isinstance(value, _PLAIN):
            return repr(value)
        if id(value) in self._open:
            return type(value).__name__
        if depth > _MAX_DEPTH:
            return _unlike(value)
        self._open.add(id(value))
        try:
            return self._of(value, depth + 1)
        finally:
            self._open.discard(id(value))

    def _of(self, value: Any, depth: int) -> Any:
        if isinstance(value, FunctionType | type) and _is_library(value.__module__):
            return [value.__module__, value.__qualname__]
        if isinstance(value, MethodType):
            return [self.of(value.__func__, depth), self.of(value.__self__, depth)]
        if isinstance(value, FunctionType):
            return self._function(value, depth)
        if isinstance(value, CodeType):
            constants = [self.of(one, depth) for one in value.co_consts]
            return [value.co_code.hex(), constants, value.co_names, value.co_varnames]
        if isinstance(value, list | tuple | set | frozenset):
            made = [self.of(one, depth) for one in value]
            return sorted(made, key=repr) if isinstance(value, set | frozenset) else made
        if isinstance(value, Mapping):
            return sorted(
                ([repr(key), self.of(one, depth)] for key, one in value.items()), key=repr
            )
        if isinstance(value, type):
            own = {name: one for name, one in vars(value).items() if name not in _OF_EVERY_CLASS}
            bases = [self.of(base, depth) for base in value.__bases__]
            return [value.__module__, value.__qualname__, bases, self.of(own, depth)]
        if isinstance(value, staticmethod | classmethod):
            return self.of(value.__func__, depth)
        if isinstance(value, property):
            return [self.of(one, depth) for one in (value.fget, value.fset)]
        # An object: its class and its fields. One without fields that can be read is like no other.
        fields = getattr(value, "__dict__", None)
        if fields is None:
            return _unlike(value)
        return [self.of(type(value), depth), self.of(fields, depth)]

    def _function(self, function: FunctionType, depth: int) -> Any:
        used = [function.__globals__.get(name) for name in _names_in(function.__code__)]
        own = [one for one in used if not isinstance(one, ModuleType | BuiltinFunctionType)]
        cells = [_content(cell) for cell in function.__closure__ or ()]
        return [
            self.of(function.__code__, depth),
            self.of(function.__defaults__ or (), depth),
            self.of(function.__kwdefaults__ or {}, depth),
            [self.of(one, depth) for one in (*own, *cells)],
        ]


def _names_in(code: CodeType) -> list[str]:
    """Return the names that a function and the functions inside it use."""
    inner = [name for one in code.co_consts if isinstance(one, CodeType) for name in _names_in(one)]
    return [*code.co_names, *inner]


def _is_library(name: str | None) -> bool:
    """Whether a module is part of Python, of a package that is installed, or of this one."""
    module = sys.modules.get(name or "")
    if module is None or name == "__main__":
        return False
    file = getattr(module, "__file__", None)
    return name in sys.builtin_module_names if file is None else file.startswith(_LIBRARIES)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # A variable that has no value yet.
        return None


def _unlike(value: Any) -> str:
    """Return a text that is never the same again, as what the object would do cannot be read."""
    return f"{type(value).__qualname__} {secrets.token_hex(16)}"
