"""What an administrator of Salesforce adds for a field of ours: no API that leadpact uses defines fields. Pure."""

from __future__ import annotations

from connectors.new_fields import Holds, NewField

_TYPES = {  # as Setup calls them
    Holds.WORD: "Picklist, not restricted",
    Holds.TEXT: "Text, length 255",
    Holds.NUMBER: "Number, length 6, decimal places 0",
    Holds.DAY: "Date",
    Holds.MOMENT: "Date/Time",
    Holds.FLAG: "Checkbox, unchecked by default",
}


def field_line(new: NewField) -> str:
    """Say in a line what to add: object, API name, label, type, length, values, field-level security."""
    values = f", with the values {', '.join(value for value, _ in new.words)}" if new.words else ""
    rights = "read access" if new.holds is Holds.FLAG else "read and edit access"
    security = f"field-level security: {rights} for leadpact's user"
    return f"{new.kind}.{new.name} ({new.label}): {_TYPES[new.holds]}{values}; {security}"
