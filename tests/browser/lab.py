"""A notebook in a real browser, driven the way that proved stable: by commands, not by clicks.

`Lab` is one tab. Cells run through JupyterLab's own commands, which can be awaited; what Python knows
is asked of the kernel over its own socket, past the page, so that a test compares two witnesses. Gestures
on a widget are Playwright's (`lab.page.mouse`, `lab.page.locator`). A wait is a condition with a deadline.
An SVG edge has a box of no height and never counts as visible: wait for ``state="attached"``.
"""

from __future__ import annotations

import ast
import json
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    ViewportSize,
)

from tests.browser.server import JupyterServer

SCREENSHOTS = Path(__file__).parent / "screenshots"
READY = 120.0
"""Seconds a page may take to have a notebook with an idle kernel; five are usual."""

SIZE: ViewportSize = {"width": 1280, "height": 900}
"""The page's, in CSS pixels, at the start of a test."""

_PANEL = """[...window.jupyterapp.shell.widgets("main")].find(
  (widget) => widget.context?.path === path && widget.sessionContext)"""

_KERNEL_IF_READY = f"""async (path) => {{
  if (!window.jupyterapp) return null;
  await window.jupyterapp.restored;
  const panel = {_PANEL};
  if (!panel) return null;
  await panel.context.ready;
  await panel.sessionContext.ready;
  window.jupyterapp.shell.activateById(panel.id);
  window.jupyterapp.shell.collapseLeft?.();
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return null;
  await kernel.info;
  return kernel.status === "idle" && panel.isVisible ? kernel.id : null;
}}"""

_RUN_CELL = f"""async ([path, index]) => {{
  const notebook = ({_PANEL}).content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  await window.jupyterapp.commands.execute("notebook:run-cell");
  return notebook.widgets[index].model.sharedModel.toJSON().outputs ?? [];
}}"""

_CELLS = f"""(path) => ({_PANEL}).content.widgets.map(
  ({{ model }}) => [model.type, model.sharedModel.getSource()])"""

_OPEN = """async (path) => {
  await window.jupyterapp.commands.execute("docmanager:open", { path, factory: "Notebook" });
}"""

_CLEAR = f"""async (path) => {{
  const {{ shell }} = window.jupyterapp;
  for (const widget of [...shell.widgets("main")]) {{
    if (widget !== {_PANEL}) widget.dispose();
  }}
  shell.collapseRight?.();
  return document.querySelector(".jp-Dialog, .lm-Menu, #jupyterlab-splash") === null;
}}"""

_MODE = f"(path) => ({_PANEL}).content.mode"
_KERNEL = f"(path) => ({_PANEL}).sessionContext.session.kernel.id"
_RESTART = f"async (path) => {{ await ({_PANEL}).sessionContext.session.kernel.restart(); }}"


class Cell(NamedTuple):
    """What a cell is: keys that leak from a widget change its type or source, or its neighbours."""

    type: str
    source: str


class Lab:
    """A tab with one notebook, in JupyterLab or Notebook 7.

    Args:
        server: Whose notebooks.
        context: Where to open the tab, unless ``page`` is one.
        page: A page that `leave` has left: it has loaded JupyterLab and shows no notebook.

    Attributes:
        page: Playwright's page.
        path: The notebook's path below the server's folder.
        problems: Uncaught errors of the page and its console's error lines, oldest first.
    """

    def __init__(
        self, server: JupyterServer, context: BrowserContext, page: Page | None = None
    ) -> None:
        self.page: Page = page or context.new_page()
        self.path = ""
        self.problems: list[str] = []
        self._server = server
        self._context = context
        self._kernel: _Kernel | None = None
        self._others: list[Lab] = []
        self._app: str | None = None if page is None else "lab"
        self.page.on("pageerror", self._on_error)
        self.page.on("console", self._on_console)
        # Leaving a page with unsaved work asks; a test means what it does.
        self.page.on("dialog", self._on_dialog)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------- notebook

    def open(
        self,
        notebook: Path | Sequence[str],
        *,
        app: Literal["lab", "notebook"] = "lab",
    ) -> None:
        """Open a notebook and wait until its kernel is idle.

        Args:
            notebook: A file, which is copied, or the sources of code cells; a source that begins
                with ``#md `` becomes a Markdown cell.
            app: JupyterLab, in a fresh workspace, or Notebook 7.
        """
        if isinstance(notebook, Path):
            content = nbformat.read(notebook, as_version=4)
        else:
            content = new_notebook(cells=[_new_cell(source) for source in notebook])
            content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        self.path = f"{uuid.uuid4().hex[:8]}.ipynb"
        nbformat.write(content, self._server.notebooks / self.path)
        # As `make lab` does: without it a reload shows the outputs of cells not yet run as text.
        notary = NotebookNotary(data_dir=str(self._server.data))
        notary.sign(content)
        notary.store.close()  # it never does itself, and Python 3.13 warns
        if app == "lab" == self._app:
            self.page.evaluate(_OPEN, self.path)
            self._wait_until_ready()
            self.page.evaluate(
                _CLEAR, self.path
            )  # such as the launcher of a page without notebooks
        else:
            self._go(app)

    def run_cell(self, index: int, *, allow_errors: bool = False) -> list[dict[str, Any]]:
        """Run one cell to its end and return its outputs.

        Raises:
            AssertionError: The cell raised, unless ``allow_errors``.
        """
        outputs = self.page.evaluate(_RUN_CELL, [self.path, index])
        errors = [output for output in outputs if output["output_type"] == "error"]
        if errors and not allow_errors:
            trace = "\n".join(errors[0]["traceback"])
            raise AssertionError(f"cell {index} of {self.path} raised:\n{trace}")
        return outputs

    def run_all(self) -> None:
        """Run every code cell, in order; the first that raises ends it."""
        for index, cell in enumerate(self.cells()):
            if cell.type == "code":
                self.run_cell(index)

    def cells(self) -> list[Cell]:
        """Return every cell's type and source: equal before and after keys that were ours."""
        return [Cell(*cell) for cell in self.page.evaluate(_CELLS, self.path)]

    def mode(self) -> str:
        """Return ``command`` or ``edit``."""
        return self.page.evaluate(_MODE, self.path)

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute one of the application's commands and wait for its end."""
        # Some commands return what cannot leave the page.
        script = "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }"
        self.page.evaluate(script, [name, arguments or {}])

    def save(self) -> None:
        """Save the notebook with its outputs; without it a reload shows cells that never ran."""
        self.command("docmanager:save")

    def reload(self, *, save: bool = True) -> None:
        """Load the page again and wait for its notebook; the kernel goes on."""
        if save:
            self.save()
        # Not `page.reload`: JupyterLab would open what it last remembered, which it writes a moment late.
        self._go(self._app or "lab")

    def second_tab(self) -> Lab:
        """Open the same notebook, as it was last saved, in another tab on the same kernel."""
        other = Lab(self._server, self._context)
        self._others.append(other)
        other.path = self.path
        other._go("lab")
        return other

    # --------------------------------------------------------------- kernel

    def python(self, expression: str) -> Any:
        """Evaluate an expression in the kernel and return its value, which must be JSON."""
        return self._client().evaluate(expression)

    def run_python(self, code: str) -> None:
        """Run statements in the kernel, outside any cell.

        Raises:
            AssertionError: They raised.
        """
        self._client().execute(code)

    def restart_kernel(self) -> None:
        """Restart the kernel without a question; widgets in the page stay as they are."""
        self.page.evaluate(_RESTART, self.path)
        self._wait_until_ready()

    def wait_until(
        self, condition: Callable[[], Any], message: str = "", *, within: float = 30.0
    ) -> Any:
        """Ask again and again until the answer is true, and return it.

        Args:
            condition: What to ask, such as ``lambda: lab.python("canvas.can_undo")``.
            message: What was waited for, in the error.
            within: Seconds.

        Raises:
            AssertionError: It did not become true in time.
        """
        # The page's own timer, because a thread that sleeps keeps Playwright's events waiting.
        waited, step = 0.0, 0.05
        while not (answer := condition()):
            if waited >= within:
                raise AssertionError(f"not within {within} s: {message or 'the condition'}")
            self.page.wait_for_timeout(step * 1000)
            waited += step
        return answer

    def wait_for_python(self, expression: str, value: Any = True, *, within: float = 30.0) -> None:
        """Wait until an expression in the kernel has a value.

        Raises:
            AssertionError: It did not in time; the message says what it was.
        """
        seen: list[Any] = []

        def has_value() -> bool:
            seen[:] = [self.python(expression)]
            return seen[0] == value

        try:
            self.wait_until(has_value, within=within)
        except AssertionError:
            raise AssertionError(
                f"{expression} is {seen[0]!r} after {within} s, not {value!r}"
            ) from None

    # ----------------------------------------------------------------- look

    def theme(self, name: Literal["light", "dark"]) -> None:
        """Switch the application's theme and wait until the page has it."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {name.title()}"})
        light = "true" if name == "light" else "false"
        self.page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg=light
        )
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def viewport(self, width: int, height: int) -> None:
        """Set the size of the page, in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Keep a picture of the page, or of one element, as ``screenshots/<name>.png``."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path

    def server_log(self) -> str:
        """Return what the server and every kernel of these tests printed."""
        return self._server.log()

    def close(self) -> None:
        """Close the tab, and those opened from it."""
        self._end()
        self.page.close()

    def leave(self) -> bool:
        """Close the notebook and what belongs to this test, but not the page.

        Returns:
            Whether the page is JupyterLab as it was loaded, so that another test may use it.
        """
        self._end()
        if self._app != "lab" or self.page.is_closed():
            return False
        self.page.remove_listener("pageerror", self._on_error)
        self.page.remove_listener("console", self._on_console)
        self.page.remove_listener("dialog", self._on_dialog)
        self.page.mouse.move(0, 0)
        self.page.set_viewport_size(SIZE)
        self.page.emulate_media(
            color_scheme="light", forced_colors="none", reduced_motion="no-preference"
        )
        self.page.unroute_all()
        self.page.context.unroute_all()
        self.page.context.set_offline(False)
        if not self.page.evaluate("document.body.dataset.jpThemeLight === 'true'"):
            self.theme("light")
        return self.page.evaluate(_CLEAR, "")

    # -------------------------------------------------------------- private

    def _end(self) -> None:
        for other in self._others:
            other.close()
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None

    def _go(self, app: str) -> None:
        self._app = app
        where = "notebooks" if app == "notebook" else f"lab/workspaces/{uuid.uuid4().hex[:8]}/tree"
        reset = "" if app == "notebook" else "&reset"
        self.page.goto(f"{self._server.url}/{where}/{self.path}?token={self._server.token}{reset}")
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        self.wait_until(
            lambda: self.page.evaluate(_KERNEL_IF_READY, self.path),
            f"{self.path} open with an idle kernel",
            within=READY,
        )

    def _client(self) -> _Kernel:
        kernel_id = self.page.evaluate(_KERNEL, self.path)
        if self._kernel is None or self._kernel.id != kernel_id:
            if self._kernel is not None:
                self._kernel.close()
            self._kernel = _Kernel(kernel_id, self._server.runtime / f"kernel-{kernel_id}.json")
        return self._kernel

    def _on_error(self, error: Error) -> None:
        self.problems.append(str(error))

    def _on_dialog(self, dialog: Dialog) -> None:
        dialog.accept()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)


class _Kernel:
    """A second client of a running kernel; it may close without the kernel noticing."""

    def __init__(self, kernel_id: str, connection_file: Path) -> None:
        self.id = kernel_id
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels(hb=False, iopub=False, stdin=False)

    def evaluate(self, expression: str) -> Any:
        probe = f"__import__('json').dumps({expression})"
        content = self._request("", user_expressions={"value": probe})
        answer = content["user_expressions"]["value"]
        if answer["status"] != "ok":
            raise AssertionError(f"{expression} raised {answer['ename']}: {answer['evalue']}")
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def execute(self, code: str) -> None:
        self._request(code)

    def close(self) -> None:
        self._client.stop_channels()
        self._client.context.destroy(linger=0)

    def _request(self, code: str, **more: Any) -> dict[str, Any]:
        waiting: dict[str, Any] = {"reply": True, "timeout": 60}  # the blocking client adds these
        reply: Any = self._client.execute(
            code, silent=False, store_history=False, allow_stdin=False, **waiting, **more
        )
        content = reply["content"]
        if content["status"] != "ok":
            trace = "\n".join(content.get("traceback", []))
            raise AssertionError(f"the kernel raised while running {code!r}:\n{trace}")
        return content


def _new_cell(source: str) -> nbformat.NotebookNode:
    if source.startswith("#md "):
        return new_markdown_cell(source.removeprefix("#md "))
    return new_code_cell(source)
