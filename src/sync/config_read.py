"""Gathers the settings of config.toml, the environment and the secret files, and all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sync.config_authority import named_crms
from sync.config_freeze import FreezeTable
from sync.config_http import HttpSection, missing_beside
from sync.config_notify import NOTIFY, MessagesSection, NotifySection, Target, target_problems, written_targets
from sync.config_own_fields import OwnFieldsSection
from sync.config_salesforce import FIND_MY_DOMAIN, RETIRED, SalesforceSettings, form_flaws, login_flaws
from sync.config_secrets import CREDENTIALS, SECRETS, Secret, SecretFiles, in_document, target_secret
from sync.config_sections import (
    ActSection,
    AuthoritySection,
    BackupSection,
    DaemonSection,
    FilesSection,
    HubSpotSettings,
    LimitsSection,
    LogSection,
    ModeSection,
    ReconcileSection,
    ReportsSection,
    RetentionSection,
    RolesSection,
    SettleSection,
    SyncSection,
)
from sync.problems import Problem, choose_fix, listed, quoted
from sync.shape import Text, shape_problems

PREFIX = "LEADPACT_"
ENVIRONMENT = "environment"  # stands for the file in a problem with a variable
SALESFORCE = "salesforce"
URLS = f"{PREFIX}{NOTIFY.upper()}__"  # and the name of a target: the variable with its URL


class Settings(BaseSettings):
    """The keys of config.toml."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__")

    hubspot: HubSpotSettings | None = None
    salesforce: SalesforceSettings | None = None
    roles: RolesSection = RolesSection()
    sync: SyncSection = SyncSection()
    authority: AuthoritySection = AuthoritySection()
    files: FilesSection = FilesSection()
    secrets_dir: Text = "secrets"
    mode: ModeSection = ModeSection()
    limits: LimitsSection = LimitsSection()
    freeze: tuple[FreezeTable, ...] = ()
    settle: SettleSection = SettleSection()
    act: ActSection = ActSection()
    own_fields: OwnFieldsSection = OwnFieldsSection()
    backup: BackupSection = BackupSection()
    retention: RetentionSection = RetentionSection()
    reconcile: ReconcileSection = ReconcileSection()
    reports: ReportsSection = ReportsSection()
    daemon: DaemonSection = DaemonSection()
    http: HttpSection = HttpSection()
    log: LogSection = LogSection()
    notify: tuple[NotifySection, ...] = ()
    messages: MessagesSection = MessagesSection()


def connected_crms(settings: Settings) -> tuple[str, ...]:
    """Return the names of the CRMs that have a connection, sorted."""
    connections = {"hubspot": settings.hubspot, SALESFORCE: settings.salesforce}
    return tuple(crm for crm, connection in connections.items() if connection is not None)


class SettingsReader:
    """Gathers the settings from their sources, and everything that is wrong with them."""

    def __init__(self, *, path: Path, file: str, document: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self.path = path
        self._problems: list[Problem] = []
        self._file = file
        self._env = {name.lower(): value for name, value in env.items() if name.upper().startswith(PREFIX)}
        self._document = deepcopy(dict(document))
        self._secrets = SecretFiles(folder=self._secrets_dir, credentials=env.get(CREDENTIALS))
        self._urls = self._take_urls()
        self._refuse_written_secrets()

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, as far as it was read."""
        return [*self._problems, *self._secrets.problems]

    @property
    def warnings(self) -> list[Problem]:
        """What works but should not stay so."""
        return self._secrets.warnings

    def settings(self) -> Settings | None:
        """Read all sources; None if that failed."""
        self._refuse_unknown_variables()
        try:
            sources = self._sources()

            class Sourced(Settings):
                @classmethod
                def settings_customise_sources(cls, *_: Any, **__: Any) -> tuple[PydanticBaseSettingsSource, ...]:
                    return sources

            settings = Sourced()
            self._check_crms(settings)
            self._check_http(settings)
            self._problems += target_problems(self.targets(settings), file=self._file)
            return settings
        except ValidationError as error:
            self._problems += [
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

    def targets(self, settings: Settings) -> tuple[Target, ...]:
        """Return where people are told things, each with its URL; one without is a problem, and is not among them."""
        return tuple(
            Target(
                name=section.name,
                url=SecretStr(self._urls[section.name]),
                readers=section.readers,
                timeout_s=section.timeout_s,
                at_all_hours=section.at_all_hours,
            )
            for section in settings.notify
            if section.name in self._urls
        )

    def _take_urls(self) -> dict[str, str]:
        """Take the URLs of targets from the environment, or the secret files: no table has a key for them. One without is a problem."""
        given = {name.removeprefix(URLS.lower()): value for name, value in self._env.items() if name.startswith(URLS.lower())}
        names = [table["name"] for table in written_targets(self._document)]
        self._env = {name: value for name, value in self._env.items() if name.removeprefix(URLS.lower()) not in names}
        found = {name: given.get(name) or self._secrets.value(target_secret(name)) for name in names}
        for name in (name for name, url in found.items() if not url):
            self._add(f"{NOTIFY}.{name}", found="nothing", expected="its Apprise URL", fix=self._how_to_give(target_secret(name)))
        return {name: url for name, url in found.items() if url}

    def _check_crms(self, settings: Settings) -> None:
        connected = connected_crms(settings)
        if not connected:
            fix = f"add a table [hubspot] or [salesforce]; {self._how_to_give(SECRETS[0])}"
            self._add("", found="no connection", expected="a CRM to read", fix=fix)
            return
        for where, crm in named_crms(settings.roles, settings.authority):
            if crm not in connected:
                fix = choose_fix(crm, connected, otherwise=f"connected are: {listed(connected)}")
                self._problems.append(self._told(self._problem(where, found=quoted(crm), expected="a connected CRM", fix=fix)))

    def _check_http(self, settings: Settings) -> None:
        for missing in missing_beside(settings.http, settings.hubspot):
            section, key = missing.where.split(".")
            fix = missing.fix or self._how_to_give(next(one for one in SECRETS if (one.section, one.key) == (section, key)))
            self._add(missing.where, found="nothing", expected=missing.expected, fix=fix)

    def _sources(self) -> tuple[PydanticBaseSettingsSource, ...]:
        env = EnvSettingsSource(Settings)
        env.env_vars = self._env
        secrets = self._secrets.settings()
        self._check_salesforce([env(), secrets, self._document])
        return (
            env,
            InitSettingsSource(Settings, init_kwargs=secrets),
            InitSettingsSource(Settings, init_kwargs=dict(self._document)),
        )

    def _check_salesforce(self, sources: list[Mapping[str, Any]]) -> None:
        """Check what the keys say together, whichever source they come from and whatever is wrong with their values."""
        tables = [table for source in sources if isinstance(table := source.get(SALESFORCE), dict)]
        if not tables:
            return
        given = {key for table in tables for key in table}
        advised = next(secret for secret in SECRETS if secret.section == SALESFORCE)
        for flaw in (*login_flaws(given, how_to_give=self._how_to_give(advised)), *form_flaws(given)):
            where = f"{SALESFORCE}.{flaw.key}".rstrip(".")
            self._problems.append(self._told(self._problem(where, found=flaw.found, expected=flaw.expected, fix=flaw.fix)))
        for key in RETIRED:  # refused above with the way out, and no unknown key besides
            self._env.pop(f"{PREFIX}{SALESFORCE}__{key}".lower(), None)
            for table in tables:
                table.pop(key, None)

    def _refuse_written_secrets(self) -> None:
        for secret in in_document(self._document):
            self._add(
                f"{secret.section}.{secret.key}",
                found=f"a {secret.what} in config.toml, which is not shown",
                expected="no secret in this file: it is copied, shared and kept in version control",
                fix=f"take it out, renew it if others saw the file, and {self._how_to_give(secret)}",
            )
        for table in written_targets(self._document):
            if table.pop("url", None) is not None:
                self._add(
                    f"{NOTIFY}.{table['name']}.url",
                    found="a URL in config.toml, which is not shown",
                    expected="no secret in this file: it is copied, shared and kept in version control",
                    fix=f"take it out, renew what it holds if others saw the file, and {self._how_to_give(target_secret(table['name']))}",
                )

    def _refuse_unknown_variables(self) -> None:
        known = [f"{PREFIX}{key}".upper() for key in Settings.model_fields]
        for name in sorted(self._env):
            head = name.upper().split("__")[0]
            if name.startswith(URLS.lower()):
                del self._env[name]
                self._add(
                    name.upper(),
                    file=ENVIRONMENT,
                    found="a variable for a target that there is not",
                    expected="the name of a [[notify]] in config.toml",
                    fix="add that table, or unset the variable",
                )
            elif head not in known:
                self._add(
                    name.upper(),
                    file=ENVIRONMENT,
                    found="an unknown variable",
                    expected="the name of a setting",
                    fix=choose_fix(head, known, otherwise="unset it"),
                )

    @property
    def _secrets_dir(self) -> Path:
        named = self._env.get(f"{PREFIX}secrets_dir".lower(), self._document.get("secrets_dir", "secrets"))
        return self.path.parent / Path(str(named)).expanduser()

    def _told(self, problem: Problem) -> Problem:
        """Tell a problem where it arose, and what is missing with the ways to give it."""
        variable = PREFIX + problem.where.replace(".", "__").upper()
        if variable.lower() in self._env:
            return replace(problem, file=ENVIRONMENT, where=variable)
        if problem.found != "nothing":
            return problem
        if problem.where == "hubspot.token":
            return replace(problem, expected="the access token of a HubSpot private app", fix=self._how_to_give(SECRETS[0]))
        if problem.where == "salesforce.my_domain":
            return replace(problem, expected="the My Domain of your org", fix=FIND_MY_DOMAIN)
        return problem

    def _how_to_give(self, secret: Secret) -> str:
        variable = f"{PREFIX}{secret.section}__{secret.key}".upper()
        place = self._secrets.place(secret)
        return f"set {variable}, or write the {secret.what} to {place} (mode 0600), or load the systemd credential {secret.file}"

    def _add(self, where: str, *, found: str, expected: str, fix: str, file: str | None = None) -> None:
        self._problems.append(self._problem(where, found=found, expected=expected, fix=fix, file=file))

    def _problem(self, where: str, *, found: str, expected: str, fix: str, file: str | None = None) -> Problem:
        return Problem(file=file or self._file, where=where, found=found, expected=expected, fix=fix)
