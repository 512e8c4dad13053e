"""`leadpact agreement sign` and `agreement diff` from outside: what is shown, what is asked, what the file is afterwards."""

from __future__ import annotations

import json
import os
import pty
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.flow.practice import PROGRAM, leadpact

pytestmark = pytest.mark.xdist_group("sign")
SALES = ("--as", "sales", "--name", "Ann Lee, Head of Sales")
MARKETING = ("--as", "marketing", "--name", "CMO")
FIRST_TOUCH = "  `first_touch`: within 2 business hours -> within 4 business hours"
CONFIG = '[hubspot]\nbase_url = "http://127.0.0.1:9"\n'
AGREEMENT = """\
# What we owe each other.\r
title = "Leads"\r
effective = 2026-01-01\r
timezone = "America/New_York"\r
party = [{ side = "marketing", signatory = "CMO" }, { side = "sales", signatory = "Head of Sales" }]\r
\r
[[stage]]\r
name = "MQL"\r
side = "marketing"\r
meaning = "Ready."\r
hubspot.contact = "lifecyclestage = 'marketingqualifiedlead'"\r
\r
[calendar.default]\r
hours = "Mo-Fr 09:00-17:00"\r
timezone = "America/New_York"\r
\r
[[handoff]]\r
name = "to sales"\r
opens_on = "stage MQL"\r
\r
[[clock]]\r
name = "first_touch"\r
starts = "handoff"\r
kept_by = "touch"\r
within = "2 business hours"\r
# The end, without a line end"""


def write_account(folder: Path) -> Path:
    """Write the files of an account that no CRM answers for: nothing here asks one."""
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    token = folder / "secrets" / "hubspot_token"
    token.write_text("pat-na1-0")
    token.chmod(0o600)
    (folder / "config.toml").write_text(CONFIG)
    (folder / "roster.toml").write_text("")
    (folder / "agreement.toml").write_bytes(AGREEMENT.encode())
    return folder


@pytest.fixture
def account(tmp_path: Path) -> Path:
    return write_account(tmp_path / "account")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return leadpact("agreement", *arguments, "--config", str(folder / "config.toml"))


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "agreement.toml"
    text = path.read_bytes()
    assert old.encode() in text
    path.write_bytes(text.replace(old.encode(), new.encode(), 1))


@dataclass(slots=True)
class Story:
    """What was said, and what the file was, while two sides signed a text and one of them an edited one."""

    folder: Path
    said: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def note(self, what: str, *arguments: str) -> None:
        done = run(self.folder, *arguments)
        self.codes[what], self.said[what] = done.returncode, done.stdout + done.stderr
        self.files[what] = (self.folder / "agreement.toml").read_bytes()

    def json(self, what: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.said[what])
        return document


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    story = Story(folder=write_account(tmp_path_factory.mktemp("sign") / "account"))
    (story.folder / "agreement.toml").chmod(0o640)
    story.note("sales", "sign", *SALES, "--yes")
    story.note("marketing", "sign", *MARKETING, "--yes")
    edit(story.folder, 'within = "2 business hours"', 'within="2 business hours"   # quick\n# more')
    story.note("comment", "diff", "--format", "json", "--detailed-exitcode")
    story.note("again", "sign", *SALES, "--yes")
    edit(story.folder, "2 business hours", "4 business hours")
    story.note("content", "diff", "--format", "json", "--detailed-exitcode")
    story.note("next", "sign", *MARKETING, "--yes")
    story.note("text", "diff")
    story.note("itself", "diff", "--against", story.json("content")["hash"][:8].upper(), "--detailed-exitcode")
    story.note("unknown", "diff", "--against", "beef")
    return story


def test_both_sides_sign_and_nothing_else_in_the_file_changes(story: Story) -> None:
    assert (story.codes["sales"], story.codes["marketing"]) == (0, 0)
    assert story.files["sales"].startswith(AGREEMENT.encode())
    assert story.files["marketing"].startswith(story.files["sales"])
    assert story.files["marketing"].count(b"[[signature]]\r\n") == 2
    assert stat.S_IMODE((story.folder / "agreement.toml").stat().st_mode) == 0o640
    assert not list(story.folder.glob(".agreement*"))


def test_who_signs_is_told_what_and_who_else(story: Story) -> None:
    assert "It is the first text" in story.said["sales"]
    assert "marketing has not signed it yet (CMO)" in story.said["sales"]
    assert "Not in force yet: not signed by marketing." in story.said["sales"]
    assert "sales has signed it: Ann Lee, Head of Sales, " in story.said["marketing"]
    assert "Both sides have signed: it is in force." in story.said["marketing"]


def test_a_comment_or_a_space_voids_no_signature(story: Story) -> None:
    assert (story.codes["comment"], story.json("comment")["changes"], story.json("comment")["signed"]) == (0, [], ["marketing", "sales"])
    assert (story.codes["again"], "sales has signed this very text already" in story.said["again"]) == (64, True)
    assert story.files["again"] == story.files["comment"]


def test_any_change_of_content_voids_both(story: Story) -> None:
    before, after = story.json("comment"), story.json("content")
    assert (story.codes["content"], after["signed"]) == (2, [])
    assert after["against"]["hash"] == before["hash"] != after["hash"]
    assert after["changes"] == [
        {
            "section": "clock",
            "name": "first_touch",
            "key": ["within"],
            "how": "changed",
            "before": "2 business hours",
            "after": "4 business hours",
        }
    ]


def test_who_signs_the_next_text_is_shown_what_changed_and_the_old_signatures_stay(story: Story) -> None:
    assert f"  {FIRST_TOUCH}" in story.said["next"].splitlines()
    assert "sales has not signed it yet (Head of Sales)" in story.said["next"]
    assert "Not in force yet: the signature of sales is for another text." in story.said["next"]
    assert story.files["next"].count(b"[[signature]]") == 3


def test_a_diff_is_against_the_last_text_that_both_signed_or_one_of_choice(story: Story) -> None:
    heading, *changes = story.said["text"].splitlines()
    assert heading.startswith("What changed since the text that both sides signed on ")
    assert (story.codes["text"], changes) == (0, ["clocks", FIRST_TOUCH])
    assert (story.codes["itself"], story.said["itself"].startswith("Nothing changed since the text that was first seen on ")) == (0, True)
    assert (story.codes["unknown"], story.json("content")["hash"][:12] in story.said["unknown"]) == (64, True)


def test_where_nothing_was_signed_nothing_is_shown(account: Path) -> None:
    done = run(account, "diff", "--detailed-exitcode")
    assert (done.returncode, done.stdout) == (0, "No text was signed by both sides yet, so there is nothing to compare with.\n")
    assert not (account / "leadpact.db").exists()


def test_check_says_that_a_signed_text_is_in_force(story: Story, tmp_path: Path) -> None:
    signed = Path(shutil.copytree(story.folder, tmp_path / "account"))
    (signed / "agreement.toml").write_bytes(story.files["marketing"])
    done = leadpact("check", "--offline", "--config", str(signed / "config.toml"))
    assert (done.returncode, "observing only" in done.stdout) == (0, False), done.stdout


def answered(folder: Path, answer: str, *, meanwhile: Callable[[], object] = lambda: None) -> tuple[int, str]:
    """Sign for sales on a terminal, where somebody types `answer` when asked; return the exit code and what was shown."""
    master, slave = pty.openpty()
    command = [*PROGRAM, "agreement", "sign", *SALES, "--config", str(folder / "config.toml")]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "dumb"})
    os.close(slave)
    shown, asked = b"", False
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:  # nobody writes there any more
            break
        if b"Sign it?" in shown and not asked:
            asked = True
            meanwhile()
            os.write(master, f"{answer}\n".encode())
    os.close(master)
    return process.wait(timeout=60), shown.decode()


def test_on_a_terminal_it_asks_and_signs_at_a_yes(account: Path) -> None:
    code, shown = answered(account, "y")
    assert (code, "signed" in shown) == (0, True), shown
    assert (account / "agreement.toml").read_bytes().startswith(AGREEMENT.encode())


def test_without_a_yes_nothing_is_signed(account: Path) -> None:
    code, shown = answered(account, "")
    assert (code, "nothing was signed" in shown) == (1, True), shown
    assert (account / "agreement.toml").read_bytes() == AGREEMENT.encode()


def test_what_was_changed_while_somebody_read_is_not_signed(account: Path) -> None:
    code, shown = answered(account, "y", meanwhile=lambda: edit(account, "2 business hours", "4 business hours"))
    assert (code, "was changed by somebody else meanwhile" in shown) == (1, True), shown
    assert b"[[signature]]" not in (account / "agreement.toml").read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "arguments", "code", "said"),
    [
        ("", "", SALES, 64, "there is no terminal on which to ask"),
        ("", "", ("--as", "sales", "--name", "Bob", "--yes"), 64, "the agreement names CMO for marketing, Head of Sales for sales"),
        ("", "", ("--as", "company", "--name", "Bob", "--yes"), 64, "--as"),
        ('within = "2 business hours"', 'within = "2 busy hours"', (*SALES, "--yes"), 78, "clock.first_touch.within"),
        ("Mo-Fr 09:00-17:00", "PH off", (*SALES, "--yes"), 78, "calendar.default"),
    ],
    ids=["nobody to ask", "not the signatory", "no side", "a slip", "a contradiction"],
)
def test_what_cannot_be_signed_says_why_and_leaves_the_file(
    account: Path, old: str, new: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    edit(account, old, new)
    before = (account / "agreement.toml").read_bytes()
    done = run(account, "sign", *arguments)
    assert (done.returncode, said in done.stderr, "fix:" in done.stderr) == (code, True, True), done.stderr
    assert (account / "agreement.toml").read_bytes() == before


def test_a_signature_stands_where_the_store_cannot_take_note_of_it(account: Path) -> None:
    (account / "leadpact.db.lock").mkdir()
    done = run(account, "sign", *SALES, "--yes")
    assert (done.returncode, "note: the store has not taken note of it" in done.stderr, "next run" in done.stderr) == (0, True, True)
    assert (account / "agreement.toml").read_bytes().count(b"[[signature]]") == 1


def test_a_store_that_cannot_be_read_is_told_before_anything_is_signed(account: Path) -> None:
    (account / "leadpact.db").write_bytes(b"something else")
    done = run(account, "sign", *SALES, "--yes")
    assert (done.returncode, "is not a leadpact store" in done.stderr) == (78, True), done.stderr
    assert (account / "agreement.toml").read_bytes() == AGREEMENT.encode()
