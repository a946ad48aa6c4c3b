"""JavaScript is sent to a page once, and is small."""

import gzip
import json

import pytest

from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets import Canvas
from kaizen_widgets.widgets.bundle import STATIC, Bundle, BundledWidget


@pytest.fixture
def comms():
    Canvas.bundle.widget.close()  # that of another test, whose comm is not a fake of this one
    with fake_comms() as opened:
        yield opened


def size(sent):
    return len(json.dumps(sent.data)) + sum(map(len, sent.buffers))


def total(comms):
    return sum(size(sent) for comm in comms for sent in comm.sent)


def test_canvas_bundle_is_within_its_budget():
    code = (STATIC / "canvas.js").read_bytes()
    assert len(code) <= 420_000
    assert len(gzip.compress(code, 6)) <= 130_000


def test_instance_has_a_loader_of_one_kilobyte(comms):
    assert len(Canvas()._esm) <= 1_100


def test_ten_canvases_cost_little_more_than_one(comms):
    Canvas()
    one = total(comms)
    for _ in range(9):
        Canvas()
    assert total(comms) <= 1.1 * one


def test_layout_syncs_only_the_values_that_are_set(comms):
    canvas = Canvas()
    canvas.layout.width = "50%"
    assert set(canvas.layout.get_state()) == {
        *("_model_module", "_model_module_version", "_model_name"),
        *("_view_module", "_view_module_version", "_view_name", "width"),
    }
    canvas.layout.width = None
    assert canvas.layout.get_state("width") == {"width": None}


def test_all_canvases_refer_to_the_same_code(comms):
    first, second = Canvas(), Canvas()
    assert first._code is second._code
    assert comms.of(first).sent[0].data["state"]["_code"] == f"anywidget:{first._code.model_id}"


def test_closed_code_is_created_again(comms):
    Canvas()._code.close()
    assert Canvas()._code.comm is not None


def test_code_is_sent_on_request(comms):
    canvas = Canvas()
    comms.of(canvas).clear()
    comms.of(canvas).deliver_custom({"kind": "code", "hash": canvas._code_hash})
    (answer,) = comms.of(canvas).custom
    assert answer == {"kind": "code", "hash": canvas._code_hash, "code": canvas._code._esm}


def test_code_of_another_version_is_not_sent(comms):
    canvas = Canvas()
    comms.of(canvas).clear()
    comms.of(canvas).deliver_custom({"kind": "code", "hash": "other"})
    assert comms.of(canvas).custom == []


def test_embedding_without_defaults_keeps_the_code(comms):
    canvas = Canvas()
    assert canvas._code.get_state(drop_defaults=True)["_esm"] == canvas.bundle.source
    assert "_esm" in canvas.get_state(drop_defaults=True)


def test_bundle_that_is_not_built_is_an_error(comms):
    class Missing(BundledWidget):
        bundle = Bundle("missing")

    with pytest.raises(RuntimeError, match=r"missing\.js is not built"):
        Missing()
