"""How the host does, from second to second: percentiles, samples, and what came of their time."""
