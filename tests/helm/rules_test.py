"""The alerts as the chart installs them, read by Prometheus' own promtool."""

import json
import shutil
import subprocess

import pytest
import yaml

from helm_chart import DASHBOARD, RULES, Refused, objects, render, template, the

RULE = {"allowInsecure": True, "metrics": {"prometheusRule": {"enabled": True}}}


def promtool_check(tmp_path, spec: dict) -> str:
    assert shutil.which("promtool"), "scripts/bootstrap helm installs promtool"
    lifted = tmp_path / "rules.yaml"
    lifted.write_text(yaml.safe_dump({"groups": spec["groups"]}))
    done = subprocess.run(["promtool", "check", "rules", lifted], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("case", ["production", "everything"])
def test_prometheus_accepts_the_rules_of_the_render(case, tmp_path):
    spec = the(objects(template(case)), "PrometheusRule")["spec"]
    rules = sum(len(group["rules"]) for group in spec["groups"])
    assert f"SUCCESS: {rules} rules found" in promtool_check(tmp_path, spec)


def test_the_render_has_the_rules_of_the_file_word_for_word():
    assert the(render(RULE), "PrometheusRule")["spec"]["groups"] == yaml.safe_load(RULES.read_text())["groups"]


def test_an_alert_can_be_left_out():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    alert = next(rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule)
    less = {"enabled": True, "disabledAlerts": [alert]}
    rendered = the(render(RULE | {"metrics": {"prometheusRule": less}}), "PrometheusRule")["spec"]["groups"]
    assert alert not in json.dumps(rendered)
    assert sum(len(g["rules"]) for g in rendered) == sum(len(g["rules"]) for g in groups) - 1


def test_an_alert_that_is_none_cannot_be_left_out():
    with pytest.raises(Refused, match="metrics.prometheusRule.disabledAlerts: no alert is named NoSuchAlert"):
        render(RULE | {"metrics": {"prometheusRule": {"enabled": True, "disabledAlerts": ["NoSuchAlert"]}}})


def test_the_dashboard_arrives_unchanged():
    shown = the(render({"allowInsecure": True, "metrics": {"dashboards": {"enabled": True}}}), "ConfigMap",
                "release-paracle-cache-dashboard")
    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(shown["data"]["paracle-cache.json"]) == json.loads(DASHBOARD.read_text())
