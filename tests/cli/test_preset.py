"""Ready agreements through the real program: listed, printed, written to a new file, used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sync.agreement.load import agreement_of
from sync.agreement.presets import preset_named, presets
from tests.flow.practice import leadpact


def test_the_list_tells_every_preset_whole_within_80_columns() -> None:
    done = leadpact("preset", env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert rows_of(done.stdout) == [[preset.name, preset.line, preset.source] for preset in presets()]


def rows_of(table: str) -> list[list[str]]:
    """Read the rows of a printed table, their cells made one line again; its columns begin where the headings do."""
    heading, *lines = table.partition("\n\n")[0].splitlines()
    starts = [heading.index(word) for word in ("preset", "what it promises", "its numbers come from")]
    rows: list[list[str]] = []
    for line in lines:
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [f"{before} {more}".strip() for before, more in zip(rows[-1], cells, strict=True)]
    return rows


def test_a_preset_is_printed_as_the_file_it_is() -> None:
    done = leadpact("preset", "pedowitz")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == preset_named("pedowitz").text
    assert agreement_of(done.stdout, file="agreement.toml").title


def test_output_writes_a_private_file_and_never_over_one(tmp_path: Path) -> None:
    path = tmp_path / "agreement.toml"
    first = leadpact("preset", "roberge", "--output", str(path))
    assert first.returncode == 0, first.stderr
    assert "[files] agreement" in first.stdout
    assert path.read_text(encoding="utf-8") == preset_named("roberge").text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = leadpact("preset", "topline", "--output", str(path))
    assert second.returncode == 1
    assert "was left as it is" in second.stderr
    assert path.read_text(encoding="utf-8") == preset_named("roberge").text


def test_a_folder_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    done = leadpact("preset", "abc", "--output", str(tmp_path / "none" / "agreement.toml"))
    assert done.returncode == 1
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_name_is_wrong_usage_with_the_nearest_known_one() -> None:
    done = leadpact("preset", "robergge")
    assert (done.returncode, done.stdout) == (64, "")
    assert "did you mean `roberge`" in done.stderr


def test_output_without_a_name_is_wrong_usage(tmp_path: Path) -> None:
    done = leadpact("preset", "--output", str(tmp_path / "agreement.toml"))
    assert done.returncode == 64
    assert "leadpact preset NAME --output FILE" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["abc", "pedowitz"])
def test_a_preset_takes_the_place_of_the_agreement_that_init_wrote(name: str, tmp_path: Path) -> None:
    leadpact("init", str(tmp_path))
    (tmp_path / "agreement.toml").unlink()
    assert leadpact("preset", name, "--output", str(tmp_path / "agreement.toml")).returncode == 0
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "hubspot_token").write_text("pat-na1-0")
    (tmp_path / "secrets" / "hubspot_token").chmod(0o600)
    checked = leadpact("check", "--offline", "--config", str(tmp_path / "config.toml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
