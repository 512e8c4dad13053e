"""The tables of config.toml, each key with its unit and default. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr

from sync.agreement.spans import Span, SpanError, parse_span
from sync.agreement.words import WordError, read_wall_span
from sync.shape import Table, Text, wrong

Portion = Annotated[float, Field(gt=0, le=1)]
Whole = Annotated[int, Field(ge=1)]
