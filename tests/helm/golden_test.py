"""The whole render of two sets of values, so that a change of the chart shows what it changes.

UPDATE_GOLDEN=1 writes the files anew.
"""

import os
import re

import pytest

from helm_chart import HERE, template

# The objects of Prometheus and Grafana have files of their own, and tests of their own.
LEFT_OUT = re.compile(r"^# Source: paracle-cache/templates/(prometheusrule|dashboard)\.yaml$", re.MULTILINE)


def normal(text: str) -> str:
    parts = [part for part in text.split("---\n") if part.strip() and not LEFT_OUT.search(part)]
    text = "---\n".join(parts)
    text = re.sub(r"helm\.sh/chart: \S+", "helm.sh/chart: CHART", text)
    text = re.sub(r"app\.kubernetes\.io/version: \S+", "app.kubernetes.io/version: VERSION", text)
    text = re.sub(r"(paracle/paracle-cache):[^\s\"]+", r"\1:VERSION", text)
    return re.sub(r"checksum/(\w+): \w{64}", r"checksum/\1: CHECKSUM", text)


@pytest.mark.parametrize("case", ["trial", "production"])
def test_the_render_is_the_one_that_was_reviewed(case):
    golden = HERE / "golden" / f"{case}.yaml"
    rendered = normal(template(case))
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(rendered)
    assert rendered == golden.read_text(), "UPDATE_GOLDEN=1 writes it anew, for git diff to show"
