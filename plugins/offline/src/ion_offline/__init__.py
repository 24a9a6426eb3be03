"""ION's generator without a model: a small, deterministic composer of helpful, honest answers."""
