"""Templates and conditions in Jinja2's sandbox: they read data, and can do nothing else.

They see ``text``, ``value`` and the value's fields. Methods may be called on text, numbers, lists
and dicts only, names that start with an underscore are not seen, and a name that is not there is an
error rather than empty.

Edge: what makes gigabytes in one step is refused, but a template that means to can still loop for long;
it does so only when its pipeline is run.
"""

from __future__ import annotations

from typing import Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.values import printable, template_names

_DATA = (str, int, float, bool, list, tuple, dict, type(None))
MAX_TEXT = 100_000
"""The longest text, in characters, a repetition in a template may make."""


_WIDE = frozenset({"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"})
"""Methods of text that take a width, and so make gigabytes out of ten characters."""


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if callable(value) and not isinstance(obj, _DATA):
            return False
        return attr not in _WIDE and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        return None  # Jinja2 would let `format` through, in a form that is safe but for widths.

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and not (_is_small(left) and _is_small(right)):
            raise SecurityError("numbers are too large to raise to a power")
        if operator == "%" and not _is_number(left):
            raise SecurityError("% works on numbers only; use ~ to put text together")
        if operator == "*" and not (_is_number(left) and _is_number(right)):
            many, size = (left, right) if _is_number(left) else (right, left)
            if not _is_number(many) or len(size) * max(many, 0) > MAX_TEXT:
                raise SecurityError("the text would be too long")
        return super().call_binop(context, operator, left, right)


_sandbox = _Sandbox(undefined=StrictUndefined, autoescape=False, cache_size=200, finalize=printable)
_sandbox.globals = {"range": safe_range}
for _name in ("center", "indent", "format", "pprint", "xmlattr", "wordwrap"):
    _sandbox.filters.pop(_name, None)


def template_problem(source: str) -> str | None:
    """Return why a template cannot be read, or None."""
    try:
        _sandbox.parse(source)
        _sandbox.from_string(source)
    except TemplateError as error:
        return _say(error)
    return None


def condition_problem(source: str) -> str | None:
    """Return why a condition cannot be read, or None."""
    try:
        _sandbox.compile_expression(source)
    except TemplateError as error:
        return _say(error)
    return None


def render(source: str, value: Any) -> str:
    """Return a template filled with a value.

    Raises:
        RunError: The template asks for what is not there or not allowed.
    """
    try:
        return _sandbox.from_string(source).render(template_names(value, _names_used(source)))
    except Exception as error:
        raise RunError(f"The template cannot be filled in: {_say(error)}.") from error


def holds(source: str, value: Any) -> bool:
    """Return whether a condition is true of a value.

    Raises:
        RunError: The condition asks for what is not there or not allowed.
    """
    try:
        names = template_names(value, _names_used(f"{{{{ {source} }}}}"))
        return bool(_sandbox.compile_expression(source, undefined_to_none=False)(names))
    except Exception as error:
        raise RunError(f"The condition cannot be evaluated: {_say(error)}.") from error


def _names_used(source: str) -> set[str]:
    return meta.find_undeclared_variables(_sandbox.parse(source))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_small(value: Any) -> bool:
    return _is_number(value) and abs(value) <= 1000


def _say(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().rstrip(".")
