"""`leadpact daemon`: keeps the agreement until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def daemon(
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Pull, judge and act on a schedule until told to stop (SIGTERM); SIGHUP reads the files anew."""
    from sync.daemon.serve import serve

    return serve(config)
