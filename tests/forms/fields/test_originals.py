"""A field that was not edited keeps the object it was made from, whatever its draft cannot show."""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import (
    AfterValidator,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    RootModel,
    SecretStr,
    Tag,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from kaizen_widgets.forms import Form


def submitted(form: Form) -> Any:
    """Return what a form hands over."""
    got: list[Any] = []
    form.submit(got.append).wait(30)
    assert got, form.errors
    return got[0]


class Animal(BaseModel):
    name: str = "a"


class Dog(Animal):
    bark: int = 3
    _seen: str = PrivateAttr("never")

    @field_validator("bark")
    @classmethod
    def _louder(cls, value: int) -> int:
        return value * 2


class User(BaseModel):
    name: str = "ann"
    password: str = ""

    @field_validator("password")
    @classmethod
    def _hashed(cls, value: str) -> str:
        return f"hash({value})"


class Odd(str):
    """A text that knows more than its characters."""

    __slots__ = ("note",)


class Color(Enum):
    RED = "red"


class Everything(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    animal: Animal = Animal()
    animals: list[Animal] = []
    by_name: dict[str, Animal] = {}
    pair: tuple[Animal, int] = (Animal(), 1)
    user: User = User()
    place: str | Path = ""
    amount: float | Decimal = 0.0
    when: datetime | None = None
    encoded: Base64Bytes = b""
    doubled: Annotated[int, AfterValidator(lambda value: value * 2)] = 1
    doubles: Annotated[list[int], AfterValidator(lambda value: [*value, *value])] = []
    recent: deque[int] = deque()
    color: Color = Color.RED
    secret: SecretStr = SecretStr("")
    text: str = ""
    anything: Any = None
    count: int = 0


KEPT: list[tuple[str, Callable[[], Any]]] = [
    ("animal", lambda: Dog(bark=9)),
    ("user", lambda: User(password="pw")),
    ("place", lambda: Path("a/b")),
    ("amount", lambda: Decimal("12345678901234567.89")),
    ("when", lambda: datetime(1900, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))),
    ("encoded", lambda: b64encode(b"\xff\xfe")),
    ("doubled", lambda: 21),
    ("doubles", lambda: [1, 2]),
    ("secret", lambda: SecretStr("hush")),
    ("text", lambda: Odd("odd")),
    ("anything", lambda: (1, {2: "two"})),
]


@pytest.mark.parametrize(("name", "make"), KEPT, ids=[name for name, _ in KEPT])
def test_an_untouched_field_of_an_instance_keeps_its_object(name: str, make: Callable[[], Any]):
    value = Everything(**{name: make()})
    form = Form(Everything, default_values=value)
    form.change("count", "5")
    result = submitted(form)
    assert result.count == 5
    assert getattr(result, name) is getattr(value, name)


def test_rows_keys_and_items_keep_their_objects_where_others_are_edited():
    value = Everything(
        animals=[Dog(bark=1), Dog(bark=2)],
        by_name={"rex": Dog(bark=3), "tom": Animal()},
        pair=(Dog(bark=4), 7),
    )
    form = Form(Everything, default_values=value)
    form.change("animals.1.name", "bo")
    form.change("by_name.1.1.name", "tim")
    form.change("pair.1", "8")
    result = submitted(form)
    assert result.animals[0] is value.animals[0]
    assert result.by_name["rex"] is value.by_name["rex"]
    assert result.by_name["tom"] == Animal(name="tim")
    assert (result.pair[0] is value.pair[0], result.pair[1]) == (True, 8)


def test_rows_keep_their_objects_when_they_are_moved_and_removed():
    value = Everything(animals=[Dog(name="a"), Dog(name="b"), Dog(name="c")])
    form = Form(Everything, default_values=value)
    rows = form.rows("animals")
    rows.move(0, 2)
    rows.remove(0)
    rows.append({"name": "new"})
    result = submitted(form).animals
    assert [animal.name for animal in result] == ["c", "a", "new"]
    assert result[0] is value.animals[2]
    assert result[1] is value.animals[0]
    assert type(result[2]) is Animal


def test_rows_of_a_program_keep_the_objects_they_are_made_from():
    form = Form(Everything)
    dogs = [Dog(name="a", bark=1), Dog(name="b", bark=2)]
    form.rows("animals").append(dogs[0])
    form.rows("animals").insert(0, dogs[1])
    result = submitted(form).animals
    assert [one is other for one, other in zip(result, (dogs[1], dogs[0]), strict=True)] == [
        True,
        True,
    ]


def test_an_edited_object_keeps_its_class_and_what_its_fields_do_not_show():
    dog = Dog(name="rex", bark=4)
    dog._seen = "yesterday"
    form = Form(Everything, default_values=Everything(animal=dog))
    form.change("animal.name", "bo")
    result = submitted(form).animal
    assert (type(result), result.name, result.bark, result._seen) == (Dog, "bo", 8, "yesterday")
    assert dog.name == "rex"
    assert result is not dog


def test_an_edited_field_beside_a_hashed_one_does_not_hash_it_again():
    value = User(password="pw")
    form = Form(User, default_values=value)
    form.change("name", "bob")
    assert submitted(form) == User.model_construct(name="bob", password="hash(pw)")
    form.change("password", "new")
    assert submitted(form).password == "hash(new)"
    form.change("password", "hash(pw)")
    assert submitted(form).password == "hash(pw)"  # the edit was taken back


def test_the_form_s_own_object_keeps_private_attributes_and_fields_that_were_set():
    class Job(BaseModel):
        title: str = "x"
        note: str | None = None
        _runs: int = PrivateAttr(0)

    job = Job(title="one")
    job._runs = 3
    form = Form(Job, default_values=job)
    form.change("note", "hello")
    result = submitted(form)
    assert (result._runs, result.model_dump(exclude_unset=True)) == (
        3,
        {"title": "one", "note": "hello"},
    )
    assert result is not job


def test_a_subclass_of_the_form_s_model_stays_one():
    form = Form(Animal, default_values=Dog(bark=4))
    form.change("name", "bo")
    result = submitted(form)
    assert (type(result), result.name, result.bark) == (Dog, "bo", 8)


def test_a_deque_keeps_its_length_when_its_rows_are_edited():
    form = Form(Everything, default_values=Everything(recent=deque([1, 2], maxlen=3)))
    form.change("recent.1", "5")
    assert submitted(form).recent == deque([1, 5], maxlen=3)
    assert submitted(form).recent.maxlen == 3


def test_an_invalid_field_of_an_instance_is_still_an_error():
    class Limited(BaseModel):
        name: str = Field("x", min_length=1)
        count: int = Field(0, ge=0)

    form = Form(Limited, default_values=Limited.model_construct(name="", count=-1))
    form.trigger().wait(30)
    assert set(form.errors) == {"name", "count"}


def test_a_model_whose_validator_reads_its_input_raw_gets_plain_values():
    seen: list[Any] = []

    class Account(BaseModel):
        user: User
        password: str = ""
        level: int = 0

        @model_validator(mode="before")
        @classmethod
        def _read(cls, value: Any) -> Any:
            seen.append(value)
            return {**value, "level": value["level"]}

        @field_validator("password")
        @classmethod
        def _hashed(cls, value: str) -> str:
            return f"hash({value})"

    account = Account(user=User(password="inner"), password="outer", level=1)
    form = Form(Account, default_values=account)
    form.change("level", "2")
    seen.clear()
    result = submitted(form)
    assert (result.password, result.user.password) == ("hash(outer)", "hash(inner)")
    assert all(type(item) in (str, int, dict, User) for item in seen[-1].values())


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    user: User = User()


class Fish(BaseModel):
    kind: Literal["fish"] = "fish"
    depth: Decimal | str = "shallow"


class ByTag(BaseModel):
    pet: Annotated[Cat | Fish, Field(discriminator="kind")]
    count: int = 0


class ByFunction(BaseModel):
    pet: Annotated[
        Annotated[Cat, Tag("cat")] | Annotated[Fish, Tag("fish")],
        Discriminator(lambda v: v["kind"] if isinstance(v, dict) else v.kind),
    ]
    count: int = 0


class Untagged(BaseModel):
    pet: Cat | Fish
    count: int = 0


@pytest.mark.parametrize("model", [ByTag, ByFunction, Untagged])
def test_values_of_unions_keep_their_objects_and_edited_ones_their_parts(model: type[BaseModel]):
    value = model(pet=Cat(user=User(password="pw")))
    form = Form(model, default_values=value)
    form.change("count", "1")
    assert submitted(form).pet is value.pet  # pyright: ignore[reportAttributeAccessIssue]
    form.change("pet.user.name", "bob")
    assert submitted(form).pet.user == User.model_construct(name="bob", password="hash(pw)")
    form.choose_branch("pet", 1)
    assert submitted(form).pet == Fish()


def test_root_models_typed_dicts_and_dataclasses_keep_their_objects():
    class Part(TypedDict):
        animal: Animal

    @dataclasses.dataclass
    class Box:
        place: str | Path
        animal: Animal

    class Whole(BaseModel):
        names: RootModel[list[Animal]]
        part: Part
        box: Box
        count: int = 0

    value = Whole(
        names=RootModel[list[Animal]]([Dog()]),
        part={"animal": Dog()},
        box=Box(Path("p"), Dog()),
    )
    form = Form(Whole, default_values=value)
    form.change("count", "1")
    result = submitted(form)
    assert result.names is value.names
    assert result.box is value.box
    assert result.part["animal"] is value.part["animal"]
    form.change("box.animal.name", "bo")
    form.change("names.0.name", "bo")
    result = submitted(form)
    assert (result.box.place, type(result.box.animal)) == (Path("p"), Dog)
    assert type(result.names.root[0]) is Dog


def test_a_value_that_a_program_sets_is_validated_as_it_is():
    form = Form(Everything)
    form.set_value("place", Path("x"))
    form.set_value("amount", Decimal("0.1000000000000000000001"))
    form.set_value("animal", Dog(bark=5))
    result = submitted(form)
    assert (result.place, result.amount) == (Path("x"), Decimal("0.1000000000000000000001"))
    assert result.animal == Dog.model_construct(name="a", bark=10)
    form.set_value("count", Decimal("1.5"))
    form.trigger().wait(30)
    assert list(form.errors) == ["count"]


def test_a_reset_returns_to_the_objects_of_the_default_values():
    value = Everything(animals=[Dog(), Dog()], place=Path("a"))
    form = Form(Everything, default_values=value)
    form.set_value("place", Path("b"))
    form.rows("animals").remove(0)
    form.reset()
    result = submitted(form)
    assert result.place is value.place
    assert [one is other for one, other in zip(result.animals, value.animals, strict=True)] == [
        True,
        True,
    ]


def test_a_text_of_an_unchanged_number_or_json_from_a_page_is_no_edit():
    value = Everything(amount=Decimal("1.10"), anything={"a": (1, 2)})
    form = Form(Everything, default_values=value)
    for name in ("amount", "anything"):
        shown = form.tree.to_wire(name, form.get_value(name))
        form.change(name, "0")
        form.change(name, form.tree.from_wire(name, shown, form.get_value(name)))
    result = submitted(form)
    assert result.amount is value.amount
    assert result.anything == {"a": (1, 2)}


def test_two_forms_share_no_value_of_a_default():
    value = Everything(animals=[Animal(name="a")], anything={"k": [1]})
    form = Form(Everything, default_values=value)
    result = submitted(form)
    result.animals.append(Animal())
    result.anything["k"].append(2)
    assert submitted(form) == Everything(animals=[Animal(name="a")], anything={"k": [1]})
    assert (len(value.animals), value.anything) == (1, {"k": [1]})
