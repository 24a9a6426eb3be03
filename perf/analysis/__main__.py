"""Starts the command."""

from __future__ import annotations

from perf.analysis.command import main

if __name__ == "__main__":
    raise SystemExit(main())
