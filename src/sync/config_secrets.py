"""Reads secrets from the folders that hold them: systemd's credentials first, then the secrets folder."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.problems import Problem

CREDENTIALS = "CREDENTIALS_DIRECTORY"  # the variable by which systemd tells where it puts credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A setting that never stands in config.toml; `file` is what its file and its systemd credential are called."""

    file: str
    section: str
    key: str
    what: str


SECRETS = (
    Secret(file="hubspot_token", section="hubspot", key="token", what="token"),
    Secret(file="salesforce_consumer_secret", section="salesforce", key="consumer_secret", what="consumer secret"),
    Secret(file="salesforce_private_key", section="salesforce", key="private_key", what="private key"),
    Secret(file="salesforce_session_id", section="salesforce", key="session_id", what="session id"),
    Secret(file="hubspot_client_secret", section="hubspot", key="client_secret", what="client secret"),
    Secret(file="http_token", section="http", key="token", what="token"),
)


def target_secret(name: str) -> Secret:
    """Return the secret that a `[[notify]]` of this name has: its URL."""
    return Secret(file=f"notify_{name}", section="notify", key=name, what="Apprise URL")


class SecretFiles:
    """The folders of one config; what is wrong with them is gathered in `problems` and `warnings`."""

    def __init__(self, *, folder: Path, credentials: str | None) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._folder = folder
        self._credentials = Path(credentials) if credentials else None

    def place(self, secret: Secret) -> Path:
        """Return where a secret stands in the secrets folder."""
        return self._folder / secret.file

    def settings(self) -> dict[str, dict[str, Any]]:
        """Read every secret that is there, by section and key."""
        found: dict[str, dict[str, Any]] = {}
        for secret in SECRETS:
            value = self.value(secret)
            if value is not None:
                found.setdefault(secret.section, {})[secret.key] = value
        return found

    def value(self, secret: Secret) -> str | None:
        """Read one secret; None where it is in no folder, or empty."""
        if self._credentials is not None and (value := self._read(self._credentials / secret.file)) is not None:
            return value
        file = self.place(secret)
        value = self._read(file)
        if value is not None and (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077:
            self.warnings.append(
                Problem(file=str(file), where="", found=f"mode {mode:04o}, open to others", expected="mode 0600", fix=f"chmod 600 {file}")
            )
        return value

    def _read(self, file: Path) -> str | None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError):
            self.problems.append(
                Problem(
                    file=str(file),
                    where="",
                    found="a secret that cannot be read",
                    expected="a readable text file",
                    fix="check its owner and its mode",
                )
            )
            return None


def in_document(document: Mapping[str, Any]) -> Iterator[Secret]:
    """Yield the secrets that stand in config.toml itself."""
    for secret in SECRETS:
        section = document.get(secret.section)
        if isinstance(section, Mapping) and secret.key in section:
            yield secret
