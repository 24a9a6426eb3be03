"""Turns written down and played again under other plugins: ``ion record``, ``ion replay``.

`model` says what is written of a turn, `writing` and `reading` are the file, `taking` makes the
record of a turn that was just answered, `redaction` takes out of it what must not be kept, and
`replaying` plays a recording again and compares.
"""
