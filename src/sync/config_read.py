"""Gathers the settings of config.toml, the environment and the secret files, and all that is wrong with them."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sync.config_sections import (
    ActSection,
    FilesSection,
    HubSpotSettings,
    LimitsSection,
    LogSection,
    ModeSection,
    RolesSection,
    SettleSection,
)
from sync.problems import Problem, choose_fix, listed, quoted
from sync.shape import Text, shape_problems

PREFIX = "LEADPACT_"
ENVIRONMENT = "environment"  # stands for the file in a problem with a variable
SECRETS = {"hubspot_token": ("hubspot", "token")}  # name of the file -> key of the setting
CREDENTIALS = "CREDENTIALS_DIRECTORY"  # where systemd puts credentials


class Settings(BaseSettings):
    """The keys of config.toml."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__")

    hubspot: HubSpotSettings | None = None
    roles: RolesSection = RolesSection()
    files: FilesSection = FilesSection()
    secrets_dir: Text = "secrets"
    mode: ModeSection = ModeSection()
    limits: LimitsSection = LimitsSection()
    settle: SettleSection = SettleSection()
    act: ActSection = ActSection()
    log: LogSection = LogSection()


def connected_crms(settings: Settings) -> tuple[str, ...]:
    """Return the names of the CRMs that have a connection, sorted."""
    return ("hubspot",) if settings.hubspot else ()


class SettingsReader:
    """Gathers the settings from their sources, and everything that is wrong with them."""

    def __init__(self, *, path: Path, file: str, document: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._file = file
        self._env = {name.lower(): value for name, value in env.items() if name.upper().startswith(PREFIX)}
        self._credentials = env.get(CREDENTIALS)
        self._document = dict(document)
        self._refuse_sections()

    def settings(self) -> Settings | None:
        """Read all sources; None if that failed."""
        self._refuse_unknown_variables()
        sources = self._sources()

        class Sourced(Settings):
            @classmethod
            def settings_customise_sources(cls, *_: Any, **__: Any) -> tuple[PydanticBaseSettingsSource, ...]:
                return sources

        try:
            settings = Sourced()
            self._check_roles(settings)
            return settings
        except ValidationError as error:
            self.problems += [
                self._told(problem) for problem in shape_problems(error, model=Settings, document=self._document, file=self._file)
            ]
        except SettingsError as error:
            self._add(
                "",
                file=ENVIRONMENT,
                found="a variable that cannot be read",
                expected=str(error),
                fix="a table takes one variable a key: A__B",
            )
        return None

    def _check_roles(self, settings: Settings) -> None:
        connected = connected_crms(settings)
        if not connected:
            self._add("hubspot", found="no connection", expected="a CRM to read", fix=f"add a table [hubspot]; {self._token_fix()}")
        for role, crm in (("marketing", settings.roles.marketing), ("sales", settings.roles.sales)):
            if connected and crm is not None and crm not in connected:
                fix = choose_fix(crm, connected, otherwise=f"connected are: {listed(connected)}")
                self.problems.append(self._told(self._problem(f"roles.{role}", found=quoted(crm), expected="a connected CRM", fix=fix)))

    def _sources(self) -> tuple[PydanticBaseSettingsSource, ...]:
        env = EnvSettingsSource(Settings)
        env.env_vars = self._env
        secrets = InitSettingsSource(Settings, init_kwargs=self._secrets())
        return env, secrets, InitSettingsSource(Settings, init_kwargs=dict(self._document))

    def _refuse_sections(self) -> None:
        """Refuse what is refused for a reason of its own."""
        if self._document.pop("salesforce", None) is not None:
            self._add(
                "salesforce",
                found="a Salesforce connection",
                expected="HubSpot alone",
                fix="remove the table: Salesforce is not connected yet",
            )
        hubspot = self._document.get("hubspot")
        if isinstance(hubspot, Mapping) and "token" in hubspot:
            self._add(
                "hubspot.token",
                found="a token in config.toml, which is not shown",
                expected="no secret in this file: it is copied, shared and kept in version control",
                fix=f"take it out, renew it if others saw the file, and {self._token_fix()}",
            )

    def _refuse_unknown_variables(self) -> None:
        known = [f"{PREFIX}{key}".upper() for key in Settings.model_fields]
        for name in sorted(self._env):
            head = name.upper().split("__")[0]
            if head not in known:
                self._add(
                    name.upper(),
                    file=ENVIRONMENT,
                    found="an unknown variable",
                    expected="the name of a setting",
                    fix=choose_fix(head, known, otherwise="unset it"),
                )

    def _secrets(self) -> dict[str, Any]:
        """Read the secret files; one in $CREDENTIALS_DIRECTORY beats one in the secrets folder."""
        settings: dict[str, Any] = {}
        for name, (section, key) in SECRETS.items():
            value = self._secret(name)
            if value is not None:
                settings.setdefault(section, {})[key] = value
        return settings

    def _secret(self, name: str) -> str | None:
        if self._credentials and (value := self._read(Path(self._credentials) / name)) is not None:
            return value
        file = self._secrets_dir / name
        value = self._read(file)
        if value is not None and (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077:
            self.warnings.append(
                Problem(file=str(file), where="", found=f"mode {mode:04o}, open to others", expected="mode 0600", fix=f"chmod 600 {file}")
            )
        return value

    @property
    def _secrets_dir(self) -> Path:
        named = self._env.get(f"{PREFIX}secrets_dir".lower(), self._document.get("secrets_dir", "secrets"))
        return self.path.parent / Path(str(named)).expanduser()

    def _read(self, file: Path) -> str | None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError):
            self._add(
                "",
                file=str(file),
                found="a secret that cannot be read",
                expected="a readable text file",
                fix="check its owner and its mode",
            )
            return None

    def _told(self, problem: Problem) -> Problem:
        """Tell a problem where it arose, and a missing token with the ways to give one."""
        variable = PREFIX + problem.where.replace(".", "__").upper()
        if variable.lower() in self._env:
            return replace(problem, file=ENVIRONMENT, where=variable)
        if problem.where == "hubspot.token" and problem.found == "nothing":
            return replace(
                problem,
                expected="the access token of a HubSpot private app",
                fix=self._token_fix(),
            )
        return problem

    def _token_fix(self) -> str:
        file = self._secrets_dir / "hubspot_token"
        return f"set {PREFIX}HUBSPOT__TOKEN, or write the token to {file} (mode 0600), or load the systemd credential hubspot_token"

    def _add(self, where: str, *, found: str, expected: str, fix: str, file: str | None = None) -> None:
        self.problems.append(self._problem(where, found=found, expected=expected, fix=fix, file=file))

    def _problem(self, where: str, *, found: str, expected: str, fix: str, file: str | None = None) -> Problem:
        return Problem(file=file or self._file, where=where, found=found, expected=expected, fix=fix)
