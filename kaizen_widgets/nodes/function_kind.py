"""A node kind made from a function: parameters are its ports and config, the docstring its description.

::

    @node
    def shorten(text: str, *, words: int = 20) -> str:
        \"\"\"Keep the first words of a text.\"\"\"
        return " ".join(text.split()[:words])

    studio.kinds.register(shorten)

Parameters are input ports, typed by their annotations (see `port_annotations`). One with a default needs no
edge, ``*parts`` takes any number of edges, and ``ctx`` is the node's `Context`. Keyword-only parameters are
the config, validated by pydantic. The return annotation is the output port; ``-> None`` has none. A TypedDict
or NamedTuple is an output port for each of its fields. A generator passes on the list of what it yields.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import Parameter
from typing import Any, ClassVar, get_type_hints, is_typeddict, overload

from pydantic import BaseModel, ValidationError, create_model

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.kind import Arguments, Kind, Task, TimedConfig
from kaizen_widgets.nodes.look import Look, Port
from kaizen_widgets.nodes.port_annotations import allows_none, model_of, port_type_of
from kaizen_widgets.nodes.port_types import PortType, noun_of
from kaizen_widgets.nodes.port_values import noun_of_value, value_fits
from kaizen_widgets.nodes.values import Input, join_inputs, value_fields

OUTPUT_ID = "output"


@dataclass(frozen=True)
class PortParameter:
    """A parameter that is an input port.

    Attributes:
        name: Its name, which is the id of the port.
        type: Type of the port.
        default: What it is without a value, if it is not required.
        is_required: Whether it has no default.
        takes_none: Whether None is one of its values.
        takes_many: Whether it is ``*args``: a value for each edge.
        is_positional: Whether it has to be passed by position.
        model: The pydantic model it is annotated with, into which a dict is read.
    """

    name: str
    type: PortType
    default: Any = None
    is_required: bool = True
    takes_none: bool = False
    takes_many: bool = False
    is_positional: bool = False
    model: type[BaseModel] | None = None


@dataclass(frozen=True)
class OutputField:
    """A field of what a function returns that has an output port of its own.

    Attributes:
        type: Type of the port.
        takes_none: Whether None is one of its values.
    """

    type: PortType
    takes_none: bool


class FunctionKind(Kind):
    """Base of the kinds that `node` makes from functions."""

    function: ClassVar[Callable[..., Any]]
    parameters: ClassVar[tuple[PortParameter, ...]]
    takes_context: ClassVar[bool] = False
    returns_none: ClassVar[bool] = True
    """Whether None is one of the values it may return."""
    fields: ClassVar[Mapping[str, OutputField]] = {}
    """What it returns at each output port, if there are several."""

    def outputs(self, config: Any) -> frozenset[str] | None:
        """Return the ids of the output ports if there are several."""
        return frozenset(self.fields) or None

    def value_at(self, output: str, value: Any) -> Any:
        """Return the field that leaves by an output, if there are several."""
        if output not in self.fields:
            return value
        return value[output] if isinstance(value, Mapping) else getattr(value, output)

    def inputs(self, config: Any) -> frozenset[str] | None:
        """Return the ids of the input ports."""
        return frozenset(parameter.name for parameter in self.parameters)

    def check_inputs(self, arriving: Mapping[str, Sequence[PortType]]) -> Iterable[str]:
        """Return which input ports get too many values, or none."""
        # Such a value may be a dict with a field for each port.
        may_hold_fields = any(
            port_type in ("any", "dict") for found in arriving.values() for port_type in found
        )
        empty = [
            parameter
            for parameter in self.parameters
            if parameter.is_required and not arriving.get(parameter.name)
        ]
        # An edge that names no input leads to the only one that still needs a value.
        is_filled = len(empty) == 1 and bool(arriving.get(""))
        for parameter in self.parameters:
            count = len(arriving.get(parameter.name, ()))
            if count > 1 and not _takes_several(parameter):
                yield (
                    f"has {count} edges into its input {parameter.name!r}, which takes "
                    f"{noun_of(parameter.type)}: remove all but one"
                )
            elif arriving and parameter in empty and not is_filled and not may_hold_fields:
                yield f"has no edge into its input {parameter.name!r}, which has no default"

    async def run(self, task: Task) -> Any:
        """Call the function with what arrived, and check both against the types of the ports."""
        result = await task.execute(self.function, lambda: self._arguments(task))
        if self.fields:
            self._check_fields(task, result)
            return result
        output = self.look.outputs[0].type if self.look.outputs else "any"
        if not (value_fits(result, output) or (result is None and self.returns_none)):
            raise RunError(
                f"{quoted(task.label)} should give {noun_of(output)} at its output, and its function "
                f"returned {noun_of_value(result)}.",
                node_id=task.node_id,
            )
        return result

    def _check_fields(self, task: Task, result: Any) -> None:
        given = result._asdict() if hasattr(type(result), "_asdict") else result
        if not isinstance(given, Mapping):
            raise RunError(
                f"{quoted(task.label)} should give {_listed(self.fields)}, and its function returned "
                f"{noun_of_value(result)}.",
                node_id=task.node_id,
            )
        for name, field in self.fields.items():
            if name not in given:
                raise RunError(
                    f"{quoted(task.label)} should give {name!r}, and its function did not return it.",
                    node_id=task.node_id,
                )
            value = given[name]
            if not (value_fits(value, field.type) or (value is None and field.takes_none)):
                raise RunError(
                    f"{quoted(task.label)} should give {noun_of(field.type)} at its output {name!r}, and "
                    f"its function returned {noun_of_value(value)}.",
                    node_id=task.node_id,
                )

    def _arguments(self, task: Task) -> Arguments:
        values = self._values(task)
        args: list[Any] = []
        kwargs = {name: getattr(task.config, name) for name in _own_fields(self.Config)}
        # With *args everything before it is passed by position, or Python would fill it twice.
        by_position = any(one.takes_many or one.is_positional for one in self.parameters)
        for parameter in self.parameters:
            if parameter.takes_many:
                args += [_checked(task, parameter, value) for value in values[parameter.name]]
                continue
            is_given = parameter.name in values
            value = parameter.default
            if is_given:
                value = _checked(task, parameter, values[parameter.name])
            if by_position:
                args.append(value)
            elif is_given:
                kwargs[parameter.name] = value
        if self.takes_context:
            kwargs["ctx"] = task.ctx
        return tuple(args), kwargs

    def _values(self, task: Task) -> dict[str, Any]:
        """Return what arrived for each port.

        Raises:
            RunError: A port without a default gets nothing, or one value more than it takes.
        """
        names = {parameter.name for parameter in self.parameters}
        inputs = task.inputs
        if task.is_start:
            inputs = (Input(task.node_id, task.label, dict(task.run_inputs)),)
        whole = [item for item in inputs if item.port not in names]
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            found = [item for item in inputs if item.port == parameter.name]
            if parameter.takes_many:
                values[parameter.name] = [item.value for item in (*found, *whole)]
            elif found:
                values[parameter.name] = _joined(task, parameter, found)
        missing = [one for one in self.parameters if one.name not in values]
        has_match = False
        for parameter in missing:
            for item in inputs:
                fields = value_fields(item.value)
                if (name := _field_named(parameter.name, fields)) is not None:
                    values[parameter.name] = fields[name]
                    has_match = True
                    break
        missing = [one for one in missing if one.is_required and one.name not in values]
        if len(missing) == len(whole) == 1 and not has_match and not task.is_start:
            values[missing.pop().name] = whole[0].value
        if missing:
            raise RunError(
                f"{quoted(task.label)} needs a value for its input {missing[0].name!r}, and none arrived.",
                node_id=task.node_id,
            )
        return values


@overload
def node(function: Callable[..., Any], /) -> type[FunctionKind]: ...
@overload
def node(
    *, type: str | None = None, title: str | None = None, icon: str = ..., color: str = ...
) -> Callable[[Callable[..., Any]], type[FunctionKind]]: ...


def node(
    function: Callable[..., Any] | None = None,
    /,
    *,
    type: str | None = None,
    title: str | None = None,
    icon: str = "generic",
    color: str = "#6b7280",
) -> Any:
    """Make a node kind of a function; use it as a decorator, ``@node`` or ``@node(title="...")``.

    The module's docstring says what becomes of the parameters.

    Args:
        function: Plain, async or generator function.
        type: Name of the kind; by default the function's.
        title: Name shown; by default the function's name as words.
        icon: Name of one of the canvas's icons.
        color: ``#rrggbb``.

    Returns:
        A `Kind` for ``studio.kinds.register``; its ``function`` is the function.

    Raises:
        RunError: It is no function, its annotations cannot be read, or it takes ``**kwargs``.
    """
    make = partial(_function_kind, type=type, title=title, icon=icon, color=color)
    return make if function is None else make(function)


def _function_kind(
    function: Callable[..., Any],
    *,
    type: str | None,
    title: str | None,
    icon: str,
    color: str,
) -> Any:
    """Return the node kind of a function; see `node`."""
    name = getattr(function, "__name__", "")
    if not callable(function) or not name:
        raise RunError(f"@node is put on a function, not on {function!r:.80}.")
    try:
        signature = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
    except (TypeError, ValueError, NameError, AttributeError) as error:
        raise RunError(f"The annotations of {name} cannot be read: {error}.") from error
    ports: list[PortParameter] = []
    fields: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        hint = hints.get(parameter.name, Any)
        if parameter.kind is Parameter.VAR_KEYWORD:
            raise RunError(
                f"{name} takes **{parameter.name}, which has no ports: name its parameters."
            )
        if parameter.name == "ctx":
            continue
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            ports.append(_port_parameter(parameter, hint))
            continue
        if parameter.name in TimedConfig.model_fields or hasattr(TimedConfig, parameter.name):
            raise RunError(
                f"{name} has the keyword-only parameter {parameter.name!r}, which every node's config "
                f"has or may get: choose another name."
            )
        default = ... if parameter.default is Parameter.empty else parameter.default
        fields[parameter.name] = (hint, default)
    returned = hints.get("return", Any)
    shown = title or _words(name)
    config = create_model(f"{_class_name(name)}Config", __base__=TimedConfig, **fields)
    config.__doc__ = f"Config of a {shown} node."
    is_generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    output: PortType = "list" if is_generator else port_type_of(returned)
    several = {} if is_generator else _output_fields(returned)
    look = Look(
        type=type or name,
        title=shown,
        description=_first_sentence(function.__doc__),
        icon=icon,
        color=color,
        inputs=tuple(Port(one.name, _words(one.name).lower(), one.type) for one in ports),
        outputs=_output_ports(returned, output, several),
    )
    members = {
        "__doc__": inspect.getdoc(function) or f"Calls {name}.",
        "__module__": getattr(function, "__module__", __name__),
        "function": staticmethod(function),
        "look": look,
        "Config": config,
        "parameters": tuple(ports),
        "takes_context": "ctx" in signature.parameters,
        "returns_none": returned is _NONE or allows_none(returned),
        "fields": several,
    }
    return _class(_class_name(name), (FunctionKind,), members)


_class: Any = type  # `_function_kind` has an argument of this name.
_NONE: Any = type(None)


def _output_fields(returned: Any) -> dict[str, OutputField]:
    """Return the fields of a TypedDict or NamedTuple; a message stays one value."""
    is_tuple = isinstance(returned, _class) and issubclass(returned, tuple)
    if not is_typeddict(returned) and not (is_tuple and hasattr(returned, "_fields")):
        return {}
    if port_type_of(returned) == "message":
        return {}
    hints = get_type_hints(returned, include_extras=True)
    names = getattr(returned, "_fields", None) or returned.__annotations__
    return {
        name: OutputField(port_type_of(hints.get(name, Any)), allows_none(hints.get(name, Any)))
        for name in names
    }


def _output_ports(
    returned: Any, output: PortType, several: Mapping[str, OutputField]
) -> tuple[Port, ...]:
    if returned is _NONE:
        return ()
    if several:
        return tuple(Port(name, _words(name).lower(), one.type) for name, one in several.items())
    return (Port(OUTPUT_ID, "", output),)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(repr(name) for name in names)


def _port_parameter(parameter: Parameter, hint: Any) -> PortParameter:
    return PortParameter(
        parameter.name,
        port_type_of(hint),
        default=parameter.default,
        is_required=parameter.default is Parameter.empty
        and parameter.kind is not Parameter.VAR_POSITIONAL,
        takes_none=allows_none(hint) or parameter.default is None,
        takes_many=parameter.kind is Parameter.VAR_POSITIONAL,
        is_positional=parameter.kind is Parameter.POSITIONAL_ONLY,
        model=model_of(hint),
    )


def _own_fields(config: type[BaseModel]) -> list[str]:
    return [name for name in config.model_fields if name not in TimedConfig.model_fields]


def _takes_several(parameter: PortParameter) -> bool:
    return parameter.takes_many or parameter.type in ("list", "dict", "any")


def _joined(task: Task, parameter: PortParameter, found: Sequence[Input]) -> Any:
    """Return the value of a port: of several edges a list, or a dict by the labels of their nodes."""
    if len(found) == 1:
        return found[0].value
    if parameter.type == "list":
        return [item.value for item in found]
    if not _takes_several(parameter):
        raise RunError(
            f"{quoted(task.label)} takes one value at its input {parameter.name!r}, and "
            f"{len(found)} arrived.",
            node_id=task.node_id,
        )
    return join_inputs(found)


def _checked(task: Task, parameter: PortParameter, value: Any) -> Any:
    """Return the value to pass: the field named like the port, if a dict arrived where none is taken.

    Raises:
        RunError: It does not fit; the message names the node and the port.
    """
    if parameter.type not in ("dict", "any") and not value_fits(value, parameter.type):
        fields = value_fields(value)
        if (name := _field_named(parameter.name, fields)) is not None:
            value = fields[name]
    if value is None and parameter.takes_none:
        return None
    if not value_fits(value, parameter.type):
        raise RunError(
            f"{quoted(task.label)} takes {noun_of(parameter.type)} at its input {parameter.name!r}, and "
            f"{noun_of_value(value)} arrived.",
            node_id=task.node_id,
        )
    if parameter.model is None or isinstance(value, parameter.model):
        return value
    try:
        return parameter.model.model_validate(value, from_attributes=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RunError(
            f"{quoted(task.label)} cannot read what arrived at its input {parameter.name!r}: "
            f"{where + ': ' if where else ''}{first['msg']}.",
            node_id=task.node_id,
        ) from None


def _field_named(name: str, fields: Mapping[str, Any]) -> str | None:
    """Return the field that a parameter's name matches: itself, or its words ("Fact checker")."""
    if name in fields:
        return name
    return next((key for key in fields if _identifier(key) == name.lower()), None)


def _identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower()


def _words(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _class_name(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_")) or name


def _first_sentence(doc: str | None) -> str:
    paragraph = inspect.cleandoc(doc or "").partition("\n\n")[0]
    return " ".join(paragraph.split())
