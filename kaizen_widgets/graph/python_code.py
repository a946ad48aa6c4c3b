"""Write a graph as the Python a person would write, which makes an equal graph when it is run.

    graph = Graph(
        nodes=[
            Node("input", type="input"),
            Node("billing", type="agent", data={"label": "Billing"}),
        ],
        edges=[
            Edge("e1", "input", "billing"),
        ],
    )
    layout = {
        "input": (0, 0),
        "billing": (320, 0),
    }
    graph = graph.with_layout(layout)

The code passes ruff's linter and formatter with their defaults. Places and sizes are apart from what the
nodes are, so that either can be edited without the other. Like `files`, this module knows no `Graph`.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel, to_snake

from kaizen_widgets.graph.elements import Edge, Element, Node

WIDTH = 88
"""Columns of a line, as ruff and Black have them by default."""
INDENT = 4
FIRST_KEYS = ("type", "data")
"""Keys of an element that are written before the others."""


def render_python(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """Return the statements that make a graph of some nodes and edges and assign it to ``graph``."""
    parts: list[_Code] = []
    classes = {"Graph"}
    if nodes:
        made = [_node(node) for node in nodes]
        parts.append(_Labeled("nodes=", _Bracketed("[", made, "]", spread=True)))
        classes |= {one.opening.removesuffix("(") for one in made if one.opening != "{"}
    if edges:
        made = [_edge(edge) for edge in edges]
        parts.append(_Labeled("edges=", _Bracketed("[", made, "]", spread=True)))
        classes |= {one.opening.removesuffix("(") for one in made if one.opening != "{"}
    lines = [
        f"from kaizen_widgets import {', '.join(sorted(classes))}",
        "",
        *_Labeled("graph = ", _Bracketed("Graph(", parts, ")", spread=bool(parts))).lines(0, 0),
    ]
    if nodes:
        places = [_Labeled(f"{quote(node.id)}: ", _value(layout_of(node))) for node in nodes]
        lines += _Labeled("layout = ", _Bracketed("{", places, "}", spread=True)).lines(0, 0)
        lines.append("graph = graph.with_layout(layout)")
    return "\n".join(lines) + "\n"


def layout_of(node: Node) -> Any:
    """Return a node's place as `Graph.with_layout` takes it.

    This is ``(x, y)``, or ``(x, y, width, height)`` for a node with both, or a position with more keys.
    """
    position = node["position"]
    if len(position) != 2:
        return position
    place = (position["x"], position["y"])
    numbers = (*place, node["width"], node["height"]) if _has_size(node) else place
    return tuple(int(number) if float(number).is_integer() else number for number in numbers)


def with_place(node: Node, place: Any) -> Node:
    """Return a node at another place, given as `layout_of` returns it."""
    if isinstance(place, Sequence) and len(place) == 4:
        x, y, width, height = place
        return node.evolve(position={"x": x, "y": y}, width=width, height=height)
    if isinstance(place, Sequence) and len(place) == 2:
        place = {"x": place[0], "y": place[1]}
    return node.evolve(position=place)  # Refused with the node's name if it is no position.


def quote(text: str) -> str:
    """Return a text as a Python literal, in double quotes unless single ones need fewer backslashes."""
    # The double quote in front makes repr choose single quotes.
    body = repr(f'"{text}')[2:-1]
    if text.count('"') > text.count("'"):
        return f"'{body}'"
    return '"' + re.sub(r'\\.|"', _requoted, body) + '"'


def _requoted(match: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(match[0], match[0])


# ------------------------------------------------------------------ layout of code


class _Code(ABC):
    """A piece of code that is written on one line if it fits, else on several."""

    flat = ""
    """The code on one line."""
    must_spread = False
    """Whether the code is written on several lines although it would fit on one."""

    @abstractmethod
    def lines(self, indent: int, used: int, after: int = 0) -> list[str]:
        """Return the lines of the code; the first is not indented.

        Args:
            indent: Columns by which lines after the first are indented.
            used: Columns that the first line has before this code.
            after: Columns that the last line needs after it, such as for a comma.
        """


class _Atom(_Code):
    """A literal that is never split."""

    def __init__(self, text: str) -> None:
        self.flat = text

    def lines(self, indent: int, used: int, after: int = 0) -> list[str]:
        return [self.flat]


class _Text(_Code):
    """A text; a long one becomes several literals in parentheses, split after newlines and spaces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.flat = quote(text)

    def lines(self, indent: int, used: int, after: int = 0) -> list[str]:
        if used + _columns(self.flat) + after <= WIDTH:
            return [self.flat]
        width = WIDTH - indent - INDENT
        pieces = [self.flat] if _columns(self.flat) <= width else self._pieces(width)
        if len(pieces) < 2:
            return [self.flat]
        return ["(", *(" " * (indent + INDENT) + piece for piece in pieces), " " * indent + ")"]

    def _pieces(self, width: int) -> list[str]:
        pieces: list[str] = []
        for line in re.findall(r"[^\n]*\n|[^\n]+", self._text):
            piece = ""
            for word in re.findall(r"[ ]*[^ ]+[ ]?|[ ]+", line):
                if piece and _columns(quote(piece + word)) > width:
                    pieces.append(quote(piece))
                    piece = ""
                piece += word
            pieces.append(quote(piece))
        return pieces


class _Labeled(_Code):
    """Code after a label on the same line: ``data=``, ``"label": ``."""

    def __init__(self, label: str, code: _Code) -> None:
        self._label, self._code = label, code
        self.flat = label + code.flat
        self.must_spread = code.must_spread

    def lines(self, indent: int, used: int, after: int = 0) -> list[str]:
        first, *rest = self._code.lines(indent, used + _columns(self._label), after)
        return [self._label + first, *rest]


class _Bracketed(_Code):
    """Items in brackets: on one line, or one a line with a comma after each.

    Args:
        opening: The bracket that opens, with a name in front of it.
        items: What is in the brackets.
        closing: The bracket that closes.
        spread: Whether the items are never on the line of the opening bracket.
        may_share_line: Whether items that fit are together on one line between those of the brackets.
    """

    def __init__(
        self,
        opening: str,
        items: Iterable[_Code],
        closing: str,
        *,
        spread: bool = False,
        may_share_line: bool = False,
    ) -> None:
        self.opening = opening
        self._items, self._closing = list(items), closing
        self._may_share_line = may_share_line
        self.must_spread = spread or any(item.must_spread for item in self._items)
        self.flat = opening + ", ".join(item.flat for item in self._items) + closing

    def lines(self, indent: int, used: int, after: int = 0) -> list[str]:
        if not self._items or not (self.must_spread or used + _columns(self.flat) + after > WIDTH):
            return [self.flat]
        inner = indent + INDENT
        made = [self.opening]
        between = ", ".join(item.flat for item in self._items)
        if self._may_share_line and not self.must_spread and inner + _columns(between) <= WIDTH:
            return [self.opening, " " * inner + between, " " * indent + self._closing]
        for item in self._items:
            lines = item.lines(inner, inner, after=1)
            lines[0] = " " * inner + lines[0]
            lines[-1] += ","
            made += lines
        return [*made, " " * indent + self._closing]


def _columns(text: str) -> int:
    """Return how many columns a text takes on the screen, as ruff counts them."""
    if text.isascii():
        return len(text)
    return sum(_column_count(character) for character in text)


def _column_count(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


# ------------------------------------------------------------------ the parts of a graph


def _node(node: Node) -> _Bracketed:
    left_out = {"id", "position", *(("width", "height") if _has_size(node) else ())}
    if len(node["position"]) != 2:
        left_out -= {"width", "height"}
    others = {key: item for key, item in node.items() if key not in left_out}
    data = node.get("data")
    if isinstance(data, Mapping) and _are_keywords(others):
        if not data:
            del others["data"]
        return _call("Node", [node.id], others)
    # What `Node(...)` cannot say: a node without data, keys that are no Python names.
    return _mapping({"id": node.id, "position": {"x": 0, "y": 0}, **others})


def _edge(edge: Edge) -> _Bracketed:
    ends = ("id", "source", "target")
    others = {key: item for key, item in edge.items() if key not in ends}
    if _are_keywords(others):
        return _call("Edge", [edge[key] for key in ends], others)
    return _mapping(edge)


def _call(name: str, arguments: Iterable[str], keys: Mapping[str, Any]) -> _Bracketed:
    ordered = [key for key in FIRST_KEYS if key in keys]
    ordered += [key for key in keys if key not in FIRST_KEYS]
    named = [_Labeled(f"{to_snake(key)}=", _value(keys[key])) for key in ordered]
    return _Bracketed(f"{name}(", [*map(_Text, arguments), *named], ")", may_share_line=True)


def _are_keywords(keys: Iterable[str]) -> bool:
    """Whether all keys can be written as keyword arguments that give the same keys again."""
    names = {key: to_snake(key) for key in keys}
    return len(set(names.values())) == len(names) and all(
        to_camel(name) == key
        and name.isascii()
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in ("self", "id", "position", "source", "target")
        for key, name in names.items()
    )


def _has_size(element: Element) -> bool:
    return all(
        isinstance(element.get(key), int | float) and not isinstance(element[key], bool)
        for key in ("width", "height")
    )


def _mapping(value: Mapping[str, Any]) -> _Bracketed:
    return _Bracketed(
        "{", [_Labeled(f"{quote(key)}: ", _value(item)) for key, item in value.items()], "}"
    )


def _value(value: Any) -> _Code:
    match value:
        case str():
            return _Text(value)
        case Mapping():
            return _mapping(value)
        case list():
            return _Bracketed("[", map(_value, value), "]")
        case tuple():
            return _Bracketed("(", map(_value, value), ")")
        case float():
            return _Atom(repr(value).replace("e+", "e"))
        case _:
            return _Atom(repr(value))
