"""The stories that Salesforce cannot show, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NO_INCOMING = "an incoming mail is no Task, and nothing marks an automatic reply"
_NO_FATE = "a Task does not tell what became of a mail"
_NO_WORKFLOW = "a mail that automation sends is logged nowhere"
_NO_CHANNEL = "no subtype of a Task stands for it: LinkedIn alone is a message"
_NO_SOURCE = "a Task does not tell by which program it was logged"
_NO_OUTCOME = "an Event that was called off is deleted, which tells no outcome"
_NO_BACKDATING = "the server dates what was done by when it was closed, so nothing is logged later than it happened"
_NO_NOTE = "a note is no activity"
_ONE_PICKLIST = "one picklist holds the status, so a lead cannot be accepted and wait for its handoff"
_READ_ONLY = "a converted lead cannot be changed, nor its conversion undone"
_NO_LADDER = "stages are no ladder: conversion is the only step beyond acceptance"
_NO_DEAL = "a lead has no Opportunity before it is converted"
_ALL_TRACKED = "history is kept or not kept of a field of all leads, not of one"
_NO_BLANK = "a Lead cannot be without a Company"
_WHOLE_SECONDS = "times have whole seconds"
_NO_HAND = "a history row does not tell whether its user worked in a page or by a program"

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "owner without history, touched": _ALL_TRACKED,
        "owner without history, untouched": _ALL_TRACKED,
        "stage without history, routed": _ALL_TRACKED,
        "stage without history, unrouted": _ALL_TRACKED,
        "touched by: mail from the browser extension": _NO_SOURCE,
        "touched by: mail from the CRM": _NO_SOURCE,
        "touched by: SMS": _NO_CHANNEL,
        "touched by: WhatsApp message": _NO_CHANNEL,
        "not touched by: workflow mail": _NO_WORKFLOW,
        "not touched by: mail that bounced": _NO_FATE,
        "not touched by: failed mail": _NO_FATE,
        "not touched by: incoming mail": _NO_INCOMING,
        "not touched by: out-of-office reply": _NO_INCOMING,
        "not touched by: note": _NO_NOTE,
        "calls that a dialer made": _NO_SOURCE,
        "backdated": _NO_BACKDATING,
        "logged just too late": _NO_BACKDATING,
        "logged late but allowed": _NO_BACKDATING,
        "attempts logged late": _NO_BACKDATING,
        "came back a millisecond later": _WHOLE_SECONDS,
        "recycled and again": _NO_HAND,
        "back by a person's hand": _NO_HAND,
        "straight to opportunity": _NO_LADDER,
        "straight to customer": _NO_LADDER,
        "returned from a later stage": _READ_ONLY,
        "deal closed": _NO_DEAL,
        "deal closed before": _NO_DEAL,
        "meeting called off": _NO_OUTCOME,
        "meeting booked again": _NO_OUTCOME,
        "not cut short by an automatic reply": _NO_INCOMING,
        "a reply, and only workflow mail": _NO_WORKFLOW,
        "a reply, and only mail that bounced": _NO_FATE,
        "only an automatic reply": _NO_INCOMING,
        "recycled, then workflow mail": _NO_WORKFLOW,
        "recycled, then mail that bounced": _NO_FATE,
        "recycled, then note": _NO_NOTE,
        "handed over with company ''": _NO_BLANK,
        "qualifies, but customer": _READ_ONLY,
        "qualified, then returned": _READ_ONLY,
        "qualified, then disqualified": _READ_ONLY,
        "touched before it was created": _NO_BACKDATING,
        "touched as it was created": _NO_BACKDATING,
        "accepted before it was handed over": _ONE_PICKLIST,
        "accepted as it was handed over": _ONE_PICKLIST,
        "accepted before it raised a hand": _READ_ONLY,
    }
)
