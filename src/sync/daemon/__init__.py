"""The daemon: pulls, judges and acts on its schedule until it is told to stop."""
