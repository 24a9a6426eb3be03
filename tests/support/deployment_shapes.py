"""What files for Kubernetes, Cloud Run, compose, GitHub and pre-commit may hold, as JSON Schema.

Each is the part of the public schema that this repository uses, and closed: a key that is spelled
wrongly is an error, and so is one that nobody has looked up yet.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "array", "items": TEXT, "minItems": 1}
VALUES: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
NAME: Schema = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 63}
CPU: Schema = {"type": "string", "pattern": r"^\d+m?$"}
MEMORY: Schema = {"type": "string", "pattern": r"^\d+(Ki|Mi|Gi)$"}
IMAGE: Schema = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*:[\w.-]+$"}
"""A name and a tag, without a host: whose registry it is, is the owner's to say."""


def one(**required: Schema) -> Schema:
    """An object with exactly these members; a name that ends with ``_`` may be left out."""
    return {
        "type": "object",
        "properties": {key.rstrip("_"): value for key, value in required.items()},
        "required": [key for key in required if not key.endswith("_")],
        "additionalProperties": False,
    }


def many(items: Schema) -> Schema:
    """A list that is not empty."""
    return {"type": "array", "items": items, "minItems": 1}


def const(value: object) -> Schema:
    """Exactly this value."""
    return {"const": value}


def any_of(*values: str) -> Schema:
    """One of these texts."""
    return {"enum": list(values)}


METADATA = one(name=NAME, labels_=VALUES, annotations_=VALUES)
SELECTOR = one(matchLabels=VALUES)
SECRET_KEY = one(secretKeyRef=one(name=NAME, key=TEXT, optional_=FLAG))
ENV = many(
    {"oneOf": [one(name=TEXT, value={"type": "string"}), one(name=TEXT, valueFrom=SECRET_KEY)]}
)
PROBE = one(
    httpGet=one(path=TEXT, port={"type": ["string", "integer"]}),
    periodSeconds=COUNT,
    timeoutSeconds=COUNT,
    failureThreshold=COUNT,
)
AMOUNTS = one(cpu_=CPU, memory=MEMORY)
MOUNTS = many(one(name=NAME, mountPath=TEXT, readOnly_=FLAG))
CONTAINER = one(
    name=NAME,
    image=IMAGE,
    ports=many(one(name=NAME, containerPort=COUNT)),
    env=ENV,
    resources=one(requests_=AMOUNTS, limits=AMOUNTS),
    startupProbe=PROBE,
    livenessProbe=PROBE,
    readinessProbe_=PROBE,
    lifecycle_=one(preStop=one(exec=one(command=TEXTS))),
    securityContext_=one(
        allowPrivilegeEscalation=const(False),
        readOnlyRootFilesystem=const(True),
        capabilities=one(drop=const(["ALL"])),
    ),
    volumeMounts=MOUNTS,
)
POD = one(
    automountServiceAccountToken=const(False),
    terminationGracePeriodSeconds=COUNT,
    securityContext=one(
        runAsNonRoot=const(True),
        runAsUser=COUNT,
        runAsGroup=COUNT,
        fsGroup=COUNT,
        seccompProfile=one(type=const("RuntimeDefault")),
    ),
    topologySpreadConstraints=many(
        one(
            maxSkew=COUNT,
            topologyKey=TEXT,
            whenUnsatisfiable=any_of("ScheduleAnyway", "DoNotSchedule"),
            labelSelector=SELECTOR,
        )
    ),
    containers=many(CONTAINER),
    volumes=many(one(name=NAME, configMap_=one(name=NAME), emptyDir_=one(sizeLimit_=MEMORY))),
)


def resource(version: str, kind: str, **members: Schema) -> Schema:
    """A resource of Kubernetes."""
    return one(apiVersion=const(version), kind=const(kind), metadata=METADATA, **members)


PORTS = many(one(protocol=any_of("TCP", "UDP"), port={"type": ["string", "integer"]}))
PEERS = many(one(namespaceSelector={"type": "object"}))
KUBERNETES: dict[str, Schema] = {
    "ConfigMap": resource("v1", "ConfigMap", data=VALUES),
    "Deployment": resource(
        "apps/v1",
        "Deployment",
        spec=one(
            selector=SELECTOR,
            strategy=one(
                type=const("RollingUpdate"),
                rollingUpdate=one(maxUnavailable=COUNT, maxSurge=COUNT),
            ),
            template=one(metadata=one(labels=VALUES), spec=POD),
        ),
    ),
    "Service": resource(
        "v1",
        "Service",
        spec=one(
            type=any_of("ClusterIP", "NodePort", "LoadBalancer"),
            selector=VALUES,
            ports=many(one(name=NAME, port=COUNT, targetPort={"type": ["string", "integer"]})),
        ),
    ),
    "PodDisruptionBudget": resource(
        "policy/v1", "PodDisruptionBudget", spec=one(maxUnavailable=COUNT, selector=SELECTOR)
    ),
    "HorizontalPodAutoscaler": resource(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec=one(
            scaleTargetRef=one(apiVersion=TEXT, kind=TEXT, name=NAME),
            minReplicas=COUNT,
            maxReplicas=COUNT,
            metrics=many(
                one(
                    type=const("Resource"),
                    resource=one(
                        name=any_of("cpu", "memory"),
                        target=one(type=const("Utilization"), averageUtilization=COUNT),
                    ),
                )
            ),
            behavior=one(scaleDown=one(stabilizationWindowSeconds=COUNT)),
        ),
    ),
    "NetworkPolicy": resource(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        spec=one(
            podSelector=SELECTOR,
            policyTypes=many(any_of("Ingress", "Egress")),
            ingress=many(one(from_=PEERS, ports=PORTS)),
            egress=many(one(to_=PEERS, ports=PORTS)),
        ),
    ),
    "Kustomization": one(
        apiVersion=const("kustomize.config.k8s.io/v1beta1"),
        kind=const("Kustomization"),
        resources=TEXTS,
        images_=many(one(name=NAME, newName=TEXT, newTag=TEXT)),
    ),
    "ServiceMonitor": resource(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        spec=one(
            selector=SELECTOR,
            endpoints=many(
                one(
                    port=NAME,
                    path=TEXT,
                    interval={"type": "string", "pattern": r"^\d+s$"},
                    authorization=one(type=const("Bearer"), credentials=one(name=NAME, key=TEXT)),
                )
            ),
        ),
    ),
}

CLOUD_RUN = resource(
    "serving.knative.dev/v1",
    "Service",
    spec=one(
        template=one(
            metadata=one(annotations=VALUES),
            spec=one(
                containerConcurrency=COUNT,
                timeoutSeconds=COUNT,
                containers=many(CONTAINER),
                volumes=many(
                    one(
                        name=NAME,
                        secret=one(secretName=NAME, items=many(one(key=TEXT, path=TEXT))),
                    )
                ),
            ),
        )
    ),
)

SPAN: Schema = {"type": "string", "pattern": r"^\d+(ms|s|m)$"}
COMPOSE_SERVICE = one(
    build_=one(context=TEXT, dockerfile=TEXT),
    image=IMAGE,
    ports_=TEXTS,
    command_={"type": "array", "items": {"type": "string"}},
    environment_=VALUES,
    volumes_=TEXTS,
    depends_on_={
        "type": "object",
        "additionalProperties": one(condition=any_of("service_started", "service_healthy")),
    },
    healthcheck_=one(test=TEXTS, interval=SPAN, timeout=SPAN, retries=COUNT),
    read_only=const(True),
    cap_drop=const(["ALL"]),
    security_opt=const(["no-new-privileges:true"]),
    user_=TEXT,
    stop_grace_period_=SPAN,
    mem_limit={"type": "string", "pattern": r"^\d+[kmg]$"},
    restart=any_of("unless-stopped", "always", "no"),
)
COMPOSE = one(
    name=NAME,
    services={"type": "object", "additionalProperties": COMPOSE_SERVICE},
    volumes={"type": "object", "additionalProperties": {"type": "object"}},
)

VARIABLES: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
WORKFLOW_STEP: Schema = {
    **one(
        name_=TEXT,
        uses_={"type": "string", "pattern": r"^actions/[\w-]+@[0-9a-f]{40}$"},
        run_=TEXT,
        env_=VARIABLES,
        with_={"type": "object"},
    )
}
WORKFLOW_STEP["properties"]["if"] = TEXT
WORKFLOW_STEP["oneOf"] = [{"required": ["uses"]}, {"required": ["run"]}]
JOB = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "needs": TEXT,
        "runs-on": const("ubuntu-latest"),
        "timeout-minutes": COUNT,
        "strategy": {
            "type": "object",
            "properties": {
                "fail-fast": FLAG,
                "matrix": {"type": "object", "additionalProperties": TEXTS},
            },
            "additionalProperties": False,
        },
        "steps": many(WORKFLOW_STEP),
    },
    "required": ["runs-on", "timeout-minutes", "steps"],
    "additionalProperties": False,
}
WORKFLOW = one(
    name=TEXT,
    on={"type": "object", "minProperties": 1},
    permissions=const({"contents": "read"}),
    concurrency_={"type": "object", "required": ["group"]},
    env_=VARIABLES,
    jobs={"type": "object", "additionalProperties": JOB, "minProperties": 1},
)

HOOK = one(
    id=TEXT,
    name=TEXT,
    entry=TEXT,
    language=any_of("python", "system"),
    additional_dependencies_=TEXTS,
    types_or=TEXTS,
    require_serial_=FLAG,
    pass_filenames_=FLAG,
    stages_=TEXTS,
)
PRE_COMMIT = one(
    default_install_hook_types=TEXTS,
    default_stages=TEXTS,
    repos=many(one(repo=const("local"), hooks=many(HOOK))),
)
