"""Several calls in one: composite (25 that may refer to each other) and batch (25 that stand alone).

Source: crm-facts, Salesforce, sections 3, 6 and 8; recorded answers.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.answers import Json
from sandbox.salesforce.asked import checks_of, json_object, org_of, truth
from sandbox.salesforce.parts import Answered, Part, of_batch, serve_part
from sandbox.salesforce.paths import split
from sandbox.salesforce.placeholders import BadPlaceholder, filled
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.resource import resource

_MOST, _MOST_QUERIES = 25, 5
_BODILESS = frozenset({"GET", "DELETE"})
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."
Item = dict[str, Any]


class _Undone(Exception):
    """What ends a transaction in which a part failed."""


async def composite(request: Request) -> Response:
    """Serve the parts in their order; with `allOrNone`, all or none of them."""
    body = await json_object(request)
    parts = _parts(body.get("compositeRequest"))
    _refuse_if_unfit(parts)
    if not truth(body.get("allOrNone")):
        return Json({"compositeResponse": _shown(parts, await _served(request, parts, halt=False))})
    answers: list[Answered] = []
    try:
        with org_of(request).transaction(checks_of(request).commits_after):  # no part waits, so no other call comes in between
            answers = await _served(request, parts, halt=True)
            if not all(answer.is_good for answer in answers):
                raise _Undone
    except _Undone:
        answers = [_halted() if each.is_good else each for each in answers]
        answers += [_halted()] * (len(parts) - len(answers))
    return Json({"compositeResponse": _shown(parts, answers)})


async def batch(request: Request) -> Response:
    """Serve parts that know nothing of each other; each counts as a call."""
    body = await json_object(request)
    parts = _parts(body.get("batchRequests"))
    if len(parts) > _MOST:
        raise _too_many(_MOST)
    checks_of(request).daily.spend(org_of(request).clock.now(), len(parts) - 1)
    answers: list[Answered] = []
    for part in parts:
        if truth(body.get("haltOnError")) and not all(answer.is_good for answer in answers):
            answers.append(_halted(status=412, code="BATCH_PROCESSING_HALTED", message="Batch processing halted per request"))
            continue
        asked = Part(method=str(part.get("method")), url=of_batch(str(part.get("url"))), body=part.get("richInput"))
        answers.append(await serve_part(request, asked))
    results = [{"statusCode": answer.status, "result": answer.body} for answer in answers]
    return Json({"hasErrors": not all(answer.is_good for answer in answers), "results": results})


async def _served(request: Request, parts: list[Item], *, halt: bool) -> list[Answered]:
    """The answers of the parts up to the last, or up to the first that failed."""
    answers: list[Answered] = []
    known: Item = {}
    for part in parts:
        answer = await _one(request, part, known)
        answers.append(answer)
        known[str(part.get("referenceId"))] = answer.body
        if halt and not answer.is_good:
            break
    return answers


async def _one(request: Request, part: Item, known: Item) -> Answered:
    try:
        asked = filled({name: part.get(name) for name in ("url", "body", "httpHeaders")}, known)
    except BadPlaceholder as error:
        return _halted(message=str(error))
    method, headers = str(part.get("method", "")).upper(), asked["httpHeaders"]
    body = None if method in _BODILESS else asked["body"]
    return await serve_part(
        request, Part(method=method, url=str(asked["url"]), headers=headers if isinstance(headers, dict) else {}, body=body)
    )


def _parts(parts: object) -> list[Item]:
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise Refused("JSON_PARSER_ERROR", "expected a list of requests")
    return parts


def _refuse_if_unfit(parts: list[Item]) -> None:
    if len(parts) > _MOST:
        raise _too_many(_MOST)
    if sum(_is_query(str(part.get("url", ""))) for part in parts) > _MOST_QUERIES:
        raise _too_many(_MOST_QUERIES, "query ")
    ids = [part.get("referenceId") for part in parts]
    if not all(isinstance(id_, str) and id_.isidentifier() for id_ in ids):
        raise Refused("INVALID_INPUT", "Each request needs a referenceId of letters, digits and underscores")
    if len(set(ids)) < len(ids):
        raise Refused("INVALID_INPUT", "Each referenceId must be used once")


def _is_query(url: str) -> bool:
    found = split(url.partition("?")[0])
    return found is not None and found[1].lower().startswith("/query")


def _too_many(most: int, kind: str = "") -> Refused:
    return Refused("LIMIT_EXCEEDED", f"The number of {kind}requests in one call cannot exceed {most}")


def _halted(*, status: int = 400, code: str = "PROCESSING_HALTED", message: str = _HALTED) -> Answered:
    return Answered(status=status, headers={}, body=[{"errorCode": code, "message": message}])


def _shown(parts: list[Item], answers: list[Answered]) -> list[Item]:
    return [
        {"body": answer.body, "httpHeaders": answer.headers, "httpStatusCode": answer.status, "referenceId": part.get("referenceId")}
        for part, answer in zip(parts, answers, strict=True)
    ]


ROUTES = [resource("/composite", POST=composite), resource("/composite/batch", POST=batch)]
