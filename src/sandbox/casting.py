"""Lines of a portal file -> definitions, pipelines, owners, teams. Pure."""

from __future__ import annotations

from sandbox.definitions import Definition
from sandbox.lines import ListLine, OwnerLine, PipelineLine, PropertyLine, TeamLine
from sandbox.lists import RecordList
from sandbox.options import Option
from sandbox.pipelines import Pipeline, Stage
from sandbox.staff import Membership, Owner, Team


def definition_of(line: PropertyLine) -> Definition:
    """The definition of a line; options without an order keep that of the line."""
    return Definition(
        name=line.name,
        label=line.label or line.name,
        type=line.type,
        field_type=line.field_type,
        group=line.group_name,
        description=line.description,
        options=tuple(
            Option(
                value=option.value,
                label=option.label or option.value,
                order=at if option.display_order is None else option.display_order,
                hidden=option.hidden,
                description=option.description,
            )
            for at, option in enumerate(line.options)
        ),
        read_only=line.read_only_value,
        unique=line.has_unique_value,
        hubspot_defined=False,
    )


def pipeline_of(line: PipelineLine) -> Pipeline:
    """The pipeline of a line; stages without an order keep that of the line."""
    stages = tuple(
        Stage(id=stage.id, label=stage.label, order=at if stage.display_order is None else stage.display_order, metadata=stage.metadata)
        for at, stage in enumerate(line.stages)
    )
    return Pipeline(id=line.id, label=line.label, order=line.display_order, stages=stages)


def owner_of(line: OwnerLine, now: str) -> Owner:
    """The owner of a line; `now` stands for times that it does not tell."""
    return Owner(
        id=line.id,
        email=line.email,
        first_name=line.first_name or "",
        last_name=line.last_name or "",
        user_id=line.user_id,
        type=line.type,
        archived=line.archived,
        teams=tuple(Membership(id=team.id, name=team.name, primary=team.primary) for team in line.teams),
        created_at=line.created_at or now,
        updated_at=line.updated_at or line.created_at or now,
    )


def team_of(line: TeamLine) -> Team:
    """The team of a line."""
    return Team(id=line.id, name=line.name, user_ids=tuple(line.user_ids), secondary_user_ids=tuple(line.secondary_user_ids))


def list_of(line: ListLine, now: str) -> RecordList:
    """The list of a line, made at `now`."""
    return RecordList(id=line.id, name=line.name, kind=line.object_type, processing=line.processing_type, created_at=now, updated_at=now)
