"""Where the canary token is after signing in, running, failing, saving and sharing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.hand import Hand
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer
from tests.secrets.canary import PASSWORD, canary_server, found_in, found_under, story

STORAGE = """async () => {
  const held = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
  for (const { name } of await indexedDB.databases()) {
    const open = indexedDB.open(name);
    const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
    for (const store of db.objectStoreNames) {
      const all = db.transaction(store).objectStore(store).getAll();
      held.push(await new Promise((done) => { all.onsuccess = () => done(JSON.stringify(all.result)); }));
    }
    db.close();
  }
  return held.join("\\n") + document.documentElement.outerHTML;
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with canary_server() as address:
        yield address


def test_no_secret_is_in_an_executed_notebook_its_html_or_any_file(tmp_path: Path, address: str):
    """nbclient saves widget state, DEBUG logs and every repr; none of it, and no file, contains a secret."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in story(address)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "story.ipynb")
    home = tmp_path / "home"
    places = {
        name: str(home)
        for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR")
    }
    environment = {**os.environ, **places, "CANARY_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "nbconvert", "--execute", "--allow-errors", "story.ipynb"]
    for form in ("notebook", "html"):
        done = subprocess.run(
            [*command, "--to", form, "--output", f"ran-{form}"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert found_in(done.stdout + done.stderr) == []
    ran = nbformat.read(tmp_path / "ran-notebook.ipynb", as_version=4)
    text = json.dumps(ran)
    assert "widget-state" in text, "the widgets' state is saved"
    assert "the node failed" in text
    assert "Not saved" in text, "the failed save was seen"
    first = [output for output in ran.cells[0].outputs if output.output_type == "error"]
    assert first == [], first
    assert found_under(tmp_path) == []


@pytest.mark.own_page  # it changes a setting that is read while JupyterLab loads
def test_no_secret_is_in_jupyterlab_s_page_storage_log_or_notebook(
    lab: Lab, server: JupyterServer, address: str
):
    """With saved widget state: not in the notebook, the page, its storage or the server's log."""
    settings = server.data.parent / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "plugin.jupyterlab-settings").write_text(json.dumps({"saveState": True}))
    cells = story(address)
    lab.open(["import os; os.environ['CANARY_PASSWORD'] = input()", *cells])
    # As a user types it: into the kernel, not into the notebook.
    lab.run_python(
        f"import os; os.environ['CANARY_PASSWORD'] = {''.join(reversed(PASSWORD))!r}[::-1]"
    )
    for index in range(1, len(cells) + 1):
        lab.run_cell(index)
    Hand(lab).node("a").wait_for()

    def nowhere() -> None:
        lab.save()
        saved = (server.notebooks / lab.path).read_text()
        assert "application/vnd.jupyter.widget-state+json" in saved, "the widgets' state is saved"
        assert found_in(saved) == []
        assert found_in(lab.page.evaluate(STORAGE)) == []
        assert found_in(lab.server_log()) == []
        assert found_in("\n".join(lab.problems)) == []
        assert found_under(server.data.parent) == []

    nowhere()
    lab.run_python("studio.logout(discard=True)")
    assert lab.python("studio.auth.has_tokens") is False
    assert found_under(server.data.parent) == []
    # Once more by hand, in one of the studio's two views: typed, it is nowhere either, nor when it was sent.
    field = lab.page.locator("input[type=password]").first
    lab.page.get_by_label("E-mail").first.fill("anna@example.com")
    field.fill(PASSWORD)
    field.blur()
    nowhere()
    notice = lab.page.locator(".kaizen-notices").first
    notice.get_by_role("button", name="Sign in", exact=True).click()
    lab.wait_for_python("studio.auth.is_authenticated")
    field.wait_for(state="detached")
    nowhere()
    lab.page.get_by_role("button", name="User ").first.click()
    lab.page.get_by_role("menuitem", name="Sign out").first.click()
    lab.wait_for_python("studio.auth.has_tokens", False)
