import ipywidgets
import pytest

from kaizen_widgets.testing import fake_comms


def test_a_delivered_update_sets_the_trait_and_is_echoed(comms):
    slider = ipywidgets.IntSlider()
    comms.of(slider).deliver_update(value=7)
    assert slider.value == 7
    assert comms.of(slider).echoes == [{"value": 7}]


def test_update_is_not_echoed_without_echo():
    with fake_comms(echo=False) as comms:
        slider = ipywidgets.IntSlider()
        comms.of(slider).clear()
        comms.of(slider).deliver_update(value=7)
        assert comms.of(slider).sent == []


def test_assignments_are_sent_as_updates(comms):
    slider = ipywidgets.IntSlider()
    slider.value = 3
    assert comms.of(slider).updates == [{"value": 3}]


def test_custom_messages_go_both_ways_with_their_buffers(comms):
    button, messages = ipywidgets.Button(), []
    button.on_msg(lambda _, content, buffers: messages.append((content, bytes(buffers[0]))))
    comms.of(button).deliver_custom({"event": "blur"}, [b"ab"])
    button.send({"kind": "hello"})
    assert messages == [({"event": "blur"}, b"ab")]
    assert comms.of(button).custom == [{"kind": "hello"}]


def test_values_that_json_cannot_hold_are_refused(comms):
    with pytest.raises(TypeError, match="not JSON serializable"):
        ipywidgets.Button().send({"value": object()})


def test_fake_comms_closes_widgets_at_the_end():
    with fake_comms() as comms:
        button = ipywidgets.Button()
        opened = comms.of(button)
    assert [message.kind for message in opened.sent] == ["comm_open", "comm_close"]
    with pytest.raises(LookupError, match="Button has no fake comm"):
        comms.of(button)
    assert type(ipywidgets.Button().comm) is not type(opened)
