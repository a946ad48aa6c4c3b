"""MutationButton: a press runs the mutation once, and the button shows its state."""

from typing import Any

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.widgets import MutationButton

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
def save(client, loop):
    """Make an observer of a change that takes a second and does what its variables say."""

    def make(**options):
        sent = []

        async def change(variables):
            sent.append(variables)
            await sleep(loop.clock, 1)
            if isinstance(variables, Exception):
                raise variables
            return variables

        observer = client.observe_mutation(mutation_fn=change, **options)
        observer.sent = sent
        return observer

    return make


def test_button_shows_that_it_is_busy_and_that_it_is_done(save, loop):
    button = MutationButton(save(), 1, label="Save", busy="Saving", done="Saved", icon="check")
    button.button.click()
    loop.settle()
    assert (button.button.description, button.button.icon) == ("Saving", "spinner spin")
    loop.advance(1)
    assert (button.button.description, button.button.icon) == ("Save", "check")
    assert "Saved" in button.message.value


def test_second_press_while_busy_is_ignored(save, loop):
    observer = save()
    button = MutationButton(observer, 1)
    for _ in range(3):
        button.press()
    loop.advance(1)
    assert observer.sent == [1]
    button.press()
    loop.advance(1)
    assert observer.sent == [1, 1]


def test_error_is_shown_as_text_and_cleared_by_the_next_press(save, loop):
    answers = iter([ValueError("<b>no</b>"), "fine"])
    button = MutationButton(save(), lambda: next(answers))
    button.press()
    loop.advance(1)
    assert "&lt;b&gt;no&lt;/b&gt;" in button.message.value
    button.press()
    loop.settle()
    assert button.message.value == ""
    loop.advance(1)
    assert "Done" in button.message.value


def test_offline_mutation_waits_and_continues_by_itself(save, client, loop):
    observer = save()
    button = MutationButton(observer, 1)
    client.online.set_online(False)
    button.press()
    loop.settle()
    assert "Waiting to be sent" in button.message.value
    client.online.set_online(True)
    loop.advance(1)
    assert "Done" in button.message.value


def test_failed_attempt_is_shown_while_it_is_retried(save, loop):
    button = MutationButton(save(retry=1, retry_delay=5), ValueError("x"))
    button.press()
    loop.advance(1)
    assert "Failed 1x" in button.message.value


def test_function_starts_a_mutation_at_each_press(client, loop):
    started = []

    def start():
        started.append(client.mutation(mutation_fn=lambda variables: variables).run(len(started)))
        return started[-1]

    button = MutationButton(start, label="Go")
    for _ in range(2):
        button.press()
        loop.settle()
    assert [one.data for one in started] == [0, 1]
    assert repr(button) == "MutationButton('Go')"


@pytest.mark.parametrize(
    ("function", "words"),
    [(lambda: 1 / 0, "division by zero"), (lambda: None, "must return the mutation")],
)
def test_function_that_starts_nothing_shows_why(function, words):
    button = MutationButton(function)
    button.press()
    assert words in button.message.value


def test_closed_button_unsubscribes_and_the_mutation_continues(save, client, loop):
    observer = save()
    button = MutationButton(observer, 1)
    button.press()
    button.close()
    loop.advance(1)
    assert (observer.sent, client.mount_count) == ([1], 0)
    assert client.mutation_cache.get_all()[0].status == "success"


@pytest.mark.parametrize("mutation", [None, "create", 3])
def test_button_refuses_what_is_not_a_mutation(mutation: Any):
    with pytest.raises(TypeError, match="needs client"):
        MutationButton(mutation)


def test_button_refuses_variables_for_a_function():
    function: Any = lambda: None  # noqa: E731 - Any, for what it gives is no mutation
    with pytest.raises(TypeError, match="variables are for"):
        MutationButton(function, 1)
