"""Where a password or a gateway's key can be seen after a change that carried one: nowhere but on the way."""

import json
import logging
import traceback

import httpx
import pytest

from kaizen_widgets.displays.previews import preview_text
from kaizen_widgets.errors import InvalidInputError
from kaizen_widgets.query import MutationOptions, Persister, dehydrate
from kaizen_widgets.widgets import MutationButton, QueryDevtools

SECRET = 'canary "pass\\word" c0de'
USER = {"email": "a@example.com", "name": "A", "password": SECRET}
GATEWAY = {"name": "G", "api_url": "https://g.example.com", "api_key": SECRET}

ROW = {"id": "x", "name": "N", "email": "e", "organization_id": "o", "role": "viewer"}

CHANGES = {
    "users.create": lambda api: api.users.create(**USER),
    "gateways.create": lambda api: api.gateways.create(**GATEWAY),
    "gateways.update": lambda api: api.gateways.update("g", api_key=SECRET),
}
SIGN_INS = {
    "login": lambda api: api.auth.login("a@example.com", SECRET),
    "register": lambda api: api.auth.register("a@example.com", SECRET, "A", "O"),
}


def careless(status):
    """Answer as no server should: with what was sent, wherever an error may say something."""

    def handler(request):
        if request.method == "GET":
            return []
        sent = json.loads(request.content)
        assert SECRET in (sent.get("password"), sent.get("api_key")), "the server is told"
        said = f"cannot take {sent.get('password') or sent.get('api_key')}"
        wrong = [{"field": "body.name", "message": said, "input": sent}]
        error = {"code": said, "message": said, "details": wrong}
        answer = {"error": error} if status != 201 else ROW | sent
        return httpx.Response(status, json=answer, headers={"X-Request-ID": "r-1"})

    return handler


def everything_in(widget):
    """Return what goes to the browser for a widget and those in it."""
    inside = getattr(widget, "children", ())
    return " ".join([str(widget.get_state()), repr(widget), *map(everything_in, inside)])


def seen_of_error(error):
    frames = "".join(traceback.format_exception(error))
    return f"{error} {error!r} {vars(error)} {frames} {error.__cause__}"


@pytest.mark.parametrize("status", [201, 422, 500, 503])
@pytest.mark.parametrize("change", CHANGES)
def test_a_secret_in_a_change_is_seen_nowhere(fake, loop, caplog, change, status):
    caplog.set_level(logging.DEBUG)
    api = fake(careless(status))
    started = []

    def start():
        started.append(CHANGES[change](api))
        return started[-1]

    button = MutationButton(start)
    devtools = QueryDevtools(api.query_client)
    told = []
    api.query_client.mutation_cache.subscribe(lambda one: told.append(f"{one!r} {one.state!r}"))
    button.press()
    loop.advance(60)
    (mutation,) = started
    assert mutation.status == ("success" if status == 201 else "error")
    seen = [repr(mutation), repr(mutation.state), str(mutation.state.variables), *told]
    seen += [
        preview_text(mutation.state),
        preview_text(mutation),
        repr(mutation.data),
        preview_text(mutation.data),
    ]
    seen += [everything_in(button), everything_in(devtools), caplog.text]
    if mutation.error is not None:
        seen.append(seen_of_error(mutation.error))
    assert_not_in(seen)
    assert "users" in seen[0] or "gateways" in seen[0]
    button.close()
    devtools.close()


@pytest.mark.parametrize("status", [401, 422, 500])
@pytest.mark.parametrize("sign_in", SIGN_INS)
def test_a_password_to_sign_in_is_seen_nowhere(fake, loop, caplog, sign_in, status):
    caplog.set_level(logging.DEBUG)
    api = fake(careless(status))
    pending = SIGN_INS[sign_in](api)
    loop.advance(60)
    with pytest.raises(Exception, match="auth/") as caught:
        pending.wait(0)
    assert_not_in([seen_of_error(caught.value), repr(pending), caplog.text])
    assert not api.query_client.mutation_cache.get_all()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_with_a_secret_that_waits_is_not_kept(fake, loop, change):
    """Not even where somebody has it go on in the next kernel."""
    api = fake(lambda _: pytest.fail("it is offline"))
    client, kept = api.query_client, {}
    resource, name = change.split(".")
    client.set_mutation_defaults(
        (resource, name), MutationOptions(lambda _: None, network_mode="online")
    )
    client.online.set_online(False)
    mutation = CHANGES[change](api)
    loop.settle()
    assert mutation.state.is_paused
    persister = Persister(client, Storage(kept))
    persister.save()
    assert json.loads(kept["queries"])["client_state"]["mutations"] == []
    state = dehydrate(client)
    assert len(state["mutations"]) == 1
    assert_not_in([*kept.values(), repr(state), json.dumps(state, default=str)])


def test_a_password_that_is_refused_here_is_not_repeated(fake):
    api = fake(lambda _: pytest.fail("sent"))
    for start in (
        lambda: api.users.create(**USER | {"password": SECRET[:7]}),
        lambda: api.gateways.create(**GATEWAY | {"environment": SECRET, "api_key": 7}),
    ):
        with pytest.raises(InvalidInputError) as caught:
            start()
        assert_not_in([seen_of_error(caught.value)], SECRET[:7])


class Storage:
    """Texts in a dict."""

    def __init__(self, kept):
        self.kept = kept

    def get(self, name):
        return self.kept.get(name)

    def set(self, name, text):
        self.kept[name] = text

    def remove(self, name):
        self.kept.pop(name, None)


def assert_not_in(seen, secret="canary"):
    for text in seen:
        assert secret not in text, text[max(text.index(secret) - 200, 0) :][:400]
