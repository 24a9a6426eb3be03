"""``python -m perf.bench``."""

from __future__ import annotations

from perf.bench.command import main

if __name__ == "__main__":
    raise SystemExit(main())
