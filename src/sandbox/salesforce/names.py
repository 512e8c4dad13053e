"""Values that follow from others in a record of a person, an opportunity, a user or a group. Pure but for the rows they look at."""

from __future__ import annotations

import re

from sandbox.salesforce.picklists import row_of_value
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store

_FORECASTS = {"Omitted": "Omitted", "Pipeline": "Pipeline", "BestCase": "Best Case", "Forecast": "Commit", "Closed": "Closed"}


def set_full_name(row: Row) -> None:
    """Set Name from first and last name."""
    parts = (row.get("FirstName"), row.get("LastName"))
    row["Name"] = " ".join(part for part in parts if part)


def set_stage(store: Store, row: Row, *, stage_is_new: bool, sets: frozenset[str]) -> None:
    """Set what follows from an opportunity's stage; a probability that is given stays."""
    stage = row_of_value(store, "Opportunity", "StageName", row.get("StageName"))
    row["IsClosed"], row["IsWon"] = stage.get("IsClosed", False), stage.get("IsWon", False)
    if stage_is_new and "Probability" not in sets:
        row["Probability"] = stage.get("DefaultProbability")
    if stage_is_new and "ForecastCategoryName" not in sets:
        row["ForecastCategory"] = stage.get("ForecastCategory", "Pipeline")
        row["ForecastCategoryName"] = _FORECASTS[row["ForecastCategory"]]
    amount, chance = row.get("Amount"), row.get("Probability")
    row["ExpectedRevenue"] = None if amount is None or chance is None else round(amount * chance / 100, 2)


def developer_name(text: str) -> str:
    """A developer name made of a label."""
    return re.sub(r"\W+", "_", text).strip("_") or "X"


def set_user_names(row: Row) -> None:
    """Set a user's full name, alias and nickname."""
    set_full_name(row)
    row.setdefault("Alias", ((row.get("FirstName") or "")[:1] + (row.get("LastName") or ""))[:8].lower())
    row.setdefault("CommunityNickname", (row.get("Username") or row["Name"]).split("@")[0][:40])
