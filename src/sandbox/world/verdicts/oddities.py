"""What cannot be so, though the CRM says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.world.clocks import Told
from sandbox.world.passage import Course
from sandbox.world.promises import QUALIFIED_STAGE
from sandbox.world.stages import accepted_spans, spans, stands


def sound_data(course: Course) -> Iterator[Told]:
    """One finding of each sort of oddity in a lead that was handed over."""
    early = [deed.at for deed in course.deeds if deed.at < course.contact.written_at]
    if early:
        yield Told("sound data", min(early), "unknown", None, "none", "touch before creation")
    qualified = spans(course.contact, "lifecyclestage", lambda stage: stage == QUALIFIED_STAGE)
    later = [*accepted_spans(course.contact), *qualified]
    for passage in (one for one in course.of("sdr") if one.by == "stage"):
        stood = [span[0] for span in later if span[0] < passage.opened_at and stands(span, passage.opened_at)]
        if stood:
            yield Told("sound data", min(stood), "unknown", None, "none", "stages out of order")
            break
    strangers = [turn.at for turn in course.ownership.changes() if turn.rep is not None and turn.rep.stranger]
    if strangers:
        yield Told("sound data", min(strangers), "unknown", None, "none", "owner unknown")
