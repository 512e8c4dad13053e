"""The files that point at a practice HubSpot: written for a sandbox, never over anybody's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sync.cli.terminal import err
from sync.errors import UsageError
from sync.private_files import write_whole

TOKEN = "sandbox"
MARK = "# Points at a practice HubSpot on this machine."
AGREEMENTS = ("agreement.example", "practice.agreement")
NAMES = ("config.toml", "agreement.toml", "roster.toml", "secrets")


def shipped(name: str) -> str:
    """Return the text of a shipped agreement, by the name of its file."""
    return (files("sync") / "examples" / f"{name}.toml").read_text(encoding="utf-8")


def refuse_if_not_practice(folder: Path) -> None:
    """Raise UsageError if `folder` holds files that no sandbox wrote: they would be written over."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", fix="name another one")
    config = folder / "config.toml"
    ours = config.is_file() and config.read_text(encoding="utf-8", errors="replace").startswith(MARK)
    found = [name for name in NAMES if (folder / name).exists()]
    if found and not ours:
        raise UsageError(f"{folder} holds {', '.join(found)} of an account of your own", fix="name another folder for the practice files")


def refuse_if_used(folder: Path) -> None:
    """Raise UsageError if `folder` holds any file of an account, whoever wrote it."""
    refuse_if_not_practice(folder)
    found = [name for name in (*NAMES, "leadpact.db") if (folder / name).exists()]
    if found:
        raise UsageError(f"{folder} holds {', '.join(found)} already", fix="name a folder that is not there yet")


def write_files(folder: Path, *, url: str, roster: str, agreement: str) -> None:
    """Write secrets, the shipped `agreement`, roster and (last) the config that points at `url`; each whole, readable only by us."""
    secrets = folder / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    secrets.chmod(0o700)
    write_whole(secrets / "hubspot_token", [TOKEN.encode()])
    target, text = folder / "agreement.toml", shipped(agreement)
    if target.exists() and target.read_text(encoding="utf-8") not in {shipped(name) for name in AGREEMENTS}:
        err(f"kept {target}, which was edited")
    else:
        write_whole(target, [text.encode()])
    write_whole(folder / "roster.toml", [roster.encode()])
    write_whole(folder / "config.toml", [config_text(url).encode()])


def config_text(url: str) -> str:
    """Return a config for the practice HubSpot at `url`; everything else keeps its default."""
    return (
        f"{MARK} Every key is explained in docs/reference/config.md.\n"
        "[hubspot]\n"
        f'base_url    = "{url}"\n'
        "burst_share = 1.0             # nobody else uses this account\n"
    )
