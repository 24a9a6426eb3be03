"""How a plugin behaves: its code, run in a process of its own and watched."""
