"""The command and environment of a rendered pod start the real server, and its own probe finds it well."""

import base64
import contextlib
import os
import pathlib
import re
import secrets
import subprocess
import time
import urllib.request

import pytest

from helm_chart import render, server, the
from support.ports import free_port
from support.redis_server import running_redis
from support.server_process import binary

SECRETS = "/etc/paracle-cache"


class Pod:
    """The server's container as Kubernetes would start it: files of secrets lie in `folder`, ports are free ones."""

    def __init__(self, manifests: list[dict], folder: pathlib.Path, secret_values: dict[str, dict[str, str]]):
        self.spec, self.container = server(manifests)
        self.manifests, self.folder, self.secrets = manifests, folder, secret_values
        for one in manifests:
            if one["kind"] == "Secret":
                self.secrets = self.secrets | {one["metadata"]["name"]: one["stringData"]}
        self._mount()
        self.port = free_port()
        self.rendered = self._environment()
        self.env = self._at_free_ports(self.rendered)

    def _mount(self):
        volumes = {volume["name"]: volume["secret"]["secretName"] for volume in self.spec.get("volumes", [])}
        for mount in self.container.get("volumeMounts", []):
            target = pathlib.Path(self._here(mount["mountPath"]))
            target.mkdir(parents=True)
            for name, content in self.secrets[volumes[mount["name"]]].items():
                target.joinpath(name).write_text(content)
                target.joinpath(name).chmod(0o600)

    def _here(self, text: str) -> str:
        return text.replace(SECRETS, str(self.folder))

    def _environment(self) -> dict[str, str]:
        env = dict(self.container.get("envFrom") and the(self.manifests, "ConfigMap",
                   self.container["envFrom"][0]["configMapRef"]["name"])["data"])
        for one in self.container["env"]:
            if "value" in one:
                env[one["name"]] = re.sub(r"\$\((\w+)\)", lambda found: env[found.group(1)], one["value"])
            else:
                reference = one["valueFrom"]["secretKeyRef"]
                env[one["name"]] = self.secrets[reference["name"]][reference["key"]]
        return {name: self._here(value) for name, value in env.items()}

    def _at_free_ports(self, env: dict[str, str]) -> dict[str, str]:
        """Not 0.0.0.0 either: the tests of a machine are no business of others."""
        ports = {"50051": str(self.port), "9464": str(free_port())}

        def at_free_port(found: re.Match) -> str:
            return f"{found[1].replace('0.0.0.0', '127.0.0.1')}:{ports[found[2]]}"

        return {name: re.sub(r"(0\.0\.0\.0|\blocalhost):(50051|9464)", at_free_port, value)
                for name, value in env.items()}

    def _run(self, command: list[str], env: dict[str, str] | None = None, **popen) -> subprocess.Popen:
        return subprocess.Popen([binary(command[0]), *command[1:]], text=True, **popen,
                                env={"PATH": os.environ["PATH"]} | (self.env if env is None else env))

    @contextlib.contextmanager
    def running(self):
        command = self.container["command"] + self.container.get("args", [])
        # With the addresses of the pod, which the server may refuse where it takes those of loopback.
        judged = self._run([*command, "--print-config"], self.rendered, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
        assert (judged.communicate(timeout=60)[1], judged.returncode) == ("", 0)
        process = self._run(command, stderr=open(self.folder / "log", "w"))
        try:
            self._wait_until_listening(process)
            yield process
        finally:
            process.kill()
            process.wait()

    def _wait_until_listening(self, process):
        give_up = time.monotonic() + 30
        while '"listening"' not in self.log() and "listening address" not in self.log():
            assert process.poll() is None and time.monotonic() < give_up, self.log()
            time.sleep(0.01)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def paracle(self, *command: str) -> tuple[int, str]:
        done = self._run([*command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = done.communicate(timeout=60)[0]
        return done.returncode, out


@pytest.fixture
def pod(tmp_path):
    def make(values: dict, **secret_values: dict[str, str]) -> Pod:
        folder = tmp_path / "secrets"
        folder.mkdir()
        return Pod(render(values), folder, secret_values)
    return make


OPEN = {"allowInsecure": True}
PROBE = ("paracle", "cache", "health", "--serving", "--timeout", "10s")


def test_a_trial_serves(pod):
    trial = pod(OPEN)
    with trial.running():
        assert trial.paracle(*PROBE) == (0, "Status: [OK] Healthy\n")
        assert trial.paracle("paracle", "cache", "health", "--timeout", "10s")[0] == 0


def test_the_settings_arrive_as_they_were_given(pod):
    trial = pod(OPEN | {"config": {"maxSize": 2_000_000, "ttl": "12h", "maxInFlight": 77}})
    with trial.running():
        code, out = trial.paracle("paracle", "cache", "config", "--timeout", "10s")
    assert code == 0
    told = dict(re.findall(r"(PARACLE_CACHE_\w+)\s+(\S+)\s+environment", out))
    assert told["PARACLE_CACHE_MAX_SIZE"] == "2000000" and told["PARACLE_CACHE_TTL"] == "12h"
    assert told["PARACLE_CACHE_MAX_IN_FLIGHT"] == "77"


def test_it_seals_what_it_keeps_in_a_redis_with_a_password(pod):
    with running_redis("--requirepass", "p@ss/word 100%") as redis:
        sealed = pod(OPEN | {"encryption": {"enabled": True, "existingSecret": "keys"},
                      "externalRedis": {"enabled": True, "addresses": [f"127.0.0.1:{redis.port}"],
                                        "password": "p@ss/word 100%"}},
                     keys={"keys": "".join(f"{name} {base64.b64encode(secrets.token_bytes(32)).decode()}\n"
                                           for name in ("names", "first"))})
        with sealed.running():
            code, out = sealed.paracle("paracle", "cache", "health", "--timeout", "10s")
            assert (code, out) == (0, "Backend: redis\nStatus: [OK] Healthy\n"), sealed.log()


def test_prometheus_finds_its_metrics_where_the_chart_says(pod):
    measured = pod(OPEN)
    with measured.running():
        assert measured.container["ports"][1] == {"name": "metrics", "containerPort": 9464, "protocol": "TCP"}
        with urllib.request.urlopen(f"http://{measured.env['PARACLE_CACHE_ADMIN_LISTEN']}/metrics", timeout=30) as page:
            assert "paracle_cache_build_info" in page.read().decode()


@pytest.fixture
def certificate(tmp_path) -> dict[str, str]:
    """A secret as cert-manager leaves it: tls.crt, signed by the CA in ca.crt, and tls.key."""
    def openssl(*args: str):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=tmp_path)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    tmp_path.joinpath("names").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("req", "-x509", *new_key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt")
    openssl("req", *new_key, "-subj", "/CN=cache", "-keyout", "tls.key", "-out", "request")
    openssl("x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "tls.crt")
    return {name: tmp_path.joinpath(name).read_text() for name in ("tls.crt", "tls.key", "ca.crt")}


def test_the_pod_of_helm_test_finds_it_well(pod):
    trial = pod(OPEN)
    tester = the(trial.manifests, "Pod")["spec"]["containers"][0]
    assert tester["env"][0]["value"] == "release-paracle-cache.agents.svc:50051"
    with trial.running():
        assert trial.paracle(*tester["command"], *tester.get("args", []))[0] == 0


@pytest.mark.parametrize("mutual", [False, True])
def test_the_probe_speaks_tls_with_what_is_mounted(pod, certificate, mutual):
    tls = {"enabled": True, "existingSecret": "cert", "clientCA": {"enabled": mutual}}
    secure = pod({"tls": tls}, cert=certificate)
    with secure.running():
        code, out = secure.paracle(*secure.container["readinessProbe"]["exec"]["command"])
        assert (code, out) == (0, "Status: [OK] Healthy\n"), secure.log()


def test_a_probe_needs_no_token_and_everybody_else_does(pod):
    line = f"id=agents sha256={'0' * 64} roles=writer namespaces=acme"
    guarded = pod(OPEN | {"auth": {"enabled": True, "tokens": line}})
    with guarded.running():
        assert guarded.paracle(*PROBE)[0] == 0, guarded.log()
        assert "UNAUTHENTICATED" in guarded.paracle("paracle", "cache", "health", "--timeout", "10s")[1]


def test_sigterm_ends_it_well_within_the_time_that_kubernetes_leaves(pod):
    drained = pod(OPEN | {"config": {"drainDelay": "100ms", "drainTimeout": "2s"}})
    with drained.running() as process:
        process.terminate()
        assert process.wait(timeout=drained.spec["terminationGracePeriodSeconds"]) == 0
