"""Call a user's function with as many arguments as it takes.

A callback may accept only the first few of the arguments it is called with, as in JavaScript:
``on_success=lambda data: ...`` works although data, variables and context are passed.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

_VARARGS = inspect.CO_VARARGS
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def call_fitting(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call ``function`` with the first of ``arguments``, as many as it takes; return its result."""
    limit = positional_limit(function)
    return function(*arguments) if limit >= len(arguments) else function(*arguments[: int(limit)])


def fit_callback(function: Callable[..., Any], offered: int) -> Callable[..., Any]:
    """Return a callback that takes ``offered`` arguments and passes on as many as ``function`` takes.

    Args:
        function: The user's function; returned unchanged where it takes that many.
        offered: How many arguments the callback is called with.
    """
    limit = positional_limit(function)
    if limit >= offered:
        return function
    taken = int(limit)
    return lambda *arguments: function(*arguments[:taken])


def positional_limit(function: Callable[..., Any]) -> float:
    """Return how many positional arguments ``function`` takes; infinity for any number or unknown."""
    # For a plain function, reading its code object takes a tenth of the time of inspect.signature.
    bound = isinstance(function, MethodType)
    inner: Any = function.__func__ if isinstance(function, MethodType) else function
    if type(inner) is FunctionType and "__wrapped__" not in inner.__dict__:
        code = inner.__code__
        return math.inf if code.co_flags & _VARARGS else code.co_argcount - bound
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return math.inf
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return math.inf
    return sum(parameter.kind in _POSITIONAL for parameter in parameters)
