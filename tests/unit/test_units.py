"""The units in systemd/ start commands that are there and name secrets that are read. `.ci/units` has systemd judge the rest."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from sync.cli.program import app
from sync.config_read import PREFIX, Settings
from sync.config_secrets import SECRETS

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
PROGRAM = "/opt/leadpact/bin/leadpact"
MAY_DIFFER = {"MemoryDenyWriteExecute"}


def settings_of(unit: str) -> Iterator[tuple[str, str]]:
    """Yield every key of a unit with its value, in order."""
    for line in (UNITS / unit).read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            yield key, value


def values(unit: str, *keys: str) -> list[str]:
    return [value for key, value in settings_of(unit) if key in keys]


STARTED = [(unit, line) for unit in SERVICES for line in values(unit, "ExecStart") if line.startswith(PROGRAM)]


def test_there_are_units_to_hold() -> None:
    assert SERVICES == ["leadpact-audit.service", "leadpact-reconcile.service", "leadpact.service", "leadpact@.service"]
    assert {unit for unit, _ in STARTED} == set(SERVICES)


@pytest.mark.parametrize(("unit", "line"), STARTED)
def test_what_a_unit_starts_is_a_command_that_takes_its_options(unit: str, line: str) -> None:
    program = typer.main.get_command(app)
    name, *options = shlex.split(line.removeprefix(PROGRAM))

    command = program.commands[name]  # type: ignore[attr-defined]
    command.make_context(name, options)  # raises for an option that is not there


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_names_every_secret_by_the_name_that_is_read_and_one_that_is_missing_stops_nothing(unit: str) -> None:
    credentials = [value.partition(":") for value in values(unit, "LoadCredential")]

    assert [name for name, _, _ in credentials] == [secret.file for secret in SECRETS]
    for name, _, place in credentials:
        assert "/" not in place, "a path that is not there would stop the start"
        assert place.startswith("leadpact.") and place.endswith(f".{name}"), "in /etc/credstore every service has its secrets"


@pytest.mark.parametrize("unit", SERVICES)
def test_a_variable_that_a_unit_sets_is_a_key_of_the_config(unit: str) -> None:
    sections = {name.upper(): field.annotation for name, field in Settings.model_fields.items()}
    for line in values(unit, "Environment"):
        name = line.partition("=")[0]
        if name.startswith(PREFIX):
            section, _, key = name.removeprefix(PREFIX).partition("__")
            assert key.lower() in sections[section].model_fields  # type: ignore[union-attr]


def test_every_service_is_hardened_alike() -> None:
    def hardening(unit: str) -> list[tuple[str, str]]:
        keys = list(settings_of(unit))
        first = keys.index(("ProtectSystem", "strict"))
        return [(key, value) for key, value in keys[first:] if key not in MAY_DIFFER and key != "WantedBy"]

    assert len(hardening("leadpact.service")) > 30
    assert {unit: hardening(unit) for unit in SERVICES} == dict.fromkeys(SERVICES, hardening("leadpact.service"))


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_runs_as_the_user_that_is_made_and_writes_to_its_state_alone(unit: str) -> None:
    made = (UNITS / "sysusers.d" / "leadpact.conf").read_text().split("\nu ")[1].split()

    assert values(unit, "User", "Group") == [made[0], made[0]]
    assert values(unit, "StateDirectory")[0].split("/")[0] == "leadpact"
    assert values(unit, "ReadWritePaths") == []


def test_a_timer_starts_a_service_that_is_there_also_after_a_night_without_power() -> None:
    timers = sorted(UNITS.glob("*.timer"))

    assert [timer.with_suffix(".service").name for timer in timers] == ["leadpact-audit.service", "leadpact-reconcile.service"]
    assert [values(timer.name, "Persistent") for timer in timers] == [["true"], ["true"]]
