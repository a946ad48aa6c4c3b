"""Which API data is persisted between kernels, for which user and for how long."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from kaizen_widgets.api import Agent, PipelineDetail, query_keys
from kaizen_widgets.saving import persist_queries
from kaizen_widgets.saving.record_json import RECORD_TYPES, from_json, to_json

ROWS = [
    {"id": "a", "name": "A", "temperature": 0.699999988079071, "created_at": "2026-01-01T10:00"}
]
ME = {"id": "u", "email": "e@x.y", "name": "N", "organization_id": "org", "role": "org_owner"}


class Color(Enum):
    RED = 1


class Texts(dict):
    def set(self, name, text):
        self[name] = text

    def remove(self, name):
        self.pop(name, None)


@pytest.fixture
def kernel(fake, loop):
    """Start a kernel on a storage; the server has one agent."""

    def start(storage, user=ME, tokens=True):
        def handler(request):
            if request.url.path.endswith("/logout"):
                return httpx.Response(204)
            return ROWS

        api = fake(handler)
        if user is not None:
            api.auth.session.login(user, "access", "refresh")
        if not tokens:
            api.auth.session.logout()

        async def run_inline(work):
            work()

        persister = persist_queries(
            api.query_client,
            storage,
            address="https://x",
            session=api.auth.session,
            offload=run_inline,
        )
        return api, persister

    return start


def filled(kernel, loop):
    storage = Texts()
    api, _ = kernel(storage)
    api.agents.list()
    api.query_client.set_query_data(
        query_keys.pipelines.detail("p"),
        PipelineDetail(id="p", name="P", nodes=[{"key": "k-1"}], connections=[]),
    )
    loop.advance(2)
    return api, storage


def test_lists_are_restored_as_records_and_documents_are_not_persisted(kernel, loop, caplog):
    _, storage = filled(kernel, loop)
    assert caplog.text == ""  # It would be shown in the cell.
    later, _ = kernel(storage)
    agents = later.query_client.get_query_data(query_keys.agents.list({}))
    assert [type(one) for one in agents] == [Agent]
    assert agents[0].temperature == 0.7
    assert later.query_client.get_query_data(query_keys.pipelines.detail("p")) is None
    assert "k-1" not in str(storage)


def test_another_user_gets_nothing_of_the_persisted_lists(kernel, loop):
    _, storage = filled(kernel, loop)
    later, _ = kernel(storage, user={**ME, "id": "other"})
    assert later.query_client.query_cache.get_all() == ()
    assert storage == {}


def test_lists_are_restored_once_the_user_is_known(kernel, loop):
    _, storage = filled(kernel, loop)
    later, _ = kernel(storage, user=None)
    assert later.query_client.query_cache.get_all() == ()
    later.auth.session.login(ME, "access", "refresh")
    assert later.query_client.get_query_data(query_keys.agents.list({}))[0].name == "A"


def test_signing_out_deletes_persisted_lists(kernel, loop):
    api, storage = filled(kernel, loop)
    assert storage != {}
    api.auth.logout()
    loop.advance(10)
    assert storage == {}
    later, _ = kernel(storage)
    assert later.query_client.query_cache.get_all() == ()


@pytest.mark.parametrize("name", RECORD_TYPES)
def test_persisted_record_types_have_no_secret_fields(name):
    fields = " ".join(RECORD_TYPES[name].model_fields)
    assert not any(word in fields for word in ("token_", "secret", "password", "api_key", "config"))


@pytest.mark.parametrize(
    "data",
    [
        (1, "two", [3.5]),
        {1: "one", ("a", 2): None},
        {"$tuple": [1]},
        {"agents": (Agent(id="a", name="A"), [Agent(id="b", name="B")])},
        {"ids": frozenset({1, 2}), "when": date(2026, 12, 1), "price": Decimal("1.10")},
    ],
    ids=repr,
)
def test_data_is_restored_exactly(kernel, loop, data):
    storage = Texts()
    api, _ = kernel(storage)
    api.query_client.set_query_data(("own",), data)
    loop.advance(2)
    later, _ = kernel(storage)
    restored = later.query_client.get_query_data(("own",))
    assert restored == data
    assert repr(restored) == repr(data)


@pytest.mark.parametrize(
    "data",
    [
        object(),
        float("inf"),
        {"$kind": "Agent"},
        [{"a": {"$kind": "x"}}],
        Color.RED,
        SecretStr("canary-c0de"),
        Agent.model_construct(id="a", name="A", temperature="hot"),
        PipelineDetail(id="p", name="P", nodes=[], connections=[]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_data_that_cannot_be_restored_exactly_is_left_out_alone(kernel, loop, data):
    storage = Texts()
    api, _ = kernel(storage)
    api.query_client.set_query_data(("bad",), data)
    api.query_client.set_query_data(("good",), [1])
    loop.advance(2)
    later, _ = kernel(storage)
    assert later.query_client.get_query_data(("bad",)) is None
    assert later.query_client.get_query_data(("good",)) == [1]
    assert "canary" not in str(storage)


def test_circular_data_is_left_out(kernel, loop):
    storage = Texts()
    api, _ = kernel(storage)
    circle: list[Any] = []
    circle.append(circle)
    api.query_client.set_query_data(("circle",), circle)
    api.query_client.set_query_data(("good",), [1])
    loop.advance(2)
    later, _ = kernel(storage)
    assert later.query_client.get_query_data(("circle",)) is None
    assert later.query_client.get_query_data(("good",)) == [1]


@pytest.mark.parametrize("value", [{"$kind": "Agent"}, {"a": {"$kind": "x"}}, ({"$kind": 1},)])
def test_value_that_looks_like_a_record_is_refused(value):
    with pytest.raises(TypeError, match="not persisted"):
        to_json(value)


@pytest.mark.parametrize("value", [{"$kind": "os"}, {"$kind": ["Agent"]}, {"$kind": "Agent"}])
def test_unknown_record_type_is_refused(value):
    with pytest.raises(ValueError, match=r"record type|valid"):
        from_json([value])
