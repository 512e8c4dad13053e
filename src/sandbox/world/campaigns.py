"""Where leads come from: campaigns of different quality, their forms, and the companies behind them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sandbox.world.names import ascii_name, company_name
from sandbox.world.sheet import IMPORT, Sheet, iso

INDUSTRIES = ("COMPUTER_SOFTWARE", "FINANCIAL_SERVICES", "COMPUTER_SOFTWARE", "LOGISTICS_AND_SUPPLY_CHAIN", "RETAIL", "HIGHER_EDUCATION")
COUNTRIES = ("US", "US", "US", "CA", "DE", "GB", "FR", "BR", "IN")
GOOD_TITLES = ("Head of Revenue Operations", "VP Operations", "Director of Revenue", "Sales Operations Lead")
OTHER_TITLES = ("Student", "Software Engineer", "Office Manager", "Founder", "Consultant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One source of leads."""

    name: str
    source: str  # hs_analytics_source
    form: str  # the form people fill in; it raises no hand
    quality: float  # share of leads that fit


CAMPAIGNS = (
    Campaign(name="Search: planning software", source="PAID_SEARCH", form="Planning guide: eBook download", quality=0.6),
    Campaign(name="Organic", source="ORGANIC_SEARCH", form="Blog: Newsletter", quality=0.7),
    Campaign(name="Customer referrals", source="REFERRALS", form="Refer a friend", quality=0.9),
    Campaign(name="Trade fair badge scans", source="OFFLINE", form="Fair 2026: Prize draw", quality=0.15),
    Campaign(name="Social retargeting", source="PAID_SOCIAL", form="Webinar | Northgate: Webinar registration", quality=0.35),
)
# What a hand-raise looks like: the form alone, behind a page's title, and in another case.
RAISING_FORMS = (
    *("Demo request", "Contact sales", "Pricing | Northgate: Demo request", "Northgate: plans and prices: Contact sales"),
    *("Talk to us: contact sales", "Home: DEMO REQUEST"),
)
# Near misses, which raise nothing.
OTHER_FORMS = ("Demo request (archive)", "Contact sales: Newsletter", "Careers: Contact us", "Demo request: Recording download")


def make_company(*, founded: datetime, rng: Random, quality: float) -> Sheet:
    """A company that the portal has known since `founded`; `quality` is the chance that it fits."""
    name = company_name(rng)
    fits = rng.random() < quality
    sheet = Sheet(kind="companies", written_at=founded)
    sheet.put(name=name, domain=f"{ascii_name(name)}{rng.randint(10, 99)}.example", createdate=iso(founded))
    sheet.set("industry", rng.choice(INDUSTRIES[:3] if fits else INDUSTRIES), founded, IMPORT)
    sheet.set("numberofemployees", str(_size(rng) if fits else rng.choice((3, 12, 40, 9000, 25000))), founded, IMPORT)
    return sheet


def _size(rng: Random) -> int:
    """Employees of a company that fits; one in four is a large one."""
    return rng.randint(1001, 5000) if rng.random() < 0.25 else rng.randint(50, 1000)


def make_shared_companies(*, leads: int, now: datetime, rng: Random) -> tuple[Sheet, ...]:
    """Companies with several contacts each, which never change."""
    count = max(2, leads // 8)
    ages = (timedelta(days=rng.randint(80, 700), seconds=rng.randint(0, 86_399)) for _ in range(count))
    return tuple(make_company(founded=now - age, rng=rng, quality=0.6) for age in ages)
