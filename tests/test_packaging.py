"""What people install: the wheel holds the built bundle, and nothing of the workshop."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
BUNDLE = {
    "kaizen_widgets/static/canvas.js",
    "kaizen_widgets/static/form.js",
    "kaizen_widgets/static/loader.js",
    "kaizen_widgets/static/tabs.js",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    path = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel"))))
    return set(zipfile.ZipFile(path).namelist())


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(next(SdistBuilder(str(ROOT)).build(directory=str(folder)))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def test_the_wheel_holds_the_bundle_and_the_package(wheel: set[str]):
    package = {"__init__.py", "__init__.pyi", "graph/graph.py"}
    assert BUNDLE | {f"kaizen_widgets/{name}" for name in package} <= wheel


def test_the_form_is_small_enough_to_come_with_any_page():
    source = (ROOT / "kaizen_widgets" / "static" / "form.js").read_bytes()
    assert len(gzip.compress(source, 6)) <= 30_000
    assert b"react" not in source.lower()


def test_the_wheel_holds_nothing_but_the_package_and_its_metadata(wheel: set[str]):
    tops = {name.split("/")[0].split("-")[0] for name in wheel}
    assert tops == {"kaizen_widgets"}
    assert not [name for name in wheel if "node_modules" in name or "__pycache__" in name]


def test_the_sdist_builds_the_same_wheel_without_npm(unpacked_sdist: Path, wheel: set[str]):
    # In a process of its own: the hook of the checkout is already imported in this one.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    subprocess.run(command, cwd=unpacked_sdist, env={**os.environ, "PATH": ""}, check=True)
    (built,) = (unpacked_sdist / "dist").iterdir()
    assert set(zipfile.ZipFile(built).namelist()) == wheel
    assert not (unpacked_sdist / "js" / "node_modules").exists()
