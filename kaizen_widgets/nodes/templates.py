"""Templates and conditions in Jinja2's sandbox: they read data, and can do nothing else.

They see ``text``, ``value`` and the value's fields, as plain data (see `template_data`). Fields come
before methods: ``order.items`` is the field if there is one. Of methods, those of `METHODS` can be called
and no other code; names that begin with an underscore are not seen; a name that is missing is an error,
never empty text. What a template may take in time, steps and size is bounded (see `template_limits`).
Both may take seconds all the same: fill them in off the event loop.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.template_data import MISSING, DictView, ListView, ObjectView, View, plain
from kaizen_widgets.nodes.template_limits import (
    MAX_BITS,
    MAX_NUMBER,
    LimitError,
    add_step,
    check_nested,
    check_number,
    check_size,
    counted,
    counting,
)
from kaizen_widgets.nodes.template_mistakes import find_mistake
from kaizen_widgets.nodes.values import printable, template_names


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


METHODS: tuple[tuple[Any, frozenset[str]], ...] = (
    (
        str,
        _names(
            "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit"
            " islower isnumeric isspace istitle isupper join lower lstrip partition removeprefix"
            " removesuffix replace rfind rindex rpartition rsplit rstrip split splitlines startswith"
            " strip swapcase title upper"
        ),
    ),
    (dict | DictView, _names("get items keys values")),
    (list | tuple | ListView, _names("count index")),
    (float, _names("is_integer")),
)
"""The methods that a template may call, by the type of the object."""
_METHOD_NAMES = frozenset(name for _, names in METHODS for name in names)

FILTERS = _names(
    "abs batch capitalize center count d default dictsort e escape filesizeformat first float"
    " forceescape groupby indent int items last length list lower map max min random reject rejectattr"
    " replace reverse round safe select selectattr slice sort string sum title tojson trim truncate"
    " unique upper wordcount wordwrap"
)
"""The filters of Jinja2 that a template may use beside ``join``; others reach attributes, or parse HTML."""
_TEXT_FILTERS = _names(
    "capitalize center e escape forceescape indent lower replace safe string title trim truncate upper"
    " wordcount wordwrap"
)
_COMPARING_FILTERS = _names("dictsort groupby max min sort unique")
_OTHER_FILES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class _Method:
    """A method of a text, list or dict that a template may call."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner = owner
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = tuple(check_nested(arg) for arg in args)
        for arg in (*args, *kwargs.values()):
            check_number(arg)
        owner = self._owner
        add_step(len(owner) if isinstance(owner, str) else 0)
        if isinstance(owner, str):
            if self._name == "join":
                return _join(args[0], owner) if len(args) == 1 else owner.join(*args)
            if self._name == "replace" and len(args) >= 2:
                check_size(_replaced_size(owner, *args[:2]))
            if self._name in ("split", "rsplit", "splitlines"):
                check_size(
                    owner.count("\n") + owner.count(str(args[0])) if args else len(owner) // 2
                )
        return getattr(owner, self._name)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<method {self._name}>"


def _replaced_size(text: str, old: Any, new: Any) -> int:
    if not isinstance(old, str) or not isinstance(new, str):
        return 0  # `replace` refuses it.
    return len(text) + text.count(old) * max(len(new) - len(old), 0)


def _text(value: Any) -> str:
    """Return a value as text, made in bounded time."""
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined):
        return str(value)  # Raises, and names what is missing.
    text = str(printable(check_nested(value)))
    check_size(len(text))
    return text


def _join(items: Iterable[Any], separator: Any = "", attribute: Any = None) -> str:
    """Join items as the filter of Jinja2 does, in bounded size."""
    if attribute is not None:
        items = _sandbox.call_filter("map", items, kwargs={"attribute": attribute})
    parts, size = list[str](), 0
    separator = _text(separator)
    for item in items:
        parts.append(_text(item))
        size += len(parts[-1]) + len(separator)
        check_size(size)
    add_step(size)
    return separator.join(parts)


def _concatenated(parts: Sequence[Any]) -> str:
    return _join(parts)


def _to_json(value: Any, **options: Any) -> str:
    def view_as_json(view: Any) -> Any:
        if isinstance(view, DictView):
            return dict(view.items())
        if isinstance(view, ListView):
            return list(view)
        raise TypeError(f"{type(view).__name__.removesuffix('View')} has no JSON form")

    pieces, size = list[str](), 0
    # Piece by piece: a value can be small in memory and endless as JSON.
    for piece in json.JSONEncoder(default=view_as_json, **options).iterencode(check_nested(value)):
        pieces.append(piece)
        size += len(piece)
        check_size(size)
        add_step()
    return "".join(pieces)


def _limited_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that counts as a step and checks its arguments and its result."""
    takes_environment = hasattr(function, "jinja_pass_arg")

    @wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        first, value, *rest = (*args,) if takes_environment else (None, *args)
        for arg in (*rest, *kwargs.values()):
            check_number(arg)
        if name in _TEXT_FILTERS:
            value = _text(value)
        if name in _COMPARING_FILTERS:
            check_nested(value)
        if name == "replace" and len(rest) >= 2:
            check_size(_replaced_size(value, *rest[:2]))
        if name == "indent":
            width = rest[0] if rest else kwargs.get("width", 4)
            per_line = width if isinstance(width, int) else len(_text(width))
            check_size(len(value) + (value.count("\n") + 1) * per_line)
        add_step(_length(value))
        result = function(*((first,) if takes_environment else ()), value, *rest, **kwargs)
        check_size(_length(result))
        add_step(_length(result))
        return result

    return limited


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict | ListView | DictView) else 0


def _range(*numbers: int) -> range:
    for number in numbers:
        check_number(number)
    made = range(*numbers)
    if len(made) > MAX_NUMBER:
        raise LimitError(f"a range has more than {MAX_NUMBER:,} numbers")
    return made


class _Missing(StrictUndefined):
    """A name, field or item that is missing; using it in any way is an error that names it."""

    __repr__ = StrictUndefined.__str__


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field, else a method that may be called, else an undefined value."""
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()
        if isinstance(obj, Mapping):
            try:
                return plain(obj[attribute])
            except KeyError:
                pass  # Perhaps it is a method.
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        if attribute.startswith("_"):
            return self.unsafe_undefined(obj, attribute)
        if isinstance(obj, ObjectView):
            found = obj.field(attribute)
        elif any(isinstance(obj, kind) and attribute in names for kind, names in METHODS):
            return _Method(obj, attribute)
        else:
            found = getattr(obj, attribute, MISSING) if not isinstance(obj, View) else MISSING
            found = MISSING if callable(found) else found
        if found is MISSING:
            return self.undefined(f"{_described(obj)} has no field or usable method {attribute!r}")
        return plain(found)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item, else what `getattr` returns for a name."""
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()
        if isinstance(obj, str | list | tuple | dict | ListView | DictView):
            try:
                return plain(obj[check_nested(argument)])
            except (LookupError, TypeError):
                pass
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return self.undefined(f"{_described(obj)} has no item {_text(argument)[:100]}")

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template may call: methods of `METHODS`, ``range``, and what it defines itself."""
        if isinstance(obj, Undefined):
            return obj(*args, **kwargs)  # Raises, and names what is missing.
        is_loop_method = isinstance(getattr(obj, "__self__", None), LoopContext)
        if not (
            obj is _range
            or is_loop_method
            or isinstance(obj, _Method | Macro | LoopContext | BlockReference)
        ):
            raise SecurityError(f"{_described(obj)} cannot be called in a template")
        add_step(sum(map(_length, args)))
        return context.call(obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator to numbers, or to texts and lists whose result is not too large."""
        add_step(_length(left) + _length(right))
        if operator == "+":
            check_size(_length(left) + _length(right))
        elif operator == "%":
            if not _is_number(left):
                raise SecurityError("% works on numbers only; use ~ to put text together")
        elif operator == "**":
            if not (_is_small(left) and _is_small(right)):
                raise LimitError("numbers are too large to raise to a power")
        elif _is_number(left) and _is_number(right):
            bits = sum(
                operand.bit_length() for operand in (left, right) if isinstance(operand, int)
            )
            if bits > MAX_BITS:
                raise LimitError("numbers are too large to multiply")
        else:
            times, repeated = (left, right) if _is_number(left) else (right, left)
            if not _is_number(times):
                raise SecurityError("* works on numbers, and on a text or list and a number")
            check_size(_length(repeated) * max(int(times), 0))
        return super().call_binop(context, operator, left, right)

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        limited = _limited(source)
        limited.set_environment(self)
        return super()._generate(limited, *args, **kwargs)


def _limited(template: nodes.Template) -> nodes.Template:
    """Return a parsed template whose loops, concatenations and comparisons are counted and bounded."""
    if any(True for _ in template.find_all(_OTHER_FILES)):
        raise TemplateSyntaxError("include, import and extends are not available", 1)

    def through(name: str, node: Any) -> nodes.Expr:
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)

    for loop in list(template.find_all(nodes.For)):
        loop.iter = through("_counted", loop.iter)
    for pair in list(template.find_all(nodes.Pair)):
        pair.key = through("_nested", pair.key)
    for comparison in list(template.find_all(nodes.Compare)):
        comparison.expr = through("_nested", comparison.expr)
        for operand in comparison.ops:
            operand.expr = through("_nested", operand.expr)
    _replace_concatenations(template)
    return template


def _replace_concatenations(node: nodes.Node) -> None:
    for name, value in list(node.iter_fields()):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, nodes.Node):
                _replace_concatenations(child)
        if isinstance(value, list):
            value[:] = [_joined(child) for child in value]
        else:
            setattr(node, name, _joined(value))


def _joined(node: Any) -> Any:
    if not isinstance(node, nodes.Concat):
        return node
    parts = nodes.List(node.nodes, lineno=node.lineno)
    return nodes.Filter(parts, "_concatenated", [], [], None, None, lineno=node.lineno)


def _make_sandbox() -> _Sandbox:
    # Not optimized: constants would be computed while a template is only checked.
    made = _Sandbox(
        undefined=_Missing, autoescape=False, optimized=False, cache_size=0, finalize=_text
    )
    made.globals = {"range": _range}
    known = {name: function for name, function in made.filters.items() if name in FILTERS}
    made.filters = {name: _limited_filter(name, function) for name, function in known.items()}
    made.filters |= {
        "join": _join,
        "_counted": counted,
        "_nested": check_nested,
        "_concatenated": _concatenated,
    }
    made.policies["json.dumps_function"] = _to_json
    return made


_sandbox = _make_sandbox()


@dataclass(frozen=True)
class _Compiled:
    """A compiled template, and the names it uses."""

    template: Template
    names: frozenset[str]


@lru_cache(maxsize=200)
def _compile_template(source: str) -> _Compiled:
    return _compile(_sandbox.parse(source))


@lru_cache(maxsize=200)
def _compile_condition(source: str) -> _Compiled:
    return _compile(_parse_condition(source))


def _parse_condition(source: str) -> nodes.Template:
    parser = Parser(_sandbox, source, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("there is more after the expression", 1)
    result = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
    template = nodes.Template([result], lineno=1)
    template.set_environment(_sandbox)
    return template


def _compile(parsed: nodes.Template) -> _Compiled:
    names = frozenset(meta.find_undeclared_variables(parsed))
    return _Compiled(_sandbox.from_string(parsed), names)


def template_problem(source: str) -> str | None:
    """Return why a template cannot work, or None."""
    problem = _problem(_compile_template, source)
    return problem or find_mistake(_sandbox.parse(source), _METHOD_NAMES)


def condition_problem(source: str) -> str | None:
    """Return why a condition cannot work, or None."""
    problem = _problem(_compile_condition, source)
    return problem or find_mistake(_parse_condition(source), _METHOD_NAMES)


def _problem(compiler: Callable[[str], _Compiled], source: str) -> str | None:
    try:
        compiler(source)
    except (RecursionError, MemoryError, SyntaxError):
        return "it is nested too deeply"
    except Exception as error:
        return _sentence(error, source)
    return None


def render(source: str, value: Any, *, monotonic: Callable[[], float] = time.monotonic) -> str:
    """Return a template filled with a value; call it off the event loop.

    Args:
        source: The template.
        value: The value that its names refer to.
        monotonic: Returns the time in seconds.

    Raises:
        RunError: The template asks for what is missing, not allowed or too much.
    """
    try:
        compiled = _compile_template(source)
        with counting(monotonic):
            return _join(compiled.template.root_render_func(_context(compiled, value)))
    except Exception as error:
        raise RunError(f"The template cannot be filled in: {_sentence(error, source)}.") from error


def holds(source: str, value: Any, *, monotonic: Callable[[], float] = time.monotonic) -> bool:
    """Return whether a condition is true of a value; call it off the event loop.

    Args:
        source: The condition.
        value: The value that its names refer to.
        monotonic: Returns the time in seconds.

    Raises:
        RunError: The condition asks for what is missing, not allowed or too much.
    """
    try:
        compiled = _compile_condition(source)
        with counting(monotonic):
            context = _context(compiled, value)
            for _ in compiled.template.root_render_func(context):
                pass
            return bool(context.vars["result"])
    except Exception as error:
        raise RunError(f"The condition cannot be evaluated: {_sentence(error, source)}.") from error


def _context(compiled: _Compiled, value: Any) -> Any:
    names = template_names(value, compiled.names)
    return compiled.template.new_context({name: plain(item) for name, item in names.items()})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_small(value: Any) -> bool:
    return _is_number(value) and abs(value) <= 1000


def _described(obj: Any) -> str:
    match obj:
        case str():
            return "text"
        case Mapping():
            return "a dict"
        case list() | tuple() | ListView():
            return "a list"
        case ObjectView():
            return "an object"
        case _:
            return f"a {type(obj).__name__}"


_UNCLOSED = {
    "unexpected end of template, expected 'end of print statement'": "{{ is never closed: add }}",
    "unexpected end of template, expected 'end of statement block'": "{% is never closed: add %}",
}
"""What Jinja says of tags without an end, and what to say instead."""


def _sentence(error: Exception, source: str) -> str:
    """Return what is wrong, with the line if there are several."""
    message = error.message if isinstance(error, TemplateSyntaxError) else str(error)
    message = (message or type(error).__name__).strip().rstrip(".")
    message = _UNCLOSED.get(message, message)
    line = getattr(error, "lineno", None)
    return f"{message} (line {line})" if line and "\n" in source.strip() else message
