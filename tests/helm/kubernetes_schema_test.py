"""Every object of every case, against the strict schemas of every Kubernetes that the chart is for."""

import functools
import json

import jsonschema
import kubernetes_validate
import kubernetes_validate.utils
import pytest
import yaml

from helm_chart import CASES, HERE, objects, template

OLDEST = (1, 27)
VERSIONS = [version for version in (name.removesuffix(".0") for name in sorted(
    {name.removesuffix("-local-strict") for name in kubernetes_validate.utils.all_versions()}))
    if tuple(map(int, version.split(".")[:2])) >= OLDEST]
# Kinds that Kubernetes itself does not know: the fields of their public definitions, as far as anybody may use them.
OTHERS = {"ServiceMonitor", "PrometheusRule", "Certificate"}


@pytest.fixture(autouse=True, scope="module")
def read_each_schema_once():
    original = kubernetes_validate.utils.schema_contents
    kubernetes_validate.utils.schema_contents = functools.cache(original)
    yield
    kubernetes_validate.utils.schema_contents = original


@functools.cache
def distinct() -> list[tuple[str, str]]:
    """(where it is from, JSON) of every object that differs from the others."""
    found = {}
    for case in CASES:
        for one in objects(template(case)):
            found.setdefault(json.dumps(one, sort_keys=True), f"{case}: {one['kind']} {one['metadata']['name']}")
    return [(where, text) for text, where in found.items()]


def test_the_matrix_reaches_from_the_oldest_to_the_newest():
    assert VERSIONS[0] == "1.27" and len(VERSIONS) >= 10


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepts_every_object(version):
    checked = 0
    for where, text in distinct():
        one = json.loads(text)
        if one["kind"] in OTHERS:
            continue
        try:
            assert kubernetes_validate.validate(one, version, strict=True) == version
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{where}: {'.'.join(map(str, error.path))}: {error.message}")
        checked += 1
    assert checked > 30


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_operators_accept_their_objects(kind):
    schema = yaml.safe_load(HERE.joinpath("schemas", f"{kind.lower()}.yaml").read_text())
    checked = 0
    for _, text in distinct():
        one = json.loads(text)
        if one["kind"] == kind:
            jsonschema.validate(one, schema, jsonschema.Draft202012Validator)
            checked += 1
    assert checked > 0


def test_a_field_that_does_not_exist_is_found():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {"ports": [{"port": 1, "n": 1}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(service, VERSIONS[0], strict=True)
