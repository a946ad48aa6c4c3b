"""Models as applications have them: people, orders, trips, and what their fields are typed as."""
from __future__ import annotations
import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar, Union
from uuid import UUID, uuid4
from pydantic import *
from pydantic import BaseModel, Field, field_validator, model_validator, ConfigDict, TypeAdapter, RootModel
from pydantic_core import PydanticCustomError
from pydantic.networks import *
from pydantic.types import *
from pydantic.dataclasses import dataclass as pdc
from typing_extensions import TypedDict
from cases import DELETE, Bad, Case

class Address(BaseModel):
    street: str = Field(min_length=1)
    zip: str = Field(pattern=r"^\d{5}$")

class Phone(BaseModel):
    kind: Literal["home", "work"] = "home"
    number: str

class Person(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, validate_assignment=True, extra="forbid")
    name: str = Field(min_length=2, max_length=20)
    age: int | None = Field(None, ge=0, lt=150)
    emails: list[EmailStr] = Field(min_length=1)
    address: Address | None = None
    phones: dict[Literal["a", "b"], Phone] = {}
    tags: set[str] = Field(set(), max_length=3)
    tri: bool | None = None
    score: float | None = None
    note: str | None = Field(None, min_length=3)

    @field_validator("emails")
    @classmethod
    def _uniq(cls, v):
        if len(set(v)) != len(v):
            raise ValueError("emails must differ")
        return v

    @field_validator("name")
    @classmethod
    def _no(cls, v):
        if v == "admin":
            raise PydanticCustomError("reserved", "{name} is reserved", {"name": v})
        return v

class Range(BaseModel):
    start: dt.date
    end: dt.date
    @model_validator(mode="after")
    def _o(self):
        if self.end < self.start:
            raise ValueError("end before start")
        return self

class Trip(BaseModel):
    legs: list[Range] = Field(min_length=1)
    main: Range
    @model_validator(mode="after")
    def _c(self):
        if len({l.start for l in self.legs}) != len(self.legs):
            raise PydanticCustomError("dup", "legs start twice")
        return self

class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    i: int = 1
    f: float = 1.0
    b: bool = False
    d: dt.date = dt.date(2020, 1, 1)
    td: dt.timedelta = dt.timedelta(1)
    dec: Decimal = Decimal("1.0")
    u: UUID = UUID(int=3)
    t: tuple[int, str] = (1, "a")
    s: set[int] = {1}
    fs: frozenset[str] = frozenset()
    by: bytes = b"x"
    l: list[int] = []

class E(enum.Enum):
    A = (1, 2)
    B = None
    C = 1.5

class StrictE(BaseModel):
    model_config = ConfigDict(strict=True, use_enum_values=True)
    e: E = E.A
    o: Optional[E] = None
    l: list[E] = []

class Alt(BaseModel):
    model_config = ConfigDict(alias_generator=lambda s: s.upper(), validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)
    one_two: int
    inner: Phone | None = None
    rows: list[Address] = []

class Left(BaseModel):
    x: Annotated[Union[int, str, float, bool, None], Field(union_mode="left_to_right")] = None
    y: Union[dt.date, int, str] = "a"
    z: Union[list[str], dict[str, str]] = []
    w: Union[Address, list[Address], None] = None
    l: list[Union[dt.datetime, dt.date, float]] = []
    s: Union[SecretStr, int] = 3
    lit: Union[Literal["auto"], int] = "auto"
    lit2: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    un: UUID | EmailStr = "a@b.org"

class A1(BaseModel):
    type: Literal["a"]
    v: int = 0
class B1(BaseModel):
    type: Literal["b"]
    v: str
class Wrap(BaseModel):
    item: Annotated[A1 | B1, Field(discriminator="type")] | None = None
    items: dict[str, list[Annotated[A1 | B1, Field(discriminator="type")]]] = {}
    tup: tuple[Annotated[A1 | B1, Field(discriminator="type")], int] | None = None
    mix: Annotated[A1 | B1, Field(discriminator="type")] | str = "x"

T = TypeVar("T")
class Resp(BaseModel, Generic[T]):
    data: T | None = None
    error: str | None = None
    @model_validator(mode="after")
    def _x(self):
        if (self.data is None) == (self.error is None):
            raise ValueError("either data or error")
        return self

@pdc(config=ConfigDict(extra="forbid"))
class DCF:
    a: int
    b: list[Phone]
    c: Annotated[str, Field(min_length=1, alias="sea")] = "x"
    def __post_init__(self):
        if self.a == 13:
            raise ValueError("thirteen")

class Employee(BaseModel):
    id: UUID = Field(default_factory=uuid4)
    name: str
    boss: Optional["Employee"] = None
    reports: "list[Employee]" = []
    by_name: "dict[str, Employee]" = {}

class Tree(RootModel["dict[str, Tree | int]"]):
    pass

class Money(BaseModel):
    model_config = ConfigDict(frozen=True)
    amount: Annotated[Decimal, Field(max_digits=6, decimal_places=2, gt=0, multiple_of=Decimal("0.05"))]
    currency: Annotated[str, StringConstraints(to_upper=True, min_length=3, max_length=3, pattern="^[A-Z]+$")]

class Order(BaseModel):
    lines: list[tuple[str, Annotated[int, Field(ge=1)], Money]]
    total: Money | None = None
    when: Annotated[dt.datetime, Field(gt=dt.datetime(2020, 1, 1))] = dt.datetime(2021, 1, 1)
    window: tuple[dt.time, dt.time] = (dt.time(9), dt.time(17))

class Sec(BaseModel):
    user: str
    password: SecretStr = Field(min_length=8)
    keys: list[SecretStr] = []
    vault: dict[str, SecretStr] = {}
    opt: SecretStr | None = None

    @model_validator(mode="after")
    def _p(self):
        if self.password.get_secret_value() == self.user * 2:
            raise ValueError("password is the user")
        return self

class Pw(BaseModel):
    a: SecretStr
    b: SecretStr
    @field_validator("b")
    @classmethod
    def _same(cls, v, info: ValidationInfo):
        if "a" in info.data and v != info.data["a"]:
            raise ValueError("passwords differ")
        return v

class Urls(BaseModel):
    any: AnyUrl
    http: AnyHttpUrl = "http://a.org"
    file: FileUrl | None = None
    ws: WebsocketUrl | None = None
    redis: RedisDsn | None = None
    mongo: MongoDsn | None = None
    lst: list[HttpUrl] = []

class Numbers2(BaseModel):
    pi: PositiveInt
    nni: NonNegativeInt = 0
    nf: NegativeFloat = -1
    npf: NonPositiveFloat = 0
    ff: FiniteFloat = 1
    ci: conint(ge=1, multiple_of=3) = 3
    cf: confloat(gt=0, lt=1) = 0.5
    u1: UUID1 | None = None
    u7: UUID4 | None = None

class Nested3(BaseModel):
    grid: list[list[list[int]]] = [[[1]]]
    opt: list[Optional[int]] = []
    oo: Optional[list[Optional[Address]]] = None
    dl: dict[str, Optional[list[int]]] = {}
    maybe: Optional[dict[str, Address]] = None

class Ctx(BaseModel):
    low: int
    high: int
    @field_validator("high")
    @classmethod
    def _h(cls, v, info):
        if v <= info.data["low"]:
            raise ValueError("high must exceed low")
        return v

class Ret(BaseModel):
    a: int
    @model_validator(mode="before")
    @classmethod
    def _b(cls, d):
        if isinstance(d, dict) and "A" in d:
            d = {**d, "a": d.pop("A")}
        return d

class Disc(BaseModel):
    k: Literal[1]
    n: int
class Disc2(BaseModel):
    k: Literal[2]
    m: int
class HasDisc(BaseModel):
    d: Disc | Disc2 = Field(discriminator="k")
    b: Annotated[Union[Annotated[Disc, Tag("one")], Annotated[int, Tag("num")], Annotated[list[int], Tag("nums")]], Discriminator(lambda v: "num" if isinstance(v, (int, str)) else "nums" if isinstance(v, list) else "one")] = 3

CASES = (
    Case("person", Person, dict(name="Ada", emails=["a@b.org"], address=dict(street="x", zip="12345"), phones=dict(a=dict(number="1")), tags=["x"], tri=None, note="abc"), (
        Bad({("name",): "admin"}, ("name",), "admin is reserved"), Bad({("name",): " "}, ("name",)), Bad({("age",): 150}, ("age",)), Bad({("age",): ""}, ("age",)), Bad({("emails",): []}, ("emails",)),
        Bad({("emails",): ["a@b.org", "a@b.org"]}, ("emails",), "differ"), Bad({("emails", 0): "x"}, ("emails", 0)), Bad({("address", "zip"): "1"}, ("address", "zip")), Bad({("address",): {}}, (("address", "street"), ("address", "zip"))),
        Bad({("phones", "a", "kind"): "x"}, ("phones", "a", "kind")), Bad({("phones", "c"): {"number": "1"}}, ("phones", "c")), Bad({("tags",): ["1", "2", "3", "4"]}, ("tags",)), Bad({("note",): "a"}, ("note",)), Bad({("zzz",): 1}, ("zzz",)), Bad({("score",): "1,5"}, ("score",)), Bad({("name",): DELETE, ("age",): -1}, (("name",), ("age",))))),
    Case("trip", Trip, dict(legs=[dict(start="2020-01-01", end="2020-01-02")], main=dict(start="2020-01-01", end="2020-01-01")), (
        Bad({("legs", 0, "end"): "2019-01-01"}, ("legs", 0), "end before"), Bad({("main", "end"): "2019-01-01"}, ("main",)), Bad({("legs",): [dict(start="2020-01-01", end="2020-01-02")] * 2}, (), "twice"), Bad({("legs",): []}, ("legs",)), Bad({("main", "start"): "x"}, ("main", "start")))),
    Case("strict", Strict, {}, (Bad({("i",): "1"}, ("i",)), Bad({("f",): "x"}, ("f",)), Bad({("b",): "true"}, ("b",)), Bad({("d",): "x"}, ("d",)), Bad({("u",): "x"}, ("u",)), Bad({("t", 1): 3}, ("t", 1)), Bad({("s",): ["1"]}, ("s",)), Bad({("l",): ["1"]}, ("l", 0)), Bad({("dec",): "x"}, ("dec",)), Bad({("td",): "x"}, ("td",)))),
    Case("strict-enum", StrictE, dict(), (Bad({("e",): "x"}, ("e",)), Bad({("l",): ["x"]}, ("l", 0)))),
    Case("alt", Alt, {"ONE_TWO": 1, "INNER": {"number": "3"}, "ROWS": [dict(street="a", zip="12345")]}, (Bad({("ONE_TWO",): "x"}, ("ONE_TWO",)), Bad({("INNER", "kind"): "q"}, ("INNER", "kind")), Bad({("ROWS", 0, "zip"): "q"}, ("ROWS", 0, "zip")))),
    Case("left", Left, dict(x="3", y="2020-01-01", z=dict(a="b"), w=[dict(street="a", zip="12345")], l=["2020-01-01", 3.5], s="pw", lit=3), (
        Bad({("w", 0, "zip"): "x"}, ("w", 0, "zip")), Bad({("z", "a"): 3}, ("z", "a")), Bad({("lit2",): 0}, ("lit2",)), Bad({("un",): "x"}, ("un",)), Bad({("l",): ["x"]}, ("l", 0)), Bad({("lit",): "manual"}, ("lit",)))),
    Case("wrap-disc", Wrap, dict(item=dict(type="a", v=1), items=dict(k=[dict(type="b", v="x")]), tup=[dict(type="a"), 1], mix=dict(type="a")), (
        Bad({("item", "v"): "x"}, ("item", "v")), Bad({("items", "k", 0, "v"): 3}, ("items", "k", 0, "v")), Bad({("tup", 0, "v"): "x"}, ("tup", 0, "v")), Bad({("mix", "v"): "x"}, ("mix", "v")), Bad({("item", "type"): "z"}, ("item",)), Bad({("item",): dict(type="b")}, ("item", "v")), Bad({("items", "k"): [dict(type="q")]}, ("items", "k", 0)))),
    Case("resp", Resp[list[Address]], dict(data=[dict(street="x", zip="12345")]), (Bad({("error",): "x"}, (), "either"), Bad({("data", 0, "zip"): "x"}, ("data", 0, "zip")))),
    Case("dcf", DCF, dict(a=1, b=[dict(number="1")], sea="y"), (Bad({("a",): 13}, (), "thirteen"), Bad({("sea",): ""}, ("sea",)), Bad({("b", 0, "kind"): "x"}, ("b", 0, "kind")))),
    Case("employee", Employee, dict(name="a", boss=dict(name="b", boss=dict(name="c")), reports=[dict(name="d")], by_name=dict(x=dict(name="y"))), (Bad({("boss", "boss", "id"): "x"}, ("boss", "boss", "id")), Bad({("reports", 0, "name"): 3}, ("reports", 0, "name")), Bad({("by_name", "x", "name"): 3}, ("by_name", "x", "name")))),
    Case("tree", Tree, dict(a=1, b=dict(c=2, d=dict())), (Bad({("b", "c"): "x"}, ("b", "c")), Bad({("a",): "x"}, ("a",)))),
    Case("order", Order, dict(lines=[["a", 1, dict(amount="1.25", currency="EUR")]], total=dict(amount="3.00", currency="USD")), (
        Bad({("lines", 0, 1): 0}, ("lines", 0, 1)), Bad({("lines", 0, 2, "amount"): "1.23"}, ("lines", 0, 2, "amount")), Bad({("lines", 0, 2, "currency"): "e1r"}, ("lines", 0, 2, "currency")), Bad({("total", "amount"): "12345.00"}, ("total", "amount")), Bad({("when",): "2019-01-01T00:00:00"}, ("when",)), Bad({("window", 1): "x"}, ("window", 1)), Bad({("lines", 0): ["a", 1]}, ("lines", 0, 2)))),
    Case("sec", Sec, dict(user="abcd", password="longenough", keys=["a"], vault=dict(k="v"), opt="q"), (Bad({("password",): "short"}, ("password",)), Bad({("password",): "abcdabcd"}, (), "is the user"), Bad({("keys",): [3]}, ("keys", 0)), Bad({("vault", "k"): 3}, ("vault", "k")))),
    Case("pw", Pw, dict(a="x", b="x"), (Bad({("b",): "y"}, ("b",), "differ"), Bad({("a",): "y"}, ("b",), "differ"))),
    Case("urls", Urls, dict(any="foo://bar", lst=["http://a.org"]), (Bad({("any",): "x"}, ("any",)), Bad({("http",): "ftp://a.org"}, ("http",)), Bad({("ws",): "http://x"}, ("ws",)), Bad({("lst", 0): "x"}, ("lst", 0)), Bad({("redis",): "http://x"}, ("redis",)))),
    Case("numbers2", Numbers2, dict(pi=1), (Bad({("pi",): 0}, ("pi",)), Bad({("nni",): -1}, ("nni",)), Bad({("nf",): 0}, ("nf",)), Bad({("npf",): 1}, ("npf",)), Bad({("ff",): "nan"}, ("ff",)), Bad({("ci",): 4}, ("ci",)), Bad({("cf",): 1}, ("cf",)), Bad({("pi",): "3.5"}, ("pi",)), Bad({("u1",): "x"}, ("u1",)))),
    Case("nested3", Nested3, dict(grid=[[[1, 2], [3]], []], opt=[1, None], oo=[None, dict(street="a", zip="12345")], dl=dict(a=None, b=[1]), maybe=dict(a=dict(street="a", zip="12345"))), (
        Bad({("grid", 0, 0, 1): "x"}, ("grid", 0, 0, 1)), Bad({("opt", 1): "x"}, ("opt", 1)), Bad({("oo", 1, "zip"): "x"}, ("oo", 1, "zip")), Bad({("dl", "b", 0): "x"}, ("dl", "b", 0)), Bad({("maybe", "a", "zip"): "x"}, ("maybe", "a", "zip")))),
    Case("ctx", Ctx, dict(low=1, high=2), (Bad({("high",): 1}, ("high",), "exceed"), Bad({("low",): "x"}, ("low",)))),
    Case("ret", Ret, dict(a=1), (Bad({("a",): "x"}, ("a",)),)),
    Case("has-disc", HasDisc, dict(d=dict(k=1, n=2), b=[1, 2]), (Bad({("d", "n"): "x"}, ("d", "n")), Bad({("b", 1): "x"}, ("b", 1)), Bad({("d",): dict(k=3)}, ("d",)), Bad({("d",): dict(k=2)}, ("d", "m")))),
    Case("adapter-union", TypeAdapter(Annotated[A1 | B1, Field(discriminator="type")]), dict(type="a", v=3), (Bad({("v",): "x"}, ("v",)), Bad({("type",): "c"}, ()))),
    Case("adapter-list", TypeAdapter(list[Annotated[A1 | B1, Field(discriminator="type")]]), [dict(type="a", v=3), dict(type="b", v="q")], (Bad({(0, "v"): "x"}, (0, "v")), Bad({(1, "v"): 3}, (1, "v")), Bad({(1,): dict(type="z")}, (1,)))),
    Case("adapter-tuple", tuple[int, Address], [1, dict(street="x", zip="12345")], (Bad({(1, "zip"): "x"}, (1, "zip")), Bad({(0,): "x"}, (0,)))),
    Case("adapter-opt", Optional[int], 3, (Bad({(): "x"}, ()),)),
    Case("adapter-constrained", Annotated[str, Field(min_length=3)], "abc", (Bad({(): "a"}, ()),)),
    Case("adapter-list-constrained", Annotated[list[int], Field(min_length=2)], [1, 2], (Bad({(): [1]}, ()), Bad({(1,): "x"}, (1,)))),
)
