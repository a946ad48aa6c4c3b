"""The part of a form that knows its model: its field tree, and the branches of its unions."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.paths import Name, get, join, name_of, path_of
from kaizen_widgets.forms.resettable import Resettable


class Modelled(Resettable):
    """A form over a model, or over plain values: then it has no tree and no branches."""

    @property
    def tree(self) -> FormFields:
        """The model's fields as this form shows them.

        Raises:
            FormError: The form has no model.
        """
        if not isinstance(self._schema, FormFields):
            raise FormError("This form has no model, so it has no tree of fields.")
        return self._schema

    def branch(self, name: Name) -> int | None:
        """Return which of its branches a union stands in; None if its value fits none.

        Raises:
            FormError: There is no such union.
        """
        with self._notifier:
            return self.tree.branch(name, self._state.values)

    def branches(self) -> dict[str, int]:
        """Return the branch of every union that has a value, by name, as the last validation took them."""
        with self._notifier:
            chosen = self.tree.chosen
            values = self._state.values
            return {
                join(path): at for path, at in chosen.items() if get(values, path, None) is not None
            }

    def choose_branch(self, name: Name, index: int) -> None:
        """A user chose another branch of a union: its value is what that branch last had, or a blank.

        What the branch before had is kept, until the form is reset.

        Raises:
            FormError: There is no such union or branch.
        """
        with self._operation:
            self._names.check(name_of(name))
            draft = self.tree.choose(name, index, self._state.values)
            self.change(name, draft)

    def valid_subset(self) -> tuple[Any, frozenset[str]]:
        """Return the model's value with only those changes that are right, and the fields they are of.

        A change that is wrong is left out: its field has its default there. Where the model finds fault
        with the whole, no change is right, and the value is None.
        """
        with self._notifier:
            state = self._state
            changed = {name.partition(".")[0] for name in state.dirty}
            return self.tree.valid_subset(state.values, state.defaults, changed)

    def locate(self, path: Name) -> str | None:
        """Return the name of the field that holds a place in the model's data; None if there is none.

        Data has aliases and the keys of dicts where a form has names and rows: with
        `Field(alias="userName")`, ``userName`` is at `user_name`; of a dict, ``("scores", "ann")`` is at
        `scores.0.1`.
        """
        with self._notifier:
            way = self.tree.tree.way(path_of(path), self._state.values)
            return None if way is None else join(way)
