"""The version of leadpact, in one place. Pure."""

VERSION = "0.1.0"
