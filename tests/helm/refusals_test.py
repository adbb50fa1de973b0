"""Values that must be refused, each with a line that says what to do."""

import pytest

from helm_chart import Refused, render

OPEN = {"allowInsecure": True}
TLS = {"tls": {"enabled": True, "existingSecret": "certificate"}}
REDIS = {"enabled": True, "addresses": ["redis:6379"]}


def memory(limit: str, **config) -> dict:
    return OPEN | {"resources": {"limits": {"memory": limit}}, "config": config}


WRONG = [
    ("open to the network by default", {},
     "the service would be open to every pod: set tls.enabled=true, or, for a trial, allowInsecure=true"),
    ("tokens in the clear", {"auth": {"enabled": True, "existingSecret": "tokens"}},
     "auth.enabled alone sends tokens in the clear: set tls.enabled=true, or,"),
    ("no room for a cache", memory("512Mi"), "resources.limits.memory: 512Mi has no room for the cache: "
     "the process may take 633Mi beside it, so give at least 658Mi"),
    ("no room for large entries", memory("1Gi", maxEntryBytes="64MiB"), "give at least 1171Mi"),
    ("a cache larger than its memory", memory("1Gi", maxBytes="800MiB"),
     "config.maxBytes: 800MiB does not fit into resources.limits.memory: 1Gi; give at least 1473Mi"),
    ("killed while it drains", OPEN | {"terminationGracePeriodSeconds": 30},
     "config.drainDelay 5s + config.drainTimeout 20s + 10 s is 35"),
    ("killed amid a long drain", OPEN | {"terminationGracePeriodSeconds": 60, "config": {"drainTimeout": "1m"}},
     "is 75"),
    ("TLS without a certificate", {"tls": {"enabled": True}}, "tls.existingSecret (with tls.crt and tls.key) or"),
    ("a certificate without TLS", OPEN | {"tls": {"existingSecret": "x"}}, "do nothing without tls.enabled=true"),
    ("client certificates without TLS", OPEN | {"tls": {"clientCA": {"enabled": True}}}, "without tls.enabled=true"),
    ("two certificates", {"tls": {"enabled": True, "existingSecret": "x", "certManager": {"enabled": True}}},
     "two sources of one certificate"),
    ("nobody to issue it", {"tls": {"enabled": True, "certManager": {"enabled": True}}}, "tls.certManager.issuer.name"),
    ("no tokens", OPEN | {"auth": {"enabled": True}}, "auth.enabled needs auth.existingSecret or auth.tokens"),
    ("tokens that nobody asks for", OPEN | {"auth": {"existingSecret": "x"}}, "without auth.enabled=true"),
    ("two files of tokens", OPEN | {"auth": {"enabled": True, "existingSecret": "x", "tokens": "lines"}},
     "give one of them"),
    ("no keys", OPEN | {"encryption": {"enabled": True}, "externalRedis": REDIS}, "needs encryption.existingSecret"),
    ("keys and nothing to seal", OPEN | {"encryption": {"enabled": True, "existingSecret": "x"}},
     "needs a shared tier"),
    ("keys that are not used", OPEN | {"encryption": {"existingSecret": "x"}}, "without encryption.enabled=true"),
    ("no address", OPEN | {"externalRedis": {"enabled": True}}, "externalRedis.enabled needs externalRedis.addresses"),
    ("an address that is not used", OPEN | {"externalRedis": {"addresses": ["redis:6379"]}},
     "without externalRedis.enabled=true"),
    ("one server of two addresses", OPEN | {"externalRedis": REDIS | {"addresses": ["a:1", "b:1"]}},
     "several are mode cluster or sentinel"),
    ("Sentinels of nobody", OPEN | {"externalRedis": REDIS | {"mode": "sentinel"}}, "externalRedis.sentinelMaster"),
    ("a Cluster's database", OPEN | {"externalRedis": REDIS | {"mode": "cluster", "database": 1}}, "no database but 0"),
    ("a user without a password", OPEN | {"externalRedis": REDIS | {"username": "u"}}, "externalRedis.username needs"),
    ("two passwords", OPEN | {"externalRedis": REDIS | {"password": "p", "existingSecret": "s"}}, "two passwords"),
    ("a URL of no secret", OPEN | {"externalRedis": REDIS | {"existingSecretUrlKey": "url"}}, "needs externalRedis.ex"),
    ("two shared tiers", OPEN | {"externalRedis": REDIS, "valkey": {"enabled": True}}, "two shared tiers"),
    ("metrics of a server without", OPEN | {"metrics": {"enabled": False, "serviceMonitor": {"enabled": True}}},
     "need metrics.enabled=true"),
    ("autoscaling upside down", OPEN | {"autoscaling": {"enabled": True, "minReplicas": 11}},
     "autoscaling.minReplicas: 11 is more than autoscaling.maxReplicas: 10"),
]


@pytest.mark.parametrize("why, values, said", WRONG, ids=[why for why, _, _ in WRONG])
def test_what_cannot_work_is_refused_in_one_line(why, values, said):
    with pytest.raises(Refused) as refused:
        render(values)
    assert said in str(refused.value)
    assert str(refused.value).count("\n") <= 3, refused.value


UNKNOWN = [
    ("a misspelt key", {"replicas": 3}, "replicas"),
    ("a misspelt key below", {"image": {"repo": "x"}}, "repo"),
    ("a setting that is none", {"config": {"maxItems": 3}}, "maxItems"),
    ("a setting that other values decide", {"config": {"listen": "0.0.0.0:1"}}, "listen"),
    ("a size that is none", {"config": {"recordingBytes": "many"}}, "recordingBytes"),
    ("a duration that the drain cannot be computed from", {"config": {"drainTimeout": "1m30s"}}, "drainTimeout"),
    ("memory in milli-bytes", {"resources": {"limits": {"memory": "1000m"}}}, "memory"),
    ("a number of another type", {"replicaCount": "3"}, "replicaCount"),
    ("a mode that is none", {"externalRedis": {"mode": "replicated"}}, "mode"),
    ("a password in an address", {"externalRedis": {"addresses": ["user:pw@redis:6379"]}}, "addresses"),
    ("a label of the chart's own", {"podLabels": {"app.kubernetes.io/name": "other"}}, "app.kubernetes.io/name"),
    ("a digest that is none", {"image": {"digest": "latest"}}, "digest"),
]


@pytest.mark.parametrize("why, values, named", UNKNOWN, ids=[why for why, _, _ in UNKNOWN])
def test_the_schema_refuses_and_names(why, values, named):
    with pytest.raises(Refused) as refused:
        render(OPEN | values)
    assert "values don't meet the specifications of the schema" in str(refused.value)
    assert named in str(refused.value)


def test_tls_needs_no_permission():
    assert render(TLS)
    assert render(TLS | {"auth": {"enabled": True, "existingSecret": "tokens"}})
