import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_as_they_come() -> Iterator[None]:
    """Forget how a run in this process wanted its logs: what one test captures must not depend on another."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    structlog.reset_defaults()
    root.handlers[:] = [handler for handler in root.handlers if handler in before]
