"""The alert rules: promtool accepts them, each fires when it should and not else, and each has its page."""

import re
import subprocess

import pytest
import yaml

from support.server_process import ROOT

RULES = ROOT / "helm/paracle-cache/rules/paracle-cache.rules.yaml"
TESTS = ROOT / "tests/data/paracle-cache.rules.test.yaml"
RUNBOOKS = ROOT / "docs/runbooks"


def alerts() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def promtool(*words: str) -> str:
    done = subprocess.run(["promtool", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_rules():
    assert "SUCCESS" in promtool("check", "rules", str(RULES))


def test_alerts_fire_when_they_should_and_not_else():
    assert "SUCCESS" in promtool("test", "rules", str(TESTS))


def test_each_alert_is_tried_both_ways():
    fires, silent = set(), set()
    for case in yaml.safe_load(TESTS.read_text())["tests"]:
        for trial in case.get("alert_rule_test", []):
            (fires if trial["exp_alerts"] else silent).add(trial["alertname"])
    names = {alert["alert"] for alert in alerts()}
    assert fires == names and silent == names


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_what_it_means_and_where_that_is_explained(alert):
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    page = RUNBOOKS / alert["annotations"]["runbook_url"].rpartition("/")[2]
    assert page.stem == alert["alert"]
    text = page.read_text()
    assert text.startswith(f"# {alert['alert']}\n")
    for part in ("**Means.**", "**Costs.**", "**Look.**", "**Do.**"):
        assert part in text, f"{page.name} lacks {part}"


def test_each_page_belongs_to_an_alert_and_its_links_lead_somewhere():
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == {alert["alert"] for alert in alerts()}
    for page in RUNBOOKS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert RUNBOOKS.joinpath(link).exists(), f"{page.name}: {link}"
