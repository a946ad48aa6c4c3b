"""Types that are no models, and edits of the whole."""

from __future__ import annotations

import dataclasses
import enum
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    RootModel,
    Secret,
    SecretStr,
    StringConstraints,
    Tag,
    Discriminator,
    TypeAdapter,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from cases import DELETE, Bad, Case


class Limits(TypedDict, total=False):
    low: Annotated[int, Field(ge=0)]
    high: int


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: Optional[Pair] = None


class Level(enum.IntFlag):
    A = 1
    B = 2


class Item(BaseModel):
    sku: str = Field(min_length=2)
    qty: int = Field(1, ge=1, strict=True)

    @model_validator(mode="after")
    def _check(self) -> Item:
        if self.sku == "no":
            raise PydanticCustomError("sold_out", "{sku} is sold out", {"sku": self.sku})
        return self


class Basket(RootModel[list[Item]]):
    @model_validator(mode="after")
    def _few(self) -> Basket:
        if len(self.root) > 2:
            raise ValueError("too many items")
        return self


class Files(BaseModel):
    path: FilePath
    maybe: Optional[FilePath] = None


class Base(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid", validate_default=True)


class Child(Base):
    name: Annotated[str, StringConstraints(to_lower=True, min_length=2)] = "Ann"
    made: AwareDatetime = datetime(2024, 1, 1, tzinfo=timezone.utc)
    price: Decimal = Field(Decimal("1.00"), max_digits=5, decimal_places=2, gt=0)
    maybe: Optional[Item] = None
    grid: dict[str, dict[str, Item]] = {}
    pins: list[Secret[int]] = []


class Kind(str, enum.Enum):
    A = "a"
    B = "b"


class A(BaseModel):
    kind: Literal[Kind.A]
    value: int


class B(BaseModel):
    kind: Literal[Kind.B]
    value: str = Field(min_length=2)


class ByEnum(BaseModel):
    one: Union[A, B] = Field(discriminator="kind")
    nested: Annotated[
        Union[
            Annotated[Union[Annotated[A, Tag("a")], Annotated[B, Tag("b")]], Field(discriminator="kind")],
            Item,
        ],
        Field(union_mode="smart"),
    ]


CASES = (
    Case("typed-dict", Limits, dict(low=1), (Bad({("low",): -1}, ("low",)), Bad({(): 3}, ()))),
    Case("named-tuple", Point, [1, 2], (Bad({(0,): "x"}, (0,)), Bad({(): [1, "x"]}, (1,)), Bad({(): [1, 2, 3]}, ()))),
    Case("slots-dataclass", Pair, dict(left=1, right=dict(left=2)), (
        Bad({("right", "left"): "x"}, ("right", "left")),
        Bad({("left",): DELETE}, ("left",)),
    )),
    Case("flag", Level, 2, (Bad({(): "x"}, ()),)),
    Case("literal", Literal["a", 1], 1, (Bad({(): "b"}, ()),)),
    Case("optional-model", Optional[Item], dict(sku="ab"), (
        Bad({("sku",): "x"}, ("sku",)),
        Bad({(): {"sku": "no"}}, (), "no is sold out"),
        Bad({("qty",): "1"}, ("qty",)),
    )),
    Case("basket", Basket, [dict(sku="ab"), dict(sku="cd", qty=2)], (
        Bad({(0, "sku"): "x"}, (0, "sku")),
        Bad({(0, "sku"): "no"}, (0,), "sold out"),
        Bad({(): [dict(sku="ab")] * 3}, (), "too many"),
        Bad({(1,): "x"}, (1,)),
        Bad({(): None}, ()),
        Bad({(1, "sku"): DELETE}, (1, "sku"), "required"),
    )),
    Case("files", Files, dict(path=__file__), (
        Bad({("path",): "/nowhere/at/all"}, ("path",), "file"),
        Bad({("maybe",): "/nowhere"}, ("maybe",)),
    )),
    Case("inherited-config", Child, dict(name=" BOB ", pins=[1, 2], grid=dict(a=dict(b=dict(sku="xy")))), (
        Bad({("name",): " b "}, ("name",)),
        Bad({("price",): "12345.6"}, ("price",)),
        Bad({("price",): "1.234"}, ("price",), "decimal places"),
        Bad({("price",): 0}, ("price",)),
        Bad({("made",): "2024-01-01T00:00"}, ("made",), "timezone"),
        Bad({("grid", "a", "b", "qty"): 0}, ("grid", "a", "b", "qty")),
        Bad({("grid", "a"): {"c": {"sku": "no"}}}, ("grid", "a", "c"), "sold out"),
        Bad({("pins", 1): "x"}, ("pins", 1)),
        Bad({("maybe",): {}}, ("maybe", "sku"), "required"),
        Bad({("maybe",): {"sku": "no"}}, ("maybe",)),
        Bad({("more",): 1}, ("more",)),
        Bad({("name",): None}, ("name",)),
    )),
    Case("by-enum", ByEnum, dict(one=dict(kind="b", value="xy"), nested=dict(kind="a", value=1)), (
        Bad({("one", "value"): "x"}, ("one", "value"), "at least 2"),
        Bad({("one",): {"kind": "a", "value": "x"}}, ("one", "value"), "integer"),
        Bad({("one", "kind"): "c"}, ("one",)),
        Bad({("nested", "value"): "x"}, ("nested", "value")),
        Bad({("nested",): {"sku": "a"}}, ("nested", "sku")),
    )),
    Case("whole-model", Child, {}, (Bad({(): None}, ()), Bad({(): []}, ()), Bad({(): {"name": "x"}}, ("name",)))),
)
