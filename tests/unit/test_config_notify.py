"""`[[notify]]`: who is told where; the URL is a secret that stands elsewhere and is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sync.config import Config, load_config, misfits
from sync.problems import Problem, Problems
from tests.builders import the_agreement

TOKEN = {"LEADPACT_HUBSPOT__TOKEN": "pat-na1-5f3a"}
URL = "slack://xoxb-not-to-be-shown/T0/B0"
DESK = '[[notify]]\nname = "desk"\nfor = ["ops", "#new-mqls"]\n'


def load(folder: Path, text: str, env: Mapping[str, str]) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load_config(path, {**TOKEN, **env})


def problems(folder: Path, text: str, env: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(Problems) as caught:
        load(folder, text, env or {})
    assert URL not in str(caught.value)
    return tuple(caught.value.problems)


def test_a_target_takes_its_url_from_a_variable_else_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    file = tmp_path / "secrets" / "notify_desk"
    file.write_text(f"{URL}?of=file\n")
    file.chmod(0o600)

    (target,) = load(tmp_path, DESK, {"LEADPACT_NOTIFY__DESK": URL}).notify
    assert (target.name, target.readers, target.timeout_s) == ("desk", ("ops", "#new-mqls"), 10)
    assert target.url.get_secret_value() == URL and URL not in repr(target)
    config = load(tmp_path, DESK, {})
    assert config.notify[0].url.get_secret_value() == f"{URL}?of=file"
    assert config.told == {"ops", "#new-mqls"}


def test_without_any_target_nobody_is_told(tmp_path: Path) -> None:
    assert load(tmp_path, "", {}).told == frozenset()


def test_a_target_without_a_url_says_how_to_give_one(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, DESK)
    assert (problem.where, problem.found) == ("notify.desk", "nothing")
    assert "set LEADPACT_NOTIFY__DESK" in problem.fix and "secrets/notify_desk (mode 0600)" in problem.fix


def test_a_url_in_the_file_is_refused_unseen(tmp_path: Path) -> None:
    found = problems(tmp_path, f'{DESK}url = "{URL}"\n', {"LEADPACT_NOTIFY__DESK": URL})
    assert [(problem.where, "not shown" in problem.found) for problem in found] == [("notify.desk.url", True)]


def test_a_variable_for_no_target_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, DESK, {"LEADPACT_NOTIFY__DESK": URL, "LEADPACT_NOTIFY__DESC": URL})
    assert (problem.where, problem.found) == ("LEADPACT_NOTIFY__DESC", "a variable for a target that there is not")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[notify]]\nname = "The desk"\nfor = ["ops"]\n', "name"),
        ('[[notify]]\nname = "desk"\nfor = []\n', "for"),
        ('[[notify]]\nname = "desk"\n', "for"),
        ('[[notify]]\nname = "desk"\nfor = ["ops"]\ntimeout_s = 0\n', "timeout_s"),
        ('[[notify]]\nname = "desk"\nfor = ["ops"]\ncolour = 1\n', "colour"),
        ('notify = "desk"\n', "notify"),
    ],
)
def test_what_is_wrong_with_a_target_is_told_where_it_stands(tmp_path: Path, text: str, where: str) -> None:
    found = problems(tmp_path, text, {"LEADPACT_NOTIFY__DESK": URL} if '"desk"' in text and "[[" in text else {})
    assert any(problem.where.endswith(where) for problem in found), found


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, DESK + DESK, {"LEADPACT_NOTIFY__DESK": URL})
    assert problem.found == "two targets of this name"


def test_a_url_that_asks_for_an_address_reaches_persons_alone(tmp_path: Path) -> None:
    mail = {"LEADPACT_NOTIFY__DESK": "mailtos://u:p@mail.example.com?to={email}"}
    (problem,) = problems(tmp_path, DESK, mail)
    assert problem.where == "notify.desk.for" and problem.found == "#new-mqls, ops, and a URL with {email}"

    (target,) = load(tmp_path, DESK.replace('["ops", "#new-mqls"]', '["owner", "manager"]'), mail).notify
    assert target.url_for("a+b@example.com") == "mailtos://u:p@mail.example.com?to=a%2Bb%40example.com"
    assert target.url_for(None) is None


def test_a_reader_whom_no_handoff_tells_is_a_misfit(tmp_path: Path) -> None:
    config = load(tmp_path, DESK.replace("#new-mqls", "#new-mql"), {"LEADPACT_NOTIFY__DESK": URL})
    (problem,) = misfits(config, the_agreement())
    assert problem.where == "notify.desk.for" and "#new-mqls" in problem.fix


def test_teams_and_channels_that_the_agreement_tells_can_be_served(tmp_path: Path) -> None:
    tell = ("[recycle]\n", '[tell]\nbroken = ["team", "#late"]\n\n[recycle]\n')
    agreement, desk = the_agreement(tell), DESK.replace('"ops"', '"team EMEA SDR", "#late", "team Nobody", "team"')
    config = load(tmp_path, f"{desk}at_all_hours = true\n", {"LEADPACT_NOTIFY__DESK": URL})
    assert config.notify[0].at_all_hours
    found = {problem.found for problem in misfits(config, agreement)}
    assert found == {"'team'"}, "teams are the roster's, where the agreement lists none"


def test_the_folder_of_templates_lies_beside_the_config(tmp_path: Path) -> None:
    assert load(tmp_path, "", {}).templates is None
    assert load(tmp_path, '[messages]\ntemplates = "texts"\n', {}).templates == tmp_path / "texts"
