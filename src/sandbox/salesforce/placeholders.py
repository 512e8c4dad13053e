"""Placeholders in a composite's part for what earlier parts answered: `@{lead.id}`, `@{found.records[0].Id}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"@\{(\w+)\.([^}]+)\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


class BadPlaceholder(Exception):
    """A placeholder for what is not there."""


def filled(value: Any, answers: Mapping[str, Any]) -> Any:
    """`value` with its placeholders replaced by what `answers` hold; a text that is nothing but one takes the type of that.

    Raises BadPlaceholder.
    """
    match value:
        case str():
            whole = _PLACEHOLDER.fullmatch(value)
            if whole:
                return _named(whole, answers)
            return _PLACEHOLDER.sub(lambda found: str(_named(found, answers)), value)
        case list():
            return [filled(each, answers) for each in value]
        case dict():
            return {name: filled(each, answers) for name, each in value.items()}
    return value


def _named(placeholder: re.Match[str], answers: Mapping[str, Any]) -> Any:
    name, path = placeholder.groups()
    here = answers.get(name)
    for step in _STEP.finditer(path):
        key, index = step.groups()
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and index is not None and int(index) < len(here):
            here = here[int(index)]
        else:
            raise BadPlaceholder(f"Invalid reference specified. No value for {name}.{path} found in {name}. Provided path: {path}")
    return here
