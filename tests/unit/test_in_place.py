from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from sync.in_place import FileBusy, FileChanged, FileNotWritable, write_in_place

OLD, NEW = b"old\r\n", b"old\r\nnew\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agreement.toml"
    path.write_bytes(OLD)
    return path


def only_one_file(path: Path) -> bool:
    return list(path.parent.iterdir()) == [path]


def test_the_file_keeps_its_mode_and_its_owner(file: Path) -> None:
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 12, 34)
    before = file.stat()

    write_in_place(file, NEW, seen=OLD)

    after = file.stat()
    assert file.read_bytes() == NEW
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o640, before.st_uid, before.st_gid)
    assert after.st_mtime_ns >= before.st_mtime_ns
    assert only_one_file(file)


def test_a_link_stays_a_link(file: Path) -> None:
    link = file.parent / "link.toml"
    link.symlink_to(file.name)
    write_in_place(link, NEW, seen=OLD)
    assert link.is_symlink()
    assert file.read_bytes() == NEW


def test_what_somebody_wrote_meanwhile_is_left_alone(file: Path) -> None:
    file.write_bytes(b"theirs")
    with pytest.raises(FileChanged, match="was changed by somebody else meanwhile"):
        write_in_place(file, NEW, seen=OLD)
    assert file.read_bytes() == b"theirs"
    assert only_one_file(file)


def test_a_file_that_is_gone_does_not_come_back(file: Path) -> None:
    file.unlink()
    with pytest.raises(FileNotWritable, match="no such file"):
        write_in_place(file, NEW, seen=OLD)
    assert list(file.parent.iterdir()) == []


def test_of_two_who_write_at_once_the_second_is_refused_and_told_what_to_do(file: Path) -> None:
    aside = file.with_name(".agreement.toml.new")
    aside.write_bytes(b"of another")
    with pytest.raises(FileBusy) as refusal:
        write_in_place(file, NEW, seen=OLD)
    assert str(aside) in refusal.value.fix
    assert (file.read_bytes(), aside.read_bytes()) == (OLD, b"of another")


def test_many_who_write_at_once_lose_nothing_of_each_other(file: Path) -> None:
    def add(name: str) -> None:
        left = [f"{name} {number}\n".encode() for number in range(15)]
        while left:
            seen = file.read_bytes()
            with suppress(FileBusy, FileChanged):
                write_in_place(file, seen + left[-1], seen=seen)
                left.pop()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(add, ("a", "b", "c")))

    assert file.read_bytes().startswith(OLD)
    assert sorted(file.read_text().splitlines()[1:]) == sorted(f"{name} {number}" for name in "abc" for number in range(15))


def test_a_folder_in_which_nothing_can_be_made_is_named_as_the_reason() -> None:
    with pytest.raises(FileNotWritable, match="/proc/version cannot be written"):
        write_in_place(Path("/proc/version"), NEW, seen=OLD)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_said_so(file: Path, what: str) -> None:
    path = file if what == "file" else file.parent
    path.chmod(path.stat().st_mode & ~0o222)
    with pytest.raises(FileNotWritable, match="cannot be written"):
        write_in_place(file, NEW, seen=OLD)
    path.chmod(0o700)
    assert file.read_bytes() == OLD
    assert only_one_file(file)
