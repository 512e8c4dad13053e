from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store.database import Database, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    with open_store(tmp_path / "store.db") as opened:
        yield opened
