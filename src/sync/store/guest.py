"""Keeps root from leaving files of its own beside the store of another user, who could not open them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from sync.store.errors import StoreOfAnother


def refuse_if_root_is_a_guest(path: Path) -> None:
    """Raise StoreOfAnother if this is root, and the store at `path`, or the folder for it, is another user's."""
    place = next((place for place in (path, path.parent) if place.exists()), None)
    if place is not None and os.geteuid() == 0 and (owner := place.stat().st_uid) != 0:
        raise StoreOfAnother(path, user=_name_of(owner))


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"  # as sudo reads it
