"""What a panel needs: the description of the fields, and drafts as JSON."""

import json
from typing import Annotated, Any, Literal

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, EmailStr, Field, SecretStr, computed_field

from kaizen_widgets.forms import AgentInput, Form, Hint
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.leaf_nodes import UnparsedJson
from tests.forms.builders import messages


def fields_of(model: Any, **options: Any) -> dict[str, Any]:
    described = FormFields(model, **options).describe()
    json.dumps(described)
    return {field["name"]: field for field in described["root"]["fields"]}


class Person(BaseModel):
    """Somebody.

    More about them.
    """

    login: str = Field(title="Log in as", description="Your name.", examples=["ada"], min_length=1)
    about: str = Field("", max_length=500)
    level: float = Field(0.5, ge=0, le=1, json_schema_extra={"step": 0.05})
    age: int = Field(ge=0, le=150)
    mail: EmailStr | None = None
    old: str = Field("", deprecated="use login")
    fixed: str = Field("v1", json_schema_extra={"readOnly": True})
    unseen: str = Field("", json_schema_extra={"hidden": True, "widget": "holodeck"})
    born: str = Field("2024", frozen=True, exclude=True)
    colors: set[Literal["red", "blue"]] = set()
    password: SecretStr = SecretStr("hush")

    @computed_field(description="As they say.")
    @property
    def shout(self) -> str:
        return self.login.upper()


def test_description_has_the_texts_control_and_limits_of_a_field() -> None:
    fields = fields_of(Person)
    assert fields["login"] == {
        "name": "login",
        "label": "Log in as",
        "help": "Your name.",
        "placeholder": "ada",
        "required": True,
    }
    kinds = {name: field.get("kind", "text") for name, field in fields.items()}
    assert kinds == {
        "login": "text",
        "about": "long_text",
        "level": "slider",
        "age": "number",
        "mail": "text",
        "old": "text",
        "fixed": "text",
        "born": "text",
        "colors": "multi_select",
        "password": "password",
        "shout": "computed",
    }
    assert fields["mail"]["nullable"]
    assert {key: fields["level"][key] for key in ("min", "max", "step")} == {
        "min": "0",
        "max": "1",
        "step": "0.05",
    }
    assert fields["age"]["whole"]
    assert fields["old"]["deprecated"] == "use login"
    assert fields["fixed"]["readOnly"]
    assert fields["shout"]["readOnly"]
    assert [option["value"] for option in fields["colors"]["options"]] == ["red", "blue"]
    assert FormFields(Person).describe()["root"]["help"] == "Somebody."


def test_secrets_are_in_no_description_json_or_repr() -> None:
    form = Form(Person, default_values={"login": "ada", "age": 3})
    shown = [
        json.dumps(form.tree.describe()),
        json.dumps(form.tree.to_wire("", form.values)),
        repr(form.values),
        repr(form.default_values),
        repr(form),
        repr(form.tree),
    ]
    assert not [text for text in shown if "hush" in text]
    assert form.value.password.get_secret_value() == "hush"


def test_secret_is_written_as_set_and_read_back_as_it_was() -> None:
    fields = FormFields(Person)
    current = SecretStr("hush")
    assert fields.to_wire("password", current) == {"secret": True}
    assert fields.to_wire("password", SecretStr("")) == ""
    assert fields.from_wire("password", {"secret": True}, current) is current
    typed = fields.from_wire("password", "new", current)
    assert (repr(typed), typed.get_secret_value()) == ("SecretStr('**********')", "new")


def test_hints_of_the_form_override_those_of_the_model() -> None:
    class Model(BaseModel):
        a: Annotated[str, Hint(label="Model's", widget="long_text", order=2)] = ""
        b: str = Field("", json_schema_extra={"order": 1, "group": "More"})
        rows: list[str] = []

    fields = fields_of(Model, hints={"a": {"label": "Form's"}, "rows.*": Hint(placeholder="word")})
    assert list(fields) == ["b", "a", "rows"]
    assert (fields["a"]["label"], fields["a"]["kind"]) == ("Form's", "long_text")
    assert fields["b"]["group"] == "More"
    assert fields["rows"]["item"]["placeholder"] == "word"


def test_description_of_a_recursive_type_is_a_definition() -> None:
    class Tree(BaseModel):
        name: str
        children: list["Tree"] = []

    described = FormFields(Tree).describe()
    item = described["root"]["fields"][1]["item"]
    assert item["ref"] == "Tree"
    assert [field["name"] for field in described["definitions"]["Tree"]["fields"]] == [
        "name",
        "children",
    ]


class Sent(BaseModel):
    n: int | None = None
    f: float = 0.0
    text: str = ""
    rows: list[tuple[int, str]] = []
    by: dict[str, float] = {}
    data: Any = None


@given(
    st.builds(
        Sent,
        n=st.none() | st.integers(),
        f=st.floats(allow_nan=False),
        text=st.text(),
        rows=st.lists(st.tuples(st.integers(), st.text()), max_size=3),
        by=st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=3),
        data=st.none() | st.lists(st.integers() | st.text()),
    )
)
def test_drafts_survive_json(value: Sent) -> None:
    fields = FormFields(Sent)
    draft = fields.draft(value)
    wire = json.loads(json.dumps(fields.to_wire("", draft)))
    assert fields.from_wire("", wire, draft) == draft


def test_number_is_read_as_one_only_if_its_digits_are_those_typed() -> None:
    fields = FormFields(Sent)
    assert fields.from_wire("n", "3") == 3
    assert [fields.from_wire("f", text) for text in ("3.", "0.70", "abc", "", "1e5")] == [
        "3.",
        "0.70",
        "abc",
        "",
        "1e5",
    ]
    assert fields.from_wire("n", "9007199254740993") == "9007199254740993"
    assert fields.from_wire("data", "[1,") == UnparsedJson("[1,")
    assert fields.to_wire("data", UnparsedJson("[1,")) == "[1,"


def test_computed_fields_are_returned_by_name() -> None:
    class Line(BaseModel):
        price: float
        count: int

        @computed_field
        @property
        def total(self) -> float:
            return self.price * self.count

    class Bill(BaseModel):
        lines: list[Line]
        by_name: dict[str, Line] = {}

        @computed_field
        @property
        def broken(self) -> int:
            raise ZeroDivisionError

    form = Form(Bill, default_values={"lines": [{"price": 2, "count": 3}]})
    assert form.tree.computed(form.value) == {"lines.0.total": 6.0, "broken": "ZeroDivisionError"}


def test_locations_of_data_are_resolved_to_names_of_the_form() -> None:
    class Inner(BaseModel):
        street_name: str = Field(alias="streetName")

    class Outer(BaseModel):
        model_config = ConfigDict(populate_by_name=True)
        homes: dict[str, list[Inner]] = {}

    form = Form(Outer, default_values={"homes": {"a.b": [{"streetName": "High"}]}})
    assert form.locate(("homes", "a.b", 0, "streetName")) == "homes.0.1.0.street_name"
    assert form.locate(("homes", "c")) is None


def test_agent_input_has_the_messages_of_the_studio() -> None:
    form = Form(AgentInput)
    form.trigger().wait(30)
    assert messages(form) == {
        "name": "Name is required",
        "system_prompt": "System prompt must be at least 10 characters",
        "provider": "Provider is required",
        "model": "Model is required",
    }
    form.set_values(
        {
            "name": "x" * 101,
            "description": "x" * 501,
            "system_prompt": "long enough",
            "provider": "ollama",
            "model": "m",
            "temperature": -0.1,
            "max_tokens": 0,
        },
        should_validate=True,
    )
    assert messages(form) == {
        "name": "Name must be less than 100 characters",
        "description": "Description must be less than 500 characters",
        "temperature": "Temperature must be at least 0",
        "max_tokens": "Max tokens must be a positive number",
    }
    form.set_values({"temperature": 2.1, "max_tokens": 128_001}, should_validate=True)
    assert messages(form)["temperature"] == "Temperature must be at most 2"
    assert messages(form)["max_tokens"] == "Max tokens must be at most 128,000"


def test_agent_input_has_the_defaults_of_the_studio() -> None:
    form = Form(
        AgentInput,
        default_values={
            "name": "a",
            "system_prompt": "0123456789",
            "provider": "azure",
            "model": "m",
        },
    )
    assert form.is_valid
    made = form.value
    assert (made.description, made.temperature, made.max_tokens, made.tools) == (
        None,
        0.7,
        None,
        [],
    )


def test_secret_of_one_branch_is_hidden_although_another_has_a_text_of_its_name() -> None:
    class Open(BaseModel):
        how: Literal["open"] = "open"
        token: str = ""

    class Closed(BaseModel):
        how: Literal["closed"] = "closed"
        token: SecretStr

    class Login(BaseModel):
        by: Annotated[Open | Closed, Field(discriminator="how")]

    form = Form(Login, default_values={"by": {"how": "closed", "token": "hush"}})
    assert form.tree.to_wire("by.token", form.get_value("by.token")) == {"secret": True}
    assert "new" not in repr(form.tree.from_wire("by.token", "new"))
    form.set_value("by.token", "new")
    assert "new" not in repr(form.values)
    form.choose_branch("by", 0)
    form.set_value("by.token", "seen")
    assert form.tree.to_wire("by.token", form.get_value("by.token")) == "seen"


def test_typed_secret_is_hidden_at_any_depth() -> None:
    class Account(BaseModel):
        user: str
        key: SecretStr

    class Accounts(BaseModel):
        rows: list[Account] = []
        by: dict[str, SecretStr] = {}
        either: int | SecretStr = 0

    form = Form(Accounts)
    form.change("rows", [{"user": "u", "key": "hush"}])
    form.change("rows.0.key", "hush")
    form.change("by", [["a", "hush"]])
    form.change("either", "hush")
    assert "hush" not in repr(form.values)
    assert form.value == Accounts.model_validate(
        {"rows": [{"user": "u", "key": "hush"}], "by": {"a": "hush"}, "either": "hush"}
    )


def test_multi_select_has_one_order_whatever_was_ticked_first() -> None:
    class Picks(BaseModel):
        some: set[Literal["b", "a", "c"]] = {"a", "c"}

    form = Form(Picks)
    assert form.values == {"some": ["a", "c"]}
    assert form.tree.from_wire("some", ["c", "b", "a"]) == ["b", "a", "c"]


def test_alias_that_is_another_field_s_name_is_located_at_its_own_field() -> None:
    class Crossed(BaseModel):
        a: int = Field(alias="b")
        b: int = Field(alias="a")

    form = Form(Crossed, default_values=Crossed(a=1, b=2))  # pyright: ignore[reportCallIssue]
    form.change("a", "x")
    form.trigger().wait(30)
    assert list(messages(form)) == ["a"]
