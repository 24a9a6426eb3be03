"""Certificates for servers of tests, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

OPENSSL = shutil.which("openssl")
"""The program, None where there is none."""


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for ``localhost`` that signs itself, and its key: files that last two days.

    Args:
        folder: takes them.

    Raises:
        FileNotFoundError: there is no openssl on PATH.
        subprocess.CalledProcessError: openssl could not make them.
    """
    if OPENSSL is None:
        raise FileNotFoundError("there is no openssl on PATH to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(  # noqa: S603  the program that was found, with words of our own
        [
            *(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
