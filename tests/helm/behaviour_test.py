"""What follows from the values: memory, drain, probes, secrets, restarts."""

import pytest

from helm_chart import render, server, the

MEBI = 1 << 20
OPEN = {"allowInsecure": True}


def settings(values: dict) -> dict:
    return the(render(values), "ConfigMap", "release-paracle-cache")["data"]


# MAX_BYTES = (limit - 256 MiB - recordings - (connections, or 16 KiB per waiting or following call)) * 20 / 21
@pytest.mark.parametrize("limit, config, want", [
    ("1Gi", {}, (1024 - 256 - 64 - 312.5) * MEBI * 20 // 21),
    ("4Gi", {}, (4096 - 256 - 64 - 312.5) * MEBI * 20 // 21),
    ("1.5G", {}, (1_500_000_000 - 632.5 * MEBI) * 20 // 21),
    (1 << 30, {}, (1024 - 632.5) * MEBI * 20 // 21),
    ("512Mi", {"maxWaiters": 0, "maxFollowers": 0, "recordingBytes": 0, "connectionBytes": "32MiB"},
     224 * MEBI * 20 // 21),
    ("2Gi", {"connectionBytes": "1GiB"}, (2048 - 256 - 64 - 1024) * MEBI * 20 // 21),
    ("1Gi", {"maxBytes": "128MiB"}, 128 * MEBI),
])
def test_the_memory_limit_decides_what_the_cache_holds(limit, config, want):
    told = settings(OPEN | {"resources": {"limits": {"memory": limit}}, "config": config})
    assert int(told["PARACLE_CACHE_MAX_BYTES"]) == want


def test_without_a_memory_limit_the_server_decides():
    told = settings(OPEN | {"resources": {"limits": {"memory": None}}})
    assert "PARACLE_CACHE_MAX_BYTES" not in told


@pytest.mark.parametrize("config, want", [
    ({}, 35),
    ({"drainDelay": 0, "drainTimeout": 0}, 10),
    ({"drainDelay": 0, "drainTimeout": "500ms"}, 11),
    ({"drainDelay": "1m", "drainTimeout": "2m"}, 190),
])
def test_kubernetes_waits_for_the_drain(config, want):
    assert server(render(OPEN | {"config": config}))[0]["terminationGracePeriodSeconds"] == want


def test_switching_metrics_off_is_told_to_the_server():
    assert settings(OPEN | {"metrics": {"enabled": False}})["PARACLE_CACHE_ADMIN_LISTEN"] == "off"
    assert settings(OPEN | {"metrics": {"port": 9000}})["PARACLE_CACHE_ADMIN_LISTEN"] == "0.0.0.0:9000"


def test_the_alerts_find_the_job_whatever_the_release_is_called():
    monitor = the(render(OPEN | {"fullnameOverride": "answers", "metrics": {"serviceMonitor": {"enabled": True}}}),
                  "ServiceMonitor")
    assert monitor["spec"]["endpoints"][0]["relabelings"] == [
        {"targetLabel": "job", "replacement": "paracle-cache/agents/answers"}]


def test_large_numbers_stay_numbers():
    told = settings(OPEN | {"config": {"maxSize": 10_000_000, "redisTimeout": 0.25}})
    assert (told["PARACLE_CACHE_MAX_SIZE"], told["PARACLE_CACHE_REDIS_TIMEOUT"]) == ("10000000", "0.25")


def test_kubernetes_probes_by_itself_without_tls():
    _, container = server(render(OPEN))
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["grpc"] == {"port": 50051, "service": "paracle.cache.v1.CacheService"}


def test_the_cli_probes_under_the_name_of_the_certificate():
    spec, container = server(render({"tls": {"enabled": True, "existingSecret": "x", "serverName": "cache.example"}}))
    assert container["readinessProbe"]["exec"]["command"][:4] == ["paracle", "cache", "health", "--serving"]
    env = {one["name"]: one.get("value") for one in container["env"]}
    assert env["PARACLE_CACHE_ENDPOINT"] == "cache.example:50051"
    assert spec["hostAliases"] == [{"ip": "127.0.0.1", "hostnames": ["cache.example"]}]


def test_a_probe_can_be_replaced_or_left_out():
    _, container = server(render(OPEN | {"livenessProbe": {"enabled": False},
                                         "readinessProbe": {"tcpSocket": {"port": "grpc"}}}))
    assert "livenessProbe" not in container
    assert container["readinessProbe"] == {"tcpSocket": {"port": "grpc"}}


def test_a_password_stands_in_a_secret_alone():
    redis = {"enabled": True, "addresses": ["redis:6379"], "username": "me", "password": "p@ss/word 100%"}
    manifests = render(OPEN | {"externalRedis": redis})
    assert the(manifests, "Secret")["stringData"]["redis-password"] == "p@ss/word 100%"
    assert all("p@ss" not in str(one) and "p%40ss" not in str(one) for one in manifests if one["kind"] != "Secret")
    _, container = server(manifests)
    env = {one["name"]: one for one in container["env"]}
    assert env["PARACLE_CACHE_REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"] == \
        {"name": "release-paracle-cache", "key": "redis-password"}
    settings = the(manifests, "ConfigMap", "release-paracle-cache")["data"]
    assert (settings["PARACLE_CACHE_REDIS_URL"], settings["PARACLE_CACHE_REDIS_USER"]) == ("redis://redis:6379/0", "me")


def test_the_password_of_an_existing_secret_stands_beside_the_url():
    redis = {"enabled": True, "mode": "sentinel", "addresses": ["a:1", "b:2"], "sentinelMaster": "m",
             "existingSecret": "s", "tls": {"enabled": True}}
    manifests = render(OPEN | {"externalRedis": redis})
    _, container = server(manifests)
    env = {one["name"]: one for one in container["env"]}
    assert env["PARACLE_CACHE_REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": "s", "key": "password"}
    settings = the(manifests, "ConfigMap", "release-paracle-cache")["data"]
    assert settings["PARACLE_CACHE_REDIS_URL"] == "rediss+sentinel://a:1,b:2/m/0"
    assert "PARACLE_CACHE_REDIS_USER" not in settings


def checksums(values: dict) -> dict:
    return the(render(values), "Deployment")["spec"]["template"]["metadata"]["annotations"]


def test_pods_are_restarted_when_settings_or_secrets_change():
    redis = OPEN | {"externalRedis": {"enabled": True, "addresses": ["redis:6379"], "password": "a"}}
    other = OPEN | {"externalRedis": redis["externalRedis"] | {"password": "b"}}
    assert checksums(redis)["checksum/secret"] != checksums(other)["checksum/secret"]
    assert checksums(redis)["checksum/config"] == checksums(other)["checksum/config"]
    assert checksums(OPEN)["checksum/config"] != checksums(OPEN | {"config": {"ttl": 60}})["checksum/config"]


def test_the_pod_has_no_rights_and_writes_nowhere():
    spec, container = server(render(OPEN))
    assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    assert "volumes" not in spec


def test_clients_that_balance_find_ready_pods_alone():
    service = the(render(OPEN), "Service", "release-paracle-cache-headless")["spec"]
    assert service["clusterIP"] == "None" and "publishNotReadyAddresses" not in service
    assert service["ports"][0]["appProtocol"] == "grpc"


def test_one_replica_has_no_disruption_budget():
    """It would keep its node from ever being drained."""
    kinds = {one["kind"] for one in render(OPEN | {"replicaCount": 1})}
    assert "PodDisruptionBudget" not in kinds
    assert "PodDisruptionBudget" in {one["kind"] for one in render(OPEN)}


def test_an_autoscaler_owns_the_number_of_replicas():
    manifests = render(OPEN | {"autoscaling": {"enabled": True}})
    assert "replicas" not in the(manifests, "Deployment")["spec"]
    assert [m["resource"]["name"] for m in the(manifests, "HorizontalPodAutoscaler")["spec"]["metrics"]] == ["cpu"]


def test_the_network_policy_lets_out_what_is_needed_alone():
    redis = {"enabled": True, "mode": "sentinel", "addresses": ["s:26379"], "sentinelMaster": "m"}
    policy = the(render(OPEN | {"externalRedis": redis, "networkPolicy": {
        "enabled": True, "allowExternal": False, "allowExternalEgress": False}}), "NetworkPolicy")["spec"]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 26379, 6379]
    labels = policy["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
    assert labels == {"release-paracle-cache-client": "true"}


def test_a_certificate_names_what_clients_and_probes_ask_for():
    names = the(render({"tls": {"enabled": True, "certManager": {"enabled": True, "issuer": {"name": "i"}}}}),
                "Certificate")["spec"]["dnsNames"]
    assert {"localhost", "release-paracle-cache.agents.svc", "release-paracle-cache-headless.agents.svc"} <= set(names)
