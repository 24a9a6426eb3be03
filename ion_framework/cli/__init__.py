"""The command line ``ion``.

Exit codes: 0 all is well; 1 something failed, or a check has findings; 2 the command line is
wrong; 130 interrupted by Ctrl-C.
"""

from __future__ import annotations

import gc
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run ``ion`` with the arguments of the process, and end it."""
    # Imports make many objects and hardly any garbage: looking for it while they run, and once
    # more over all of them at the end, costs a listing 20 of its 150 ms.
    gc.disable()
    from ion_framework.cli.entry import run

    gc.freeze()
    gc.enable()
    sys.exit(run(sys.argv[1:]))
