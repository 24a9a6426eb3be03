"""``python -m ion_framework.cli``, the same as ``ion``."""

from ion_framework.cli import main

main()
