"""Traits, messages and files must not be able to contain a secret."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest
from pydantic import BaseModel, SecretBytes, SecretStr
from traitlets import HasTraits, Instance

import kaizen_widgets
from kaizen_widgets.server import Database
from kaizen_widgets.stores import Leases, SqliteStorage
from kaizen_widgets.sync.canvas import messages

SECRET = re.compile(
    r"token|secret|passw|auth|credential|api_?key|private_?key|bearer|session_id", re.I
)


def all_below(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        yield child
        yield from all_below(child)


@pytest.fixture(scope="module", autouse=True)
def _everything_imported() -> None:
    for module in pkgutil.walk_packages(kaizen_widgets.__path__, "kaizen_widgets."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_synced_traits_cannot_contain_secrets():
    """Synced traits are saved with the notebook, so none may hold a secret."""
    kinds = {kind for kind in all_below(ipywidgets.Widget) if kind.__module__.startswith("kaizen_")}
    assert len(kinds) > 3
    for kind in kinds:
        for name, trait in kind.class_traits(sync=True).items():
            assert not SECRET.search(name), f"{kind.__name__}.{name}"
            held = trait.klass if isinstance(trait, Instance) else None
            assert held not in (SecretStr, SecretBytes), f"{kind.__name__}.{name}"
            assert type(trait.default_value) not in (SecretStr, SecretBytes)


def test_store_states_cannot_contain_secrets():
    """A store's traits go to devtools and disk: tokens are not among them."""
    kinds = {
        kind for kind in all_below(HasTraits) if kind.__module__.startswith("kaizen_widgets.stores")
    }
    for kind in kinds:
        for name in kind.class_trait_names():
            assert not SECRET.search(name) or name == "is_authenticated", f"{kind.__name__}.{name}"


def test_canvas_messages_have_no_fields_for_secrets():
    """Messages to the browser are typed, and no field of them is for a secret."""
    kinds = [
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        for name, field in kind.model_fields.items():
            assert not SECRET.search(name), f"{kind.__name__}.{name}"
            assert "Secret" not in str(field.annotation), f"{kind.__name__}.{name}"


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_files_are_private_whatever_the_umask(tmp_path: Path, mask: int):
    """Every file that is created has mode 0600, in folders of mode 0700."""
    before = os.umask(mask)
    try:
        home = tmp_path / "made" / "deeper"
        storage = SqliteStorage(home / "stores.db")
        storage.set("a", "1")
        leases = Leases(home / "stores.locks")
        leases.take()
        database = Database.open(home / "data" / "kaizen.db")
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "made").rglob("*")
        }
        modes["made"] = stat.S_IMODE((tmp_path / "made").stat().st_mode)
        files = {name: mode for name, mode in modes.items() if "." in name}
        folders = {name: mode for name, mode in modes.items() if "." not in name}
        assert set(files.values()) == {0o600}, files
        assert set(folders.values()) == {0o700}, folders
        leases.close()
        storage.close()
        database.close()
    finally:
        os.umask(before)
