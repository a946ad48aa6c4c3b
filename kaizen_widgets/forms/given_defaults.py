"""Track which defaults of a form were given; those of the model are computed again at each reset.

A field with ``default_factory=uuid4`` thus gets another id for each new form, not the same one forever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.forms.differences import is_identical
from kaizen_widgets.forms.paths import MISSING, Path, get, parse

_Given = Any
"""True if everything was given, False if nothing was, else a dict of these by key or index."""


class GivenDefaults:
    """The names of given defaults, in a tree of the form's shape.

    Args:
        values: The given values: a mapping of some fields, an instance, or None.
        defaults: The drafts of all defaults.
        locate: Returns the name of the field at a location in the data; None if there is none.
    """

    def __init__(self, values: Any, defaults: Any, locate: Callable[[Path], str | None]) -> None:
        self._locate = locate
        self._tree: _Given = False if values is None else self._given(values, defaults, ())

    def add(self, path: Path) -> None:
        """Record that the default at a path was given."""
        self._tree = _with(self._tree, path)

    def renew(self, defaults: Any, blank: Callable[[Path], Any]) -> Any:
        """Return the defaults after computing those that were not given again.

        Args:
            defaults: The present defaults.
            blank: Returns the model's default draft of the form, or of a row.
        """
        renewed = self._renew(self._tree, defaults, MISSING, (), blank)
        return defaults if is_identical(renewed, defaults) else renewed

    def _given(self, values: Any, defaults: Any, location: Path) -> _Given:
        if isinstance(values, Mapping) and isinstance(defaults, dict):
            tree = {}
            for key, value in values.items():
                name = key if key in defaults else self._name_of((*location, key))
                if name is not None:
                    tree[name] = self._given(value, defaults.get(name), (*location, key))
            return tree
        if isinstance(values, list | tuple) and isinstance(defaults, list):
            rows = zip(values, defaults, strict=False)
            return {
                index: self._given(row, default, (*location, index))
                for index, (row, default) in enumerate(rows)
            }
        return True

    def _name_of(self, location: Path) -> Any:
        """Return the last part of the name of the field that has an alias in the data."""
        name = self._locate(location)
        return parse(name)[-1] if name else None

    def _renew(
        self, given: _Given, default: Any, fresh: Any, path: Path, blank: Callable[[Path], Any]
    ) -> Any:
        if given is True:
            return default
        if given is False:
            return blank(path) if fresh is MISSING else fresh
        if isinstance(default, dict):
            if fresh is MISSING:
                fresh = blank(path)
            return {
                key: self._renew(
                    given.get(key, key not in fresh), value, get(fresh, (key,)), (*path, key), blank
                )
                for key, value in default.items()
            }
        if isinstance(default, list):
            return [
                self._renew(given.get(index, True), row, MISSING, (*path, index), blank)
                for index, row in enumerate(default)
            ]
        return default


def _with(given: _Given, path: Path) -> _Given:
    if given is True or not path:
        return True
    tree = given or {}
    return {**tree, path[0]: _with(tree.get(path[0], False), path[1:])}
