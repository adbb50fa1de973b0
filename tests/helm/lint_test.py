"""What `helm lint` and a strict reader say of the chart."""

import re

import pytest
import yaml

from helm_chart import CASES, CHART, HERE, KUBERNETES, helm, objects, template


@pytest.mark.parametrize("case", CASES)
def test_lint_has_nothing_to_say(case):
    told = helm("lint", "--strict", CHART, KUBERNETES, "-f", HERE / "values" / f"{case}.yaml")
    assert "[WARNING]" not in told and "[ERROR]" not in told, told


@pytest.mark.parametrize("case", CASES)
def test_every_object_is_named_and_labelled(case):
    seen = set()
    for one in objects(template(case)):
        name, labels = one["metadata"]["name"], one["metadata"].get("labels", {})
        assert (one["kind"], name) not in seen
        seen.add((one["kind"], name))
        if not name.endswith(("-extra", "-text")):  # Those of extraObjects are the user's.
            assert labels["app.kubernetes.io/instance"] == "release", name
            assert "namespace" not in one["metadata"], name


def test_every_value_is_in_the_schema_and_explained():
    """What values.yaml offers is what the schema accepts, at every level that the schema closes."""
    schema = yaml.safe_load(CHART.joinpath("values.schema.json").read_text())
    values = yaml.safe_load(CHART.joinpath("values.yaml").read_text())
    assert set(values) == set(schema["properties"])
    for name, value in values.items():
        closed = schema["properties"][name]
        if closed.get("additionalProperties") is False and name not in ("config", "image"):
            assert set(value) == set(closed["properties"]), name


def test_a_long_release_name_still_makes_names_that_kubernetes_takes():
    name = "a-release-name-of-fifty-three-characters-as-helm-has-it"[:53].rstrip("-")
    for one in objects(helm("template", name, CHART, KUBERNETES, "-f", HERE / "values" / "everything.yaml",
                            "--set", "fullnameOverride=")):
        assert len(one["metadata"]["name"]) <= 63, one["metadata"]["name"]


def test_what_the_page_recommends_is_the_case_that_is_tested():
    page = CHART.parent.parent.joinpath("docs", "helm.md").read_text()
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", page, re.DOTALL).group(1))
    tested = yaml.safe_load(HERE.joinpath("values", "production.yaml").read_text())
    del tested["tests"]
    for name in ("serviceMonitor", "prometheusRule"):
        del tested["metrics"][name]["labels"]  # What a Prometheus selects by is its owner's choice.
    assert example == tested
