"""The examples of `deploy/` say what the program understands."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.settings_file import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "pactwatch.service"
VARIABLE = re.compile(r"\$\{([A-Z_]+)[}:]")


def documents(name: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all((DEPLOY / name).read_text(encoding="utf-8")))


def understood(configuration: str) -> set[str]:
    """Return the variables of a configuration, which the program has read without a complaint."""
    variables = set(VARIABLE.findall(configuration))
    values = {name: f"{name.lower()}-0123456789" for name in variables}
    settings = parse(configuration, Path("/etc/pactwatch/pactwatch.toml"), values)
    assert settings.http.tokens
    assert not settings.http.is_local
    return variables


def test_compose_gives_the_daemon_every_variable_that_it_reads() -> None:
    (compose,) = documents("docker/compose.yaml")
    for name in ("pactwatch", "migrate"):
        service = compose["services"][name]
        assert set(service["environment"]) == understood((DEPLOY / "docker" / "pactwatch.toml").read_text())
        assert service["read_only"]
    assert compose["services"]["pactwatch"]["ports"] == ["127.0.0.1:8650:8650"]


def test_kubernetes_runs_what_the_program_understands() -> None:
    found = {document["kind"]: document for document in documents("kubernetes/pactwatch.yaml")}
    variables = understood(found["ConfigMap"]["data"]["pactwatch.toml"])
    text = (DEPLOY / "kubernetes" / "pactwatch.yaml").read_text()
    assert all(f"--from-literal={name}=" in text for name in variables)
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert pod["securityContext"]["runAsNonRoot"]
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for kind, path in (("Service", "selector"), ("Deployment", "selector"), ("PodDisruptionBudget", "selector")):
        selector = found[kind]["spec"][path]
        assert selector.get("matchLabels", selector) == labels


def test_the_image_is_not_root_and_asks_for_its_own_health() -> None:
    lines = (DEPLOY / "docker" / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("FROM")] == [
        "FROM python:3.12-slim AS build",
        "FROM python:3.12-slim",
    ]
    assert "USER 10001" in lines
    assert any("/healthz" in line for line in lines)
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            assert all((DEPLOY.parent / source).exists() for source in line.split()[1:-1])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/pactwatch/bin/pactwatch", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=30
    )
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, complaints) == (0, []), done.stderr


def test_the_dag_is_python_and_asks_as_the_command_line_understands() -> None:
    for path in (DEPLOY / "airflow").glob("*.py"):
        compile(path.read_text(), str(path), "exec")
    command = re.search(
        r'bash_command=f"pactwatch --config \S+ (.*)"', (DEPLOY / "airflow" / "load_flights.py").read_text()
    )
    assert command is not None
    from click.testing import CliRunner

    from monitor.cli import cli

    words = command[1].replace("{CONTRACT}", "nobody").split()
    done = CliRunner().invoke(cli, ["--config", "/nowhere/pactwatch.toml", *words], standalone_mode=False)
    assert "no such configuration file" in str(done.exception)
