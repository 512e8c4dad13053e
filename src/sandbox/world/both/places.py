"""In which of two CRMs a person is: stories that need what one of them alone can show. Pure."""

from __future__ import annotations

from sandbox.world.both.doings import ALIKE
from sandbox.world.draft import Draft
from sandbox.world.salesforce.left_out import LEFT_OUT as NOT_IN_SALESFORCE
from sandbox.world.salesforce.status import is_customer
from sandbox.world.sync import Place

ONLY_IN_HUBSPOT = frozenset(  # a Lead has no such stage, no deal before its conversion, and one picklist for its status
    {
        *("straight to opportunity", "straight to customer", "returned from a later stage", "deal closed", "deal closed before"),
        *("qualifies, but customer", "qualified, then returned", "qualified, then disqualified"),
        *("accepted before it was handed over", "accepted as it was handed over", "accepted before it raised a hand"),
        *("owned by a stranger", "deleted", "touched before it was created", "touched as it was created"),
    }
)
NOWHERE = frozenset(  # a story of one CRM's missing history
    {
        *("owner without history, touched", "owner without history, untouched"),
        *("stage without history, routed", "stage without history, unrouted"),
    }
)
NOT_IN_STEP = 0.06  # share of leads that one of the CRMs never hears of


def place_of(draft: Draft) -> Place:
    """In which CRMs the person of a story is."""
    if draft.sync.place is not None:
        return draft.sync.place
    if draft.title in ONLY_IN_HUBSPOT or is_customer(draft):
        return "hubspot"
    if draft.title == "bystander":
        return draft.rng.choice(("hubspot", "both"))
    chance = draft.rng.random()
    if chance < NOT_IN_STEP:
        return "hubspot"
    if chance < 2 * NOT_IN_STEP and draft.title not in (*NOT_IN_SALESFORCE, *ALIKE):
        return "salesforce"
    return "both"
