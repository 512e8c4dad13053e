"""Messages to people from outside: who is told what, once, whatever fails, is killed, or runs at the same time."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flow.enforcing import HOUR_S, Enforced, enforced
from tests.flow.practice import PROGRAM, leadpact, store_bytes
from tests.flow.receiver import SECRET, Receiver, receiver

TARGETS = """
[[notify]]
name = "desk"
for  = ["owner", "ops"]

[[notify]]
name = "channel"
for  = ["#new-mqls"]
"""


def tell(one: Enforced, to: Receiver, targets: str = TARGETS) -> None:
    """Let the config tell owners and ops at a desk, and the channel of new leads; or whomever `targets` named so are for."""
    with (one.files / "config.toml").open("a", encoding="utf-8") as config:
        config.write(targets)
    secrets = one.files / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name in ("desk", "channel"):
        file = secrets / f"notify_{name}"
        file.write_text(to.url(name))
        file.chmod(0o600)


@contextmanager
def only_member(one: Enforced) -> Iterator[None]:
    """Leave in the pool nobody but the rep who has the leads."""
    roster = one.files / "roster.toml"
    text = roster.read_text(encoding="utf-8")
    names = {str(person.get("hubspot")): person["name"] for person in tomllib.loads(text)["person"]}
    head, pool, rest = text.partition('name    = "sdr"')
    alone = re.sub(r"members = \[.*?\]", f'members = ["{names[one.members()[0]]}"]', rest, count=1, flags=re.DOTALL)
    roster.write_text(head + pool + alone, encoding="utf-8")
    yield
    roster.write_text(text, encoding="utf-8")


def beside(one: Enforced, *arguments: str) -> subprocess.Popen[str]:
    """Start a run that goes on beside this one."""
    return subprocess.Popen(
        [*PROGRAM, *arguments, "--config", str(one.files / "config.toml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


def test_targets_are_tried_by_name_and_each_answer_is_told(tmp_path: Path) -> None:
    config, env = tmp_path / "config.toml", dict(os.environ) | {"LEADPACT_HUBSPOT__TOKEN": "pat-na1-0"}
    config.write_text("")
    done = leadpact("notify", "--test", "--config", str(config), env=env)
    assert (done.returncode, f"{config} has no [[notify]]" in done.stderr, "docs/how-to/notify.md" in done.stderr) == (64, True, True)

    config.write_text(TARGETS.replace('"owner", "ops"', '"owner"'))
    with receiver() as to:
        env |= {"LEADPACT_NOTIFY__DESK": to.url("{email}"), "LEADPACT_NOTIFY__CHANNEL": to.url("channel")}
        done = leadpact("notify", "dask", "--test", "--config", str(config), env=env)
        assert (done.returncode, "there is no target `dask`" in done.stderr, "desk" in done.stderr) == (64, True, True)
        done = leadpact("notify", "--test", "--config", str(config), env=env)
        assert (done.returncode, done.stdout) == (1, "desk: failed: its URL asks for an address: add --to EMAIL\nchannel: sent\n")
        done = leadpact("notify", "--test", "desk", "--to", "me@example.com", "--config", str(config), env=env)
        assert (done.returncode, done.stdout) == (0, "desk: sent\n")
        assert to.take("me@example.com") == ["leadpact: a test\nThis is how messages for owner arrive."]
    assert SECRET not in done.stdout + done.stderr


def test_a_message_is_shown_by_its_kind_and_a_template_that_would_not_do_is_refused_by_every_command(tmp_path: Path) -> None:
    config, env = tmp_path / "config.toml", dict(os.environ) | {"LEADPACT_HUBSPOT__TOKEN": "pat-na1-0"}
    config.write_text('[messages]\ntemplates = "texts"\n')
    texts = tmp_path / "texts"
    texts.mkdir()
    asked = ("notify", "--preview", "reminder", "--config", str(config))
    done = leadpact(*asked, env=env)
    assert done.returncode == 0 and done.stdout.startswith(
        "first_touch is due Wed 2026-11-18 16:00 UTC: hubspot/contact/101\n\nFor Ann Example:"
    )

    (texts / "reminder.txt").write_text("Call {{ owner }}'s lead\n\n{{ link }}, please\n")
    assert leadpact(*asked, env=env).stdout == "Call Ann Example's lead\n\nhttps://crm.example/101, please\n"
    done = leadpact("notify", "--preview", "remainder", "--config", str(config), env=env)
    assert (done.returncode, "did you mean `reminder`?" in done.stderr) == (64, True)

    (texts / "reminder.txt").write_text("Call {{ owner }}'s lead\n\n{{ lnk }}\n")
    for command in (("check", "--offline"), ("notify", "--test"), ("notify", "--preview", "given")):
        done = leadpact(*command, "--config", str(config), env=env)
        said = f"{texts / 'reminder.txt'}: line 3: found 'lnk', expected something that a message says\n    fix: did you mean `link`?"
        assert (done.returncode, said in done.stderr) == (78, True), done.stderr


def test_a_new_owner_and_the_channel_are_told_and_reminded_once(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=2) as one, receiver() as to:
        tell(one, to)
        assert one.run("notify", "--test") == ""
        assert [len(to.take(box)) for box in ("desk", "channel")] == [1, 1]

        with only_member(one):
            said = one.run("sync")
            assert "0 written" in said
            (told,) = [text for text in to.take("desk") if "was handed over to you" not in text]
            to.take("channel")
            assert told.startswith("Nobody of pool sdr is left") and "(1 had this lead already)" in told
            assert "messages" not in one.run("sync"), "once a day"
            report = leadpact("sync", "--dry-run", "--config", str(one.files / "config.toml")).stdout
            assert "Nobody of pool sdr is left who may get 2 of the leads: 2 would stay where they are" in " ".join(report.split())

        to.status = 500
        said = one.run("sync")
        assert "2 written and read back" in said
        assert "messages: 4 failed" in said and "desk: answered 500" in said
        assert [len(to.take(box)) for box in ("desk", "channel")] == [2, 2]
        assert SECRET not in said and SECRET.encode() not in store_bytes(one.files / "leadpact.db")

        to.status = 200
        assert "messages" not in one.run("sync"), "what failed is not tried again at once"
        one.world.people.rest(90)
        assert "messages: 4 sent" in one.run("sync")
        desk, channel = to.take("desk"), to.take("channel")
        assert {line for text in desk for line in text.splitlines() if "is yours" in line} == {
            f"A lead is yours now: {one.key(lead)}" for lead in one.leads
        }
        assert all("because first_touch was due on Fri 2026-11-20" in text for text in (*desk, *channel))
        assert all("has a new owner" in text and "late" not in text for text in channel)

        one.world.people.rest(13 * HOUR_S)
        runs = [beside(one, "sync", "--wait", "2 minutes") for _ in range(2)]
        assert [run.communicate()[0] is None and run.returncode for run in runs] == [0, 0]
        reminders = to.take("desk")
        assert len(reminders) == 2 and all("50% of its time has passed" in text for text in reminders)
        assert "messages" not in one.run("sync")

        one.world.people.rest(12 * HOUR_S)
        assert "messages: 2 waiting" in one.run("sync"), "it is broken on a Saturday, and can wait for Monday"
        one.world.people.rest(41 * HOUR_S)
        assert "messages: 2 sent" in one.run("sync")
        assert all("accept_or_reject is broken" in text for text in to.take("desk"))
        assert "messages" not in one.run("sync")


def test_what_is_held_is_told_and_no_message_is_sent_twice_whether_a_run_is_killed_or_its_target_hangs(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=6) as one, receiver() as to:
        tell(one, to)
        assert "messages: 13 sent" in one.run("sync", code=3), "and that the rep has six leads, to the rep and the channel"
        held, *own = to.take("desk")
        assert all("A lead is yours now" in text for text in own) and len(own) == len(to.take("channel")) == 6
        assert "6 moves for first_touch, 5 are allowed" in held
        (command,) = re.findall(r"leadpact (apply \d+)", held)

        one.world.people.rest(60)
        to.hang()
        run = beside(one, *command.split())
        assert to.arrived.wait(120)
        run.kill()
        run.communicate()
        config = one.files / "config.toml"
        config.write_text(config.read_text().replace("[[notify]]", "[[notify]]\ntimeout_s = 1"))
        said = one.run("sync")
        assert "messages: 2 unknown, 9 waiting" in said and "desk: no answer in time" in said
        to.go_on()
        assert "messages: 9 waiting" in one.run("sync"), "a target without an answer is left alone for a while"
        one.world.people.rest(150)
        assert "messages: 9 sent" in one.run("sync")

        assert {box: len(to.take(box)) for box in ("desk", "channel")} == {"desk": 6, "channel": 6}
        listed = leadpact("notify", "--config", str(config)).stdout
        assert listed.count("unknown") == 3 and listed.count("the run was killed in it") == 1
        assert "messages" not in one.run("sync")
