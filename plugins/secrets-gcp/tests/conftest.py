"""A Secret Manager on a real socket, and credentials for it."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs
import google_crc32c
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@attrs.define
class FakeService:
    """What the service holds, and what it was asked.

    Attributes:
        secrets: bytes by the name of a secret's version.
        refused: HTTP status by the name of a secret's version.
        damaged: names of versions whose checksum is wrong.
        slow_s: seconds before each answer.
        asked: path and credentials of each question.
    """

    secrets: dict[str, bytes] = attrs.field(factory=dict)
    refused: dict[str, int] = attrs.field(factory=dict)
    damaged: set[str] = attrs.field(factory=set)
    slow_s: float = 0.0
    asked: list[tuple[str, str]] = attrs.field(factory=list)
    url: str = ""

    def keep(self, name, value, place="projects/shop"):
        """Hold a secret; tells the name of its version."""
        version = f"{place}/secrets/{name}/versions/latest"
        self.secrets[version] = value
        return version

    def answer(self, path, bearer):
        """Status and document for a question."""
        self.asked.append((path, bearer))
        time.sleep(self.slow_s)
        name = path.removeprefix("/v1/").partition(":access")[0]
        status = self.refused.get(name, 200 if name in self.secrets else 404)
        if status != 200:
            return status, {"error": {"code": status, "message": "no", "status": "REFUSED"}}
        data = self.secrets[name]
        checksum = google_crc32c.value(data) ^ (name in self.damaged)
        payload = {"data": base64.b64encode(data).decode(), "dataCrc32c": str(checksum)}
        return 200, {"name": name, "payload": payload}


@pytest.fixture
def service():
    """The service, running."""
    fake = FakeService()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            status, document = fake.answer(path, self.headers.get("Authorization", ""))
            self._send(status, document)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(200, {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer"})

        def _send(self, status, document):
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def private_key():
    """The key of a service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def credentials(service, private_key, monkeypatch, tmp_path):
    """A service account, where Google's library always looks; the service gives it tokens."""
    file = tmp_path / "account.json"
    document = {
        "type": "service_account",
        "project_id": "shop",
        "private_key_id": "1",
        "private_key": private_key,
        "client_email": "ion@shop.example",
        "token_uri": f"{service.url}/token",
    }
    file.write_text(json.dumps(document), "utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
