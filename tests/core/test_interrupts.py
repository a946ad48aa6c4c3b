"""Delayed Ctrl-C; tests/faults has the tests of what it protects."""

from __future__ import annotations

import subprocess
import sys


def test_script_that_leaves_its_canvas_open_ends_silently():
    # Widgets are closed while the interpreter ends, when Ctrl-C has no handler in Python any more.
    script = "from kaizen_widgets import Canvas; canvas = Canvas()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
