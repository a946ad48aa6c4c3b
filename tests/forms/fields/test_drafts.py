import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form
from kaizen_widgets.forms.fields import FieldTree
from kaizen_widgets.forms.fields.leaf_nodes import UnparsedJson


class Kind(Enum):
    A = (1, 2)
    B = "b"


class Everything(BaseModel):
    text: str
    whole: int
    number: float
    money: Decimal
    day: date
    moment: datetime
    clock: time
    lasts: timedelta
    raw: bytes
    ident: UUID
    kind: Kind
    choice: Literal["a", 1, True, None]
    names: set[int]
    rows: list[tuple[int, str]]
    by_number: dict[int, list[float]]
    either: date | datetime | int | str | None
    anything: Any
    maybe: int | None
    path: Path


def json_like(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and json_like(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(json_like, value))
    return value is None or isinstance(value, str | int | float | bool)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.builds(
    Everything,
    text=st.text(),
    whole=st.integers(),
    number=st.floats(allow_nan=False),
    money=st.decimals(allow_nan=False, allow_infinity=False),
    day=st.dates(),
    moment=st.datetimes(timezones=st.none() | st.just(UTC)),
    clock=st.times(),
    lasts=st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    raw=st.binary(),
    ident=st.uuids(),
    kind=st.sampled_from(Kind),
    choice=st.sampled_from(["a", 1, True, None]),
    names=st.sets(st.integers()),
    rows=st.lists(st.tuples(st.integers(), st.text()), max_size=3),
    by_number=st.dictionaries(
        st.integers(), st.lists(st.floats(allow_nan=False), max_size=2), max_size=3
    ),
    either=st.none() | st.dates() | st.datetimes() | st.integers() | st.text(),
    anything=st.recursive(
        SCALARS, lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=4
    ),
    maybe=st.none() | st.integers(),
    path=st.sampled_from([Path("a/b"), Path(".")]),
)


@given(VALUES)
def test_draft_validates_to_the_value_it_was_made_from(value: Everything) -> None:
    tree = FieldTree.of(Everything)
    pins: dict = {}
    draft = tree.draft(value, pins)
    result = tree.validate(draft, pins)
    assert result.issues == ()
    assert result.value == value
    assert [type(part) for part in result.value.__dict__.values()] == [
        type(part) for part in value.__dict__.values()
    ]


@given(VALUES)
def test_draft_is_json(value: Everything) -> None:
    assert json_like(FieldTree.of(Everything).draft(value))


@given(VALUES)
def test_validation_changes_no_draft_and_shares_nothing_with_it(value: Everything) -> None:
    tree = FieldTree.of(Everything)
    draft = tree.draft(value)
    before = repr(draft)
    made = tree.validate(draft).value
    if made is not None and isinstance(made.anything, list):
        made.anything.append(1)
    assert repr(draft) == before


def test_number_that_a_browser_would_round_is_text() -> None:
    class Model(BaseModel):
        ids: list[int]
        money: Decimal

    given = {"ids": [2**53, 2**53 + 1], "money": Decimal("1.10")}
    assert FieldTree.of(Model).draft(given) == {"ids": [2**53, "9007199254740993"], "money": "1.10"}


@pytest.mark.parametrize("typed", ["3.", "abc", "", "1e", "3.5"])
def test_number_keeps_invalid_text_with_its_error(typed: str) -> None:
    class Model(BaseModel):
        n: int

    result = FieldTree.of(Model).validate({"n": typed})
    assert [issue.location.path for issue in result.issues] == [("n",)]


def test_optional_text_distinguishes_none_from_empty() -> None:
    class Model(BaseModel):
        note: str | None = None
        count: int | None = None

    tree = FieldTree.of(Model)
    assert tree.blank() == {"note": None, "count": None}
    assert tree.validate({"note": "", "count": None}).value == Model(note="")
    assert tree.validate({"note": None, "count": ""}).issues[0].location.path == ("count",)


def test_blank_draft_is_complete_and_checks_no_agreement() -> None:
    class Part(BaseModel):
        name: str
        level: int = 3

    class Model(BaseModel):
        parts: list[Part]
        main: Part
        agreed: Literal[True]
        version: Literal["v1"]
        pick: Literal["a", "b"]
        scores: dict[str, int]

    assert FieldTree.of(Model).blank() == {
        "parts": [],
        "main": {"name": "", "level": 3},
        "agreed": False,
        "version": "v1",
        "pick": "",
        "scores": [],
    }


def test_draft_of_a_partial_mapping_has_the_defaults() -> None:
    class Model(BaseModel):
        name: str
        level: int = 3

    assert FieldTree.of(Model).draft({"name": "x"}) == {"name": "x", "level": 3}


def test_default_computed_from_other_fields_is_left_to_the_model() -> None:
    class Model(BaseModel):
        first: str
        user: str = Field(default_factory=lambda data: data["first"].lower())

    tree = FieldTree.of(Model)
    assert tree.blank() == {"first": ""}
    assert tree.validate({"first": "Ada"}).value == Model(first="Ada", user="ada")


def test_default_that_is_no_valid_input_is_left_to_the_model() -> None:
    class Model(BaseModel):
        name: str = None  # type: ignore[assignment]
        count: int = "none"  # type: ignore[assignment]

    tree = FieldTree.of(Model)
    assert tree.validate(tree.blank()).value == Model()
    assert tree.validate({"name": "x", "count": "many"}).issues[0].location.path == ("count",)


def test_dict_is_rows_of_keys_and_values() -> None:
    tree = FieldTree.of(dict[str, int])
    assert tree.draft({"a.b": 1}) == [["a.b", 1]]
    assert tree.validate([["a", 1], ["b", "2"]]).value == {"a": 1, "b": 2}
    twice = tree.validate([["a", 1], ["a", 2]])
    assert [(issue.location.path, issue.message) for issue in twice.issues] == [
        ((1, 0), "This key exists already.")
    ]


def test_json_field_keeps_text_that_is_not_json() -> None:
    tree = FieldTree.of(Any)
    assert tree.validate(UnparsedJson('{"a": [1]}')).value == {"a": [1]}
    assert "not JSON" in tree.validate(UnparsedJson("{")).issues[0].message


def test_extra_input_of_a_model_that_allows_it_is_kept() -> None:
    class Open(BaseModel, extra="allow"):
        name: str

    tree = FieldTree.of(Open)
    value = Open(name="x", more=[1])  # type: ignore[call-arg]
    assert tree.validate(tree.draft(value)).value == value


def test_validator_that_mutates_its_input_does_not_change_the_draft() -> None:
    from pydantic import model_validator

    class Greedy(BaseModel):
        parts: list[int]

        @model_validator(mode="before")
        @classmethod
        def _eat(cls, value: Any) -> Any:
            value["parts"].pop()
            return value

    draft = {"parts": [1, 2]}
    assert FieldTree.of(Greedy).validate(draft).value == Greedy(parts=[1, 2, 3][:2])
    assert draft == {"parts": [1, 2]}


def test_tree_is_cached_by_class_and_built_again_for_a_rebuilt_one() -> None:
    class Model(BaseModel):
        a: int

    assert FieldTree.of(Model) is FieldTree.of(Model)
    assert FieldTree.of(int | str) is not FieldTree.of(str | int)
    first = FieldTree.of(Model)
    Model.model_fields["a"].annotation = str
    Model.model_rebuild(force=True)
    assert FieldTree.of(Model) is not first


def test_type_that_no_form_can_show_is_refused_with_its_name_and_reason() -> None:
    from collections.abc import Callable

    class Row(BaseModel):
        call: Callable[[], int]

    class Model(BaseModel):
        rows: list[Row]

    with pytest.raises(FormError, match=r"rows\.\*\.call: a function cannot be typed"):
        FieldTree.of(Model)

    class Endless(BaseModel):
        me: "Endless"

    with pytest.raises(FormError, match="without end"):
        FieldTree.of(Endless).blank()
    with pytest.raises(FormError, match="cannot be made for"):
        FieldTree.of(object())


def test_type_that_no_form_can_show_keeps_its_default() -> None:
    class Model(BaseModel):
        call: Any = Field(default=print)
        kind: type[int] = bool

    tree = FieldTree.of(Model)
    assert tree.validate(tree.blank()).value == Model()


def test_text_that_a_validator_splits_is_shown_as_rows() -> None:
    from typing import Annotated

    from pydantic import BeforeValidator

    class Model(BaseModel):
        tags: Annotated[
            list[int], BeforeValidator(lambda v: v.split() if isinstance(v, str) else v)
        ]

    tree = FieldTree.of(Model)
    assert tree.draft({"tags": "1 2"}) == {"tags": [1, 2]}
    assert tree.draft({"tags": "1 x"}) == {"tags": "1 x"}


def test_options_of_a_choice_never_share_a_key() -> None:
    class Bare(Enum):
        A = ("x",)
        B = "A"

    class Raw(Enum):
        ONE = b"same"
        TWO = "same"

    class Mixed(BaseModel):
        bare: Bare
        raw: Raw
        picks: set[Bare] = set()
        literal: Literal[Raw.TWO, "same", 1, True]  # pyright: ignore[reportGeneralTypeIssues]

    tree = FieldTree.of(Mixed)
    for bare, raw, literal in zip(
        [*Bare, *Bare], [*Raw, *Raw], [Raw.TWO, "same", 1, True], strict=True
    ):
        value = Mixed(bare=bare, raw=raw, picks={bare}, literal=literal)  # pyright: ignore[reportArgumentType]
        draft = tree.draft(value)
        result = tree.validate(draft).value
        assert result == value
        assert type(result.literal) is type(literal)
    for field in tree.root.node.fields.values():  # pyright: ignore[reportAttributeAccessIssue]
        options = getattr(field.node, "options", ())
        keys = [(isinstance(option.key, bool), option.key) for option in options]
        assert len(set(keys)) == len(keys)


def test_an_option_is_found_by_the_value_that_a_model_accepts_for_it() -> None:
    class Bare(Enum):
        A = ("x",)
        B = "A"

    assert FieldTree.of(Bare).validate(FieldTree.of(Bare).draft("A")).value is Bare.B


@pytest.mark.parametrize(
    ("type_", "rows", "at"),
    [
        (dict[int, str], [["1", "x"], ["01", "y"]], (1, 0)),
        (dict[float, str], [["1", "x"], ["2", "y"], ["1.0", "z"]], (2, 0)),
        (
            dict[Annotated[str, StringConstraints(strip_whitespace=True)], int],
            [["a", 1], [" a", 2]],
            (1, 0),
        ),
        (dict[Annotated[str, AfterValidator(str.lower)], int], [["a", 1], ["A", 2]], (1, 0)),
        (dict[date, int], [["2024-01-02", 1], ["2024-01-02T00:00:00", 2]], (1, 0)),
        (dict[tuple[int, int], int], [[["1", "2"], 1], [[1, 2], 2]], (1, 0)),
    ],
)
def test_keys_of_a_dict_that_are_equal_once_parsed_are_an_error(
    type_: Any, rows: list[Any], at: tuple[int, ...]
) -> None:
    result = FieldTree.of(type_).validate(rows)
    assert [(issue.location.path, issue.message) for issue in result.issues] == [
        (at, "This key exists already.")
    ]


def test_keys_that_only_look_alike_are_two() -> None:
    assert FieldTree.of(dict[str, int]).validate([["1", 1], ["01", 2]]).value == {"1": 1, "01": 2}

    class Stripped(BaseModel, str_strip_whitespace=True):
        by: dict[str, int]

    assert FieldTree.of(Stripped).validate({"by": [["a", 1], ["a ", 2]]}).issues


@pytest.mark.parametrize(
    "value", [{"$text": "5"}, {"text": "5"}, {"base64": "aGk="}, {"secret": True}]
)
def test_a_dict_in_a_field_for_anything_is_itself(value: Any) -> None:
    for type_ in (Any, dict[str, Any] | list[Any], Any | None):
        tree = FieldTree.of(type_)
        draft, original = tree.draft_at((), value)
        assert tree.validate(draft, original=original).value == value


CIRCLE: dict[str, Any] = {}
CIRCLE["me"] = CIRCLE["again"] = CIRCLE
DEEP: Any = []
for _ in range(20_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        {(1, 2): "pair"},
        {1: "one", None: 2},
        {b"raw": {2.5: object()}},
        CIRCLE,
        DEEP,
        float("nan"),
        {1, 2},
    ],
    ids=["tuple keys", "number keys", "byte keys", "circle", "deep", "nan", "set"],
)
def test_a_value_without_a_json_form_is_shown_and_kept(value: Any) -> None:
    class Model(BaseModel):
        data: Any
        count: int = 0

    form = Form(Model, default_values=Model(data=value))
    json.dumps(form.tree.to_wire("", form.values))
    form.change("count", "1")
    got: list[Any] = []
    form.submit(got.append).wait(30)
    assert (got[0].count, got[0].data is value or repr(got[0].data) == repr(value)) == (1, True)
