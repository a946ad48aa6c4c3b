"""Ctrl-C that waits; what it protects is in tests/faults."""

from __future__ import annotations

import subprocess
import sys


def test_a_script_that_leaves_its_canvas_open_ends_without_a_word():
    # Widgets are closed while the interpreter ends, when Ctrl-C has no handler in Python any more.
    script = "from kaizen_widgets import Canvas; canvas = Canvas()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
