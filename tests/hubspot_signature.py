"""HubSpot's signature, version 3, written down once more from its description: method, address, body, time."""

from __future__ import annotations

import base64
import hashlib

BLOCK = 64


def signed(secret: str, method: str, url: str, body: bytes, at_ms: str) -> str:
    """Return HMAC-SHA256 as RFC 2104 has it, without a library for it."""
    key = secret.encode().ljust(BLOCK, b"\0")
    text = method.encode() + url.encode() + body + at_ms.encode()
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text).digest()
    return base64.b64encode(hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()).decode()
