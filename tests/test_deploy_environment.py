"""The container file, step by step in a clean folder, and what it makes, served."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.support.containers import Stage, build, steps
from tests.support.environments import PATIENCE_S, copy_checkout, free_port
from tests.support.repository import ROOT

DEPLOY = ROOT / "deploy"
SECRET = "s" * 40
MESSAGE = json.dumps({"message": "Why does my deploy keep failing?"})


def ask(port: int, path: str, token: str = "", *, chat: bool = False) -> int:
    """The status with which a request is answered."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request("POST" if chat else "GET", path, MESSAGE if chat else None, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Wait until a host is ready."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, output.read_text("utf-8")
        try:
            if ask(port, "/health/ready") == 200:
                return
        except ConnectionError:
            time.sleep(0.1)
    raise TimeoutError(output.read_text("utf-8"))


@contextmanager
def served(image: Stage, variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run the image's command; gives its variables, and ends it as a platform does."""
    port = free_port()
    environ = image.environment.variables(
        **{**image.variables, **variables, "PORT": str(port)},
        PYTHONNOUSERSITE="1",
    )
    output = image.root / "served.txt"
    command = next(step.command for step in steps(DEPLOY / "Containerfile") if step.name == "CMD")
    program = image.environment.venv / "bin" / command[0]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            (program, *command[1:]),
            cwd=image.folder,
            env=environ,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, port, output)
        yield environ
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, output.read_text("utf-8")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def check_with_keys(image: Stage) -> None:
    """As the image is: its own health check passes, and a key lets in."""
    python = image.environment.venv / "bin" / "python"
    check = next(s.command for s in steps(DEPLOY / "Containerfile") if s.name == "HEALTHCHECK")
    with served(image, {}) as environ:
        port = int(environ["PORT"])
        subprocess.run((python, *check[1:]), env=environ, check=True, timeout=PATIENCE_S)
        assert ask(port, "/health/live") == 200
        assert ask(port, "/chat", chat=True) == 401
        key = subprocess.run(
            (python.with_name("ion"), "keys", "create", "--name", "me"),
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        end = time.monotonic() + PATIENCE_S
        while ask(port, "/chat", key, chat=True) != 200:
            assert time.monotonic() < end
            time.sleep(0.2)
    dead = subprocess.run((python, *check[1:]), env=environ, capture_output=True, check=False)
    assert dead.returncode != 0


def check_as_in_kubernetes(image: Stage, folder: Path) -> None:
    """With the Deployment's variables, the ConfigMap and an empty folder: a token lets in."""
    settings = yaml.safe_load((DEPLOY / "kubernetes/configmap.yaml").read_text("utf-8"))["data"]
    deployment = yaml.safe_load((DEPLOY / "kubernetes/deployment.yaml").read_text("utf-8"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    given = {item["name"]: item["value"] for item in container["env"] if "value" in item}
    file = folder / "ion.toml"
    file.write_text(settings["ion.toml"], "utf-8")
    data = folder / "emptydir"
    data.mkdir()
    data.chmod(0o777)
    places = {"ION_CONFIG": str(file), "ION_DATA_DIR": str(data), "HOME": str(data)}
    claims = {"iss": "https://id.example", "aud": "ion", "sub": "me", "scope": "chat"}
    times = {"iat": int(time.time()), "exp": int(time.time()) + 600}
    token = jwt.encode({"alg": "HS256"}, {**claims, **times}, OctKey.import_key(SECRET))

    with served(image, {**given, **places, "TMPDIR": str(data), "ION_JWT_SECRET": SECRET}) as made:
        port = int(made["PORT"])
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert ask(port, container[probe]["httpGet"]["path"]) == 200
        assert ask(port, "/chat", chat=True) == 401
        assert ask(port, "/chat", token, chat=True) == 200
        reader = jwt.encode(
            {"alg": "HS256"}, {**claims, **times, "scope": "read"}, OctKey.import_key(SECRET)
        )
        assert [401, 403, 200] == [ask(port, "/metrics", each) for each in ("", token, reader)]


@pytest.mark.slow
@pytest.mark.environment
def test_the_container_files_steps_make_a_host_that_serves(tmp_path: Path):
    """From a clean checkout they make an environment that serves, asks who comes, and ends."""
    checkout = copy_checkout(tmp_path / "ion")

    image = build(checkout / "deploy/Containerfile", checkout, tmp_path)
    program = image.environment.venv / "bin" / "ion"
    assert os.access(program, os.X_OK)
    assert "10001:10001" == image.user

    check_with_keys(image)
    check_as_in_kubernetes(image, tmp_path)
