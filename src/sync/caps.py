"""How many leads somebody may have or get at most, and how many they have. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields

_WITHIN = {"hour": "an hour", "day": "a day", "week": "a week"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a member of a pool has and got of its leads."""

    owned: int = 0
    hour: int = 0
    day: int = 0
    week: int = 0

    def one_more(self) -> Load:
        """Return the load with one lead more."""
        return Load(owned=self.owned + 1, hour=self.hour + 1, day=self.day + 1, week=self.week + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many leads of a pool a member may have or get at most; None: any number."""

    owned: int | None = None  # passages that are open now
    hour: int | None = None  # within 60 minutes
    day: int | None = None  # within 24 hours
    week: int | None = None  # within 7 days

    def over(self, load: Load) -> str | None:
        """Say which of them is reached; None if none is."""
        for one in fields(self):
            cap, has = getattr(self, one.name), getattr(load, one.name)
            if cap is not None and has >= cap:
                return f"owns {has} of {cap}" if one.name == "owned" else f"got {has} of {cap} within {_WITHIN[one.name]}"
        return None

    def over_those_of(self, others: Caps) -> Caps:
        """Return the caps with those of `others` where these name none."""
        return Caps(**{one.name: getattr(self, one.name) or getattr(others, one.name) for one in fields(self)})


NO_CAPS = Caps()
