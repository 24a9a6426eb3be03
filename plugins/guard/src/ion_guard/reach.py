"""How much of a request is looked at."""

from __future__ import annotations

LONGEST = 4096
"""Characters of a text outside of messages that are looked at; a longer one is a match."""

LONG = 1024
"""Characters of such a text above which its length is a hint."""

READ = 16384
"""Characters outside of messages that are looked at in a request; more are a match by itself. Plain
names, of letters, digits, ``_`` and ``-``, are not counted: they cost next to nothing."""

MESSAGE_READ = 4096
"""Characters of a message that are looked at."""

MESSAGES_READ = 16384
"""Characters of all messages of a request that are looked at."""
