import ipywidgets
import pytest

from kaizen_widgets.testing import fake_comms


def test_a_delivered_update_sets_the_trait_and_is_echoed(comms):
    slider = ipywidgets.IntSlider()
    comms.of(slider).deliver_update(value=7)
    assert slider.value == 7
    assert comms.of(slider).echoes == [{"value": 7}]


def test_without_echo_nothing_comes_back():
    with fake_comms(echo=False) as comms:
        slider = ipywidgets.IntSlider()
        comms.of(slider).clear()
        comms.of(slider).deliver_update(value=7)
        assert comms.of(slider).sent == []


def test_an_assignment_in_python_is_sent_as_an_update(comms):
    slider = ipywidgets.IntSlider()
    slider.value = 3
    assert comms.of(slider).updates == [{"value": 3}]


def test_custom_messages_go_both_ways_with_their_buffers(comms):
    button, heard = ipywidgets.Button(), []
    button.on_msg(lambda _, content, buffers: heard.append((content, bytes(buffers[0]))))
    comms.of(button).deliver_custom({"event": "blur"}, [b"ab"])
    button.send({"kind": "hello"})
    assert heard == [({"event": "blur"}, b"ab")]
    assert comms.of(button).custom == [{"kind": "hello"}]


def test_what_cannot_cross_the_wire_is_refused_when_sent(comms):
    with pytest.raises(TypeError, match="not JSON serializable"):
        ipywidgets.Button().send({"value": object()})


def test_widgets_are_closed_at_the_end_and_comms_are_real_again():
    with fake_comms() as comms:
        button = ipywidgets.Button()
        opened = comms.of(button)
    assert [message.kind for message in opened.sent] == ["comm_open", "comm_close"]
    with pytest.raises(LookupError, match="Button has no fake comm"):
        comms.of(button)
    assert type(ipywidgets.Button().comm) is not type(opened)
