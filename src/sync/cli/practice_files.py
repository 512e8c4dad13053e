"""The files that point at a practice CRM: written for a sandbox, never over anybody's own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files as shipped_files
from pathlib import Path

from sync.cli.terminal import err
from sync.errors import UsageError
from sync.private_files import write_whole

TOKEN = "sandbox"
MARK = "# Points at a practice"
TABLES = {
    "hubspot": """\
[hubspot]
base_url    = "{url}"
burst_share = 1.0             # nobody else uses this account
""",
    "salesforce": """\
[salesforce]
my_domain       = "practice.my"
base_url        = "{url}"
consumer_key    = "sandbox"
user_id         = "{own_user}"
max_share       = 1.0         # nobody else uses this org
form_date_field = "Last_Form_At__c"
form_name_field = "Last_Form__c"
""",
}
AUTHORITY = """
[authority]
fields = { reject_reason = "salesforce", recycle_reason = "salesforce" } # reps note there why a lead goes back
"""
AGREEMENTS = ("agreement.example", "practice.agreement")
SECRETS = {"hubspot": "hubspot_token", "salesforce": "salesforce_consumer_secret"}
NAMES = ("config.toml", "agreement.toml", "roster.toml", "secrets")


def shipped(name: str) -> str:
    """Return the text of a shipped agreement, by the name of its file."""
    return (shipped_files("sync") / "examples" / f"{name}.toml").read_text(encoding="utf-8")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeFiles:
    """What the files of a practice CRM say."""

    url: str
    crms: tuple[str, ...]
    own_user: str = ""  # of Salesforce: whom leadpact's own calls run as
    roster: str
    agreement: str  # the name of a shipped one


def write_files(folder: Path, files: PracticeFiles) -> None:
    """Write secrets, the shipped agreement, roster and (last) the config; each whole, readable only by us."""
    _write_secrets(folder / "secrets", files.crms)
    target, text = folder / "agreement.toml", shipped(files.agreement)
    if target.exists() and target.read_text(encoding="utf-8") not in {shipped(name) for name in AGREEMENTS}:
        err(f"kept {target}, which was edited")
    else:
        write_whole(target, [text.encode()])
    write_whole(folder / "roster.toml", [files.roster.encode()])
    write_whole(folder / "config.toml", [config_text(files).encode()])


def _write_secrets(folder: Path, crms: tuple[str, ...]) -> None:
    """Those of the CRMs that are served, and no others: a secret alone connects a CRM."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for crm, name in SECRETS.items():
        if crm in crms:
            write_whole(folder / name, [TOKEN.encode()])
        else:
            (folder / name).unlink(missing_ok=True)


def config_text(files: PracticeFiles) -> str:
    """Return a config for the practice CRMs that are served; everything else keeps its default."""
    head = f"{MARK} CRM on this machine. Every key is explained in docs/reference/config.md.\n"
    tables = "\n".join(TABLES[crm].format(url=files.url, own_user=files.own_user) for crm in files.crms)
    shares_reasons = len(files.crms) > 1 and files.agreement == "practice.agreement"
    return head + tables + (AUTHORITY if shares_reasons else "")
