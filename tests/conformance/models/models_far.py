"""Models from farther out."""
from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import ipaddress
import pathlib
import re
import uuid
from collections import OrderedDict, defaultdict, deque, Counter
from decimal import Decimal
from typing import (
    Annotated, Any, Dict, FrozenSet, Generic, Iterable, List, Literal, Mapping, NamedTuple, Optional,
    Sequence, Set, Tuple, TypeVar, Union,
)

import annotated_types as at
from pydantic import (
    UUID4, AfterValidator, AliasChoices, AliasPath, AnyHttpUrl, AwareDatetime, BaseModel,
    BeforeValidator, ByteSize, ConfigDict, Discriminator, EmailStr, Field, FutureDate, FutureDatetime, HttpUrl,
    ImportString, Json, NaiveDatetime, NameEmail, PastDate, PastDatetime, PlainValidator,
    PositiveInt, RootModel, SecretBytes, SecretStr, SkipValidation, StrictInt, StringConstraints, Tag,
    TypeAdapter, ValidationInfo, WrapValidator, computed_field, conint, conlist, constr, conset, condecimal, confrozenset,
    field_serializer, field_validator, model_serializer, model_validator, InstanceOf, OnErrorOmit, Secret, FailFast, NewPath, Base64Str, Base64UrlBytes, EncodedBytes,
)
from pydantic.dataclasses import dataclass as pdataclass
from typing_extensions import NotRequired, Required, TypedDict, TypeAliasType, ReadOnly

from cases import DELETE, Bad, Case

T = TypeVar("T")
U = TypeVar("U")


class Color(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Prio(enum.IntEnum):
    LOW = 1
    HIGH = 10


class Perm(enum.Flag):
    R = 4
    W = 2
    X = 1


class PermI(enum.IntFlag):
    R = 4
    W = 2


class Enums(BaseModel):
    color: Color
    prio: Prio = Prio.LOW
    perm: Perm = Perm.R
    permi: PermI = PermI.W
    colors: set[Color] = set()
    map: dict[Color, Prio] = {}
    lits: Literal[Color.RED, "x", 3, None, True] = None


class Before(BaseModel):
    a: int
    b: int = 0

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: Any) -> Any:
        if isinstance(data, str):
            a, b = data.split(",")
            return {"a": a, "b": b}
        if isinstance(data, dict) and data.get("a") == 13:
            raise ValueError("unlucky")
        return data

    @model_validator(mode="after")
    def _sum(self) -> Before:
        if self.a + self.b > 100:
            raise ValueError("too much")
        return self


class Holder(BaseModel):
    one: Before
    many: list[Before] = []
    map: dict[int, Before] = {}
    opt: Before | None = None
    tup: tuple[Before, int] | None = None


class Box(BaseModel, Generic[T]):
    content: T
    label: Annotated[str, Field(min_length=1), Field(max_length=5)] = "x"


class Pair(BaseModel, Generic[T, U]):
    left: Box[T]
    right: Box[list[U]]


class Stack(BaseModel):
    code: Annotated[str, StringConstraints(strip_whitespace=True), StringConstraints(to_upper=True), AfterValidator(lambda v: v + "!"), Field(max_length=5)]
    even: Annotated[int, Field(ge=0), at.MultipleOf(2), AfterValidator(lambda v: v)]
    pred: Annotated[str, at.Predicate(str.islower)] = "a"
    interval: Annotated[float, at.Interval(gt=0, le=1)] = 0.5
    lens: Annotated[list[Annotated[str, at.Len(1, 3)]], at.Len(1, 2)] = ["a"]
    tz: Annotated[dt.datetime, at.Timezone(...)] = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)


class Cat(BaseModel):
    name: str
    lives: int = Field(9, ge=1)


class Dog(BaseModel):
    name: str
    bark: Literal["loud", "soft"]


class Plain(BaseModel):
    pet: Cat | Dog
    pets: list[Cat | Dog] = []
    other: Cat | Dog | None = None
    mapped: dict[str, Cat | int] = {}
    num: int | str | None = None
    either: list[int] | dict[str, int] | str = "x"


def tag_of(v: Any) -> str | None:
    if isinstance(v, dict):
        return "dog" if "bark" in v else "cat"
    return {"Cat": "cat", "Dog": "dog"}.get(type(v).__name__)


class Called(BaseModel):
    pet: Annotated[Union[Annotated[Cat, Tag("cat")], Annotated[Dog, Tag("dog")]], Discriminator(tag_of)]
    pets: list[Annotated[Union[Annotated[Cat, Tag("cat")], Annotated[Dog, Tag("dog")]], Discriminator(tag_of)]] = []


class ByInt(BaseModel):
    models: dict[int, Cat] = {}
    deep: dict[uuid.UUID, dict[dt.date, list[Cat]]] = {}
    tupk: dict[tuple[int, int], str] = {}
    bykey: dict[Annotated[str, Field(pattern="^[a-z]+$")], PositiveInt] = {}


class Tuples(BaseModel):
    fixed: tuple[int, str, Cat]
    var: tuple[int, ...] = ()
    mixed: list[str | int] = ["a"]
    fs: frozenset[int] = frozenset()
    cl: conlist(int, min_length=2, max_length=3) = [1, 2]  # type: ignore
    cs: conset(str, min_length=1) = {"a"}  # type: ignore
    dq: deque[int] = deque()
    seq: Sequence[Cat] = ()
    it: Annotated[list[int], FailFast()] = []
    empty: tuple[()] = ()


class Texts(BaseModel):
    pat: constr(pattern=r"^\d{3}-\d{4}$", strip_whitespace=True)  # type: ignore
    rex: re.Pattern[str] = re.compile("a+")
    em: EmailStr = "a@b.org"
    ne: NameEmail = "Ada <ada@b.org>"  # type: ignore
    url: HttpUrl | None = None
    by: bytes = b"ab"
    b64: Base64Str = "aGVsbG8="
    b64u: Base64UrlBytes = b"aGVsbG8="
    js: Json = "[1]"  # type: ignore
    jst: Json[list[int]] = "[1]"  # type: ignore
    sb: SecretBytes = SecretBytes(b"x")
    ss: SecretStr = SecretStr("pw")
    si: Secret[int] = Secret(3)


class Times(BaseModel):
    aware: AwareDatetime
    naive: NaiveDatetime
    td: dt.timedelta = dt.timedelta(hours=1, minutes=30)
    tdc: Annotated[dt.timedelta, Field(ge=dt.timedelta(minutes=1), le=dt.timedelta(days=1))] = dt.timedelta(hours=2)
    past: PastDate = dt.date(2000, 1, 1)
    fut: FutureDatetime | None = None
    futd: FutureDate | None = None
    pdt: PastDatetime = dt.datetime(2000, 1, 1)
    t: dt.time = dt.time(10, 30)
    ta: dt.time | None = None
    d: Annotated[dt.date, Field(ge=dt.date(2020, 1, 1))] = dt.date(2021, 1, 1)


class Numbers(BaseModel):
    dec: Decimal = Field(max_digits=5, decimal_places=2, ge=0)
    big: int = 2**70
    neg: float = Field(-0.5, gt=-1, lt=0)
    size: ByteSize = "10MB"  # type: ignore
    inf: float = float("inf")
    cx: complex = 1j
    st: StrictInt = 3
    sf: Annotated[float, Field(strict=True)] = 1.0
    nan: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    b: bool = False
    ob: bool | None = None


class Nets(BaseModel):
    v4: ipaddress.IPv4Address
    v6: ipaddress.IPv6Address | None = None
    net: ipaddress.IPv4Network | None = None
    iface: ipaddress.IPv4Interface | None = None
    uid: uuid.UUID = uuid.UUID(int=0)
    path: pathlib.Path = pathlib.Path("/tmp")
    pp: pathlib.PurePosixPath = pathlib.PurePosixPath("a/b")


class Node(BaseModel):
    value: int
    left: Optional[Node] = None
    kids: list[Node] = []
    named: dict[str, Node] = {}
    pair: tuple[Node, Node] | None = None


class Expr(BaseModel):
    op: Literal["+"] = "+"
    args: list[Union[Expr, int]] = []


class TD(TypedDict, total=False):
    must: Required[int]
    may: Annotated[str, Field(min_length=2)]


class TD2(TypedDict):
    name: str
    nick: NotRequired[str]
    inner: NotRequired[TD]


class HasTD(BaseModel):
    td: TD
    td2: TD2 | None = None
    tds: list[TD2] = []


@pdataclass
class DC:
    name: str
    _: dataclasses.KW_ONLY
    size: int = Field(1, ge=1)
    seed: dataclasses.InitVar[int] = 3
    made: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, seed: int) -> None:
        self.made = seed


@pdataclass
class DCin:
    a: int
    init: dataclasses.InitVar[Annotated[int, Field(ge=0)]]
    b: int = dataclasses.field(init=False)
    
    def __post_init__(self, init: int) -> None:
        self.b = init + 1


@dataclasses.dataclass
class Std:
    x: int
    tags: list[str] = dataclasses.field(default_factory=list)
    nested: Std | None = None


class HasDC(BaseModel):
    dc: DC
    std: Std = dataclasses.field(default_factory=lambda: Std(1))  # type: ignore
    dcs: list[Std] = []


class Alias(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: int = Field(alias="A")
    b: str = Field("b", validation_alias=AliasChoices("bee", "B", AliasPath("deep", "b")))
    c: int = Field(1, validation_alias=AliasPath("nums", 1))
    d: int = Field(1, serialization_alias="dee", ge=0)
    e: int = Field(1, validation_alias=AliasPath("deep", "e"), ge=0)


class Comp(BaseModel):
    w: float = Field(1, gt=0)
    h: float = 2
    _private: int = 3

    @computed_field
    @property
    def area(self) -> float:
        return self.w * self.h

    @computed_field(alias="Twice")
    def twice(self) -> list[float]:
        return [self.w * 2]


class Allow(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
    a: int


class Forbid(BaseModel):
    model_config = ConfigDict(extra="forbid", str_to_lower=True)
    a: str
    in_: Comp = Field(Comp(), alias="in")


class Base(BaseModel):
    kind: str


class C1(Base):
    kind: Literal["c"] = "c"
    r: float = Field(gt=0)


class S1(Base):
    kind: Literal["s", "sq"] = "s"
    w: float = Field(gt=0)


class G1(Base):
    kind: Literal["g"] = "g"
    parts: list[Shape] = Field(default=[], max_length=2)


Shape = Annotated[Union[C1, S1, "G1"], Field(discriminator="kind")]


class In1(BaseModel):
    t: Literal["a"]
    v: Literal["1"]
    n: int


class In2(BaseModel):
    t: Literal["a"]
    v: Literal["2"]
    s: Annotated[str, Field(min_length=2)]


class Out(BaseModel):
    t: Literal["b"]
    z: int


class Draw(BaseModel):
    shape: Shape
    shapes: list[Shape] = []
    named: dict[str, Shape] = {}
    nest: Annotated[Union[Annotated[Union[In1, In2], Field(discriminator="v")], Out], Field(discriminator="t")]
    opt: Optional[Shape] = None


class Defaults(BaseModel):
    bad: int = "x"  # type: ignore
    neg: int = Field(-1, ge=0)
    fac: list[int] = Field(default_factory=lambda: [1, 2])
    name: str = "Ada"
    greet: str = Field(default_factory=lambda data: "Hi " + data["name"])
    validated: Annotated[str, Field(validate_default=True)] = "ok"


class PH(RootModel[list[Annotated[int, Field(ge=0)]]]):
    pass


class PD(RootModel[dict[str, Cat]]):
    pass


class PU(RootModel[Union[int, Cat]]):
    pass


class HasRoots(BaseModel):
    ph: PH = PH([1])
    pd: PD = PD({})
    pu: PU = PU(1)
    phs: list[PH] = []
    opt: PH | None = None


class Inst(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    n: int
    imp: ImportString = "math.cos"  # type: ignore
    impo: ImportString | None = None
    inst: InstanceOf[Cat] = Cat(name="x")
    skip: SkipValidation[int] = 3
    anyv: Any = None
    obj: object = 3
    typ: type[int] = int
    cb: Any = None


class Omit(BaseModel):
    xs: list[OnErrorOmit[int]] = []
    n: int


class Ser(BaseModel):
    when: dt.date

    @field_serializer("when")
    def _w(self, v: dt.date) -> str:
        return v.strftime("%d.%m.%Y")


class WrapSer(BaseModel):
    x: int = Field(ge=0)
    y: int = 1

    @model_serializer
    def _ser(self) -> dict[str, Any]:
        return {"both": [self.x, self.y]}


class Wraps(BaseModel):
    x: int

    @model_validator(mode="wrap")
    @classmethod
    def _w(cls, v: Any, handler: Any, info: ValidationInfo) -> Wraps:
        if isinstance(v, dict) and v.get("x") == 7:
            raise ValueError("not seven")
        made = handler(v)
        return made


class Froz(BaseModel):
    model_config = ConfigDict(frozen=True)
    a: int = Field(ge=0)
    b: tuple[int, ...] = ()


class NT(NamedTuple):
    x: int
    y: float = 1.5


class HasNT(BaseModel):
    p: NT
    ps: list[NT] = []


class Dicts(BaseModel):
    od: OrderedDict[str, int] = OrderedDict()
    dd: defaultdict[str, list[int]] = defaultdict(list)
    cn: Counter[str] = Counter()
    mp: Mapping[str, Any] = {}
    raw: dict = {}
    rl: list = []
    nested: dict[str, dict[str, dict[str, int]]] = {}


class Validators(BaseModel):
    @field_validator("a", "b", mode="before")
    @classmethod
    def _strip(cls, v: Any) -> Any:
        return v.strip() if isinstance(v, str) else v

    @field_validator("b", mode="wrap")
    @classmethod
    def _w(cls, v: Any, h: Any) -> Any:
        got = h(v)
        if got == 5:
            raise ValueError("not five")
        return got

    @field_validator("c", mode="plain")
    @classmethod
    def _p(cls, v: Any) -> int:
        if v in (3, "3"):
            return 3
        raise ValueError("must be three")

    @field_validator("*")
    @classmethod
    def _any(cls, v: Any) -> Any:
        if v == 666:
            raise ValueError("beast")
        return v

    a: int
    b: int = 1
    c: int = 3


ALIAS = TypeAliasType("ALIAS", Annotated[str, Field(min_length=3)])
GEN = TypeAliasType("GEN", list[T], type_params=(T,))


class Aliased(BaseModel):
    a: ALIAS
    g: GEN[int] = []
    gg: GEN[GEN[ALIAS]] = []


CASES = (
    Case("enums", Enums, dict(color="red", colors=["blue"], map={"red": 10}), (
        Bad({("color",): "green"}, ("color",)), Bad({("prio",): 2}, ("prio",)), Bad({("colors",): ["x"]}, ("colors",)),
        Bad({("map", "red"): 3}, ("map", "red")), Bad({("lits",): "y"}, ("lits",)), Bad({("perm",): 99}, ("perm",)))),
    Case("before", Before, dict(a=1), (Bad({("a",): 13}, (), "unlucky"), Bad({("a",): 99, ("b",): 9}, (), "too much"), Bad({("b",): "x"}, ("b",)))),
    Case("holder", Holder, dict(one=dict(a=1), many=[dict(a=1), dict(a=2)], map={3: dict(a=1)}, opt=dict(a=1), tup=[dict(a=2), 4]), (
        Bad({("one", "a"): 13}, ("one",), "unlucky"), Bad({("many", 1, "b"): 99}, ("many", 1), "too much"),
        Bad({("map", 3, "a"): "x"}, ("map", 3, "a")), Bad({("map", 3, "a"): 13}, ("map", 3)), Bad({("opt", "a"): 200}, ("opt",)),
        Bad({("tup", 0, "a"): "x"}, ("tup", 0, "a")), Bad({("tup", 1): "x"}, ("tup", 1)))),
    Case("generics", Pair[int, Box[str]], dict(left=dict(content=1), right=dict(content=[dict(content="a")])), (
        Bad({("left", "content"): "x"}, ("left", "content")), Bad({("right", "content", 0, "label"): ""}, ("right", "content", 0, "label")),
        Bad({("left", "label"): "toolong"}, ("left", "label")))),
    Case("stack", Stack, dict(code="ab", even=2), (
        Bad({("code",): "abcdef"}, ("code",)), Bad({("even",): 3}, ("even",)), Bad({("even",): -2}, ("even",)), Bad({("pred",): "A"}, ("pred",)),
        Bad({("interval",): 0}, ("interval",)), Bad({("lens",): []}, ("lens",)), Bad({("lens", 0): "abcd"}, ("lens", 0)))),
    Case("plain-union", Plain, dict(pet=dict(name="a"), pets=[dict(name="d", bark="loud"), dict(name="c", lives=2)], other=dict(name="x", bark="soft"), mapped={"a": 1, "b": dict(name="m")}, num="5", either=[1]), (
        Bad({("pet", "lives"): 0}, ("pet", "lives")), Bad({("pets", 0, "bark"): "x"}, ("pets", 0, "bark")), Bad({("pets", 1, "lives"): 0}, ("pets", 1, "lives")),
        Bad({("mapped", "b", "lives"): "x"}, ("mapped", "b", "lives")), Bad({("either", 0): "x"}, ("either", 0)), Bad({("other", "bark"): "x"}, ("other", "bark")))),
    Case("called", Called, dict(pet=dict(name="a"), pets=[dict(name="b", bark="loud")]), (
        Bad({("pet", "lives"): 0}, ("pet", "lives")), Bad({("pets", 0, "bark"): "x"}, ("pets", 0, "bark")))),
    Case("by-int", ByInt, dict(models={1: dict(name="a")}, deep={"00000000-0000-0000-0000-000000000001": {"2020-01-01": [dict(name="z")]}}, tupk={(1, 2): "x"}, bykey={"a": 1}), (
        Bad({("models", 1, "lives"): 0}, ("models", 1, "lives")), Bad({("bykey", "a"): 0}, ("bykey", "a")), Bad({("bykey", "A"): 1}, ("bykey", "A")),
        Bad({("deep", "00000000-0000-0000-0000-000000000001", "2020-01-01", 0, "lives"): 0}, ("deep", "00000000-0000-0000-0000-000000000001", "2020-01-01", 0, "lives")))),
    Case("tuples", Tuples, dict(fixed=[1, "a", dict(name="c")], var=[1, 2], mixed=["a", 1, 2], fs=[1, 2], dq=[1], seq=[dict(name="q")]), (
        Bad({("fixed", 2, "lives"): 0}, ("fixed", 2, "lives")), Bad({("var", 1): "x"}, ("var", 1)), Bad({("mixed", 2): None}, ("mixed", 2)),
        Bad({("cl",): [1]}, ("cl",)), Bad({("cs",): []}, ("cs",)), Bad({("dq", 0): "x"}, ("dq", 0)), Bad({("seq", 0, "lives"): 0}, ("seq", 0, "lives")), Bad({("fs",): ["x"]}, ("fs",)), Bad({("it",): ["x"]}, ("it", 0)))),
    Case("texts", Texts, dict(pat="123-4567", ss="pw2", sb="q", si=4), (
        Bad({("pat",): "x"}, ("pat",)), Bad({("rex",): "("}, ("rex",)), Bad({("em",): "x"}, ("em",)), Bad({("ne",): "x"}, ("ne",)), Bad({("url",): "x"}, ("url",)),
        Bad({("js",): "{"}, ("js",)), Bad({("jst",): '["x"]'}, ("jst",)), Bad({("si",): "x"}, ("si",)))),
    Case("times", Times, dict(aware="2020-01-01T00:00:00+02:00", naive="2020-01-01T00:00:00", ta="10:00:00+01:00", fut="2999-01-01T00:00:00"), (
        Bad({("aware",): "2020-01-01T00:00:00"}, ("aware",)), Bad({("naive",): "2020-01-01T00:00:00Z"}, ("naive",)), Bad({("td",): "x"}, ("td",)), Bad({("tdc",): "PT10S"}, ("tdc",)),
        Bad({("past",): "2999-01-01"}, ("past",)), Bad({("fut",): "2000-01-01T00:00:00"}, ("fut",)), Bad({("futd",): "2000-01-01"}, ("futd",)), Bad({("pdt",): "2999-01-01T00:00"}, ("pdt",)), Bad({("t",): "25:00"}, ("t",)), Bad({("d",): "2019-01-01"}, ("d",)))),
    Case("numbers", Numbers, dict(dec="1.25", big=2**80, cx="1+2j"), (
        Bad({("dec",): "1.255"}, ("dec",)), Bad({("dec",): "12345.6"}, ("dec",)), Bad({("dec",): -1}, ("dec",)), Bad({("big",): "x"}, ("big",)), Bad({("neg",): 0}, ("neg",)),
        Bad({("size",): "10 apples"}, ("size",)), Bad({("st",): "3"}, ("st",)), Bad({("nan",): "nan"}, ("nan",)), Bad({("cx",): "x"}, ("cx",)), Bad({("b",): "x"}, ("b",)), Bad({("ob",): "x"}, ("ob",)))),
    Case("nets", Nets, dict(v4="10.0.0.1", v6="::1", net="10.0.0.0/8", iface="10.0.0.1/8"), (
        Bad({("v4",): "x"}, ("v4",)), Bad({("v6",): "1"}, ("v6",)), Bad({("net",): "10.0.0.1/8"}, ("net",)), Bad({("uid",): "x"}, ("uid",)))),
    Case("node", Node, dict(value=1, left=dict(value=2), kids=[dict(value=3, kids=[dict(value=4)])], named=dict(a=dict(value=5)), pair=[dict(value=1), dict(value=2)]), (
        Bad({("left", "value"): "x"}, ("left", "value")), Bad({("kids", 0, "kids", 0, "value"): "x"}, ("kids", 0, "kids", 0, "value")),
        Bad({("named", "a", "value"): "x"}, ("named", "a", "value")), Bad({("pair", 1, "value"): "x"}, ("pair", 1, "value")))),
    Case("expr", Expr, dict(args=[1, dict(args=[2, dict(args=[3])])]), (Bad({("args", 1, "args", 1, "args", 0): "x"}, ("args", 1, "args", 1, "args", 0)),)),
    Case("typed-dicts", HasTD, dict(td=dict(must=1), td2=dict(name="a", inner=dict(must=2, may="xy")), tds=[dict(name="q")]), (
        Bad({("td", "must"): "x"}, ("td", "must")), Bad({("td", "may"): "x"}, ("td", "may")), Bad({("td2", "inner", "may"): "x"}, ("td2", "inner", "may")), Bad({("tds", 0, "name"): None}, ("tds", 0, "name")),
        Bad({("td", "must"): DELETE}, ("td", "must")))),
    Case("dataclass", DC, dict(name="a", size=2), (Bad({("size",): 0}, ("size",)), Bad({("seed",): "x"}, ("seed",)))),
    Case("dataclass-init", DCin, dict(a=1, init=2), (Bad({("init",): -1}, ("init",)),)),
    Case("std", Std, dict(x=1, nested=dict(x=2, tags=["a"])), (Bad({("nested", "x"): "x"}, ("nested", "x")), Bad({("nested", "tags", 0): 3}, ("nested", "tags", 0)))),
    Case("has-dc", HasDC, dict(dc=dict(name="a"), dcs=[dict(x=1)], std=dict(x=3)), (Bad({("dc", "size"): 0}, ("dc", "size")), Bad({("dcs", 0, "x"): "x"}, ("dcs", 0, "x")))),
    Case("alias", Alias, {"A": 1, "bee": "q", "nums": [0, 5], "d": 1, "deep": {"e": 3}}, (
        Bad({("A",): "x"}, ("A",)), Bad({("bee",): 3}, ("bee",)), Bad({("d",): -1}, ("d",)), Bad({("deep", "e"): -1}, ("deep", "e")), Bad({("nums", 1): "x"}, ("nums", 1)))),
    Case("computed", Comp, dict(w=3), (Bad({("w",): 0}, ("w",)),)),
    Case("allow", Allow, dict(a=1, more=3), (Bad({("a",): "x"}, ("a",)), Bad({("more",): "x"}, ("more",)))),
    Case("forbid", Forbid, {"a": "ABC", "in": {"w": 3}}, (Bad({("more",): 1}, ("more",)), Bad({("in", "w"): 0}, ("in", "w")))),
    Case("draw", Draw, dict(shape=dict(kind="c", r=1), shapes=[dict(kind="sq", w=1), dict(kind="g", parts=[dict(kind="c", r=2)])], named=dict(a=dict(kind="s", w=1)), nest=dict(t="a", v="2", s="ab"), opt=dict(kind="c", r=1)), (
        Bad({("shape", "r"): 0}, ("shape", "r")), Bad({("shapes", 0, "w"): 0}, ("shapes", 0, "w")), Bad({("shapes", 1, "parts", 0, "r"): 0}, ("shapes", 1, "parts", 0, "r")),
        Bad({("shapes", 1, "parts"): [dict(kind="c", r=1)] * 3}, ("shapes", 1, "parts")), Bad({("named", "a", "w"): "x"}, ("named", "a", "w")), Bad({("nest", "s"): "a"}, ("nest", "s")),
        Bad({("nest",): dict(t="a", v="1", n="x")}, ("nest", "n")), Bad({("nest",): dict(t="b", z="x")}, ("nest", "z")), Bad({("shape",): dict(kind="zz")}, ("shape",)), Bad({("opt", "r"): 0}, ("opt", "r")), Bad({("nest",): dict(t="a", v="9")}, ("nest",)))),
    Case("defaults", Defaults, dict(bad=1, neg=1), (Bad({("fac", 0): "x"}, ("fac", 0)), Bad({("name",): 3}, ("name",)))),
    Case("root-model", PH, [1, 2], (Bad({(1,): -1}, (1,)),)),
    Case("roots", HasRoots, dict(ph=[1], pd=dict(a=dict(name="x")), pu=dict(name="x"), phs=[[1], [2, 3]], opt=[3]), (
        Bad({("ph", 0): -1}, ("ph", 0)), Bad({("pd", "a", "lives"): 0}, ("pd", "a", "lives")), Bad({("pu", "lives"): 0}, ("pu", "lives")), Bad({("phs", 1, 0): -1}, ("phs", 1, 0)), Bad({("opt", 0): -1}, ("opt", 0)))),
    Case("inst", Inst, dict(n=1), (Bad({("n",): "x"}, ("n",)),)),
    Case("omit", Omit, dict(n=1, xs=[1]), (Bad({("n",): "x"}, ("n",)),)),
    Case("ser", Ser, dict(when="2020-01-02"), (Bad({("when",): "02.01.2020"}, ("when",)),)),
    Case("wrap-ser", WrapSer, dict(x=1), (Bad({("x",): -1}, ("x",)),)),
    Case("wraps", Wraps, dict(x=1), (Bad({("x",): 7}, (), "not seven"), Bad({("x",): "x"}, ("x",)))),
    Case("froz", Froz, dict(a=1, b=[1]), (Bad({("a",): -1}, ("a",)), Bad({("b", 0): "x"}, ("b", 0)))),
    Case("named-tuple", HasNT, dict(p=[1, 2.5], ps=[[1]]), (Bad({("p", 0): "x"}, ("p", 0)), Bad({("ps", 0, 0): "x"}, ("ps", 0, 0)))),
    Case("dicts", Dicts, dict(od=dict(a=1), dd=dict(a=[1]), cn=dict(a=2), mp=dict(a=1), raw=dict(x=[1]), rl=[1, "a"], nested=dict(a=dict(b=dict(c=1)))), (
        Bad({("od", "a"): "x"}, ("od", "a")), Bad({("dd", "a", 0): "x"}, ("dd", "a", 0)), Bad({("cn", "a"): "x"}, ("cn", "a")), Bad({("nested", "a", "b", "c"): "x"}, ("nested", "a", "b", "c")))),
    Case("validators", Validators, dict(a=" 1 "), (Bad({("b",): 5}, ("b",), "not five"), Bad({("c",): 4}, ("c",), "must be three"), Bad({("a",): 666}, ("a",), "beast"), Bad({("a",): "x"}, ("a",)))),
    Case("aliased", Aliased, dict(a="abc", g=[1], gg=[["abc"]]), (Bad({("a",): "a"}, ("a",)), Bad({("g", 0): "x"}, ("g", 0)), Bad({("gg", 0, 0): "a"}, ("gg", 0, 0)))),
)
