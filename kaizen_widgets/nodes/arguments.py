"""Which arguments a function gets from the value that arrived at its node.

``ctx`` is the node's `Context`. A parameter with the name of one of the value's fields gets that
field (``"Fact checker"`` also reads as ``fact_checker``). When no field fits and one parameter needs
a value, it gets the whole value. ``**kwargs`` gets the fields that are left, ``*args`` the whole
value.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from inspect import Parameter
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.values import fields, kind_of


def bind(
    function: Callable[..., Any], value: Any, ctx: Context
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and named arguments for one call.

    Raises:
        RunError: A parameter without a default finds nothing; the message names it.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # Some builtins have no signature: int, max.
        return (value,), {}
    named = _by_identifier(fields(value))
    known = [parameter for parameter in parameters if parameter.kind not in _COLLECTORS]
    filled: dict[str, Any] = {}
    for parameter in known:
        if parameter.kind is Parameter.POSITIONAL_ONLY:
            continue
        if parameter.name == "ctx":
            filled["ctx"] = ctx
        elif parameter.name in named:
            filled[parameter.name] = named[parameter.name]
    fits = any(name != "ctx" for name in filled)
    taker = None if fits else _whole_value(known, filled)
    if taker is not None:
        filled[taker] = value
    missing = [
        item.name for item in known if item.name not in filled and item.default is item.empty
    ]
    if missing:
        raise RunError(
            f"{ctx.label!r}: its function asks for {' and '.join(map(repr, missing))}, "
            f"and what arrived is {_describe(value)}.",
            node_id=ctx.node_id,
        )
    return _arrange(parameters, filled, named, value, whole=taker is None and not fits)


_COLLECTORS = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def _whole_value(known: list[Parameter], filled: dict[str, Any]) -> str | None:
    """Return the parameter that takes the whole value: the one that needs it, else the first."""
    open_ = [item for item in known if item.name not in filled]
    needy = [item.name for item in open_ if item.default is item.empty]
    if len(needy) == 1:
        return needy[0]
    by_place = [item.name for item in open_ if item.kind is not Parameter.KEYWORD_ONLY]
    return by_place[0] if by_place and not needy else None


def _arrange(
    parameters: list[Parameter],
    filled: dict[str, Any],
    named: dict[str, Any],
    value: Any,
    *,
    whole: bool,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    # With *args everything before it goes by place, or Python would fill it twice.
    by_place = any(item.kind is Parameter.VAR_POSITIONAL for item in parameters)
    for parameter in parameters:
        name = parameter.name
        match parameter.kind:
            case Parameter.VAR_POSITIONAL:
                args += [value] if whole else []
            case Parameter.VAR_KEYWORD:
                taken = {item.name for item in parameters}
                kwargs |= {key: item for key, item in named.items() if key not in taken}
            case Parameter.KEYWORD_ONLY:
                kwargs |= {name: filled[name]} if name in filled else {}
            case Parameter.POSITIONAL_ONLY | Parameter.POSITIONAL_OR_KEYWORD if (
                by_place or parameter.kind is Parameter.POSITIONAL_ONLY
            ):
                args.append(filled.get(name, parameter.default))
            case _:
                kwargs |= {name: filled[name]} if name in filled else {}
    return tuple(args), kwargs


def _by_identifier(named: dict[str, Any]) -> dict[str, Any]:
    """Add the identifiers that labels and keys read as; a key that is one already comes first."""
    read = {re.sub(r"\W+", "_", key).strip("_").lower(): item for key, item in named.items()}
    return {**read, **named}


def _describe(value: Any) -> str:
    keys = [repr(key) for key in fields(value)]
    return f"{kind_of(value)} with {', '.join(keys[:8])}" if keys else kind_of(value)
