"""A form panel without a browser: its comm messages, and what it shows."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import ipywidgets as ipw
import pytest
from pydantic import BaseModel, Field, SecretStr, computed_field, model_validator

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import ConnectError, FormError, InvalidInputError
from kaizen_widgets.forms import Form
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.testing.fake_comm import FakeComms
from kaizen_widgets.widgets import FormPanel
from tests.widgets.form_view import FormView


class Item(BaseModel):
    sku: str = Field(min_length=2)
    qty: int = Field(1, ge=1)


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    breed: str = Field(min_length=1)


class Order(BaseModel):
    """An order."""

    name: str = Field(min_length=1)
    note: str | None = None
    count: int | None = Field(None, gt=0)
    provider: Literal["openai", "azure"] = "openai"
    password: SecretStr = SecretStr("")
    items: list[Item] = []
    scores: dict[str, float] = {}
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()
    child: Item | None = None


@pytest.fixture
def comms() -> Iterator[FakeComms]:
    with fake_comms() as opened:
        yield opened


def open_panel(comms: FakeComms, model: Any = Order, *args: Any, **options: Any):
    panel = FormPanel(model, *args, **options)
    return panel, FormView(comms, panel)


def sent(comms: FakeComms) -> str:
    return json.dumps([message.data for opened in comms for message in opened.sent])


# ------------------------------------------------------------------ typing


def test_f8_edits_reach_the_form_as_typed(comms: FakeComms):
    panel, view = open_panel(comms)
    view.type("/name", "Ada")
    view.type("/count", "3.")
    assert panel.form.get_value("name") == "Ada"
    assert view.value("/count") == "3."
    view.type("/count", "3")
    assert panel.form.get_value("count") == 3


def test_f6_each_message_gets_one_answer(comms: FakeComms):
    _, view = open_panel(comms)
    (patch,) = view.type("/name", "Ada")
    assert patch["cells"] == {"/name": {"value": "Ada"}}
    assert patch["seen"] == {view.client: 1}
    assert len(view.blur("/name")) == 1


def test_f7_hello_is_answered_with_a_patch_or_a_snapshot(comms: FakeComms):
    panel, view = open_panel(comms)
    view.type("/name", "Ada")
    view.comm.deliver_custom({"kind": "hello", "client": "late"})
    answer = view.comm.custom[-1]
    assert (answer["kind"], answer["base"], answer["rev"]) == ("patch", 1, 1)
    view.comm.deliver_custom({"kind": "hello", "client": "late", "missed": True})
    whole = view.comm.custom[-1]
    assert whole["to"] == "late"
    assert whole["snapshot"] == panel.area.get_state()["_snapshot"]


def test_repeated_messages_count_once(comms: FakeComms):
    _, view = open_panel(comms)
    view.insert("/items", 0)
    view.seq -= 1
    view.insert("/items", 0)
    assert len(view.rows("/items")) == 1


def test_f10_invalid_messages_change_nothing(comms: FakeComms, caplog: pytest.LogCaptureFixture):
    panel, view = open_panel(comms)
    before = panel.form.values
    for nonsense in (
        None,
        {"kind": "change"},
        {"kind": "change", "client": "x", "seq": 1, "edits": [{"key": "name", "value": "hunter2"}]},
    ):
        view.comm.deliver_custom(nonsense)
    view.type("/nothing", "hunter2")
    view.type("/items/gone/sku", "hunter2")
    view.send("choose", key="/pet", tag="17")
    assert panel.form.values == before
    assert "hunter2" not in caplog.text


def test_f2_refused_messages_are_answered_with_a_snapshot(comms: FakeComms):
    panel, view = open_panel(comms)
    before = panel.form.values
    view.seq = 1
    view.comm.deliver_custom(
        {"kind": "change", "client": view.client, "seq": 1, "edits": [{"key": "name"}]}
    )
    whole = view.comm.custom[-1]
    assert (whole["kind"], whole["to"], whole["seen"]) == ("snapshot", view.client, 1)
    view.follow()
    view.type("/name", "Next")
    assert panel.form.values == {**before, "name": "Next"}


def test_f8_unset_and_empty_are_distinguished(comms: FakeComms):
    panel, view = open_panel(comms)
    assert view.snapshot["cells"]["/note"] == {"unset": True}
    view.type("/note", "")
    assert panel.form.get_value("note") == ""
    view.send("set", key="/note", isSet=False)
    assert panel.form.get_value("note") is None
    assert view.snapshot["cells"]["/note"] == {"unset": True}


# ------------------------------------------------------------- rows, unions


def test_f5_rows_are_addressed_by_id(comms: FakeComms):
    panel, view = open_panel(comms)
    for index, sku in enumerate(("one", "two", "three")):
        view.insert("/items", index)
        view.type(f"/items/{view.rows('/items')[index]}/sku", sku)
    first, second, third = view.rows("/items")
    view.move("/items", third, 0)
    assert view.rows("/items") == [third, first, second]
    view.remove("/items", first)
    assert [item["sku"] for item in panel.form.get_value("items")] == ["three", "two"]


def test_row_move_sends_only_the_order(comms: FakeComms):
    items = [{"sku": f"sku-{n}"} for n in range(200)]
    _, view = open_panel(comms, default_values={"name": "x", "items": items})
    (patch,) = view.move("/items", view.rows("/items")[199], 0)
    assert list(patch["cells"]) == ["/items"]


def test_f5_edits_find_a_row_that_moved_meanwhile(comms: FakeComms):
    panel, view = open_panel(comms, default_values={"items": [{"sku": "aa"}, {"sku": "bb"}]})
    first = view.rows("/items")[0]
    panel.form.rows("items").move(0, 1)
    view.type(f"/items/{first}/sku", "changed")
    assert [item["sku"] for item in panel.form.get_value("items")] == ["bb", "changed"]


def test_f12_row_errors_move_with_their_row(comms: FakeComms):
    _, view = open_panel(
        comms, default_values={"name": "x", "items": [{"sku": "a"}, {"sku": "bb"}]}
    )
    view.submit()
    first = view.rows("/items")[0]
    assert view.errors(f"/items/{first}/sku")
    view.move("/items", first, 1)
    assert view.errors(f"/items/{first}/sku")


def test_dict_items_are_rows_of_key_and_value(comms: FakeComms):
    panel, view = open_panel(comms, default_values={"name": "x"})
    view.insert("/scores", 0)
    (row,) = view.rows("/scores")
    view.send("change", edits={f"/scores/{row}/0": "ada", f"/scores/{row}/1": "2.5"})
    view.submit()
    assert panel.value.scores == {"ada": 2.5}


def test_union_branches_keep_their_drafts(comms: FakeComms):
    panel, view = open_panel(comms)
    view.type("/pet/lives", "7")
    view.send("choose", key="/pet", tag="1")
    assert view.snapshot["cells"]["/pet"]["branch"] == "1"
    view.type("/pet/breed", "Collie")
    view.send("choose", key="/pet", tag="0")
    assert view.value("/pet/lives") == "7"
    view.send("choose", key="/pet", tag="1")
    assert panel.form.get_value("pet.breed") == "Collie"


def test_optional_model_can_be_set_and_unset(comms: FakeComms):
    panel, view = open_panel(comms)
    assert view.snapshot["cells"]["/child"] == {"unset": True}
    view.send("set", key="/child", isSet=True)
    assert view.value("/child/qty") == "1"
    view.send("set", key="/child", isSet=False)
    assert "/child/qty" not in view.snapshot["cells"]
    assert panel.form.get_value("child") is None


@pytest.mark.parametrize("seed", range(12))
def test_patches_lead_to_the_same_state_as_a_snapshot(comms: FakeComms, seed: int):
    chance = random.Random(seed)
    panel, view = open_panel(comms, default_values={"items": [{"sku": "a"}, {"sku": "bb"}]})
    other = FormView(comms, panel)

    def by_python() -> None:
        match chance.randrange(5):
            case 0:
                panel.form.set_value("name", chance.choice(["", "Ada", "x" * 5]))
            case 1:
                panel.form.reset({"name": "again", "items": [{"sku": "zz"}]})
            case 2:
                panel.form.rows("items").append({"sku": "py"})
            case 3:
                panel.form.trigger().wait()
            case 4:
                panel.form.set_error("name", "taken")

    def by_hand() -> None:
        rows = view.rows("/items")
        row = chance.choice(rows) if rows else "none"
        match chance.randrange(9):
            case 0:
                view.type("/name", chance.choice(["", "Eve"]))
            case 1:
                view.insert("/items", chance.randrange(3))
            case 2:
                view.remove("/items", row)
            case 3:
                view.move("/items", row, chance.randrange(3))
            case 4:
                view.type(f"/items/{row}/qty", chance.choice(["0", "2", "abc"]))
            case 5:
                view.send("choose", key="/pet", tag=chance.choice("01"))
            case 6:
                view.send("set", key="/child", isSet=chance.random() < 0.5)
            case 7:
                view.submit()
            case 8:
                view.insert("/scores", 0)

    for _ in range(40):
        chance.choice([by_hand, by_hand, by_python])()
        view.follow()
    other.follow()
    fresh = panel.area.get_state()["_snapshot"]
    assert view.snapshot == fresh
    assert other.snapshot == fresh


# ------------------------------------------------------------------ secrets


def test_f9_passwords_are_in_no_message_and_no_widget_state(comms: FakeComms):
    panel, view = open_panel(comms, default_values={"password": SecretStr("old-secret")})
    view.type("/password", "new-secret")
    view.blur("/password")
    view.submit(name="x")
    assert view.snapshot["cells"]["/password"] == {"secret": True}
    assert panel.value.password.get_secret_value() == "new-secret"
    states = [json.dumps(w.get_state(), default=str) for w in (panel, panel.area, panel.status)]
    for secret in ("old-secret", "new-secret"):
        assert secret not in sent(comms)
        assert not any(secret in state for state in states)
        assert secret not in repr(panel) + repr(panel.area)


def test_reset_clears_passwords(comms: FakeComms):
    _, view = open_panel(comms)
    view.type("/password", "hunter2")
    view.send("reset")
    assert view.snapshot["cells"]["/password"].get("secret") is None


# --------------------------------------------------------------- submitting


def test_submit_includes_pending_edits(comms: FakeComms):
    got: list[Order] = []
    panel, view = open_panel(comms, Order, got.append)
    view.submit(name="Ada", count="3")
    assert [(order.name, order.count) for order in got] == [("Ada", 3)]
    assert "Submitted" in panel.status.value


def test_f11_failed_submit_shows_errors_and_moves_the_focus(comms: FakeComms):
    panel, view = open_panel(comms)
    mails = view.submit(count="abc")
    assert view.errors("/name")
    assert view.errors("/count")
    assert [mail["focus"] for mail in mails if mail.get("focus")] == [{"to": view.client}]
    assert "2 fields need attention" in panel.status.value


def test_on_submit_errors_are_shown_with_retry(comms: FakeComms):
    answers: list[Any] = [ConnectError("The server could not be reached."), "saved"]

    def save(_order: Order) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    done: list[str] = []
    panel, view = open_panel(comms, Order, save, on_success=done.append)
    view.submit(name="Ada")
    assert "could not be reached" in panel.status.value
    assert panel.submit_button.description == "Retry"
    panel.submit_button.click()
    assert done == ["saved"]
    assert panel.submit_button.description == "Submit"
    assert "Submitted" in panel.status.value


def test_listener_errors_are_shown_and_do_not_stop_a_submit(comms: FakeComms):
    got: list[Order] = []
    panel, view = open_panel(comms, Order, got.append)

    def watch(_values: Any) -> None:
        raise RuntimeError("the observer is broken")

    panel.form.watch(watch)
    view.submit(name="Ada")
    assert [order.name for order in got] == ["Ada"]
    assert "the observer is broken" in panel.status.value


def test_server_errors_are_shown_at_their_fields(comms: FakeComms):
    def save(_order: Order) -> None:
        raise InvalidInputError("No.", status=422, details={"name": ["is taken"]})

    _, view = open_panel(comms, Order, save)
    view.submit(name="Ada")
    assert view.errors("/name") == ["is taken"]
    view.type("/name", "Eve")
    assert view.errors("/name") == []


def test_server_errors_of_a_row_removed_during_the_submit_are_shown_and_end_it(comms: FakeComms):
    async def scenario() -> None:
        release = asyncio.Event()

        async def save(_order: Order) -> None:
            await release.wait()
            raise InvalidInputError("No.", status=422, details={"items.0.sku": ["is taken"]})

        items = [{"sku": "one"}, {"sku": "two"}]
        panel = FormPanel(Order, save, default_values={"name": "Ada", "items": items})
        submission = panel.submit()
        assert submission is not None
        panel.form.rows("items").remove(0)
        panel.form._loop.loop.call_soon_threadsafe(release.set)
        with pytest.raises(InvalidInputError):
            await submission
        (error,) = panel.form.errors.items()
        assert error[0] == "root.server"
        assert "is taken" in error[1].message
        assert not panel.form.is_submitting

    asyncio.run(scenario())


def test_batch_may_wait_for_the_loop_while_a_submit_ends(comms: FakeComms):
    release = threading.Event()

    async def save(_order: Order) -> None:
        await asyncio.to_thread(release.wait, 20)
        raise InvalidInputError("No.", status=422, details={"name": ["is taken"]})

    panel = FormPanel(Order, save, default_values={"name": "Ada"})
    submission = panel.submit()
    assert submission is not None
    with panel.form.batch():
        release.set()
        for _ in range(20):
            background.start(asyncio.sleep(0.005)).wait(60)
    with pytest.raises(InvalidInputError):
        submission.wait(60)
    assert {name: error.message for name, error in panel.form.errors.items()} == {
        "name": "is taken"
    }


def test_callbacks_of_a_panel_may_take_no_argument(comms: FakeComms):
    calls: list[str] = []
    panel, view = open_panel(
        comms,
        Order,
        lambda: calls.append("submit"),
        on_success=lambda: calls.append("success"),
        options={"note": lambda: ["a", "b"]},
        when={"count": lambda: False},
        read_outs={"name": lambda: "a name"},
    )
    assert view.snapshot["hidden"] == ["/count"]
    assert view.snapshot["notes"] == {"/name": "a name"}
    assert [option["value"] for option in view.snapshot["options"]["/note"]] == ["a", "b"]
    view.submit(name="Ada")
    assert calls == ["submit", "success"]
    assert "Submitted" in panel.status.value


def test_panel_of_an_instance_edits_its_values(comms: FakeComms):
    got: list[Item] = []
    panel, view = open_panel(comms, Item(sku="wheel", qty=3), got.append)
    assert view.value("/sku") == "wheel"
    view.submit(qty="4")
    assert got == [Item(sku="wheel", qty=4)]
    panel.reset()
    view.follow()
    assert view.value("/qty") == "3"


def test_panel_of_a_dict_is_refused_with_the_way_out(comms: FakeComms):
    with pytest.raises(FormError, match=r"from a pydantic model, .* not from a dict"):
        FormPanel({"a": int})


def test_second_click_during_a_submit_does_nothing(comms: FakeComms):
    async def scenario() -> None:
        release = asyncio.Event()
        calls: list[Order] = []

        async def save(order: Order) -> None:
            calls.append(order)
            await release.wait()

        panel = FormPanel(Order, save, default_values={"name": "Ada"})
        submission = panel.submit()
        assert submission is not None
        assert panel.submit_button.description == "Submitting…"
        assert not panel.submit_button.disabled
        assert panel.submit() is None
        panel.form._loop.loop.call_soon_threadsafe(release.set)
        await submission
        assert len(calls) == 1

    asyncio.run(scenario())


def test_reset_button_restores_the_defaults(comms: FakeComms):
    panel, view = open_panel(comms, default_values={"name": "Ada"})
    view.submit(name="")
    panel.reset_button.click()
    view.follow()
    assert view.value("/name") == "Ada"
    assert view.snapshot["errors"] == {}
    assert panel.status.value == ""


def test_model_error_goes_when_one_of_its_fields_is_corrected(comms: FakeComms):
    class Span(BaseModel):
        start: int = 5
        end: int = 3

        @model_validator(mode="after")
        def _in_order(self) -> Span:
            if self.end < self.start:
                raise ValueError("end must not be before start")
            return self

    _, view = open_panel(comms, Span)
    view.submit()
    assert view.errors("") == ["end must not be before start"]
    view.type("/start", "1")
    assert view.errors("") == []


def test_computed_fields_are_updated(comms: FakeComms):
    class Box(BaseModel):
        width: float = 2
        height: float = 3

        @computed_field
        @property
        def area(self) -> float:
            return self.width * self.height

    _, view = open_panel(comms, Box)
    assert view.value("/area") == 6.0
    view.type("/width", "4")
    assert view.value("/area") == 12.0


# ------------------------------------------------ custom widgets, field rules


def test_custom_widget_replaces_a_field(comms: FakeComms):
    class Heat(BaseModel):
        temperature: float = Field(0.7, ge=0, le=2)

    slider = ipw.FloatSlider(min=0, max=2)
    panel, view = open_panel(comms, Heat, widgets={"temperature": slider})
    assert slider.value == 0.7
    slider.value = 1.5
    assert panel.form.get_value("temperature") == 1.5
    assert "temperature" in panel.form.touched_fields
    panel.form.set_value("temperature", 0.2)
    assert slider.value == 0.2
    assert view.snapshot["widgets"] == {"/temperature": f"IPY_MODEL_{slider.model_id}"}
    panel.close()
    slider.value = 1.0
    assert panel.form.get_value("temperature") == 0.2


def test_custom_widget_and_field_agree_after_concurrent_writes(comms: FakeComms):
    class Heat(BaseModel):
        temperature: float = 0.0

    slider = ipw.FloatSlider(min=0, max=1e6)
    panel, _ = open_panel(comms, Heat, widgets={"temperature": slider})

    def by_hand() -> None:
        for n in range(1, 200):
            slider.value = n

    def by_program() -> None:
        for n in range(200):
            panel.form.set_value("temperature", 1000 + n)

    threads = [threading.Thread(target=work) for work in (by_hand, by_program)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert panel.form.get_value("temperature") == slider.value


def test_custom_widget_without_a_value_is_refused(comms: FakeComms):
    with pytest.raises(TypeError, match="'name' needs an ipywidget with a value, not VBox"):
        FormPanel(Order, widgets={"name": ipw.VBox()})


def test_options_of_an_unknown_field_are_refused(comms: FakeComms):
    with pytest.raises(FormError, match="nmae"):
        FormPanel(Order, options={"nmae": ["a"]})
    with pytest.raises(FormError, match="nmae"):
        FormPanel(Order).field("nmae")


def test_field_taken_out_of_the_panel_is_shown_once(comms: FakeComms):
    panel, view = open_panel(comms)
    alone = panel.field("name")
    view.follow()
    assert view.snapshot["hidden"] == ["/name"]
    assert panel.field("name") is alone
    elsewhere = FormView(comms, panel, alone)
    assert elsewhere.snapshot["only"] == ["/name"]
    assert set(elsewhere.snapshot["cells"]) == {"", "/name"}
    elsewhere.type("/name", "Ada")
    assert panel.form.get_value("name") == "Ada"


def test_options_follow_another_field_and_clear_a_stale_value(comms: FakeComms):
    class Choice(BaseModel):
        provider: Literal["openai", "ollama"] = "openai"
        model: str = "gpt"

    models = {"openai": ["gpt", "o1"], "ollama": {"llama3": "Llama 3"}}
    panel, view = open_panel(comms, Choice, options={"model": lambda v: models[v["provider"]]})
    assert [o["label"] for o in view.snapshot["options"]["/model"]] == ["gpt", "o1"]
    view.type("/provider", "ollama")
    assert view.snapshot["options"]["/model"] == [{"value": "llama3", "label": "Llama 3"}]
    assert panel.form.get_value("model") == ""


def test_hidden_field_is_not_submitted_and_keeps_its_draft(comms: FakeComms):
    class Endpoint(BaseModel):
        provider: Literal["openai", "azure"] = "azure"
        url: str = "https://default"

    got: list[Endpoint] = []
    _, view = open_panel(
        comms, Endpoint, got.append, when={"url": lambda values: values["provider"] == "azure"}
    )
    view.type("/url", "https://mine")
    view.type("/provider", "openai")
    assert view.snapshot["hidden"] == ["/url"]
    view.submit()
    assert got[-1].url == "https://default"
    view.type("/provider", "azure")
    assert view.snapshot["hidden"] == []
    assert view.value("/url") == "https://mine"


def test_read_outs_follow_values_and_may_raise(comms: FakeComms):
    panel, view = open_panel(
        comms, read_outs={"count": lambda v: f"{v['count']:,}", "note": lambda v: v["nothing"]}
    )
    view.type("/count", "4096")
    assert view.snapshot["notes"] == {"/count": "4,096"}
    view.type("/name", "still works")
    assert panel.form.get_value("name") == "still works"


def test_frozen_field_is_read_only_for_an_instance(comms: FakeComms):
    class Made(BaseModel):
        id: str = Field("", frozen=True)
        name: str = ""

    def read_only(view: FormView) -> list[bool]:
        return [node.get("readOnly", False) for node in view.snapshot["root"]["fields"]]

    assert read_only(open_panel(comms, Made)[1]) == [False, False]
    there = Made(id="7", name="Ada")
    assert read_only(open_panel(comms, Made, default_values=there)[1]) == [True, False]


def test_f10_read_only_fields_ignore_messages(comms: FakeComms):
    class Made(BaseModel):
        id: str = Field("7", frozen=True)
        tags: list[str] = Field(["a"], frozen=True)

        @computed_field
        @property
        def size(self) -> int:
            return len(self.tags)

    panel, view = open_panel(comms, Made, default_values=Made.model_validate({}))
    view.type("/id", "8")
    view.type("/size", "8")
    view.insert("/tags", 0)
    assert panel.form.values == {"id": "7", "tags": ["a"]}
    assert view.value("/id") == "7"


def test_f5_messages_about_a_removed_row_are_ignored(comms: FakeComms):
    panel, view = open_panel(comms, default_values={"items": [{"sku": "one"}, {"sku": "two"}]})
    one, _ = view.rows("/items")
    panel.form.rows("items").remove(0)
    view.send("change", edits={f"/items/{one}/sku": "late", "/name": "heard"})
    view.remove("/items", one)
    assert [row["sku"] for row in panel.form.values["items"]] == ["two"]
    assert panel.form.values["name"] == "heard"
    assert not any(key.startswith(f"/items/{one}") for key in view.snapshot["cells"])


# --------------------------------------------------------------------- files


def test_files_reach_fields_of_bytes_and_paths(comms: FakeComms):
    class Files(BaseModel):
        logo: bytes = b""
        data: Path = Path("none")

    panel, view = open_panel(comms, Files)
    view.send("attach", b"\x00\xff", key="/logo", name="logo.png")
    view.send("attach", b"a,b", key="/data", name="../../table.csv")
    assert panel.value.logo == b"\x00\xff"
    assert panel.value.data.name == "table.csv"
    assert panel.value.data.read_bytes() == b"a,b"
    assert view.value("/logo") == {"size": 2, "name": "logo.png"}
    view.type("/data", "/elsewhere/typed.csv")
    assert panel.value.data == Path("/elsewhere/typed.csv")


# ------------------------------------------------------------------ lifetimes


@pytest.mark.parametrize("rows", [0, 200])
def test_panel_opens_with_ten_messages_for_any_number_of_rows(comms: FakeComms, rows: int):
    FormPanel(Order)  # the shared code, once a kernel
    before = len(comms)
    items = [{"sku": f"sku-{n}"} for n in range(rows)]
    FormPanel(Order, default_values={"items": items})
    assert sum(len(opened.sent) for opened in comms[before:]) <= 10


def test_closed_panel_has_no_listeners_and_sends_nothing(comms: FakeComms):
    panel, _view = open_panel(comms, read_outs={"name": lambda v: v["name"]})
    panel.close()
    before = sent(comms)
    panel.form.set_value("name", "unheard")
    assert sent(comms) == before
    assert not panel.form.listener_count


def test_one_form_in_two_panels(comms: FakeComms):
    form = Form(Order)
    one, other = FormPanel(form), FormPanel(form)
    view, beside = FormView(comms, one), FormView(comms, other)
    view.type("/name", "Ada")
    beside.follow()
    assert beside.value("/name") == "Ada"
    with pytest.raises(TypeError, match="'mode' is an option of a new form"):
        FormPanel(form, mode="all")
