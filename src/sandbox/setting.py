"""What a portal is beside its records, as JSON text: account, staff, definitions, pipelines, lists, switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter

from sandbox.definitions import Definition
from sandbox.groups import Group, built_in
from sandbox.lists import Lists, RecordList
from sandbox.pipelines import Pipeline
from sandbox.portal import Account, Portal
from sandbox.staff import Owner, Team


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """All of it that changes seldom."""

    account: Account
    owners: dict[str, Owner]
    teams: dict[str, Team]
    definitions: dict[str, dict[str, Definition]]
    identifiers: dict[str, list[str]]
    pipelines: dict[str, dict[str, Pipeline]]
    merges_make_new_records: bool
    names_misses: bool
    blocked_emails: list[str]
    lists: list[RecordList]
    notes: dict[str, str]
    groups: dict[str, dict[str, Group]] = field(default_factory=dict)  # none in a file from before there were any


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What changes often: the time, and the last id that a record of each kind got."""

    now: datetime
    last_ids: dict[str, int]


SETTING = TypeAdapter(Setting)
PROGRESS = TypeAdapter(Progress)


def setting_of(portal: Portal) -> Setting:
    """The setting as it is now."""
    return Setting(
        account=portal.account,
        owners=portal.staff.owners,
        teams=portal.staff.told_teams,
        definitions=portal.definitions,
        identifiers={kind: sorted(collection.identifiers) for kind, collection in portal.collections.items()},
        pipelines=portal.pipelines,
        merges_make_new_records=portal.merges_make_new_records,
        names_misses=portal.names_misses,
        blocked_emails=sorted(portal.blocked_emails),
        lists=list(portal.lists.by_id.values()),
        notes=portal.notes,
        groups=portal.groups,
    )


def put_back(portal: Portal, setting: Setting) -> None:
    """Make the setting that of `portal`."""
    portal.account = setting.account
    portal.staff.owners, portal.staff.told_teams = setting.owners, setting.teams
    portal.definitions, portal.pipelines = setting.definitions, setting.pipelines
    portal.merges_make_new_records, portal.names_misses = setting.merges_make_new_records, setting.names_misses
    portal.blocked_emails = set(setting.blocked_emails)
    portal.lists = Lists(setting.lists)
    portal.notes = setting.notes
    portal.groups = setting.groups or built_in(setting.definitions)
