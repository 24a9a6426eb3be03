"""Starts the command."""

from __future__ import annotations

from perf.reliability.command import main

if __name__ == "__main__":
    raise SystemExit(main())
