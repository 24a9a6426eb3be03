"""Load tests of a running host: the command ``ion load``."""
