"""What a daemon says about itself comes back as it was written, and nobody else reads it."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sync.daemon.heartbeat import CrmPulse, CrmState, Heartbeat, heartbeat_file, read_heartbeat, write_heartbeat
from tests.faults.disks import fill, small_disk

AT = datetime(2026, 11, 28, 20, 30, tzinfo=UTC)
BEAT = Heartbeat(
    pid=7,
    host="h",
    version="1",
    started_at=AT,
    at=AT,
    crms={"hubspot": CrmPulse(state=CrmState.DOWN, since=AT, said="no answer", fix="wait")},
)


def test_a_heartbeat_is_read_as_it_was_written_by_its_owner_alone(tmp_path: Path) -> None:
    store = tmp_path / "leadpact.db"
    write_heartbeat(store, BEAT)
    assert read_heartbeat(store) == BEAT
    assert stat.S_IMODE(heartbeat_file(store).stat().st_mode) == 0o600


def test_a_full_disk_has_room_for_another_heartbeat_longer_or_shorter(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kb=64) as disk:
        store = disk / "leadpact.db"
        write_heartbeat(store, BEAT)
        fill(disk)
        for trouble in ("the disk that holds the store is full", None):
            beat = replace(BEAT, trouble=trouble)
            write_heartbeat(store, beat)
            assert read_heartbeat(store) == beat
        assert [path.name for path in disk.iterdir() if path.name != "ballast"] == [heartbeat_file(store).name]


def test_no_heartbeat_and_a_spoilt_one_are_none(tmp_path: Path) -> None:
    store = tmp_path / "leadpact.db"
    assert read_heartbeat(store) is None
    heartbeat_file(store).write_text('{"pid": "x"}', encoding="utf-8")
    assert read_heartbeat(store) is None
