"""Nodes and edges: React Flow's JSON, frozen, with properties for the usual keys.

A node *is* its JSON: keys are camelCase and those of other tools are kept, so it is written to a file, sent
to the browser or compared in a test without conversion. Units: positions are flow units (px at zoom 1),
the origin is the top left, y goes down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, Self

from pydantic.alias_generators import to_camel

from kaizen_widgets.errors import GraphError, InvalidValueError
from kaizen_widgets.graph.frozen_json import (
    MAX_DEPTH,
    FrozenDict,
    check_id,
    check_key,
    check_size,
    freeze,
    thaw,
)

ElementKind = Literal["node", "edge"]

VIEW_ONLY_KEYS = frozenset(
    {
        "measured",
        "dragging",
        "resizing",
        "selected",
        "positionAbsolute",
        "handleBounds",
        "internals",
    }
)
"""Keys that React Flow sets for one screen; they never enter the document (rule D5)."""

PARENT_KEYS = ("parentId", "parentNode")
"""Keys that hold the id of a node's parent: React Flow 12's, then React Flow 11's."""

TITLE_PATHS = (
    ("data", "label"),
    ("data", "title"),
    ("data", "name"),
    ("data", "node", "display_name"),
    ("data", "display_name"),
)
"""Paths where tools store a node's displayed name; the first one that is set is shown."""


_EMPTY: FrozenDict[str, Any] = FrozenDict()


class XY(NamedTuple):
    """A point in flow units."""

    x: float
    y: float


class Element(FrozenDict[str, Any]):
    """Base of `Node` and `Edge`."""

    __slots__ = ()
    kind: ElementKind
    _one: str
    """Noun for one element in error messages."""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Check React Flow JSON and return it as an element, every key kept.

        Raises:
            InvalidValueError: It is not an element; the message names the element and the reason.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise InvalidValueError(
                f"{cls._one.capitalize()} must be an object, not {type(value).__name__}."
            )
        element_id = check_id(value.get("id"), f"The id of {cls._one}")
        name = describe_element(cls.kind, element_id)
        try:
            return cls._checked(freeze(value, name), name)
        except GraphError as error:
            raise cls.error(type(error), error.sentence, element_id, error.hint) from None

    @classmethod
    def _checked(cls, frozen: FrozenDict[str, Any], name: str) -> Self:
        cls._check(frozen, name)
        made = cls.__new__(cls)
        dict.update(made, frozen)
        return made

    @staticmethod
    def _check(value: Mapping[str, Any], name: str) -> None:
        """Refuse known keys whose value has the wrong type."""

    @classmethod
    def error(
        cls, kind: type[GraphError], sentence: str, element_id: str, hint: str = ""
    ) -> GraphError:
        """Return an error that names one element of this kind."""
        if cls.kind == "node":
            return kind(sentence, hint=hint, node_id=element_id)
        return kind(sentence, hint=hint, edge_id=element_id)

    @property
    def id(self) -> str:
        """The element's id."""
        return self["id"]

    @property
    def type(self) -> str:
        """The node or edge type; React Flow's ``default`` when none is set."""
        return self.get("type") or "default"

    @property
    def data(self) -> Mapping[str, Any]:
        """The element's own data; empty when it has none."""
        data = self.get("data")
        # An element is frozen JSON, whose objects are of this class.
        return data if isinstance(data, FrozenDict) else _EMPTY

    def evolve(self, **keys: Any) -> Self:
        """Return a copy with some keys changed; snake case is read as camelCase."""
        return self.from_json(dict(self) | {to_camel(key): value for key, value in keys.items()})

    def set_in(self, path: tuple[str, ...], value: Any) -> Self:
        """Return a copy with one property set.

        Raises:
            InvalidValueError: An object on the path does not exist, or the property cannot have this value.
        """
        with self._named():
            check_path(path, self._name)
            value = freeze(value, f"{self._name}.{'.'.join(path)}")
            return self._rebuilt(_set(self, path, value, self._name))

    def unset_in(self, path: tuple[str, ...]) -> Self:
        """Return a copy without one property; the element itself when it does not have it.

        Raises:
            InvalidValueError: The element needs the property.
        """
        with self._named():
            check_path(path, self._name)
            return self._rebuilt(_unset(self, path)) if self.get_in(path)[0] else self

    def get_in(self, path: tuple[str, ...]) -> tuple[bool, Any]:
        """Return whether a property exists, and its value."""
        value: Any = self
        for part in path:
            if not isinstance(value, Mapping) or part not in value:
                return False, None
            value = value[part]
        return True, value

    def without_view_only_keys(self) -> Self:
        """Return the element without `VIEW_ONLY_KEYS`; itself when it has none of them."""
        if VIEW_ONLY_KEYS.isdisjoint(self):
            return self
        return self._made({key: item for key, item in self.items() if key not in VIEW_ONLY_KEYS})

    @property
    def _name(self) -> str:
        return describe_element(self.kind, self.id)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Add the element's id to an error raised about it."""
        try:
            yield
        except GraphError as error:
            raise self.error(type(error), error.sentence, self.id, error.hint) from None

    def _rebuilt(self, value: dict[str, Any]) -> Self:
        self._check(value, self._name)
        made = self._made(value)
        # Each part is small enough, but together they may not be: such a file could not be opened again.
        check_size(made, self._name)
        return made

    def _made(self, value: dict[str, Any]) -> Self:
        made = type(self).__new__(type(self))
        dict.update(made, value)
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({thaw(self)!r})"


class Node(Element):
    """One node.

    ``Node("a", (0, 0), type="agent", data={"label": "Writer"}, parent_id="group")``
    """

    __slots__ = ()
    kind = "node"
    _one = "a node"

    def __init__(
        self,
        id: str,
        position: tuple[float, float] | Mapping[str, float] = (0, 0),
        *,
        data: Mapping[str, Any] | None = None,
        **keys: Any,
    ) -> None:
        if not isinstance(position, Mapping):
            position = _as_object(position)
        keys = {to_camel(key): value for key, value in keys.items()}
        made = self.from_json({"id": id, "position": position, "data": data or {}, **keys})
        dict.update(self, made)

    @staticmethod
    def _check(value: Mapping[str, Any], name: str) -> None:
        position = value.get("position")
        if not isinstance(position, Mapping) or not (
            _is_number(position.get("x")) and _is_number(position.get("y"))
        ):
            raise InvalidValueError(f"{name} needs a position of two finite numbers.")
        for key in ("width", "height"):
            if value.get(key) is not None and not (_is_number(value[key]) and value[key] >= 0):
                raise InvalidValueError(f"{name}: {key} must be a number of at least 0.")
        for key in ("type", *PARENT_KEYS):
            if not isinstance(value.get(key, ""), str | None):
                raise InvalidValueError(f"{name}: {key} must be text.")

    @property
    def position(self) -> XY:
        """The position of its top left corner in flow units, relative to its parent if it has one."""
        return XY(self["position"]["x"], self["position"]["y"])

    @property
    def label(self) -> str:
        """Its label as text (a number counts), or its id when it has none."""
        return label_text(self.data.get("label")) or self.id

    @property
    def parent_id(self) -> str | None:
        """The id of the node that contains it, or None."""
        return self.get("parentId") or self.get("parentNode") or None


class Edge(Element):
    """One edge: ``Edge("e1", "a", "b", source_handle="output")``."""

    __slots__ = ()
    kind = "edge"
    _one = "an edge"

    def __init__(self, id: str, source: str, target: str, **keys: Any) -> None:
        keys = {to_camel(key): value for key, value in keys.items()}
        made = self.from_json({"id": id, "source": source, "target": target, **keys})
        dict.update(self, made)

    @staticmethod
    def _check(value: Mapping[str, Any], name: str) -> None:
        for key in ("source", "target"):
            check_id(value.get(key), f"{name}: {key}")
        for key in ("sourceHandle", "targetHandle", "type"):
            if not isinstance(value.get(key, ""), str | None):
                raise InvalidValueError(f"{name}: {key} must be text.")

    @property
    def source(self) -> str:
        """The id of the node it starts at."""
        return self["source"]

    @property
    def target(self) -> str:
        """The id of the node it ends at."""
        return self["target"]

    @property
    def source_handle(self) -> str | None:
        """The handle it starts at, or None."""
        return self.get("sourceHandle")

    @property
    def target_handle(self) -> str | None:
        """The handle it ends at, or None."""
        return self.get("targetHandle")


ELEMENTS: dict[ElementKind, type[Node] | type[Edge]] = {"node": Node, "edge": Edge}


def check_path(path: tuple[str, ...], name: str) -> None:
    """Refuse a property path that a batch must not change."""
    if not path:
        raise InvalidValueError(f"{name}: a property path cannot be empty.")
    if len(path) > MAX_DEPTH:
        raise InvalidValueError(f"{name}: a property path has at most {MAX_DEPTH} parts.")
    for part in path:
        check_key(part, name)
    if path[0] == "id":
        raise InvalidValueError(
            f"{name}: the id cannot change.", hint="Add a new element and remove this one."
        )
    if path[0] in VIEW_ONLY_KEYS:
        raise InvalidValueError(f"{name}: {path[0]!r} belongs to one view, not to the document.")


def _set(value: Mapping[str, Any], path: tuple[str, ...], new: Any, name: str) -> dict[str, Any]:
    head, rest = path[0], path[1:]
    if rest:
        inner = value.get(head)
        if not isinstance(inner, Mapping):
            raise InvalidValueError(
                f"{name}: {head!r} is not an object, so {rest[0]!r} cannot be set in it.",
                hint=f"Set {head!r} as a whole.",
            )
        new = FrozenDict(_set(inner, rest, new, name))
    return dict(value) | {head: new}


def _unset(value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    head, rest = path[0], path[1:]
    if rest:
        return dict(value) | {head: FrozenDict(_unset(value[head], rest))}
    return {key: item for key, item in value.items() if key != head}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _as_object(position: Any) -> Any:
    try:
        x, y = position
    except (TypeError, ValueError):
        return position  # not a pair: refused below, with the node's name
    return {"x": x, "y": y}


def label_text(label: Any) -> str:
    """Return a label as it is shown; empty when it is neither text nor a number."""
    if isinstance(label, str):
        return label
    if isinstance(label, int | float) and not isinstance(label, bool):
        # As the browser writes it: 7.0 is "7".
        return str(int(label)) if float(label).is_integer() else str(label)
    return ""


def describe_element(kind: ElementKind, element_id: str) -> str:
    """Return an element's name in error messages: ``Node 'a'``, with the id cut after 60 characters."""
    text = repr(element_id)
    return f"{kind.capitalize()} {text if len(text) <= 60 else f'{text[:57]}...'}"
