"""docker-compose.yml as Docker Compose itself resolves it: locked-down containers, and two profiles."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.settings import Settings, parse_address

ROOT = Path(__file__).parents[2]
COMPOSE = Path(sys.executable).with_name("docker-compose")

GRAFANA = {"/etc/grafana/provisioning", "/var/lib/grafana-dashboards"}

Service = dict[str, Any]


def compose(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Docker Compose on the project with these variables only. Nothing here needs a Docker daemon."""
    command = [str(COMPOSE), "--project-directory", str(ROOT), *arguments]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)


def services(*options: str, **environment: str) -> dict[str, Service]:
    """The services that would run."""
    answer = compose(*options, "config", "--format", "json", **environment)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Service] = json.loads(answer.stdout)["services"]
    return found


@pytest.fixture(params=["cpu", "gpu"], scope="module")
def running(request: pytest.FixtureRequest) -> dict[str, Service]:
    """The services of one profile."""
    return services("--profile", request.param)


@pytest.fixture
def server(running: dict[str, Service]) -> Service:
    """The one service that inspects."""
    (found,) = (service for name, service in running.items() if name.startswith("stripsight"))
    return found


def test_containers_cannot_write_or_gain_rights(running: dict[str, Service]) -> None:
    """Every container is read-only, without capabilities, without new privileges, and not root."""
    for name, service in running.items():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
        assert "privileged" not in service and "cap_add" not in service
        assert name == "hmi" or "network_mode" not in service


def test_containers_are_bounded(running: dict[str, Service]) -> None:
    """Every container has limits for memory, processes and log, restarts after a failure, and is pinned."""
    for service in running.values():
        assert int(service["mem_limit"]) > 0
        assert service["pids_limit"] > 0
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
        assert service["restart"] == "unless-stopped"
        assert re.search(r":v?\d+\.\d+\.\d+", service["image"])


def test_ports_stay_on_the_machine(running: dict[str, Service]) -> None:
    """Nothing is published on another address than loopback unless somebody says so."""
    ports = [port for service in running.values() for port in service.get("ports", [])]
    assert ports
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_directories_of_the_machine_are_read_only(running: dict[str, Service]) -> None:
    """What is mounted from the machine is mounted read-only and must be there; only volumes are written."""
    mounts = [mount for service in running.values() for mount in service.get("volumes", [])]
    bound = [mount for mount in mounts if mount["type"] == "bind"]
    assert {mount["target"] for mount in bound} == {"/bundle", "/keys", "/bundles", "/etc/prometheus"} | GRAFANA
    assert all(mount["read_only"] is True for mount in bound)
    assert all(mount["bind"]["create_host_path"] is False for mount in bound)


def test_environment_is_one_of_settings(server: Service) -> None:
    """The server's variables are settings, and what it computes on is what its image was built for."""
    known = {f"STRIPSIGHT_{name.upper()}" for name in Settings.model_fields}
    assert server["environment"].keys() <= known
    assert server["environment"]["STRIPSIGHT_PROVIDER"] == server["build"]["args"]["PROVIDER"]
    assert server["image"].endswith(f"-{server['build']['args']['PROVIDER']}")
    assert (ROOT / "deploy" / "requirements" / f"{server['build']['args']['PROVIDER']}.txt").is_file()


def test_time_to_finish_a_strip(server: Service) -> None:
    """Docker waits longer for the end than the longest drain: a slot of 500 ms and the last replies."""
    assert server["stop_grace_period"] == "5s"


def test_one_name_for_whichever_runs(running: dict[str, Service], server: Service) -> None:
    """Prometheus scrapes the name and port that both servers have."""
    assert server["networks"]["default"]["aliases"] == ["stripsight"]
    (metrics,) = (port["target"] for port in server["ports"] if port["target"] != 50051)
    assert f'targets: ["stripsight:{metrics}"]' in (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    assert "prometheus" in running


def test_the_page_stays_on_the_machine(running: dict[str, Service]) -> None:
    """It is on the machine's network and listens on loopback; the image is that of the page, as its command is."""
    page = running["hmi"]
    assert page["network_mode"] == "host" and "ports" not in page
    assert parse_address(page["environment"]["STRIPSIGHT_HMI_LISTEN"]).is_loopback
    assert page["environment"]["STRIPSIGHT_TARGET"] == "127.0.0.1:50051"
    assert page["entrypoint"] == ["stripsight", "hmi"]
    assert (ROOT / "deploy" / "requirements" / f"{page['build']['args']['PROVIDER']}.txt").is_file()


def test_prometheus_reports_its_health(running: dict[str, Service]) -> None:
    """Prometheus has a health check here; the server's is in its image."""
    assert running["prometheus"]["healthcheck"]["test"][0] == "CMD"


def test_without_a_profile_on_the_cpu() -> None:
    """Plain `docker compose up` inspects on the CPU, by name."""
    found = services()
    assert found.keys() == {"stripsight", "prometheus", "grafana", "hmi"}
    assert found["stripsight"]["environment"]["STRIPSIGHT_PROVIDER"] == "cpu"


def test_gpu_by_profile() -> None:
    """The profile gpu asks for one NVIDIA GPU and for CUDA without a way back to the CPU."""
    for found in (services("--profile", "gpu"), services(COMPOSE_PROFILES="gpu")):
        assert found.keys() == {"stripsight-gpu", "prometheus", "grafana", "hmi"}
        gpu = found["stripsight-gpu"]
        assert gpu["environment"]["STRIPSIGHT_PROVIDER"] == "cuda"
        (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
        assert device["driver"] == "nvidia" and device["count"] == 1 and "gpu" in device["capabilities"]


def test_both_profiles_are_refused() -> None:
    """Two servers at once are refused before anything starts."""
    answer = compose("--profile", "cpu", "--profile", "gpu", "config", "--quiet")
    assert answer.returncode != 0
    assert 'container name "stripsight" is already in use' in answer.stderr


@pytest.mark.parametrize(
    ("variable", "value", "read"),
    [
        ("STRIPSIGHT_BUNDLE", "/srv/bundles/other", lambda service: service["volumes"][0]["source"]),
        ("STRIPSIGHT_BUNDLE_KEYS", "/srv/keys", lambda service: service["volumes"][1]["source"]),
        ("STRIPSIGHT_BUNDLES", "/srv/bundles", lambda service: service["volumes"][2]["source"]),
        ("STRIPSIGHT_BIND", "192.0.2.7", lambda service: service["ports"][0]["host_ip"]),
    ],
)
def test_what_can_be_set(variable: str, value: str, read: Callable[[Service], str]) -> None:
    """The directories of bundles and of the keys, and the address of the API, come from the environment."""
    assert read(services(**{variable: value})["stripsight"]) == value
