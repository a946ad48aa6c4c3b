from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kaizen_widgets.forms import Form, Hint
from tests.forms.builders import messages


def said(model: Any, values: Any, **options: Any) -> dict[str, str]:
    """Return the messages of a form after validation."""
    form = Form(model, default_values=values, **options)
    form.trigger().wait(30)
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


def test_errors_of_validators_belong_to_their_row_object_list_or_form() -> None:
    wrong = {"start": 2, "end": 1}
    assert said(Plan, {"spans": [{"start": 1, "end": 2}, wrong]}) == {"spans.1": "end before start"}
    assert said(Plan, {"spans": [], "main": wrong}) == {"main": "end before start"}
    assert "at most 2" in said(Plan, {"spans": [{"start": 1, "end": 2}] * 3})["spans.root"]
    assert said(Plan, {}) == {"": "a plan needs spans"}


def test_errors_of_a_set_s_items_belong_to_the_set() -> None:
    assert list(said(Plan, {"spans": [{"start": 1, "end": 2}], "tags": [1, "x"]})) == ["tags.root"]


def test_message_of_an_author_s_validator_is_shown_without_prefix() -> None:
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


def test_empty_required_field_is_missing_rather_than_of_a_wrong_type() -> None:
    class Model(BaseModel):
        count: int
        day: date
        pick: Literal["a", "b"]
        text: str

    assert said(Model, None) == dict.fromkeys(("count", "day", "pick"), "Field required")


def test_error_that_only_follows_from_another_is_left_out() -> None:
    class Model(BaseModel):
        a: int
        b: int = Field(default_factory=lambda data: data["a"])

    assert list(said(Model, {"a": "x"})) == ["a"]


def test_criteria_mode_all_collects_every_error_of_a_field() -> None:
    form = Form(int | Literal["auto"], default_values="x", criteria_mode="all")
    form.trigger().wait(30)
    assert list(form.errors[""].types or ()) == ["int_parsing", "literal_error"]
    assert "; or: " in form.errors[""].message


class Named(BaseModel):
    name: Annotated[
        str, Field(min_length=1, max_length=3), Hint(messages={"missing": "A name, please"})
    ]
    rows: list[Annotated[int, Hint(messages={"int_parsing": "Digits only"})]] = []


def test_message_for_missing_is_used_for_a_blank_text() -> None:
    assert said(Named, {"name": ""}) == {"name": "A name, please"}
    form = Form(Named)
    form.unregister("name")
    form.trigger().wait(30)
    assert messages(form) == {"name": "A name, please"}


def test_message_for_too_short_is_used_for_a_missing_text() -> None:
    assert said(Named, None, messages={"name": {"string_too_short": "Short"}}) == {"name": "Short"}


def test_messages_of_the_form_override_those_of_the_model_in_rows_too() -> None:
    values = {"name": "long", "rows": ["x"]}
    assert said(Named, values)["rows.0"] == "Digits only"
    said_here = said(Named, values, messages={"name": "No", "rows.*": {"int_parsing": "Not you"}})
    assert said_here == {"name": "No", "rows.0": "Not you"}


def test_message_for_too_short_is_used_for_a_blank_text_under_a_longer_minimum() -> None:
    class Model(BaseModel):
        prompt: Annotated[
            str, Field(min_length=10), Hint(messages={"string_too_short": "Ten, please"})
        ]

    assert said(Model, None) == {"prompt": "Ten, please"}


def test_validator_that_raises_hides_no_other_error_and_no_input_is_shown() -> None:
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


def test_server_errors_are_located_by_alias_row_and_tag() -> None:
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


def test_context_reaches_the_model_s_validators() -> None:
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
