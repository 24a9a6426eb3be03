"""The command line ``ion``.

Exit codes: 0 all is well; 1 something failed, or a check has findings; 2 the command line is
wrong; 130 interrupted by Ctrl-C.
"""

from __future__ import annotations

from ion_framework.cli.entry import main

__all__ = ["main"]
