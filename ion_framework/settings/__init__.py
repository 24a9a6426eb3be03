"""Settings: file, then environment, then command line, into frozen classes."""
