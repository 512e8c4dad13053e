"""`leadpact --version` against `python -c pass`, in turn: the ratio of the medians, which must stay under 12."""

from __future__ import annotations

import shutil
import subprocess
import sys
from statistics import median
from time import perf_counter

ROUNDS = 15
LIMIT = 12.0


def seconds(command: list[str]) -> float:
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def main() -> None:
    program = shutil.which("leadpact")
    if program is None:
        sys.exit("leadpact is not installed here: pip install -e '.[dev]'")
    commands = {"baseline": [sys.executable, "-c", "pass"], "leadpact --version": [program, "--version"]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(seconds(command))
    base, ours = (median(times[name]) for name in commands)
    print(f"python -c pass {base * 1000:.1f} ms, leadpact --version {ours * 1000:.1f} ms, ratio {ours / base:.2f} (limit {LIMIT:.0f})")
    if ours / base > LIMIT:
        sys.exit("start-up is too slow: something heavy is imported before the version is told")


if __name__ == "__main__":
    main()
