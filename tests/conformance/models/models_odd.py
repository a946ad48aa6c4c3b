"""Odder models: what stands at the edges of pydantic."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Dict, Generic, List, Literal, Optional, TypeVar, Union

from pydantic import (
    UUID4,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    DirectoryPath,
    Discriminator,
    EmailStr,
    Field,
    FilePath,
    IPvAnyAddress,
    JsonValue,
    NameEmail,
    NonNegativeInt,
    PastDate,
    PositiveFloat,
    PostgresDsn,
    PrivateAttr,
    RootModel,
    SecretStr,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    conlist,
    constr,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.types import Base64Bytes, FiniteFloat, PastDatetime, StrictBool, StrictStr
from typing_extensions import TypeAliasType, TypedDict

from cases import DELETE, Bad, Case

Tree = TypeAliasType("Tree", "Union[int, list[Tree]]")
Maybe = TypeAliasType("Maybe", "Optional[int]")


class Aliases(BaseModel):
    tree: Tree = 1
    maybe: Maybe = None
    json_value: JsonValue = None
    also: Maybe


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, str_strip_whitespace=True, str_min_length=1)

    first_name: str
    home_address: CamelAddress
    past_homes: list[CamelAddress] = []


class CamelAddress(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    street_name: str = Field(min_length=2)


class Kept(BaseModel):
    """Types nobody can type, with defaults."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    callback: Optional[Callable[[int], int]] = None
    pattern: re.Pattern = re.compile("^a")
    anything: Any = None
    cls: type[int] = int
    limit: ClassVar[int] = 3
    count: int = 0
    _private: int = PrivateAttr(3)


class Network(BaseModel):
    v6: ipaddress.IPv6Address
    net: ipaddress.IPv4Network = ipaddress.IPv4Network("10.0.0.0/8")
    either: IPvAnyAddress = ipaddress.IPv4Address("1.1.1.1")
    dsn: Optional[PostgresDsn] = None
    ident: UUID4
    mail: Optional[NameEmail] = None
    urls: list[AnyUrl] = []


class Wrapped(BaseModel):
    code: Annotated[
        str, WrapValidator(lambda v, handler: handler(v.strip() if isinstance(v, str) else v))
    ]
    items: conlist(int, min_length=1, max_length=3) = [1]  # type: ignore[valid-type]
    word: constr(pattern="^[a-z]+$") = "a"  # type: ignore[valid-type]
    positive: PositiveFloat = 1.0
    whole: NonNegativeInt = 0
    past: PastDate = dt.date(2000, 1, 1)
    finite: FiniteFloat = 0.0
    sure: StrictBool = False
    text: StrictStr = ""
    part: Fraction = Fraction(1, 3)

    @field_validator("items", mode="after")
    @classmethod
    def _ascending(cls, value: list[int]) -> list[int]:
        assert value == sorted(value), "must ascend"
        return value


class Base(BaseModel):
    name: str = Field(min_length=1)


class Special(Base):
    level: int = Field(ge=0)


class Inherits(BaseModel):
    thing: Union[Special, Base]
    both: list[Union[Base, Special]] = []


class Fruit(str, enum.Enum):
    APPLE = "apple"


class Pear(BaseModel):
    kind: Literal[Fruit.APPLE, "pear"] = "pear"
    n: int = Field(ge=0)


class Nut(BaseModel):
    kind: Literal["nut"] = Field("nut", alias="type")
    n: int = Field(le=5)


class Bolt(BaseModel):
    kind: Literal["bolt"] = Field("bolt", alias="type")
    size: Decimal = Field(max_digits=4, decimal_places=1)


class Tagged(BaseModel):
    part: Union[Nut, Bolt] = Field(discriminator="kind")
    maybe: Optional[Annotated[Union[Nut, Bolt], Field(discriminator="kind")]] = None
    named: dict[str, Annotated[Union[Nut, Bolt], Field(discriminator="kind")]] = {}
    fruit: Optional[Pear] = None


def tag_of(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "model"


class ByShape(BaseModel):
    content: Annotated[
        Union[
            Annotated[Annotated[str, Field(min_length=2)], Tag("text")],
            Annotated[list[int], Tag("list")],
            Annotated[Base, Tag("model")],
        ],
        Discriminator(tag_of),
    ]


class Untagged(BaseModel):
    when: Union[dt.date, dt.datetime, str]
    number: Union[int, float, Decimal] = 1
    ordered: Union[int, str] = Field("1", union_mode="left_to_right")
    secret: Union[SecretStr, None, int] = None
    nested: Union[list[Base], dict[str, int], None] = None
    models: list[Union[Base, int]] = []


class Info(BaseModel):
    low: int
    high: int

    @field_validator("high")
    @classmethod
    def _above(cls, value: int, info: ValidationInfo) -> int:
        if value <= info.data.get("low", 0):
            raise ValueError("must be above low")
        return value


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: List[T]
    extra: Dict[str, T] = {}
    next: Optional[Page[T]] = None


class Deep(RootModel[List[Dict[str, "Deep | int"]]]):
    pass


class Matrix(RootModel[tuple[tuple[float, float], ...]]):
    pass


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field("a", frozen=True, min_length=1)
    tags: frozenset[Literal["a", "b"]] = frozenset()
    seq: Sequence[int] = (1, 2)
    mapping: Mapping[str, float] = {}
    blob: Base64Bytes = b"aGk="


class Options(TypedDict, total=False):
    depth: Annotated[int, Field(ge=1)]


class Whole(BaseModel):
    rows: list[tuple[str, Annotated[int, Field(ge=0)]]] = []
    options: Options = {}
    grid: dict[str, list[Base]] = {}
    picks: set[Literal[1, 2, 3]] = set()
    many: list[Literal["a", "b"]] = []
    pick: Literal[1.5, 2, "x"] = 2 if False else "x"  # type: ignore[valid-type]
    born: Annotated[
        dt.date, BeforeValidator(lambda v: v.replace("/", "-") if isinstance(v, str) else v)
    ] = dt.date(2000, 1, 1)
    clock: dt.time = dt.time(9, 30, tzinfo=dt.timezone.utc)
    ratio: complex = 1 + 2j

    @model_validator(mode="wrap")
    @classmethod
    def _watch(cls, value: Any, handler: Any) -> Whole:
        made = handler(value)
        if made.rows and made.options.get("depth") == 7:
            raise ValueError("seven and rows do not go together")
        return made


CASES = (
    Case(
        "aliases",
        Aliases,
        dict(tree=[1, [2, 3]], also=None, json_value={"a": [1, None]}),
        (
            Bad({("also",): "x"}, ("also",)),
            Bad({("tree",): {"a": 1}}, ("tree",)),
            Bad({("also",): DELETE}, ("also",), "Field required"),
        ),
    ),
    Case(
        "camel",
        Camel,
        {
            "firstName": " Ada ",
            "homeAddress": {"streetName": "High"},
            "pastHomes": [{"streetName": "Low"}],
        },
        (
            Bad({("firstName",): "  "}, ("firstName",)),
            Bad({("homeAddress", "streetName"): "x"}, ("homeAddress", "streetName")),
            Bad({("pastHomes", 0, "streetName"): "x"}, ("pastHomes", 0, "streetName")),
            Bad({("homeAddress",): 3}, ("homeAddress",)),
        ),
    ),
    Case(
        "kept",
        Kept,
        dict(count=2),
        (Bad({("count",): "x"}, ("count",)), Bad({("pattern",): "("}, ("pattern",))),
    ),
    Case(
        "network",
        Network,
        dict(
            v6="::1",
            ident=str(uuid.UUID(int=1, version=4)),
            dsn="postgres://u:p@h/db",
            mail="Ada <ada@b.org>",
            urls=["https://a.org/x?y=1"],
        ),
        (
            Bad({("v6",): "1.1.1.1"}, ("v6",)),
            Bad({("net",): "10.0.0.1/8"}, ("net",)),
            Bad({("dsn",): "http://x"}, ("dsn",)),
            Bad({("ident",): str(uuid.UUID(int=1, version=1))}, ("ident",)),
            Bad({("urls", 0): "nope"}, ("urls", 0)),
            Bad({("mail",): "x"}, ("mail",)),
        ),
    ),
    Case(
        "wrapped",
        Wrapped,
        dict(code=" a "),
        (
            Bad({("code",): None}, ("code",)),
            Bad({("items",): [3, 1]}, ("items",), "must ascend"),
            Bad({("items",): []}, ("items",)),
            Bad({("items",): [1, "x"]}, ("items", 1)),
            Bad({("word",): "A"}, ("word",)),
            Bad({("positive",): 0}, ("positive",)),
            Bad({("past",): "2999-01-01"}, ("past",)),
            Bad({("finite",): "inf"}, ("finite",)),
            Bad({("sure",): "true"}, ("sure",)),
            Bad({("text",): 3}, ("text",)),
            Bad({("part",): "x/y"}, ("part",)),
        ),
    ),
    Case(
        "inherits",
        Inherits,
        dict(thing=dict(name="a", level=1), both=[dict(name="b"), dict(name="c", level=2)]),
        (
            Bad({("thing", "level"): -1}, ("thing", "level")),
            Bad({("both", 1, "level"): -1}, ("both", 1, "level")),
        ),
    ),
    Case(
        "tagged-aliases",
        Tagged,
        dict(
            part={"type": "nut", "n": 1},
            named={"x": {"type": "bolt", "size": "1.5"}},
            fruit=dict(kind="apple", n=1),
        ),
        (
            Bad({("part", "n"): 6}, ("part", "n")),
            Bad({("part",): {"type": "bolt", "size": "1.55"}}, ("part", "size"), "decimal"),
            Bad({("named", "x", "size"): "x"}, ("named", "x", "size")),
            Bad({("maybe",): {"type": "nut"}}, ("maybe", "n"), "required"),
            Bad({("part", "type"): "gear"}, ("part",)),
            Bad({("fruit", "kind"): "plum"}, ("fruit", "kind")),
        ),
    ),
    Case(
        "by-shape",
        ByShape,
        dict(content="text"),
        (
            Bad({("content",): "x"}, ("content",), "at least 2"),
            Bad({("content",): [1, "x"]}, ("content", 1)),
            Bad({("content",): {"name": ""}}, ("content", "name")),
        ),
    ),
    Case(
        "untagged-odd",
        Untagged,
        dict(
            when="2024-05-01",
            number=1.5,
            secret="s",
            nested=[dict(name="x")],
            models=[3, dict(name="y")],
        ),
        (
            Bad({("nested",): [{"name": ""}]}, ("nested",)),
            Bad({("nested", 0, "name"): ""}, ("nested", 0, "name")),
            Bad({("nested",): {"a": "x"}}, ("nested", "a")),
            Bad({("models", 1): {"name": ""}}, ("models", 1, "name")),
            Bad({("number",): "x"}, ("number",)),
        ),
    ),
    Case(
        "info",
        Info,
        dict(low=1, high=2),
        (
            Bad({("high",): 1}, ("high",), "must be above low"),
            Bad({("low",): "x", ("high",): 0}, (("low",), ("high",))),
        ),
    ),
    Case(
        "page",
        Page[Info],
        dict(items=[dict(low=1, high=2)], next=dict(items=[])),
        (
            Bad({("items", 0, "high"): 0}, ("items", 0, "high")),
            Bad({("next", "items"): [{"low": 1}]}, ("next", "items", 0, "high"), "required"),
        ),
    ),
    Case("deep", Deep, [dict(a=1, b=[dict(c=2)])], (Bad({(0, "a"): "x"}, (0, "a")),)),
    Case(
        "matrix",
        Matrix,
        [[1, 2], [3, 4]],
        (
            Bad({(1, 0): "x"}, (1, 0)),
            Bad({(1,): [1]}, (1, 1)),
        ),
    ),
    Case(
        "frozen",
        Frozen,
        dict(tags=["a"], seq=[3], blob="aGVsbG8="),
        (
            Bad({("tags",): ["c"]}, ("tags",)),
            Bad({("seq",): [1, "x"]}, ("seq", 1)),
            Bad({("mapping",): {"a": "x"}}, ("mapping", "a")),
        ),
    ),
    Case(
        "whole",
        Whole,
        dict(
            rows=[["a", 1]],
            options=dict(depth=2),
            grid=dict(a=[dict(name="x")]),
            picks=[1],
            many=["b", "a"],
        ),
        (
            Bad({("rows", 0, 1): -1}, ("rows", 0, 1)),
            Bad({("options", "depth"): 0}, ("options", "depth")),
            Bad({("options", "depth"): 7}, (), "do not go together"),
            Bad({("grid", "a", 0, "name"): ""}, ("grid", "a", 0, "name")),
            Bad({("picks",): [4]}, ("picks",)),
            Bad({("many", 1): "c"}, ("many", 1)),
            Bad({("born",): "2024/13/01"}, ("born",)),
            Bad({("clock",): "25:00"}, ("clock",)),
            Bad({("ratio",): "x"}, ("ratio",)),
        ),
    ),
    Case("scalar", TypeAdapter(Annotated[int, Field(ge=0)]), 3, (Bad({(): -1}, ()),)),
    Case(
        "optional-list",
        Optional[list[Info]],
        [dict(low=1, high=2)],
        (Bad({(0, "high"): 0}, (0, "high")),),
    ),
    Case(
        "forms-of-adapters",
        TypeAdapter(dict[int, Base]),
        {1: dict(name="a")},
        (Bad({(1, "name"): ""}, (1, "name")),),
    ),
)
