"""The domain: resonance keys, personas, routing, prompts. Pure values, no I/O, no plugins."""
