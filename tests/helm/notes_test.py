"""What `helm install` says at the end: where it is, and what to beware of."""

import pytest

from helm_chart import render, the

NOTES = """
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {text: {{ include "paracle-cache/templates/NOTES.txt" . | toJson }}}
"""
REDIS = {"enabled": True, "addresses": ["redis:6379"]}


def notes(values: dict) -> str:
    return the(render(values | {"extraObjects": [NOTES]}), "ConfigMap", "notes")["data"]["text"]


def test_it_tells_how_to_reach_the_service():
    text = notes({"allowInsecure": True, "replicaCount": 1})
    assert "release-paracle-cache.agents.svc:50051" in text
    assert "dns:///release-paracle-cache-headless.agents.svc:50051" in text
    assert "helm test release -n agents" in text and "tier holds 373Mi" in text


@pytest.mark.parametrize("why, values, warning", [
    ("open", {"allowInsecure": True}, "every pod that reaches the service may read and write every answer"),
    ("several caches", {"allowInsecure": True}, "several replicas without a shared tier"),
    ("forgetful", {"allowInsecure": True, "valkey": {"enabled": True}}, "is for development"),
    ("tokens in the clear", {"allowInsecure": True, "auth": {"enabled": True, "existingSecret": "t"}},
     "the clients refuse to send them so"),
])
def test_it_warns(why, values, warning):
    assert warning in notes(values)


def test_a_careful_installation_is_not_warned():
    assert "WARNING" not in notes({"externalRedis": REDIS, "tls": {"enabled": True, "existingSecret": "certificate"},
                                   "auth": {"enabled": True, "existingSecret": "tokens"}})
