"""The ready agreements that leadpact ships, each with the numbers of one source."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from sync.errors import UsageError
from sync.problems import choose_fix, listed

SUFFIX = ".toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A whole agreement to start from. Its file begins with `# NAME: LINE` and `# Source: SOURCE`."""

    name: str
    line: str  # what it promises
    source: str  # where its numbers come from
    text: str  # the file; its header tells what the source says that an agreement cannot, and what was chosen here


def presets() -> tuple[Preset, ...]:
    """Return every preset, by name."""
    shipped = [entry for entry in (files("sync") / "presets").iterdir() if entry.name.endswith(SUFFIX)]
    texts = {entry.name.removesuffix(SUFFIX): entry.read_text(encoding="utf-8") for entry in shipped}
    return tuple(_preset(name, text) for name, text in sorted(texts.items()))


def preset_named(name: str) -> Preset:
    """Return the preset called `name`. Raises UsageError, with the nearest known one, if there is none."""
    known = {preset.name: preset for preset in presets()}
    if name not in known:
        raise UsageError(f"there is no preset `{name}`", fix=choose_fix(name, known, otherwise=f"known are: {listed(known)}"))
    return known[name]


def _preset(name: str, text: str) -> Preset:
    first, second = text.splitlines()[:2]
    return Preset(name=name, line=first.removeprefix(f"# {name}: "), source=second.removeprefix("# Source: "), text=text)
