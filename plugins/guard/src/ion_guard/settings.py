"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import attrs


@attrs.frozen
class GuardSettings:
    """What is looked for, and what becomes of a request that matches.

    Attributes:
        mode: ``report``, ``block`` or ``off``.
        threshold: weights that add up to an attack outside of messages.
        message_threshold: the same for one message; 0 never refuses one.
        message_fields: names of the members and parameters that hold messages.
        rules: actions of single rules, each ``RULE ACTION``.
        allow: exceptions, each ``PATH RULE``.
        sql: action of the class: ``mode``, ``report``, ``block`` or ``off``.
        xss: the same.
        command: the same.
        traversal: the same.
        protocol: the same.
        scanner: the same.
        scanners: names in ``User-Agent``.
        admin: action of the class.
        admin_paths: beginnings of addresses.
        admin_addresses: networks that may call them.
        country: action of the class.
        country_header: header with the caller's country; empty without one.
        blocked_countries: codes.
        https_only: whether plain http counts.
        content_types: media types that bodies may have.
        max_body_bytes: bytes of a body.
        trusted_addresses: networks that are not looked at.
    """

    mode: str
    threshold: int
    message_threshold: int
    message_fields: tuple[str, ...]
    rules: tuple[str, ...]
    allow: tuple[str, ...]
    sql: str
    xss: str
    command: str
    traversal: str
    protocol: str
    scanner: str
    scanners: tuple[str, ...]
    admin: str
    admin_paths: tuple[str, ...]
    admin_addresses: tuple[str, ...]
    country: str
    country_header: str
    blocked_countries: tuple[str, ...]
    https_only: bool
    content_types: tuple[str, ...]
    max_body_bytes: int
    trusted_addresses: tuple[str, ...]
