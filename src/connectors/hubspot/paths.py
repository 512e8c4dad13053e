"""Every path of HubSpot's API that we call, by version of the API. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

DEFAULT_VERSION = "2026-09"

# Source: crm-facts, HubSpot, sections 0.1 and 1; {v} is the version, {t} and {to} object types in the plural.
_DATED = {
    "objects": "/crm/objects/{v}/{t}",
    "associations": "/crm/associations/{v}/{t}/{to}/batch/read",
    "owners": "/crm/owners/{v}",
    "properties": "/crm/properties/{v}/{t}",
    "pipelines": "/crm/pipelines/{v}/{t}",
    "teams": "/settings/users/{v}/teams",
    "account": "/account-info/{v}/details",
    "lists": "/crm/lists/{v}",
}
_BY_VERSION = {
    "v3": {
        "objects": "/crm/v3/objects/{t}",
        "associations": "/crm/v4/associations/{t}/{to}/batch/read",
        "owners": "/crm/v3/owners",
        "properties": "/crm/v3/properties/{t}",
        "pipelines": "/crm/v3/pipelines/{t}",
        "teams": "/settings/v3/users/teams",
        "account": "/account-info/v3/details",
        "lists": "/crm/v3/lists",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths of one version: `v3`, or a date such as `2026-09`."""

    version: str = DEFAULT_VERSION

    def _path(self, name: str, **parts: str) -> str:
        return _BY_VERSION.get(self.version, _DATED)[name].format(v=self.version, **parts)

    def objects(self, plural: str) -> str:
        """List the objects of a type."""
        return self._path("objects", t=plural)

    def one(self, plural: str, id_: str) -> str:
        """Read one object."""
        return f"{self.objects(plural)}/{id_}"

    def batch_read(self, plural: str) -> str:
        """Read up to 100 objects by id (50 with history)."""
        return f"{self.objects(plural)}/batch/read"

    def batch_update(self, plural: str) -> str:
        """Change up to 100 objects by id."""
        return f"{self.objects(plural)}/batch/update"

    def search(self, plural: str) -> str:
        """Search the objects of a type."""
        return f"{self.objects(plural)}/search"

    def associations(self, plural: str, to_plural: str) -> str:
        """Read the associations of up to 1,000 objects."""
        return self._path("associations", t=plural, to=to_plural)

    def owners(self) -> str:
        """List the owners."""
        return self._path("owners")

    def properties(self, plural: str) -> str:
        """List the property definitions of a type."""
        return self._path("properties", t=plural)

    def property_groups(self, plural: str) -> str:
        """List the groups of properties of a type."""
        return f"{self.properties(plural)}/groups"

    def pipelines(self, plural: str) -> str:
        """List the pipelines of a type."""
        return self._path("pipelines", t=plural)

    def teams(self) -> str:
        """List the teams."""
        return self._path("teams")

    def account(self) -> str:
        """Read the account's details."""
        return self._path("account")

    def list_search(self) -> str:
        """Find lists by name."""
        return f"{self._path('lists')}/search"

    def memberships(self) -> str:
        """Read which lists some records are on."""
        return f"{self._path('lists')}/records/memberships/batch/read"

    def list_members(self, list_id: str, *, join: bool) -> str:
        """Put records on a list, or take them off."""
        return f"{self._path('lists')}/{quote(list_id, safe='')}/memberships/{'add' if join else 'remove'}"
