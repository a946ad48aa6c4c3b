"""Types that take nothing but an instance (`InstanceOf[Pet]`): a form fills the fields and makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import SchemaValidator

from kaizen_widgets.forms.fields.object_nodes import RootModelNode
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
)
from kaizen_widgets.forms.fields.union_nodes import UnionBranch
from kaizen_widgets.forms.paths import MISSING, Path


class InstanceNode(RootModelNode):
    """A class whose instances alone will do.

    Args:
        cls: The class.
        slot: What an instance is made of.
        make_validator: Compiles what makes one.
    """

    def __init__(
        self, cls: type, slot: Field, make_validator: Callable[[], SchemaValidator]
    ) -> None:
        super().__init__(cls, slot)
        self._maker = UnionBranch(slot, make_validator)

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        parsed, showing.is_parsed = showing.is_parsed, isinstance(value, self.cls)
        draft = self.slot.show(value, showing, path)
        showing.is_parsed = parsed
        return draft

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        given = self.slot.parse(draft, run, path)
        made = self._maker.made_of(given, run, ErrorLocation(path, slot, draft))
        return given if made is MISSING else made
