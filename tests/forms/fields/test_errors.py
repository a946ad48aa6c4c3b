from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kaizen_widgets.forms import Form, Hint
from tests.forms.builders import messages


def said(model: Any, values: Any, **options: Any) -> dict[str, str]:
    """Return what a form says of values when it is submitted."""
    form = Form(model, default_values=values, **options)
    form.trigger().wait(1)
    return messages(form)


class Span(BaseModel):
    start: int
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.end < self.start:
            raise ValueError("end before start")
        return self


class Plan(BaseModel):
    spans: list[Span] = Field([], max_length=2)
    main: Span | None = None
    tags: set[int] = set()

    @model_validator(mode="after")
    def _some(self) -> "Plan":
        if not self.spans:
            raise PydanticCustomError("none", "a plan needs spans")
        return self


def test_errors_of_validators_stand_at_their_row_object_list_and_form() -> None:
    wrong = {"start": 2, "end": 1}
    assert said(Plan, {"spans": [{"start": 1, "end": 2}, wrong]}) == {"spans.1": "end before start"}
    assert said(Plan, {"spans": [], "main": wrong}) == {"main": "end before start"}
    assert "at most 2" in said(Plan, {"spans": [{"start": 1, "end": 2}] * 3})["spans.root"]
    assert said(Plan, {}) == {"": "a plan needs spans"}


def test_errors_of_a_set_stand_at_the_set() -> None:
    assert list(said(Plan, {"spans": [{"start": 1, "end": 2}], "tags": [1, "x"]})) == ["tags.root"]


def test_words_of_authors_come_bare() -> None:
    class Model(BaseModel):
        a: int
        b: int = 0

        @field_validator("a")
        @classmethod
        def _odd(cls, value: int) -> int:
            raise AssertionError("must be odd")

        @field_validator("b")
        @classmethod
        def _bare(cls, value: int) -> int:
            raise ValueError

    assert said(Model, {"a": 2})["a"] == "must be odd"
    assert said(Model, {"a": 1, "b": 1})["b"] == "This is not valid."


def test_an_unanswered_field_is_required_rather_than_of_a_wrong_type() -> None:
    class Model(BaseModel):
        count: int
        day: date
        pick: Literal["a", "b"]
        text: str

    assert said(Model, None) == dict.fromkeys(("count", "day", "pick"), "Field required")


def test_what_only_follows_from_another_error_is_not_said() -> None:
    class Model(BaseModel):
        a: int
        b: int = Field(default_factory=lambda data: data["a"])

    assert list(said(Model, {"a": "x"})) == ["a"]


def test_all_that_is_wrong_with_a_field_is_collected_on_request() -> None:
    form = Form(int | Literal["auto"], default_values="x", criteria_mode="all")
    form.trigger().wait(1)
    assert list(form.errors[""].types or ()) == ["int_parsing", "literal_error"]
    assert "; or: " in form.errors[""].message


class Named(BaseModel):
    name: Annotated[
        str, Field(min_length=1, max_length=3), Hint(messages={"missing": "A name, please"})
    ]
    rows: list[Annotated[int, Hint(messages={"int_parsing": "Digits only"})]] = []


def test_words_for_missing_serve_a_blank_text_too() -> None:
    assert said(Named, {"name": ""}) == {"name": "A name, please"}
    form = Form(Named)
    form.unregister("name")
    form.trigger().wait(1)
    assert messages(form) == {"name": "A name, please"}


def test_words_for_a_text_too_short_serve_a_missing_one_too() -> None:
    assert said(Named, None, messages={"name": {"string_too_short": "Short"}}) == {"name": "Short"}


def test_words_of_the_form_go_before_those_of_the_model_and_reach_rows() -> None:
    values = {"name": "long", "rows": ["x"]}
    assert said(Named, values)["rows.0"] == "Digits only"
    said_here = said(Named, values, messages={"name": "No", "rows.*": {"int_parsing": "Not you"}})
    assert said_here == {"name": "No", "rows.0": "Not you"}


def test_a_blank_text_under_a_longer_minimum_keeps_the_words_for_it() -> None:
    class Model(BaseModel):
        prompt: Annotated[
            str, Field(min_length=10), Hint(messages={"string_too_short": "Ten, please"})
        ]

    assert said(Model, None) == {"prompt": "Ten, please"}


def test_a_broken_validator_hides_no_other_error_and_tells_no_secret() -> None:
    class Model(BaseModel):
        low: int
        high: int = 0

        @field_validator("high")
        @classmethod
        def _above(cls, value: int, info: ValidationInfo) -> int:
            if value == 7:
                raise RuntimeError("hush")
            return value - info.data["low"]

    assert list(said(Model, {"low": "x", "high": 1})) == ["low"]
    broke = said(Model, {"low": 1, "high": 7})
    assert list(broke) == [""]
    assert "RuntimeError in _above, test_errors.py" in broke[""]
    assert "hush" not in broke[""]


def test_errors_of_a_server_find_their_fields_by_alias_row_and_tag() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"] = "cat"
        lives: int = Field(9, alias="Lives")

    class Dog(BaseModel):
        kind: Literal["dog"] = "dog"

    class Owner(BaseModel):
        pet: Annotated[Cat | Dog, Field(discriminator="kind")]
        scores: dict[str, int] = {}
        rows: list[int] = []

    form = Form(Owner, default_values={"pet": {"kind": "cat"}, "scores": {"a.b": 1}, "rows": [1]})
    form.set_errors(
        {
            "detail": [
                {"loc": ["body", "pet", "cat", "Lives"], "msg": "too many", "type": "x"},
                {"loc": ["scores", "a.b"], "msg": "no", "type": "x"},
                {"loc": ["rows"], "msg": "few", "type": "x"},
                {"loc": ["elsewhere"], "msg": "what", "type": "x"},
            ]
        }
    )
    assert messages(form) == {
        "pet.lives": "too many",
        "scores.0.1": "no",
        "rows.root": "few",
        "root.server": "elsewhere: what",
    }


def test_a_context_reaches_the_models_validators() -> None:
    class Model(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _known(cls, value: str, info: ValidationInfo) -> str:
            if value not in (info.context or ()):
                raise ValueError("unknown")
            return value

    assert said(Model, {"name": "a"}, context=["a"]) == {}
    assert said(Model, {"name": "b"}, context=["a"]) == {"name": "unknown"}
