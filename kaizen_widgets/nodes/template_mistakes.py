"""Find mistakes in templates and conditions that parse but cannot work as intended."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from jinja2 import nodes

_LOOP_METHODS = frozenset({"cycle", "changed"})


def find_mistake(template: nodes.Template, methods: Collection[str]) -> str | None:
    """Return the first mistake in a parsed template as a sentence without its period, or None.

    Args:
        template: The parsed template or condition.
        methods: Names of the methods that can be called.
    """
    return next(_mistakes(template, methods), None)


def _mistakes(template: nodes.Template, methods: Collection[str]) -> Iterator[str]:
    for comparison in template.find_all(nodes.Compare):
        sides = [comparison.expr, *(operand.expr for operand in comparison.ops)]
        for one, other in pairwise(sides):
            for word, compared in ((one, other), (other, one)):
                # A field of the value would have to be written value.invoice to be compared with the text.
                if _is_bare_word(word) and _is_text(compared):
                    name = _name(word)
                    yield f"put quotes around a word: '{name}'; or write value.{name} for a field"
    for call in template.find_all(nodes.Call):
        called = call.node
        if (
            isinstance(called, nodes.Getattr)
            and called.attr not in methods
            and called.attr not in _LOOP_METHODS
        ):
            yield f"there is no method {called.attr!r} that can be called"


def _is_text(node: nodes.Node) -> bool:
    """Return whether an expression is ``text``, also through a filter or method: ``text.lower()``."""
    match node:
        case nodes.Name(name="text"):
            return True
        case nodes.Filter(node=nodes.Node() as inner):
            return _is_text(inner)
        case nodes.Call(node=nodes.Getattr(node=inner)):
            return _is_text(inner)
    return False


def _is_bare_word(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name not in ("text", "value")


def _name(node: nodes.Node) -> str:
    return node.name if isinstance(node, nodes.Name) else ""
