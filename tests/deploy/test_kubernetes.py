"""deploy/kubernetes as kubectl builds it: right by Kubernetes' schemas, locked down, and fit for the service."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kubernetes_validate
import pytest
import yaml

from stripsight.rpc.health import LANE
from stripsight.rpc.services import INSPECTION
from stripsight.settings import DEFAULT_RECORD_DIR, Settings

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
SCHEMA = "1.33"

Objects = dict[str, dict[str, Any]]


@cache
def build(*components: str) -> Objects:
    """Build the base with components; the objects by kind."""
    with TemporaryDirectory() as folder:
        return overlaid(Path(folder).resolve(), components)


def overlaid(folder: Path, components: tuple[str, ...]) -> Objects:
    """Build an overlay as a plant would write it."""
    base = os.path.relpath(KUBERNETES / "base", folder)
    named = [os.path.relpath(KUBERNETES / "components" / name, folder) for name in components]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": [base], "components": named}))
    built = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return {document["kind"]: document for document in yaml.safe_load_all(built.stdout)}


@pytest.fixture(params=[(), ("gpu",), ("tls",), ("gpu", "tls")], ids=lambda names: "+".join(("base", *names)))
def objects(request: pytest.FixtureRequest) -> Objects:
    """Everything that would be applied, with each choice of components."""
    return deepcopy(build(*request.param))


@pytest.fixture
def pod(objects: Objects) -> dict[str, Any]:
    """The pod."""
    found: dict[str, Any] = objects["StatefulSet"]["spec"]["template"]["spec"]
    return found


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    """Its one container."""
    (found,) = pod["containers"]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def only() -> Callable[..., dict[str, Any]]:
    """The container with these components."""
    return lambda *names: build(*names)["StatefulSet"]["spec"]["template"]["spec"]["containers"][0]


def environment(container: dict[str, Any]) -> dict[str, str]:
    """The variables that it sets."""
    return {each["name"]: each["value"] for each in container["env"]}


def test_kubernetes_takes_it(objects: Objects) -> None:
    """Each object fits the schema of its kind, without a name that the schema does not know."""
    assert objects.keys() == {
        "Namespace",
        "Service",
        "StatefulSet",
        "NetworkPolicy",
        "PodDisruptionBudget",
    }
    for document in objects.values():
        kubernetes_validate.validate(document, SCHEMA, strict=True)


def test_a_wrong_name_would_be_seen(objects: Objects) -> None:
    """The schemas are there and are asked: a field with a typing error is refused."""
    objects["StatefulSet"]["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(objects["StatefulSet"], SCHEMA, strict=True)


def test_the_pod_cannot_write_or_gain_rights(pod: dict[str, Any], container: dict[str, Any]) -> None:
    """As the image's user, a read-only root, no capabilities, no account of the cluster; two places to write."""
    user, group = re.findall(r"^USER (\d+):(\d+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[0]
    security = pod["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"], security["runAsNonRoot"]) == (int(user), int(group), True)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {str(DEFAULT_RECORD_DIR.parent), "/tmp"}


def test_one_pod_that_nobody_evicts(objects: Objects) -> None:
    """The record has one writer, on a volume of its own, and a drain of the node waits for a person."""
    spec = objects["StatefulSet"]["spec"]
    assert spec["replicas"] == 1
    assert spec["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert objects["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 0
    labels = spec["template"]["metadata"]["labels"]
    for kind, selector in (
        ("PodDisruptionBudget", "selector"),
        ("StatefulSet", "selector"),
        ("NetworkPolicy", "podSelector"),
    ):
        assert objects[kind]["spec"][selector]["matchLabels"].items() <= labels.items()


def test_resources_are_alike(container: dict[str, Any]) -> None:
    """Processor and memory are guaranteed, whole cores, so that a static CPU manager gives it its own."""
    requests, limits = (container["resources"][name] for name in ("requests", "limits"))
    assert all(requests[name] == limits[name] for name in ("cpu", "memory"))
    assert int(requests["cpu"]) >= 2


def test_only_those_who_are_named_reach_it(objects: Objects) -> None:
    """Clients with a label reach the API, the monitoring's namespace the metrics; it calls nobody."""
    policy = objects["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"] and not policy.get("egress")
    assert [rule["ports"][0]["port"] for rule in policy["ingress"]] == ["grpc", "metrics"]
    assert all(rule["from"] for rule in policy["ingress"])


def test_environment_is_one_of_settings(container: dict[str, Any]) -> None:
    """Every variable is a setting of the server, or the certificate that its own command asks with."""
    known = {f"STRIPSIGHT_{name.upper()}" for name in Settings.model_fields} | {"STRIPSIGHT_TLS"}
    assert environment(container).keys() <= known


def test_ports_agree(objects: Objects, container: dict[str, Any]) -> None:
    """The container's ports are those that the image listens on, and the service leads to them by name."""
    exposed = re.findall(r"^EXPOSE (\d+) (\d+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[0]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    assert ports == dict(zip(("grpc", "metrics"), exposed, strict=True))
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == ports.keys()


def test_probes_ask_the_health_by_grpc(only: Callable[..., dict[str, Any]]) -> None:
    """Started and ready when it inspects, alive while the lane moves: names that the service's health knows."""
    container = only()
    for name, service in (("startup", ""), ("readiness", INSPECTION), ("liveness", LANE)):
        assert container[f"{name}Probe"]["grpc"].get("service", "") == service


def test_by_tls_the_service_is_asked_by_its_own_command(only: Callable[..., dict[str, Any]]) -> None:
    """Kubernetes' gRPC probe speaks no TLS; no plain text is left."""
    container = only("tls")
    assert environment(container)["STRIPSIGHT_ALLOW_PLAINTEXT"] == "false"
    assert {f"STRIPSIGHT_TLS_{name}" for name in ("CERT", "KEY", "CLIENT_CA")} <= environment(container).keys()
    for name in ("startup", "readiness"):
        assert container[f"{name}Probe"].keys() & {"grpc", "exec"} == {"exec"}


def test_the_gpu_comes_with_its_image(only: Callable[..., dict[str, Any]]) -> None:
    """One GPU, CUDA without a way back, and the image that was built for it; versions are the package's."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    gpu = only("gpu")
    assert (gpu["image"], environment(gpu)["STRIPSIGHT_PROVIDER"]) == (f"stripsight:{version}-cuda", "cuda")
    assert gpu["resources"]["limits"]["nvidia.com/gpu"] == "1"
    cpu = only()
    assert (cpu["image"], environment(cpu)["STRIPSIGHT_PROVIDER"]) == (f"stripsight:{version}-cpu", "cpu")
    assert "nvidia.com/gpu" not in cpu["resources"]["limits"]
