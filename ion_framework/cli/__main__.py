"""``python -m ion_framework.cli``, the same as ``ion``."""

import sys

from ion_framework.cli import main

sys.exit(main())
