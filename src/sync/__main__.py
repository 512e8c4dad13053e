"""`python -m sync` is the same program as `leadpact`."""

from sync.cli.app import main

main()
