"""Manifests, hooks and the container file: their form, and that whatever they name exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.containers import BuildContext, Step, steps
from tests.support.deployment_shapes import CLOUD_RUN, COMPOSE, KUBERNETES, PRE_COMMIT
from tests.support.repository import ROOT, core, files, plugins
from tests.support.yaml_files import read

pytestmark = pytest.mark.once

DEPLOY = ROOT / "deploy"
CONTAINERFILE = DEPLOY / "Containerfile"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
PROMETHEUS = sorted((DEPLOY / "kubernetes/prometheus").glob("*.yaml"))
FILES = (
    (DEPLOY / "compose.yaml", COMPOSE),
    (DEPLOY / "cloud-run.yaml", CLOUD_RUN),
    (ROOT / ".pre-commit-config.yaml", PRE_COMMIT),
)


def manifest(kind: str) -> dict[str, Any]:
    """The manifest of a kind."""
    return next(found for found in map(read, MANIFESTS) if found["kind"] == kind)


def container(found: dict[str, Any]) -> dict[str, Any]:
    """The one container of a Deployment or of a service of Cloud Run."""
    (only,) = found["spec"]["template"]["spec"]["containers"]
    return only


def instructions(name: str) -> list[Step]:
    """The instructions of the container file of one name."""
    return [step for step in steps(CONTAINERFILE) if step.name == name]


@pytest.mark.parametrize(("file", "schema"), FILES, ids=lambda value: getattr(value, "name", ""))
def test_files_have_their_form(file: Path, schema: dict[str, Any]):
    """Hooks, compose file and Cloud Run service fit their schemas."""
    jsonschema.validate(read(file), schema)


@pytest.mark.parametrize("file", [*MANIFESTS, *PROMETHEUS], ids=lambda file: file.name)
def test_kubernetes_manifests_have_their_form(file: Path):
    """Each manifest fits the schema of its kind."""
    found = read(file)

    jsonschema.validate(found, KUBERNETES[found["kind"]])
    assert file.stem == found["kind"].lower()


def test_a_misspelt_key_is_seen():
    """The schemas are closed: a key that Kubernetes would drop in silence does not fit."""
    found = manifest("Deployment")
    container(found)["readinesProbe"] = container(found).pop("readinessProbe")

    with pytest.raises(jsonschema.ValidationError, match="readinesProbe"):
        jsonschema.validate(found, KUBERNETES["Deployment"])


def test_the_kustomization_lists_every_manifest():
    """What is applied together is every manifest of the folder."""
    found = manifest("Kustomization")

    assert sorted(found["resources"]) == sorted(
        file.name for file in MANIFESTS if file.stem != "kustomization"
    )
    assert {"ion"} == {image["name"] for image in found["images"]}


def test_prometheus_finds_the_service_and_may_read_it():
    """The monitor selects the Service by its labels and port, and asks where settings let it."""
    kustomization, monitor = map(read, PROMETHEUS)
    service = manifest("Service")
    (endpoint,) = monitor["spec"]["endpoints"]
    settings = tomllib.loads(manifest("ConfigMap")["data"]["ion.toml"])

    assert ["servicemonitor.yaml"] == kustomization["resources"]
    assert service["metadata"]["labels"] == monitor["spec"]["selector"]["matchLabels"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert ("/metrics", "read") == (endpoint["path"], settings["plugin"]["metrics"]["scope"])


def test_manifests_mean_the_same_pods():
    """Service, budget, autoscaler and network policy select the pods that the Deployment makes."""
    deployment = manifest("Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    ports = {port["name"] for port in container(deployment)["ports"]}

    assert labels == deployment["spec"]["selector"]["matchLabels"]
    assert labels == manifest("Service")["spec"]["selector"]
    assert labels == manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    assert labels == manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    target = manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert ("Deployment", deployment["metadata"]["name"]) == (target["kind"], target["name"])
    assert {port["targetPort"] for port in manifest("Service")["spec"]["ports"]} <= ports
    assert "replicas" not in deployment["spec"]


@pytest.mark.parametrize("file", [DEPLOY / "cloud-run.yaml", DEPLOY / "kubernetes/deployment.yaml"])
def test_mounts_and_names_hold_together(file: Path):
    """Every mounted volume exists, and the settings file lies in one."""
    found = read(file)
    spec, only = found["spec"]["template"]["spec"], container(found)
    variables = {variable["name"]: variable.get("value") for variable in only["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in only["volumeMounts"]}

    assert set(mounts) == {volume["name"] for volume in spec["volumes"]}
    assert f"{mounts['config']}/ion.toml" == variables["ION_CONFIG"]
    assert "off" == variables["ION_AUTH_KEYS"]
    assert "ION_JWT_SECRET" in variables


def test_cloud_run_has_the_limits_of_the_original():
    """512 MiB, one processor, none to ten instances, 300 seconds and 80 requests at once."""
    template = read(DEPLOY / "cloud-run.yaml")["spec"]["template"]
    scale = template["metadata"]["annotations"]

    assert {"cpu": "1", "memory": "512Mi"} == template["spec"]["containers"][0]["resources"][
        "limits"
    ]
    assert "0" == scale["autoscaling.knative.dev/minScale"]
    assert "10" == scale["autoscaling.knative.dev/maxScale"]
    assert (300, 80) == (
        template["spec"]["timeoutSeconds"],
        template["spec"]["containerConcurrency"],
    )


def test_cloud_run_leaves_the_processor_to_what_runs_between_requests():
    """Processor time is not taken away between requests: alerts and exporters need it then."""
    template = read(DEPLOY / "cloud-run.yaml")["spec"]["template"]

    assert "false" == template["metadata"]["annotations"]["run.googleapis.com/cpu-throttling"]


def test_a_pod_has_time_to_end():
    """The grace period covers the sleep of preStop and the eight seconds of the host."""
    deployment = manifest("Deployment")
    program, seconds = container(deployment)["lifecycle"]["preStop"]["exec"]["command"]

    assert "sleep" == program
    assert (
        int(seconds) + 8 < deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    )


def test_the_settings_are_valid_and_authenticate():
    """Both files of settings are read by ION as they are, and name an issuer of tokens."""
    from ion_framework.settings.loading import load_settings

    for text in (
        (DEPLOY / "ion.toml").read_text("utf-8"),
        manifest("ConfigMap")["data"]["ion.toml"],
    ):
        (issuer,) = tomllib.loads(text)["auth"]["jwt"]
        assert "ION_JWT_SECRET" == issuer["secret"]
    assert load_settings({"ION_CONFIG": str(DEPLOY / "ion.toml")}).auth.jwt


def test_the_container_file_is_careful():
    """No root, no shell before the host, SIGTERM, nothing from outside in the last stage."""
    assert ["ion", "serve"] == instructions("CMD")[-1].command
    assert "SIGTERM" == instructions("STOPSIGNAL")[0].rest
    assert ["10001:10001"] == [step.rest for step in instructions("USER")]
    assert len(instructions("FROM")) == 2
    assert " --no-index " in instructions("RUN")[-1].rest
    assert not re.search(r"(?i)(secret|password|api_key)\s*=", CONTAINERFILE.read_text("utf-8"))
    sources = [
        word for step in instructions("COPY") if not step.options for word in step.words[:-1]
    ]
    assert not [source for source in sources if not (ROOT / source).exists()]


def test_the_build_context_is_what_the_container_file_copies():
    """Every file that is copied and in git is sent to the build, and nothing secret or cached."""
    sent = BuildContext((ROOT / ".dockerignore").read_text("utf-8"))
    sources = [
        word for step in instructions("COPY") if not step.options for word in step.words[:-1]
    ]
    kept = [file.relative_to(ROOT) for file in files()]
    copied = [
        file
        for file in kept
        if any(file.is_relative_to(source) for source in sources) and "tests" not in file.parts
    ]

    assert len(copied) > 100
    assert not [file for file in copied if not sent.has(file)]
    for name in (
        ".git/config", ".env", "hosts/.env", "deploy/ion.toml", "perf/README.md", "keys.sqlite",
        "plugins/log/src/ion_log/__pycache__/a.pyc", "plugins/log/tests/test_log_x.py",
    ):  # fmt: skip
        assert not sent.has(Path(name)), name


def test_the_container_has_everything_that_serves():
    """deploy/requirements.txt lists every distribution but the load tests, sorted."""
    lines = (DEPLOY / "requirements.txt").read_text("utf-8").splitlines()
    listed = [re.sub(r"\[.*", "", line) for line in lines if not line.startswith("#")]
    expected = [".", *(f"./{p.path}" for p in plugins() if p.path != "perf/load")]

    assert expected == listed


def test_the_image_is_of_the_version_of_the_core():
    """Every manifest names the image with the core's version."""
    image = f"ion:{core().project['version']}"

    assert image == container(manifest("Deployment"))["image"]
    assert image == container(read(DEPLOY / "cloud-run.yaml"))["image"]
    assert image == read(DEPLOY / "compose.yaml")["services"]["ion"]["image"]
    assert [image] == [
        f"{found['newName']}:{found['newTag']}" for found in manifest("Kustomization")["images"]
    ]


def test_compose_builds_this_container_file():
    """The compose file's context and container file are those of this repository."""
    service = read(DEPLOY / "compose.yaml")["services"]["ion"]

    assert ROOT == (DEPLOY / service["build"]["context"]).resolve()
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert f"data:{service['environment']['ION_DATA_DIR']}" in service["volumes"]


def test_hooks_do_what_tox_does():
    """The hooks run tox's commands of mypy, and ruff in the version that tox has."""
    tox = (ROOT / "tox.ini").read_text("utf-8")
    hooks = {
        hook["id"]: hook for hook in read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    }

    assert f"    {hooks['mypy']['entry']} {{posargs}}\n" in tox
    assert f"    {hooks['mypy-load']['entry']} {{posargs}}\n" in tox
    for name in ("ruff", "ruff-format"):
        (requirement,) = hooks[name]["additional_dependencies"]
        assert f"    {requirement}\n" in tox
