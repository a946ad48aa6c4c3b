"""Connectors: what they do, what they refuse, and what never shows in a message."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import httpx
import pytest

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.connectors import address_guard
from kaizen_widgets.nodes.connectors.address_guard import check_host
from kaizen_widgets.nodes.connectors.api_connector import ApiKind
from kaizen_widgets.nodes.connectors.message_topics import MAX_WAITING, MessageTopics
from kaizen_widgets.nodes.connectors.named_secrets import read_secret
from kaizen_widgets.testing import FakeClock
from kaizen_widgets.transport import PinnedHost, Tokens, Transport
from tests.nodes.builders import problems, run, task

PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def no_names_are_looked_up(monkeypatch):
    hosts = {"api.example.com": PUBLIC, "inside.example.com": "10.1.2.3", "localhost": "127.0.0.1"}
    monkeypatch.setattr(address_guard, "look_up", lambda host: [hosts[host]])


# -------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "", "127.0.0.1", "[::1]", "10.0.0.1", "192.168.1.5", "172.16.0.1",
        "100.64.0.1", "0.0.0.0", "::ffff:127.0.0.1", "fd00::1", "inside.example.com",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_unless_allowed(host):
    with pytest.raises(RunError, match="Set allow_private"):
        check_host(host, allow_private=False)
    check_host(host, allow_private=True)


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254"])
def test_link_local_addresses_are_always_refused(host):
    with pytest.raises(RunError, match="link-local"):
        check_host(host, allow_private=True)


def test_public_addresses_are_allowed_and_one_private_among_them_is_not():
    check_host("api.example.com", allow_private=False)
    with pytest.raises(RunError, match=r"10\.0\.0\.1"):
        check_host("x", allow_private=False, lookup=lambda host: [PUBLIC, "10.0.0.1"])


def test_a_name_that_is_not_known_may_be_tried_again():
    def unknown(host):
        raise OSError

    with pytest.raises(RunError, match="is not known") as caught:
        check_host("x", allow_private=False, lookup=unknown)
    assert caught.value.is_retryable


# ---------------------------------------------------------------- secrets


def test_secrets_come_from_their_own_variables_only(monkeypatch):
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS_DB", "canary")
    monkeypatch.setenv("OTHER", "canary")
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS_DB_HOSTS", "db.example.com")
    assert read_secret("orders db", "db.example.com") == "canary"
    with pytest.raises(
        RunError, match="set the environment variable KAIZEN_SECRET_OTHER"
    ) as caught:
        read_secret("OTHER", "db.example.com")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("api.example.com", True),
        ("API.example.com", True),
        ("a.inside.example.com", True),
        ("inside.example.com", False),
        ("example.com", False),
        ("api.example.com.evil.org", False),
        ("evilinside.example.com", False),
        ("", False),
    ],
)
def test_a_secret_goes_only_to_the_hosts_named_for_it(monkeypatch, host, is_allowed):
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS", "canary")
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS_HOSTS", "api.example.com, *.inside.example.com")
    if is_allowed:
        assert read_secret("orders", host) == "canary"
        return
    with pytest.raises(RunError, match="set KAIZEN_SECRET_ORDERS_HOSTS") as caught:
        read_secret("orders", host)
    assert "canary" not in str(caught.value)


def test_a_secret_without_hosts_goes_nowhere_and_the_hosts_are_no_secret(monkeypatch):
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS", "canary")
    with pytest.raises(RunError, match="may not go to"):
        read_secret("orders", "api.example.com")
    with pytest.raises(RunError, match="no secret"):
        read_secret("orders hosts", "api.example.com")


# --------------------------------------------------------------- database


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE orders (id INTEGER, customer TEXT)")
        db.executemany("INSERT INTO orders VALUES (?, ?)", [(1, "Ada"), (2, "Bo"), (3, "Ada")])
    db.close()
    return path


def database(path, sql, **config):
    return {"url": f"sqlite:///{path}", "sql": sql, "allow_private": True, **config}


def test_a_database_gives_rows_with_bound_parameters(orders):
    sql = "SELECT id FROM orders WHERE customer = :name ORDER BY id;"
    assert run("database", {"name": "Ada"}, config=database(orders, sql)) == [{"id": 1}, {"id": 3}]
    evil = {"name": "x' OR '1'='1"}
    assert run("database", evil, config=database(orders, sql)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x AS (SELECT 1) DELETE FROM orders",
        "WITH x AS (SELECT 1) INSERT INTO orders SELECT 9, 'x'",
    ],
)
def test_the_database_itself_refuses_to_write(orders, sql):
    assert problems("database", database(orders, sql)) == []
    with pytest.raises(RunError, match=r"the database refused .*readonly"):
        run("database", {}, config=database(orders, sql))
    assert run("database", {}, config=database(orders, "SELECT count(*) AS n FROM orders")) == [
        {"n": 3}
    ]


def test_writing_is_allowed_when_it_is_meant(orders):
    config = database(orders, "DELETE FROM orders WHERE id = :id", read_only=False)
    assert run("database", {"id": 2}, config=config) == {"rows": 1}
    assert run("database", {}, config=database(orders, "SELECT count(*) AS n FROM orders")) == [
        {"n": 2}
    ]


def test_rows_above_the_limit_are_not_read_and_the_log_says_so(orders):
    said = []
    config = database(orders, "SELECT id FROM orders", max_rows=2)
    assert len(run("database", {}, config=config, said=said)) == 2
    assert "more than 2 rows" in said[0][1]["text"]


def test_a_parameter_that_did_not_arrive_is_named(orders):
    with pytest.raises(RunError, match="asks for :name"):
        run("database", {}, config=database(orders, "SELECT :name"))


def test_an_error_of_the_database_shows_no_parameters(orders):
    config = database(orders, "SELECT * FROM nowhere WHERE x = :secret")
    with pytest.raises(RunError, match="no such table: nowhere") as caught:
        run("database", {"secret": "canary"}, config=config)
    assert "canary" not in str(caught.value)


def test_a_database_file_of_this_machine_needs_to_be_allowed(orders):
    config = database(orders, "SELECT 1") | {"allow_private": False}
    with pytest.raises(RunError, match="a file of this machine"):
        run("database", {}, config=config)
    assert run("database", {}, config={"url": "sqlite://", "sql": "SELECT 1 AS x"}) == [{"x": 1}]


def test_a_database_inside_is_refused_before_it_is_asked():
    config = {"url": "postgresql://reader@inside.example.com/x", "sql": "SELECT 1"}
    with pytest.raises(RunError, match=r"10\.1\.2\.3|driver"):
        run("database", {}, config=config)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"url": "oracle://x/y", "sql": "SELECT 1"}, "needs the url of"),
        ({"url": "sqlite+evil://x", "sql": "SELECT 1"}, "needs the url of"),
        ({"url": "postgresql://me:canary@db/x", "sql": "SELECT 1"}, "has a password in its url"),
        ({"url": "sqlite://", "sql": ""}, "has no sql"),
        ({"url": "sqlite://", "sql": "DROP TABLE x"}, "does not begin like a query"),
        ({"url": "sqlite://", "sql": "SELECT 1; DROP TABLE x"}, "one statement"),
    ],
)
def test_what_a_database_cannot_do_is_said_before_a_run(config, problem):
    [found] = problems("database", config)
    assert problem in found
    assert "canary" not in found


def test_options_that_lead_elsewhere_are_refused():
    config = {"url": "postgresql://db.example.com/x?host=169.254.169.254", "sql": "SELECT 1"}
    with pytest.raises(RunError, match="cannot have the option 'host'"):
        run("database", {}, config=config)


# -------------------------------------------------------------------- api


class FakeApi(ApiKind):
    """An api kind whose server is a function."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []

    def open(self, url, token, address):
        self.address = address

        def handle(request):
            self.requests.append(request)
            return self.answer(request)

        _, path = super().open(url, token, address)
        base = httpx.URL(url).copy_with(path="/")
        return (
            Transport(
                str(base),
                clock=FakeClock(),
                tokens=Tokens(token),
                transport=httpx.MockTransport(handle),
                jitter=lambda: 0.0,
                retries=0,
                default_path="",
            ),
            path,
        )


def ask(kind, value, **config):
    return asyncio.run(kind.run(task(kind, value, config=config, label="Orders")))


URL = "https://api.example.com/v1/orders"


def test_an_api_gets_fields_as_its_query():
    kind = FakeApi(lambda request: httpx.Response(200, json={"path": str(request.url)}))
    answer = ask(kind, {"customer": "Ada & Bo"}, url=URL)
    assert answer == {"path": f"{URL}?customer=Ada+%26+Bo"} or answer == {
        "path": f"{URL}?customer=Ada%20%26%20Bo"
    }


def test_an_api_gets_what_arrives_as_its_body_and_the_secret_as_its_token(monkeypatch):
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS", "canary")
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS_HOSTS", "api.example.com")
    kind = FakeApi(lambda request: httpx.Response(201, json=json.loads(request.content)))
    answer = ask(kind, {"n": 1}, url=URL, method="POST", secret="orders")
    assert answer == {"n": 1}
    assert kind.requests[0].headers["Authorization"] == "Bearer canary"


@pytest.mark.parametrize(
    ("status", "is_retryable"), [(404, False), (422, False), (429, True), (503, True)]
)
def test_an_error_of_an_api_says_whether_a_repetition_helps(monkeypatch, status, is_retryable):
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS", "canary")
    monkeypatch.setenv("KAIZEN_SECRET_ORDERS_HOSTS", "api.example.com")
    kind = FakeApi(lambda request: httpx.Response(status, json={"detail": "no"}))
    with pytest.raises(RunError, match="Orders") as caught:
        ask(kind, {}, url=URL, secret="orders")
    assert caught.value.is_retryable is is_retryable
    assert "canary" not in str(caught.value)


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    answers = iter([[PUBLIC], ["10.0.0.1"]])
    monkeypatch.setattr(address_guard, "look_up", lambda host: next(answers))
    kind = FakeApi(lambda request: httpx.Response(200, json={}))
    ask(kind, {}, url=URL)
    assert kind.address == PUBLIC
    assert next(answers) == ["10.0.0.1"]  # Not asked for a second time.


@pytest.mark.parametrize(("host", "address"), [("api.example.com", PUBLIC), ("::1", "::1")])
def test_requests_go_to_the_pinned_address_under_the_hosts_name(host, address):
    seen = []

    def handle(request):
        seen.append(request)
        return httpx.Response(200, json={"n": json.loads(request.content)["n"]})

    async def go():
        inner = httpx.MockTransport(handle)
        async with httpx.AsyncClient(transport=PinnedHost(host, address, inner)) as client:
            shown = f"[{host}]" if ":" in host else host
            answer = await client.post(f"https://{shown}/x?y=1", json={"n": 7})
            with pytest.raises(httpx.ConnectError):
                await client.get("https://other.example.com/")
            return answer

    answer = asyncio.run(go())
    assert answer.json() == {"n": 7}
    [request] = seen
    assert (request.url.host, request.url.path) == (address, "/x")
    assert request.headers["Host"].strip("[]") == host
    assert request.extensions["sni_hostname"] == host


def test_a_redirect_to_another_host_is_not_followed():
    kind = FakeApi(lambda request: httpx.Response(302, headers={"Location": "https://10.0.0.1/"}))
    with pytest.raises(RunError, match="redirects to"):
        ask(kind, {}, url=URL)
    assert len(kind.requests) == 1


def test_an_api_inside_is_refused():
    kind = FakeApi(lambda request: httpx.Response(200, json={}))
    with pytest.raises(RunError, match=r"10\.1\.2\.3"):
        ask(kind, {}, url="https://inside.example.com/x")
    assert kind.requests == []


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "needs a url"),
        ("ftp://x/y", "needs a url"),
        ("https://me:canary@x/y", "has a password"),
        ("https://x/y?key=canary", "has a query"),
    ],
)
def test_wrong_urls_of_apis_are_said_before_a_run(url, problem):
    [found] = problems("api", {"url": url})
    assert problem in found
    assert "canary" not in found


# ---------------------------------------------------------------- storage


@pytest.mark.parametrize(
    ("format", "value"), [("text", "hé"), ("json", {"a": [1, None]}), ("bytes", b"\x00\xff")]
)
def test_a_storage_reads_what_it_wrote(format, value):
    config = {"url": f"memory://connectors/{format}", "format": format}
    assert run("storage", value, config=config | {"action": "write"}) == value
    assert run("storage", None, config=config) == value
    listed = run("storage", None, config={"url": "memory://connectors", "action": "list"})
    assert f"/connectors/{format}" in listed


def test_files_that_are_too_large_are_neither_read_nor_written():
    config = {"url": "memory://connectors/large", "max_bytes": 3}
    with pytest.raises(RunError, match="larger than 3 bytes"):
        run("storage", "four", config=config | {"action": "write"})
    run("storage", "four", config=config | {"action": "write", "max_bytes": 4})
    with pytest.raises(RunError, match="larger than 3 bytes"):
        run("storage", None, config=config)


def test_files_that_are_not_there_are_named():
    with pytest.raises(RunError, match="FileNotFoundError"):
        run("storage", None, config={"url": "memory://connectors/nothing"})


@pytest.mark.parametrize(
    "url", ["", "x", "http://x/y", "simplecache::s3://a/b", "s3://", "github://a"]
)
def test_other_storages_are_refused(url):
    [found] = problems("storage", {"url": url})
    assert "needs a url that begins with abfs://" in found


def test_files_of_this_machine_need_to_be_allowed(tmp_path):
    url = f"file://{tmp_path / 'a.txt'}"
    [found] = problems("storage", {"url": url})
    assert "set allow_private" in found
    config = {"url": url, "allow_private": True}
    assert problems("storage", config) == []
    run("storage", "text", config=config | {"action": "write"})
    assert run("storage", None, config=config) == "text"


# -------------------------------------------------------------- messaging


def test_messages_are_received_once_in_the_order_they_were_sent():
    topics = MessageTopics()
    for number in range(3):
        topics.send("orders", number)
    assert [asyncio.run(topics.receive("orders")) for _ in range(3)] == [0, 1, 2]
    assert topics.take("orders") == []


def test_a_receiver_waits_for_a_message_of_another_thread():
    topics = MessageTopics()

    async def both():
        waiting = asyncio.create_task(topics.receive("orders"))
        await asyncio.sleep(0)
        await asyncio.to_thread(topics.send, "orders", "hello")
        return await waiting

    assert asyncio.run(both()) == "hello"


def test_a_receiver_that_gives_up_takes_no_message():
    topics = MessageTopics()

    async def give_up():
        waiting = asyncio.create_task(topics.receive("orders"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        topics.send("orders", 1)

    asyncio.run(give_up())
    assert topics.take("orders") == [1]


def test_a_full_topic_refuses_messages():
    topics = MessageTopics()
    for number in range(MAX_WAITING):
        topics.send("orders", number)
    with pytest.raises(RunError, match="1,000 messages wait"):
        topics.send("orders", 0)


def test_messaging_nodes_send_and_receive():
    config = {"topic": "test-messaging"}
    assert run("messaging", "hello", config=config) == "hello"
    assert run("messaging", None, config=config | {"action": "receive"}) == "hello"
    assert problems("messaging", {}) == ["has no topic"]


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize("kind", ["database", "api", "storage", "messaging"])
def test_a_function_of_the_notebook_is_called_in_place_of_a_connector(kind):
    assert problems(kind, {}, label="Orders", Orders=str) == []
    assert run(kind, 3, label="Orders", Orders=lambda value: value + 1) == 4
