"""Which scopes a call needs. Pure.

Source: crm-facts, HubSpot, sections 1.3 to 1.13, 5.1 and 6.8. Not confirmed there, and taken strictly here: definitions
and pipelines need the scope of the schema, associations that of both ends, e-mails `sales-email-read` even to be listed.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.kinds import ACTIVITIES, kind_named
from sandbox.refusals import Refusal

_GUIDE = "https://developers.hubspot.com/scopes"
_NAMED = {
    "/owners": "crm.objects.owners.read",
    "/users/teams": "settings.users.teams.read",
    "/account/api-usage": "oauth",
}


def refuse_if_missing(scopes: frozenset[str], path: str, *, is_write: bool) -> None:
    """Refuse (403) a call to the canonical `path` for which `scopes` do not suffice; all that are missing are named."""
    missing = sorted({scope for scope in _needed(path, "write" if is_write else "read") if scope not in scopes})
    if missing:
        required = "All of the following scopes are required." if len(missing) > 1 else "The following scope is required."
        raise Refusal(
            f"This app hasn't been granted all required scopes to make this call. Read more about required scopes here: {_GUIDE}.",
            status=403,
            category="MISSING_SCOPES",
            errors=[{"message": required, "context": {"requiredGranularScopes": missing}}],
            links={"scopes": _GUIDE},
        )


def _needed(path: str, right: str) -> Iterator[str]:
    area, *rest = path.split("/")[1:]
    match area, rest:
        case "objects", [kind, *_]:
            yield from _of_object(kind, right)
        case "linked", [kind, _, _, *others]:
            yield from _of_ends(right, kind, *(end for end in others[:2] if kind_named(end)))
        case "associations", [kind, other, *_]:
            yield from _of_ends(right, kind, other)
        case "properties" | "pipelines", [kind, *_]:
            yield from _of_schema(kind, right)
        case "lists", _:
            yield f"crm.lists.{right}"
        case _:
            yield from (scope for prefix, scope in _NAMED.items() if path.startswith(prefix))


def _of_object(text: str, right: str) -> Iterator[str]:
    yield from _of_ends(right, text)
    if (kind := kind_named(text)) is not None and kind.plural == "emails":
        yield "sales-email-read"


def _of_ends(right: str, *texts: str) -> Iterator[str]:
    """Activities go with the contacts; a type that is not known needs nothing: its path is refused for that."""
    for kind in filter(None, map(kind_named, texts)):
        if kind.plural == "tickets":
            yield "tickets"
        else:
            yield f"crm.objects.{'contacts' if kind.plural in ACTIVITIES else kind.plural}.{right}"


def _of_schema(text: str, right: str) -> Iterator[str]:
    kind = kind_named(text)
    if kind is not None and kind.plural not in (*ACTIVITIES, "tickets"):
        yield f"crm.schemas.{kind.plural}.{right}"
    else:
        yield from _of_ends(right, text)
