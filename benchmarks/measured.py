"""How much memory a command takes, and what becomes of ratios that are beyond their limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

_PEAK = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
_PEAK += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"  # a small parent: a child counts it until it is another program
_MB = 1024 * 1024 if sys.platform == "darwin" else 1024  # units of ru_maxrss in one

Ratios = dict[str, float]


def peak_mb(command: list[str]) -> float:
    """Run a command; return the most memory that it held."""
    told = subprocess.run([sys.executable, "-c", _PEAK, *command], check=True, stdout=subprocess.PIPE, text=True)
    return int(told.stdout) / _MB


def exit_if_beyond(limits: Mapping[str, float], ratios: Ratios, *, complaint: str) -> None:
    """Print every ratio beside its limit; leave with the complaint and the names of those that are beyond it."""
    for name, ratio in ratios.items():
        print(f"{name:21} {ratio:8.3f}  (limit {limits[name]:g})")
    if broken := [name for name, ratio in ratios.items() if ratio > limits[name]]:
        sys.exit(f"{complaint}: {', '.join(broken)}")
