"""Renders the chart, as `helm install` would see it."""

import functools
import pathlib
import subprocess

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHART = ROOT / "helm" / "paracle-cache"
HELM = ROOT / "build" / "tools" / "helm"
CASES = sorted(path.stem for path in HERE.joinpath("values").glob("*.yaml"))
# Files that the chart carries for Prometheus and Grafana.
RULES = CHART / "rules" / "paracle-cache.rules.yaml"
DASHBOARD = CHART / "dashboards" / "paracle-cache.json"
# A helm that `go install` built takes the cluster for an ancient one.
KUBERNETES = "--kube-version=1.27.0"


class Refused(Exception):
    """What helm said on stderr."""


def helm(*args: str, stdin: str | None = None) -> str:
    done = subprocess.run([HELM, *args], input=stdin, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Refused(done.stderr)
    return done.stdout


@functools.cache
def template(case: str, *flags: str) -> str:
    """The manifests of tests/helm/values/CASE.yaml, as text."""
    return helm("template", "release", CHART, "--namespace", "agents", KUBERNETES,
                "-f", HERE / "values" / f"{case}.yaml", *flags)


def render(values: dict) -> list[dict]:
    """The manifests of values given here."""
    return objects(helm("template", "release", CHART, "--namespace", "agents", KUBERNETES, "-f", "-",
                        stdin=yaml.safe_dump(values)))


def objects(text: str) -> list[dict]:
    return [document for document in yaml.load_all(text, StrictLoader) if document]


def the(manifests: list[dict], kind: str, name: str | None = None) -> dict:
    """The one object of that kind (and name)."""
    found = [one for one in manifests if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    assert len(found) == 1, (kind, name, [one["metadata"]["name"] for one in found])
    return found[0]


def server(manifests: list[dict]) -> tuple[dict, dict]:
    """(pod spec, container) of the server's Deployment."""
    for one in manifests:
        if one["kind"] == "Deployment" and one["metadata"]["labels"]["app.kubernetes.io/component"] == "server":
            spec = one["spec"]["template"]["spec"]
            return spec, next(c for c in spec["containers"] if c["name"] == "paracle-cache")
    raise AssertionError("no Deployment of the server")


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML readers take one or the other."""


def _mapping(loader: StrictLoader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key) for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"a key stands twice in {keys}, {node.start_mark}"
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
