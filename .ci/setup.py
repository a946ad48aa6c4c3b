"""Sets a checkout up: `python3 .ci/setup.py lab` or `... dev`, from nothing or from any state.

Standard library only, and old syntax only, so that an old Python can still say what it lacks. Every
step is skipped when a stamp says it was done from the same inputs, so a second run takes a moment.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import apt
from bundle import NODE_REQUIREMENT, ROOT

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
GROUPS = {"lab": ("lab", "dev"), "dev": ("dev",)}
"""Each purpose, and the dependency groups whose presence is enough for it."""


class SetupError(Exception):
    """The set-up cannot go on; the message is one sentence with the way out."""


def main(purpose: str) -> None:
    """Bring .venv, js/node_modules and kaizen_widgets/static up to date for one purpose."""
    if not is_installed(purpose):
        make_venv()
        install_node()
        build_bundle()
        install_package(purpose)
    else:
        build_bundle()


def is_installed(purpose: str) -> bool:
    """Whether a group that covers the purpose was installed from today's pyproject.toml."""
    return any(_read(_stamp(group)) == _inputs() for group in GROUPS[purpose])


def make_venv() -> None:
    """Create .venv, unless there is one that was made here and whose Python runs."""
    if _works(PYTHON) and _was_made_here():
        return
    python = find_python()
    say(f"Creating .venv with {python}")
    if not _succeeds([python, "-c", "import ensurepip, venv"]):
        install_venv_module(python)
    run([python, "-m", "venv", "--clear", VENV], "`python -m venv` failed")


def find_python() -> str:
    """Return a Python that is new enough: this one, else any on the PATH."""
    names = [sys.executable, "python3", "python3.13", "python3.12", "python3.11"]
    for python in filter(None, map(shutil.which, names)):
        if _works(python):
            return python
    needed, found = ".".join(map(str, OLDEST)), ".".join(map(str, sys.version_info[:3]))
    raise SetupError(
        f"kaizen-widgets needs Python {needed} or newer and found {found}: install one, or name one "
        "(`make lab PYTHON=/path/to/python3.12`)."
    )


def install_venv_module(python: str) -> None:
    """Install what Debian and Ubuntu split from Python, or say which command does."""
    version = subprocess.check_output(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True
    ).strip()
    package = f"python{version}-venv"
    if not apt.can_install():
        raise SetupError(
            f"{python} has no venv module: run `sudo apt-get install {package}`, then try again."
        )
    say(f"Installing {package} (this Python comes without venv)")
    if not apt.install(package):
        raise SetupError(f"`apt-get install {package}` failed: its own words stand above.")


def install_node() -> None:
    """Put Node into .venv if the machine has none."""
    if not _succeeds([PYTHON, ".ci/bundle.py", "--has-node"]):
        say("Installing Node into .venv (this machine has none that is new enough)")
        pip("install", NODE_REQUIREMENT)


def build_bundle() -> None:
    """Build js/ if its sources changed, with .venv's Python: that is where Node may be."""
    if not _succeeds([PYTHON, ".ci/bundle.py", "--is-fresh"]):
        say("Building js/")
        run([PYTHON, ".ci/bundle.py"], "the bundle of the canvas could not be built")


def install_package(purpose: str) -> None:
    """Install the package, editable, with the dependency group of the purpose."""
    say(f"Installing kaizen-widgets and its `{purpose}` dependencies")
    pip("install", "--upgrade", "pip>=25.1")  # the first pip that knows dependency groups
    pip("install", "--editable", ".", "--group", purpose)
    _stamp(purpose).write_text(_inputs())


def pip(*arguments: str) -> None:
    """Run .venv's pip, visibly."""
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments]
    run(command, f"`pip {' '.join(arguments)}` failed")


def run(command: list, failure: str) -> None:
    """Run a command with its output on the screen; raise SetupError if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
    if done.returncode:
        raise SetupError(f"{failure} (exit code {done.returncode}): its own words stand above.")


def say(step: str) -> None:
    """Print a step, so that waiting has a reason."""
    print(f"\n>> {step}", flush=True)


def _works(python: str | Path) -> bool:
    return _succeeds([python, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"])


def _was_made_here() -> bool:
    # The scripts of a venv name its place; in a folder that was moved or copied they start nothing.
    pip_script = VENV / "bin" / "pip"
    return pip_script.is_file() and f"{VENV}/" in pip_script.read_text(errors="replace")[:500]


def _succeeds(command: list) -> bool:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False, **quiet)
    except OSError:
        return False
    return done.returncode == 0


def _stamp(group: str) -> Path:
    return VENV / f".kaizen-{group}"


def _inputs() -> str:
    # The place counts too: an editable install knows its sources by absolute path.
    return hashlib.sha256(f"{ROOT}\0".encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except SetupError as error:
        sys.exit(f"make: {error}")
    except KeyboardInterrupt:
        sys.exit("make: interrupted; run the same command again to go on.")
