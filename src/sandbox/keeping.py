"""A portal whose state is kept in a file: begun, opened again, saved after every call that changed something."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from sandbox.kinds import Kind
from sandbox.portal import Portal
from sandbox.setting import PROGRESS, SETTING, Progress, put_back, setting_of
from sandbox.shelf import Shelf
from sandbox.state_file import FileShelf, StateFile, UnusableState

_SETTING, _PROGRESS = "setting", "progress"


class KeptState:
    """The state file behind a portal (see `sandbox.portal.Store`). Raises UnusableState for one of another version."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        kept = file.settings()
        try:
            self.setting = SETTING.validate_json(kept[_SETTING]) if _SETTING in kept else None
            self.progress = PROGRESS.validate_json(kept[_PROGRESS]) if _PROGRESS in kept else None
        except ValidationError:
            file.close()
            raise UnusableState(f"{file.path} was made by another version of this program") from None
        self._shelves: list[FileShelf] = []
        self._saved: tuple[int, datetime | None] = (0, None)

    def shelf(self, kind: Kind) -> Shelf:
        """Where the records of one kind are kept."""
        shelf = self._file.shelf(kind, last_id=self.progress.last_ids[kind.plural] if self.progress else 0)
        self._shelves.append(shelf)
        return shelf

    def identifiers(self, kind: Kind) -> Iterable[str]:
        """The identifying properties whose holders the file knows."""
        return self.setting.identifiers[kind.plural] if self.setting else ()

    def save(self, portal: Portal) -> None:
        """Write down what changed since the last time, if anything did; a running clock alone is no change."""
        state = (portal.changes.count, None if portal.clock.live else portal.clock.now())
        if portal.setting_changed or state != self._saved:
            self._write(portal)
            self._saved = state

    def close(self, portal: Portal) -> None:
        """Write down all, the time too, and let go of the file."""
        self._write(portal)
        self._file.close()

    def release(self) -> None:
        """Let go of the file as it is."""
        self._file.close()

    def discard(self) -> None:
        """Let go of the file, and leave none behind."""
        self._file.discard()

    def _write(self, portal: Portal) -> None:
        for shelf in self._shelves:
            shelf.save()
        if portal.setting_changed:
            self._file.set(_SETTING, SETTING.dump_json(setting_of(portal)).decode())
            portal.setting_changed = False
        last_ids = {kind: collection.last_id for kind, collection in portal.collections.items()}
        self._file.set(_PROGRESS, PROGRESS.dump_json(Progress(now=portal.clock.now(), last_ids=last_ids)).decode())
        self._file.commit()


def begin(path: Path, fill: Callable[[KeptState], Portal]) -> Portal:
    """A portal in a new state file, as `fill` makes it in there.

    Raises what `fill` raises, and UnusableState if the file is there; then no new file is left behind.
    """
    if path.exists():
        raise UnusableState(f"{path} is there already")
    kept = KeptState(StateFile(path))
    try:
        portal = fill(kept)
        portal.save()
    except BaseException:
        kept.discard()
        raise
    return portal


def reopen(path: Path, *, now: datetime | None = None, live: bool = False) -> Portal:
    """The portal of a state file, at `now` or at the time it was left.

    Raises UnusableState for a file that holds none or is in use, and for a time before that.
    """
    kept = KeptState(StateFile(path))
    if kept.setting is None or kept.progress is None:
        kept.release()
        raise UnusableState(f"{path} holds no portal: what was to fill it did not finish")
    portal = Portal(kept.progress.now, live=live, store=kept)
    put_back(portal, kept.setting)
    if now is not None and now < portal.clock.now():
        kept.release()
        raise UnusableState(f"{path} was left at {portal.clock.text()}, and its clock never goes back")
    if now is not None:
        portal.clock.set(now)
    return portal
