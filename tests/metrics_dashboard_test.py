"""Every metric, label and label value that the dashboard and the alert rules name is exported by a running server."""

import json
import re
import subprocess

import pytest
import yaml

from support import redis_server
from support.metrics_page import Page, await_value
from support.promql import grouping_labels, selectors
from support.server_process import ROOT, running_server

DASHBOARD = ROOT / "helm/paracle-cache/dashboards/paracle-cache.json"
RULES = ROOT / "helm/paracle-cache/rules/paracle-cache.rules.yaml"
# What Prometheus adds to all that it scrapes, and histograms to their buckets.
SCRAPED = {"job", "instance", "le"}


def dashboard() -> dict:
    return json.loads(DASHBOARD.read_text())


def dashboard_queries() -> list[str]:
    content = dashboard()
    queries = [target["expr"] for panel in content["panels"] for target in panel.get("targets", [])]
    queries += [annotation["expr"] for annotation in content["annotations"]["list"]]
    queries += [variable["definition"] for variable in content["templating"]["list"] if "definition" in variable]
    return queries


def rules() -> list[dict]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


RECORDED = {rule["record"] for rule in rules() if "record" in rule}
EXPRESSIONS = dashboard_queries() + [rule["expr"] for rule in rules()]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    """Of a server that has all there is: a shared tier, TLS, tokens."""
    if not redis_server.installed():
        pytest.skip("SKIPPED: no redis-server")
    with redis_server.running_redis() as redis, \
            running_server("--admin-listen", "127.0.0.1:0", "--backend", "redis", "--redis-url", redis.url,
                           *secured(tmp_path_factory.mktemp("secured"))) as server:
        return await_value(server.metrics_url(), 1, "paracle_cache_backend_up")


def secured(folder) -> list[str]:
    key, certificate, tokens = folder / "key.pem", folder / "cert.pem", folder / "tokens"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tokens.touch(mode=0o600)
    tokens.write_text(f"id=scraper sha256={64 * '0'} roles=reader namespaces=*\n")
    return ["--tls-cert", str(certificate), "--tls-key", str(key), "--tokens-file", str(tokens)]


def problems(expression: str, page: Page) -> list[str]:
    found = []
    labels_there = set(SCRAPED)
    for name, matchers in selectors(expression):
        if name in RECORDED or name == "up":
            continue
        samples = [sample for sample in page.samples if sample.name == name]
        if not samples:
            found.append(f"no {name} is exported")
            continue
        labels = set().union(*(sample.labels for sample in samples))
        labels_there |= labels
        for label, operator, value in matchers:
            if label in SCRAPED:
                continue
            if label not in labels:
                found.append(f"{name} has no label {label}")
            elif operator in ("=", "=~"):
                wanted = [value] if operator == "=" else value.split("|")
                there = {sample.labels[label] for sample in samples if label in sample.labels}
                found += [f"{name} never has {label}={one}" for one in wanted
                          if not any(re.fullmatch(one, each) for each in there)]
    found += [f"nothing has the label {label}" for label in grouping_labels(expression) - labels_there]
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_server_exports_what_the_query_names(expression, page):
    assert selectors(expression), "a query that names no metric of ours"
    assert problems(expression, page) == []


@pytest.mark.parametrize("expression, told", [
    ("rate(paracle_cache_requests[5m])", "no paracle_cache_requests is exported"),
    ('paracle_cache_items{level="1"}', "paracle_cache_items has no label level"),
    ('paracle_cache_items{tier=~"memory|disk"}', "paracle_cache_items never has tier=disk"),
    ("sum by (model) (paracle_cache_items)", "nothing has the label model"),
])
def test_what_is_not_there_is_found(expression, told, page):
    assert problems(expression, page) == [told]


def test_every_query_of_the_dashboard_is_promql(tmp_path):
    """As a recording rule each, which promtool parses; what Grafana puts in is put in here."""
    interval = {"$__rate_interval": "5m", "$__range": "6h"}
    queries = [expression for expression in dashboard_queries() if not expression.startswith("label_values")]
    for name, value in interval.items():
        queries = [query.replace(name, value) for query in queries]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": [
        {"record": f"dashboard:query:{number}", "expr": query} for number, query in enumerate(queries)]}]}))
    done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_can_be_imported_again_and_again():
    content = dashboard()
    assert content["uid"] == "paracle-cache"
    ids = [panel["id"] for panel in content["panels"]]
    assert len(ids) == len(set(ids))
    assert all(target["datasource"]["uid"] == "${datasource}"
               for panel in content["panels"] for target in panel.get("targets", []))
