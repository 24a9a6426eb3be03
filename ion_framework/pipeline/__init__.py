"""The turn: its values, its hook specs, the dispatcher of hooks and the engine that runs it."""
