"""Find the arguments of a function in the value that arrived at its node.

``ctx`` is the node's `Context`. A parameter named like one of the value's fields gets that field (``"Fact
checker"`` also matches ``fact_checker``). When no field matches and one parameter needs a value, it gets
the whole value. ``**kwargs`` gets the remaining fields, ``*args`` the whole value. Fields that no parameter
asks for are not read: a value may load them from a file or over a network.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.values import describe_type, value_fields


def bind(
    function: Callable[..., Any], value: Any, ctx: Context
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and named arguments for one call.

    Raises:
        RunError: A parameter without a default finds nothing, or two fields; the message names it.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # Some builtins have no signature: int, max.
        return (value,), {}
    fields = value_fields(value)
    named = [parameter for parameter in parameters if parameter.kind not in _COLLECTORS]
    sources = _matching_fields(named, fields, ctx)
    filled: dict[str, Any] = {name: fields[key] for name, key in sources.items()}
    has_match = bool(filled)
    filled |= {"ctx": ctx} if any(_is_context(parameter) for parameter in named) else {}
    whole_value = None if has_match else _whole_value_parameter(named, filled)
    if whole_value is not None:
        filled[whole_value] = value
    missing = [
        item.name for item in named if item.name not in filled and item.default is item.empty
    ]
    if missing:
        raise RunError(
            f"{ctx.label!r}: its function asks for {' and '.join(map(repr, missing))}, "
            f"and what arrived is {_describe(value, fields)}.",
            node_id=ctx.node_id,
        )
    taken = {parameter.name for parameter in parameters} | set(sources.values())
    return _arrange(
        parameters,
        filled,
        remaining=lambda: {key: fields[key] for key in fields if key not in taken},
        rest=() if has_match or whole_value is not None else (value,),
    )


_COLLECTORS = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def _is_context(parameter: Parameter) -> bool:
    return parameter.name == "ctx" and parameter.kind is not Parameter.POSITIONAL_ONLY


def _matching_fields(
    parameters: list[Parameter], fields: Mapping[str, Any], ctx: Context
) -> dict[str, str]:
    """Return the field that each parameter's name matches, for those that match one."""
    spellings: dict[str, list[str]] | None = None
    matches: dict[str, str] = {}
    for parameter in parameters:
        name = parameter.name
        if parameter.kind is Parameter.POSITIONAL_ONLY or name == "ctx":
            continue
        if name in fields:
            matches[name] = name
            continue
        spellings = _by_identifier(fields) if spellings is None else spellings
        found = spellings.get(name, [])
        if len(found) > 1:
            raise RunError(
                f"{ctx.label!r}: its function asks for {name!r}, which {' and '.join(map(repr, found))} "
                f"both match: rename one of them.",
                node_id=ctx.node_id,
            )
        if found:
            matches[name] = found[0]
    return matches


def _by_identifier(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the fields whose name reads as an identifier, by that identifier."""
    found: dict[str, list[str]] = {}
    for key in fields:
        identifier = re.sub(r"\W+", "_", key).strip("_").lower()
        found.setdefault(identifier, []).append(key)
    return found


def _whole_value_parameter(parameters: list[Parameter], filled: dict[str, Any]) -> str | None:
    """Return the parameter that gets the whole value: the one that needs it, else the first."""
    open_ = [item for item in parameters if item.name not in filled]
    required = [item.name for item in open_ if item.default is item.empty]
    if len(required) == 1:
        return required[0]
    positional = [item.name for item in open_ if item.kind is not Parameter.KEYWORD_ONLY]
    return positional[0] if positional and not required else None


def _arrange(
    parameters: list[Parameter],
    filled: dict[str, Any],
    *,
    remaining: Callable[[], dict[str, Any]],
    rest: tuple[Any, ...],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments in the way Python's call syntax needs them.

    Args:
        parameters: All parameters of the function.
        filled: Values by parameter.
        remaining: Returns the fields for ``**kwargs``.
        rest: Values for ``*args``.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    # With *args everything before it is passed by position, or Python would fill it twice.
    by_position = any(item.kind is Parameter.VAR_POSITIONAL for item in parameters)
    for parameter in parameters:
        name = parameter.name
        match parameter.kind:
            case Parameter.VAR_POSITIONAL:
                args += rest
            case Parameter.VAR_KEYWORD:
                kwargs |= remaining()
            case Parameter.KEYWORD_ONLY:
                kwargs |= {name: filled[name]} if name in filled else {}
            case Parameter.POSITIONAL_ONLY | Parameter.POSITIONAL_OR_KEYWORD if (
                by_position or parameter.kind is Parameter.POSITIONAL_ONLY
            ):
                args.append(filled.get(name, parameter.default))
            case _:
                kwargs |= {name: filled[name]} if name in filled else {}
    return tuple(args), kwargs


def _describe(value: Any, fields: Mapping[str, Any]) -> str:
    keys = [repr(key) for key in fields]
    described = describe_type(value)
    return f"{described} with {', '.join(keys[:8])}" if keys else described
