"""examples/docker-compose.yml: read by Compose's own loader, its settings are the server's, its files are there."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from support.server_process import ROOT, binary

COMPOSE = ROOT / "examples" / "docker-compose.yml"
LOADER = ROOT / "build" / "tools" / "compose-go"


@pytest.fixture(scope="module")
def services() -> dict:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def load(path) -> subprocess.CompletedProcess:
    if not LOADER.exists():
        message = f"{LOADER} is missing (scripts/bootstrap image builds it): the compose file is NOT tested"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return subprocess.run([LOADER, path], capture_output=True, text=True, timeout=60)


def test_compose_accepts_the_file(tmp_path):
    done = load(COMPOSE)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {"cache", "valkey", "prometheus", "grafana"}


def test_compose_would_have_refused_a_misspelt_one(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("mem_limit:", "memory_limit:"))
    assert load(wrong).returncode != 0


def test_the_server_takes_its_settings(services):
    env = services["cache"]["environment"]
    done = subprocess.run([binary("paracle-cache-server"), "--print-config"], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"]} | env)
    assert done.returncode == 0, done.stderr
    told = dict(re.findall(r"^(PARACLE_CACHE_\w+)=(.*?)  # environment$", done.stdout, re.MULTILINE))
    secret = {"PARACLE_CACHE_REDIS_URL": "***"}
    assert told == env | secret


def test_every_file_that_is_mounted_is_there(services):
    for name, service in services.items():
        for volume in service.get("volumes", []):
            assert COMPOSE.parent.joinpath(volume.split(":")[0]).exists(), (name, volume)


def test_nothing_listens_beyond_this_machine(services):
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_prometheus_accepts_its_configuration(tmp_path):
    config = tmp_path / "prometheus.yml"
    text = COMPOSE.with_name("compose").joinpath("prometheus.yml").read_text()
    config.write_text(text.replace("/etc/prometheus/rules", str(ROOT / "helm" / "paracle-cache" / "rules")))
    assert shutil.which("promtool"), "scripts/bootstrap helm installs promtool"
    done = subprocess.run(["promtool", "check", "config", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
