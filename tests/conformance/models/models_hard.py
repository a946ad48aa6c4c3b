"""Further hard models, from what users ask for and what peers break on."""

from __future__ import annotations

import dataclasses
import enum
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AwareDatetime,
    Base64Str,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    EmailStr,
    Field,
    FutureDatetime,
    Json,
    NaiveDatetime,
    PlainValidator,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    StrictInt,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import PydanticCustomError
from typing_extensions import NotRequired, TypedDict

from cases import DELETE, Bad, Case


# 1 ── recursive tree of rows
class Category(BaseModel):
    name: str = Field(min_length=2)
    children: list[Category] = []


# 2 ── recursion through an option
class Chain(BaseModel):
    value: int
    next: Optional[Chain] = None


# 3 ── unions told apart by a function
class Square(BaseModel):
    side: float = Field(gt=0)


class Disc(BaseModel):
    radius: float = Field(gt=0)


def shape_of(value: Any) -> str | None:
    if isinstance(value, dict):
        return "disc" if "radius" in value else "square" if "side" in value else None
    return {Square: "square", Disc: "disc"}.get(type(value))


class Drawing(BaseModel):
    shape: Annotated[
        Union[Annotated[Square, Tag("square")], Annotated[Disc, Tag("disc")]],
        Discriminator(shape_of),
    ]
    more: list[
        Annotated[
            Union[Annotated[Square, Tag("square")], Annotated[Disc, Tag("disc")]],
            Discriminator(shape_of),
        ]
    ] = []


# 4 ── unions without a tag
class Circle(BaseModel):
    r: float = Field(gt=0)


class Rect(BaseModel):
    w: float = Field(gt=0)
    h: float = Field(gt=0)


class Plain(BaseModel):
    plain: Union[Circle, Rect]
    twins: Union[Circle, Disc, str, list[Rect]] = "none"


# 5 ── nested tagged unions in rows, several tags for a branch, a key that is named like a tag
class Basic(BaseModel):
    how: Literal["basic"] = "basic"
    basic: str = Field(min_length=2)


class Bearer(BaseModel):
    how: Literal["bearer", "token"]
    token: SecretStr = Field(min_length=4)


class Http(BaseModel):
    kind: Literal["get", "fetch"]
    url: str = Field(min_length=5)
    auth: Union[Basic, Bearer] = Field(discriminator="how")


class Wait(BaseModel):
    kind: Literal["wait"] = "wait"
    get: int = Field(1, ge=0)


class Flow(BaseModel):
    steps: list[Annotated[Union[Http, Wait], Field(discriminator="kind")]]
    last: Optional[Union[Http, Wait]] = Field(None, discriminator="kind")


# 6 ── typed dicts
class Limits(TypedDict):
    low: int
    high: Annotated[int, Field(le=10)]
    note: NotRequired[str]


class Partly(TypedDict, total=False):
    a: int
    b: Annotated[str, Field(min_length=2)]


class Dicts(BaseModel):
    limits: Limits
    partly: Partly = {}


# 7 ── generics
T = TypeVar("T")


class Box(BaseModel, Generic[T]):
    content: T
    history: list[T] = []


# 8 ── root models
class Names(RootModel[list[Annotated[str, Field(min_length=2)]]]):
    pass


class Scores(RootModel[dict[str, Annotated[int, Field(ge=0)]]]):
    pass


class Rooted(BaseModel):
    names: Names
    scores: Scores


# 9 ── named tuples and mixed tuples
class Point(NamedTuple):
    x: int
    y: Annotated[float, Field(ge=0)] = 0.5


class Tuples(BaseModel):
    point: Point
    path: list[Point] = []
    mixed: tuple[int, str, bool, Optional[float]]
    tail: tuple[int, ...] = (1, 2)


# 10 ── secrets everywhere
class Account(BaseModel):
    user: str
    password: SecretStr = Field(min_length=3)


class Secrets(BaseModel):
    keys: list[SecretStr]
    pin: Secret[int]
    raw: SecretBytes = SecretBytes(b"abc")
    accounts: list[Account] = []
    by_name: dict[str, SecretStr] = {}
    maybe: Optional[SecretStr] = None

    @field_validator("keys")
    @classmethod
    def _long(cls, keys: list[SecretStr]) -> list[SecretStr]:
        if any(len(key) < 2 for key in keys):
            raise ValueError("every key needs two characters")
        return keys


# 11 ── aliases in rows, paths and choices of aliases, without names
class Line(BaseModel):
    item_id: str = Field(alias="itemId", min_length=2)
    amount: int = Field(1, validation_alias=AliasChoices("qty", "amount"), ge=1)


class Wire(BaseModel):
    lines: list[Line] = Field(alias="Lines", min_length=1)
    first: str = Field(validation_alias=AliasPath("names", 0), min_length=2)
    last: str = Field(validation_alias=AliasPath("names", 1), min_length=2)


# 12 ── validators of rows and parts
class Span(BaseModel):
    start: int
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.end < self.start:
            raise ValueError("end before start")
        return self


class Spans(BaseModel):
    spans: list[Span]
    main: Span = Span(start=0, end=1)

    @model_validator(mode="after")
    def _apart(self) -> Spans:
        for one, two in zip(self.spans, self.spans[1:]):
            if two.start < one.end:
                raise PydanticCustomError(
                    "overlap", "spans {a} and {b} overlap", {"a": one.end, "b": two.start}
                )
        return self


# 13 ── a model's own reading of what comes in
class Parsed(BaseModel):
    lat: float = Field(ge=-90, le=90)
    lon: float

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, dict) and "at" in value:
            value["lat"], value["lon"] = value.pop("at").split(",")
        return value


# 14 ── strict
class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    count: int
    day: datetime
    price: Decimal
    big: int = 2**60
    pair: tuple[int, str] = (1, "a")
    tags: set[str] = {"x"}
    loose: int = Field(3, strict=False)


# 15 ── dates with a view
class Moments(BaseModel):
    aware: AwareDatetime
    naive: NaiveDatetime
    optional: Optional[AwareDatetime] = None
    soon: FutureDatetime = Field(default_factory=lambda: datetime(2999, 1, 1))
    long: timedelta = timedelta(days=3, seconds=5, microseconds=7)
    back: timedelta = timedelta(seconds=-90)


# 16 ── mixed literals and enums without JSON
class Size(enum.Enum):
    SMALL = (1, 2)
    LARGE = (3, 4)


class Mixed(BaseModel):
    mixed: Literal["auto", 1, True, None]
    const: Literal["v1"]
    size: Size = Size.SMALL
    sizes: set[Size] = {Size.LARGE}
    tri: Optional[bool]
    agreed: Literal[True]


# 17 ── dicts of models and of typed keys
class Settings(BaseModel):
    level: int = Field(ge=0, le=9)


class Dicted(BaseModel):
    by_name: dict[Annotated[str, Field(min_length=2, pattern="^[a-z.]+$")], Settings]
    by_number: dict[int, list[str]] = {1: ["a"]}
    by_size: dict[Literal["s", "m"], Optional[float]] = {}
    nested: dict[str, dict[str, int]] = {}


# 18 ── dataclasses
@dataclasses.dataclass
class Engine:
    power: Annotated[int, Field(gt=0)]
    name: str = "v8"
    parts: list[str] = dataclasses.field(default_factory=list)


@pydantic_dataclass
class Car:
    engine: Engine
    doors: int = Field(4, ge=2, le=5)
    spare: Optional[Engine] = None


# 19 ── defaults made of other fields
class Derived(BaseModel):
    first: str = Field(min_length=2)
    user: str = Field(default_factory=lambda data: data["first"].lower())
    sloppy: str = None  # type: ignore[assignment]
    ident: int = Field(default_factory=lambda: 7)


# 20 ── texts that are more than text
class Encoded(BaseModel):
    json_list: Json[list[int]]
    json_any: Json
    b64: Base64Str
    raw: bytes = b"\xff\x00"
    size: ByteSize = ByteSize(1024)
    path: Path = Path("a/b")
    what: Any = None


# 21 ── extra inputs
class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2)
    inner: Optional[Open] = None


# 22 ── doubtful functions
def _double(value: int) -> int:
    return value * 2


class Functions(BaseModel):
    doubled: Annotated[int, AfterValidator(_double)]
    either: Union[Annotated[int, AfterValidator(_double)], str] = "x"
    listed: Annotated[
        list[int], BeforeValidator(lambda v: v.split() if isinstance(v, str) else v)
    ] = []
    plain: Annotated[int, PlainValidator(lambda v: int(v) + 1)] = 3


# 23 ── other containers
class Containers(BaseModel):
    queue: deque[int] = deque([1, 2])
    ordered: OrderedDict[str, int] = OrderedDict(a=1)
    pairs: set[tuple[int, int]] = {(1, 2)}
    grid: tuple[tuple[int, ...], ...] = ((1,), (2, 3))
    maybe_rows: Optional[list[Optional[int]]] = None
    emails: list[EmailStr] = []


CASES = (
    Case(
        "recursive",
        Category,
        dict(name="root", children=[dict(name="ab", children=[dict(name="cd")])]),
        (
            Bad(
                {("children", 0, "children", 0, "name"): "x"},
                ("children", 0, "children", 0, "name"),
                "at least 2",
            ),
            Bad({("children", 0, "children"): "no"}, ("children", 0, "children"), "valid list"),
        ),
    ),
    Case(
        "chain",
        Chain,
        dict(value=1, next=dict(value=2, next=dict(value=3))),
        (Bad({("next", "next", "value"): "x"}, ("next", "next", "value")),),
    ),
    Case(
        "function-tagged",
        Drawing,
        dict(shape=dict(radius=1.5), more=[dict(side=2), dict(radius=1)]),
        (
            Bad({("shape", "radius"): -1}, ("shape", "radius"), "greater than 0"),
            Bad({("shape",): {"edges": 3}}, ("shape",)),
            Bad({("more", 0, "side"): 0}, ("more", 0, "side")),
            Bad({("more", 1): {"side": -1}}, ("more", 1, "side")),
        ),
    ),
    Case(
        "untagged",
        Plain,
        dict(plain=dict(r=1)),
        (
            Bad({("plain", "r"): -1}, ("plain", "r"), "greater than 0"),
            Bad({("plain",): {"w": 1, "h": -1}}, ("plain", "h"), "greater than 0"),
            Bad({("plain",): "x"}, ("plain",)),
            Bad({("twins",): 3}, ("twins",)),
        ),
    ),
    Case(
        "steps",
        Flow,
        dict(
            steps=[
                dict(kind="fetch", url="https://x", auth=dict(how="token", token="abcd")),
                dict(kind="wait", get=3),
            ]
        ),
        (
            Bad(
                {("steps", 0, "auth", "token"): "abc"}, ("steps", 0, "auth", "token"), "at least 4"
            ),
            Bad(
                {("steps", 0, "auth"): {"how": "basic", "basic": "x"}},
                ("steps", 0, "auth", "basic"),
                "at least 2",
            ),
            Bad({("steps", 1, "get"): -1}, ("steps", 1, "get"), "greater than or equal"),
            Bad({("steps", 1): {"kind": "jump"}}, ("steps", 1)),
            Bad({("steps", 0, "kind"): DELETE}, ("steps", 0)),
            Bad({("last",): {"kind": "wait", "get": -1}}, ("last", "get")),
            Bad({("steps", 0, "auth"): "x"}, ("steps", 0, "auth")),
        ),
    ),
    Case(
        "typed-dicts",
        Dicts,
        dict(limits=dict(low=1, high=2)),
        (
            Bad({("limits", "high"): 11}, ("limits", "high")),
            Bad({("limits", "low"): DELETE}, ("limits", "low"), "Field required"),
            Bad({("partly",): {"b": "x"}}, ("partly", "b")),
            Bad({("limits", "low"): ""}, ("limits", "low")),
        ),
    ),
    Case(
        "generic",
        Box[Point],
        dict(content=dict(x=1, y=2), history=[[1, 2.5]]),
        (
            Bad({("content", "y"): -1}, ("content", "y")),
            Bad({("history", 0, 1): -1}, ("history", 0, 1)),
        ),
    ),
    Case(
        "generic-list",
        Box[Box[int]],
        dict(content=dict(content=1), history=[dict(content=2)]),
        (Bad({("history", 0, "content"): "x"}, ("history", 0, "content")),),
    ),
    Case(
        "root-models",
        Rooted,
        dict(names=["ab", "cd"], scores=dict(ann=1)),
        (
            Bad({("names", 1): "x"}, ("names", 1)),
            Bad({("scores", "ann"): -1}, ("scores", "ann")),
            Bad({("names",): 3}, ("names",)),
        ),
    ),
    Case(
        "root-list",
        Names,
        ["ab", "cd"],
        (
            Bad({(0,): "x"}, (0,)),
            Bad({(): "x"}, (), "valid list"),
            Bad({(): ["ab", "c"]}, (1,)),
        ),
    ),
    Case(
        "root-dict",
        Scores,
        dict(ann=1, bob=2),
        (
            Bad({("bob",): -1}, ("bob",)),
            Bad({("a.b",): "x"}, ("a.b",)),
        ),
    ),
    Case(
        "type-adapter",
        TypeAdapter(list[Point]),
        [dict(x=1), [2, 3]],
        (
            Bad({(1, 0): "x"}, (1, 0)),
            Bad({(0, "y"): -1}, (0, "y")),
        ),
    ),
    Case(
        "bare-union",
        Annotated[Union[Http, Wait], Field(discriminator="kind")],
        dict(kind="wait", get=3),
        (
            Bad({("get",): -1}, ("get",)),
            Bad({(): {"kind": "cow"}}, ()),
        ),
    ),
    Case("bare-dict", dict[str, list[int]], dict(a=[1], b=[]), (Bad({("a", 0): "x"}, ("a", 0)),)),
    Case(
        "tuples",
        Tuples,
        dict(point=[1, 2], mixed=[1, "a", True, None], path=[dict(x=1, y=2)]),
        (
            Bad({("point",): ["x", 1]}, ("point", 0)),
            Bad({("mixed", 2): "perhaps"}, ("mixed", 2)),
            Bad({("mixed",): [1, "a"]}, (("mixed", 2), ("mixed", 3))),
            Bad({("tail",): [1, "x"]}, ("tail", 1)),
            Bad({("path", 0, "y"): -1}, ("path", 0, "y")),
        ),
    ),
    Case(
        "secrets",
        Secrets,
        dict(
            keys=["ab", "cd"], pin=7, accounts=[dict(user="u", password="abc")], by_name=dict(a="x")
        ),
        (
            Bad({("pin",): "x"}, ("pin",)),
            Bad({("keys",): ["a"]}, ("keys",), "two characters"),
            Bad({("accounts", 0, "password"): "a"}, ("accounts", 0, "password"), "at least 3"),
            Bad({("keys", 1): 3}, ("keys", 1)),
        ),
    ),
    Case(
        "aliases",
        Wire,
        {"Lines": [{"itemId": "ab", "qty": 2}, {"itemId": "cd"}], "names": ["Ada", "Lovelace"]},
        (
            Bad({("Lines", 1, "itemId"): "x"}, ("Lines", 1, "itemId")),
            Bad({("Lines", 0, "qty"): 0}, ("Lines", 0, "qty")),
            Bad({("Lines",): []}, ("Lines",)),
            Bad({("names", 1): "x"}, ("names", 1)),
        ),
    ),
    Case(
        "row-validators",
        Spans,
        dict(spans=[dict(start=1, end=2), dict(start=3, end=4)]),
        (
            Bad({("spans", 1, "end"): 2}, ("spans", 1), "end before start"),
            Bad({("main",): {"start": 3, "end": 2}}, ("main",), "end before start"),
            Bad({("spans", 1, "start"): 1}, (), "overlap"),
        ),
    ),
    Case("before-model", Parsed, dict(lat=1.5, lon=2), (Bad({("lat",): 91}, ("lat",)),)),
    Case(
        "strict",
        Strict,
        dict(count=3, day=datetime(2024, 1, 1), price=Decimal("1.5")),
        (
            Bad({("count",): "3"}, ("count",), "valid integer"),
            Bad({("count",): 3.0}, ("count",)),
            Bad({("day",): "soon"}, ("day",)),
            Bad({("big",): "x"}, ("big",)),
            Bad({("pair",): ["x", "a"]}, ("pair", 0)),
        ),
    ),
    Case(
        "moments",
        Moments,
        dict(aware="2024-05-01T10:20:30.123456+05:30", naive="2024-05-01T10:20"),
        (
            Bad({("naive",): "2024-05-01T10:20:30Z"}, ("naive",)),
            Bad({("aware",): "2024-05-01T10:20:30"}, ("aware",)),
            Bad({("optional",): "2024-05-01T10:20:30"}, ("optional",)),
            Bad({("soon",): "2001-01-01"}, ("soon",)),
            Bad({("long",): "P1Q"}, ("long",)),
        ),
    ),
    Case(
        "mixed",
        Mixed,
        dict(mixed=1, const="v1", tri=None, agreed=True),
        (
            Bad({("mixed",): "1"}, ("mixed",)),
            Bad({("const",): "v2"}, ("const",)),
            Bad({("tri",): "perhaps"}, ("tri",)),
            Bad({("tri",): DELETE}, ("tri",), "Field required"),
            Bad({("agreed",): False}, ("agreed",)),
            Bad({("size",): "HUGE"}, ("size",)),
        ),
    ),
    Case(
        "dicts",
        Dicted,
        dict(by_name={"a.b": dict(level=1), "cd": dict(level=2)}),
        (
            Bad({("by_name", "a.b", "level"): 10}, ("by_name", "a.b", "level")),
            Bad({("by_name",): {"x": {"level": 1}}}, ("by_name", "x"), "at least 2"),
            Bad({("by_number",): {"one": []}}, ("by_number", "one")),
            Bad({("by_number",): {"1": [3]}}, ("by_number", "1", 0)),
            Bad({("nested",): {"a": {"b": "x"}}}, ("nested", "a", "b")),
            Bad({("by_size",): {"xl": 1}}, ("by_size", "xl")),
        ),
    ),
    Case(
        "dataclasses",
        Car,
        dict(engine=dict(power=3)),
        (
            Bad({("engine", "power"): 0}, ("engine", "power")),
            Bad({("doors",): 7}, ("doors",)),
            Bad({("spare",): {"power": "x"}}, ("spare", "power")),
        ),
    ),
    Case(
        "derived",
        Derived,
        dict(first="Ada"),
        (
            Bad({("first",): "A"}, ("first",), "at least 2"),
            Bad({("user",): 3}, ("user",)),
            Bad({("ident",): None}, ("ident",)),
        ),
    ),
    Case(
        "encoded",
        Encoded,
        dict(json_list="[1, 2]", json_any='{"a": 1}', b64="aGVsbG8="),
        (
            Bad({("json_list",): "[1, x"}, ("json_list",)),
            Bad({("json_list",): '["x"]'}, ("json_list",)),
            Bad({("b64",): "a"}, ("b64",)),
            Bad({("size",): "many"}, ("size",)),
        ),
    ),
    Case(
        "open",
        Closed,
        dict(name=" Ada ", inner=dict(name="x", more=[1])),
        (
            Bad({("name",): " A "}, ("name",)),
            Bad({("other",): 1}, ("other",), "not permitted"),
        ),
    ),
    Case(
        "functions",
        Functions,
        dict(doubled=2, either=3, listed="1 2"),
        (
            Bad({("doubled",): "x"}, ("doubled",)),
            Bad({("listed",): "1 x"}, ("listed",)),
            Bad({("either",): None}, ("either",)),
        ),
    ),
    Case(
        "containers",
        Containers,
        {},
        (
            Bad({("queue",): ["x"]}, ("queue", 0)),
            Bad({("pairs",): [[1, "x"]]}, ("pairs",)),
            Bad({("grid",): [[1], ["x"]]}, ("grid", 1, 0)),
            Bad({("maybe_rows",): [1, None, "x"]}, ("maybe_rows", 2)),
            Bad({("emails",): ["a@b.org", "c"]}, ("emails", 1)),
        ),
    ),
)
