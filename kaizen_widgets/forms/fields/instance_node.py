"""Types that accept nothing but an instance (`InstanceOf[Pet]`): a form fills in its fields and makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import SchemaValidator

from kaizen_widgets.forms.fields.object_nodes import RootModelNode
from kaizen_widgets.forms.fields.originals import Original
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
)
from kaizen_widgets.forms.fields.union_nodes import UnionBranch
from kaizen_widgets.forms.paths import MISSING, Path


class InstanceNode(RootModelNode):
    """A class of which only instances are valid.

    Args:
        cls: The class.
        root: The position of its fields.
        make_validator: Compiles the validator that makes an instance.
    """

    is_decoder = True

    def __init__(
        self, cls: type, root: Field, make_validator: Callable[[], SchemaValidator]
    ) -> None:
        super().__init__(cls, root)
        self._maker = UnionBranch(root, make_validator)

    def needs_decoding(self) -> bool:
        return True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        before = context.is_parsed, context.is_validated
        context.is_parsed = context.is_validated = isinstance(value, self.cls)
        draft = self.root.encode(value, context, path)
        context.is_parsed, context.is_validated = before
        return draft

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        given = self.root.decode(draft, context, path, original)
        made = self._maker.validated(given, context, ErrorLocation(path, field, draft))
        return given if made is MISSING else made
