"""config.toml, environment and secrets -> frozen settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path
from pydantic import SecretStr

from sync.agreement.model import Agreement
from sync.authority import Authority
from sync.config_authority import authority_problems
from sync.config_http import HttpSection
from sync.config_notify import Target, secret_parts, unknown_readers
from sync.config_own_fields import OwnFieldsSection, own_field_problems
from sync.config_read import Settings, SettingsReader, connected_crms
from sync.config_salesforce import SalesforceSettings
from sync.config_secrets import SECRETS
from sync.config_sections import (
    ActSection,
    BackupSection,
    DaemonSection,
    HubSpotSettings,
    LimitsSection,
    LogSection,
    ModeSection,
    ReconcileSection,
    ReportsSection,
    RetentionSection,
    SettleSection,
)
from sync.errors import ConfigurationError
from sync.freeze import Freeze
from sync.problems import Problem, Problems, choose_fix, listed, quoted
from sync.toml_text import read_toml

OF_THE_MACHINE = Path("/etc/leadpact/config.toml")  # of the daemon that systemd starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that config.toml and its surroundings say; paths are absolute."""

    path: Path
    hubspot: HubSpotSettings | None
    salesforce: SalesforceSettings | None
    authority: Authority  # the parts that the connected CRMs play
    agreement: Path
    roster: Path
    store: Path
    mode: ModeSection
    limits: LimitsSection
    freezes: tuple[Freeze, ...]  # windows in which nothing is written
    settle: SettleSection
    act: ActSection
    own_fields: OwnFieldsSection
    backup: BackupSection
    retention: RetentionSection
    reconcile: ReconcileSection
    reports: ReportsSection
    reports_folder: Path
    daemon: DaemonSection
    http: HttpSection
    log: LogSection
    notify: tuple[Target, ...]
    templates: Path | None  # folder of texts in place of ours
    warnings: tuple[Problem, ...]  # what works but should not stay so

    @property
    def crms(self) -> tuple[str, ...]:
        """The connected CRMs, Marketing's first."""
        return tuple(sorted(self.api_versions, key=lambda crm: (crm != self.authority.marketing, crm)))

    @property
    def own_files(self) -> tuple[Path, ...]:
        """The files that no report may be written over."""
        return self.path, self.agreement, self.roster, self.store

    @property
    def told(self) -> frozenset[str]:
        """Who is told by some target: owner, manager, marketing, ops, or channels of the agreement."""
        return frozenset(reader for target in self.notify for reader in target.readers)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret value, and each part of a target's URL that may be one: what no line may show."""
        values = [getattr(getattr(self, secret.section, None), secret.key, None) for secret in SECRETS]
        parts = [part for target in self.notify for part in secret_parts(target.url.get_secret_value())]
        return frozenset([*(one.get_secret_value() for one in values if isinstance(one, SecretStr)), *parts])

    def own_app(self, crm: str) -> str | None:
        """Return the id under which `crm` notes what leadpact writes: of its app, or of its user; None where the config names none."""
        if crm == "salesforce":
            return self.salesforce.user_id if self.salesforce is not None else None
        return self.hubspot.app_id if self.hubspot is not None else None

    def max_share(self, crm: str) -> float:
        """Return which share of a day's calls of an account is ours."""
        section = self.salesforce if crm == "salesforce" else self.hubspot
        assert section is not None, crm
        return section.max_share

    @property
    def api_versions(self) -> Mapping[str, str]:
        """The version of its API by which each connected CRM is read."""
        connections = {"hubspot": self.hubspot, "salesforce": self.salesforce}
        return {crm: connection.api_version for crm, connection in connections.items() if connection is not None}

    @property
    def own_users(self) -> Mapping[str, str]:
        """The owner ids that stand for leadpact itself, by CRM."""
        user = self.own_app("salesforce")
        return {"salesforce": user} if user is not None else {}


def config_places() -> tuple[Path, ...]:
    """Return where config.toml is looked for when no path is given, in order."""
    return Path("config.toml"), user_config_path("leadpact") / "config.toml", OF_THE_MACHINE


def config_file(path: Path | None, *, places: Sequence[Path] | None = None) -> Path:
    """Return `path`, or the first of `places` that exists; raises ConfigurationError if there is none."""
    return path or _first_of(config_places() if places is None else places)


def load_config(path: Path | None, env: Mapping[str, str], *, places: Sequence[Path] | None = None) -> Config:
    """Read `path`, or the first of `places` that exists, under `env` and the secrets.

    A variable beats a secret file, a file of $CREDENTIALS_DIRECTORY one of `secrets_dir`, and any of them config.toml.
    Raises ConfigurationError if there is no file, Problems with everything that is wrong otherwise.
    """
    found = config_file(path, places=places)
    toml = read_toml(found, missing="correct the path, or let `leadpact init` write one")
    reader = SettingsReader(path=found.absolute(), file=toml.file, document=toml.document, env=env)
    settings = reader.settings()
    if reader.problems or settings is None:
        raise Problems(reader.problems)
    return _config(settings, reader)


def misfits(config: Config, agreement: Agreement) -> list[Problem]:
    """Return a problem for each rule, field, stage and reader that the config names and the agreement does not have."""
    file = str(config.path)
    return [
        *unknown_rules(config, agreement.rule_names),
        *authority_problems(config.authority, agreement, file=file),
        *own_field_problems(config.own_fields, agreement, crms=config.crms, file=file),
        *unknown_readers(config.notify, agreement, file=file),
    ]


def unknown_rules(config: Config, rules: Sequence[str]) -> list[Problem]:
    """Return a problem for each rule that `[mode.rules]` names and the agreement does not have."""
    return [
        Problem(
            file=str(config.path),
            where=f"mode.rules.{rule}",
            found=quoted(rule),
            expected="the name of a clock or cadence",
            fix=choose_fix(rule, rules, otherwise=f"known are: {listed(rules)}"),
        )
        for rule in config.mode.rules
        if rule not in rules
    ]


def _first_of(places: Sequence[Path]) -> Path:
    for place in places:
        with suppress(PermissionError):  # `sudo -u leadpact` stays in a folder that leadpact may not look into
            if place.is_file():
                return place
    looked = ", ".join(str(place) for place in places)
    raise ConfigurationError(
        f"there is no config.toml; looked at {looked}", fix="`leadpact init` writes one here, or name yours with --config FILE"
    )


def _config(settings: Settings, reader: SettingsReader) -> Config:
    crms, folder = connected_crms(settings), reader.path.parent
    marketing, sales = settings.roles.marketing or crms[0], settings.roles.sales or crms[-1]
    return Config(
        path=reader.path,
        hubspot=settings.hubspot,
        salesforce=settings.salesforce,
        authority=Authority(
            marketing=marketing,
            sales=sales,
            owner=settings.authority.owner or sales,
            fields=settings.authority.fields,
            stages=settings.authority.stages,
            lag=settings.sync.lag,
            delivered_within=settings.sync.delivered_within,
        ),
        agreement=folder / Path(settings.files.agreement).expanduser(),
        roster=folder / Path(settings.files.roster).expanduser(),
        store=folder / Path(settings.files.store).expanduser(),
        mode=settings.mode,
        limits=settings.limits,
        freezes=tuple(table.freeze() for table in settings.freeze),
        settle=settings.settle,
        act=settings.act,
        own_fields=settings.own_fields,
        backup=settings.backup,
        retention=settings.retention,
        reconcile=settings.reconcile,
        reports=settings.reports,
        reports_folder=(folder / Path(settings.files.store).expanduser()).parent / Path(settings.reports.folder).expanduser(),
        daemon=settings.daemon,
        http=settings.http,
        log=settings.log,
        notify=reader.targets(settings),
        templates=folder / Path(settings.messages.templates).expanduser() if settings.messages.templates else None,
        warnings=tuple(reader.warnings),
    )
