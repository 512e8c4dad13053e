"""Property definitions and pipelines."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.definitions import Definition
from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import flag, kind_of
from sandbox.options import Option
from sandbox.pipelines import BIRTH, Pipeline, Stage
from sandbox.portal import Portal
from sandbox.refusals import Refusal


async def definitions(request: Request) -> Response:
    """All definitions of a kind, unpaged; none is archived, none sensitive."""
    portal, kind = portal_of(request), kind_of(request)
    if flag(request, "archived") or request.query_params.get("dataSensitivity", "non_sensitive") != "non_sensitive":
        return Json({"results": []})
    return Json({"results": [shown_definition(portal, kind.plural, each) for each in portal.definitions[kind.plural].values()]})


async def definition(request: Request) -> Response:
    """One definition by name."""
    portal, kind, name = portal_of(request), kind_of(request), request.path_params["name"]
    found = portal.definitions[kind.plural].get(name)
    if found is None:
        raise _unknown(f"Property {name} does not exist on {kind.plural}.")
    return Json(shown_definition(portal, kind.plural, found))


async def pipelines(request: Request) -> Response:
    """All pipelines of a kind with their stages, unpaged."""
    portal, kind = portal_of(request), kind_of(request)
    rows = sorted(portal.pipelines.get(kind.plural, {}).values(), key=lambda pipeline: pipeline.order)
    return Json({"results": [_pipeline(row) for row in rows]})


async def pipeline(request: Request) -> Response:
    """One pipeline by id."""
    return Json(_pipeline(_asked_pipeline(request)))


async def stages(request: Request) -> Response:
    """The stages of one pipeline."""
    return Json({"results": [_stage(each) for each in _asked_pipeline(request).stages]})


async def stage(request: Request) -> Response:
    """One stage of one pipeline."""
    pipeline, id_ = _asked_pipeline(request), request.path_params["stage"]
    found = next((each for each in pipeline.stages if each.id == id_), None)
    if found is None:
        raise _unknown(f"Stage {id_} does not exist in pipeline {pipeline.id}.")
    return Json(_stage(found))


def _asked_pipeline(request: Request) -> Pipeline:
    portal, kind, id_ = portal_of(request), kind_of(request), request.path_params["id"]
    found = portal.pipelines.get(kind.plural, {}).get(id_)
    if found is None:
        raise _unknown(f"Pipeline {id_} does not exist on {kind.plural}.")
    return found


def _unknown(message: str) -> Refusal:
    return Refusal(message, status=404, category="OBJECT_NOT_FOUND")


def shown_definition(portal: Portal, kind: str, found: Definition) -> dict[str, Any]:
    """A definition as an answer shows it."""
    body = {
        "name": found.name,
        "label": found.label,
        "type": found.type,
        "fieldType": found.field_type,
        "groupName": found.group,
        "description": found.description,
        "options": [_option(option) for option in portal.options(kind, found)],
        "displayOrder": -1,
        "calculated": found.calculated,
        "externalOptions": found.follows is not None,
        "hasUniqueValue": found.unique,
        "hidden": found.hidden,
        "hubspotDefined": found.hubspot_defined,
        "archived": False,
        "dataSensitivity": "non_sensitive",
        "createdAt": found.created_at or BIRTH,
        "updatedAt": found.created_at or BIRTH,
        "modificationMetadata": {
            "archivable": not found.hubspot_defined,
            "readOnlyDefinition": found.hubspot_defined,
            "readOnlyOptions": found.hubspot_defined and found.read_only,
            "readOnlyValue": found.read_only,
        },
        "formField": not found.read_only and not found.hidden,
    }
    return body | ({"referencedObjectType": "OWNER"} if found.follows == "owner" else {})


def _option(option: Option) -> dict[str, Any]:
    return {
        "label": option.label,
        "value": option.value,
        "displayOrder": option.order,
        "hidden": option.hidden,
        "description": option.description,
    }


def _pipeline(found: Pipeline) -> dict[str, Any]:
    return _placed(found) | {"stages": [_stage(stage) for stage in found.stages]}


def _stage(found: Stage) -> dict[str, Any]:
    return _placed(found) | {"metadata": dict(found.metadata), "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"}


def _placed(found: Pipeline | Stage) -> dict[str, Any]:
    return {
        "id": found.id,
        "label": found.label,
        "displayOrder": found.order,
        "archived": False,
        "createdAt": found.created_at,
        "updatedAt": found.created_at,
    }


ROUTES = [
    Route("/properties/{kind}", definitions, methods=["GET"]),
    Route("/properties/{kind}/{name}", definition, methods=["GET"]),
    Route("/pipelines/{kind}", pipelines, methods=["GET"]),
    Route("/pipelines/{kind}/{id}", pipeline, methods=["GET"]),
    Route("/pipelines/{kind}/{id}/stages", stages, methods=["GET"]),
    Route("/pipelines/{kind}/{id}/stages/{stage}", stage, methods=["GET"]),
]
