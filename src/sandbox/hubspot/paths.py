"""One table of API versions: the paths under which HubSpot serves the same thing. Pure.

Source: HubSpot's API reference; https://developers.hubspot.com/docs/developer-tooling/platform/versioning.
"""

from __future__ import annotations

DATES = ("2026-03", "2026-09")

_PREFIXES = {
    "/crm/v3/objects": "/objects",
    "/crm/v4/objects": "/linked",
    "/crm/v4/associations": "/associations",
    "/crm/v3/properties": "/properties",
    "/crm/v3/pipelines": "/pipelines",
    "/crm/v3/owners": "/owners",
    "/crm/v3/lists": "/lists",
    "/settings/v3/users": "/users",
    "/account-info/v3": "/account",
    "/oauth/v2/private-apps": "/app",
    "/oauth/v1": "/oauth",
    "/oauth/v3": "/oauth",
}
for _date in DATES:
    _PREFIXES |= {
        f"/crm/objects/{_date}": "/objects",
        f"/crm/associations/{_date}": "/associations",
        f"/crm/properties/{_date}": "/properties",
        f"/crm/pipelines/{_date}": "/pipelines",
        f"/crm/owners/{_date}": "/owners",
        f"/crm/lists/{_date}": "/lists",
        f"/settings/users/{_date}": "/users",
        f"/account-info/{_date}": "/account",
        f"/oauth/{_date}": "/oauth",
    }
_ASSOCIATIONS = tuple(f"{prefix}/" for prefix, known in _PREFIXES.items() if known == "/associations")
_DEPTHS = (4, 3)  # segments of a prefix, the empty one before the first slash included


def canonical(path: str) -> str | None:
    """The one path that stands for `path` in every version; None for a path of no known version.

    A date version keeps a record's associations under its objects, v4 under objects of its own:
    both become `/linked/...`. v3 has a different answer there, which is not served.
    """
    parts = path.rstrip("/").split("/")
    for depth in _DEPTHS:
        prefix = "/".join(parts[:depth])
        if (known := _PREFIXES.get(prefix)) is not None:
            rest = parts[depth:]
            is_linked = known == "/objects" and rest[2:3] == ["associations"]
            if is_linked and prefix.endswith("/v3/objects"):
                return None
            return "/".join(["/linked" if is_linked else known, *rest])
    return None


def is_write(method: str, path: str) -> bool:
    """Whether a call changes something in the CRM: not a GET, not a read or a search that has a body, nothing of tokens."""
    return method not in ("GET", "HEAD", "OPTIONS") and not (path.endswith(("/batch/read", "/search")) or is_about_tokens(path))


def is_about_tokens(path: str) -> bool:
    """Whether the path belongs to the apps' tokens and not to the CRM; what such a call says is secret."""
    return path.startswith("/oauth/")


def is_association_batch(path: str) -> bool:
    """Whether the path is that of a batch of associations, which has a limit of its own."""
    return path.startswith(_ASSOCIATIONS) and "/batch/" in path
