"""How well an analyser reads labelled messages: ``python -m perf.analysis FILE.tsv``."""
