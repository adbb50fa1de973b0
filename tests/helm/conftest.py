"""Fixtures for the tests of the chart."""

import os

import pytest

from helm_chart import HELM


def pytest_collection_modifyitems(items):
    """Without helm nothing here can be tested: that is told loudly, and in CI it is a failure."""
    if HELM.exists():
        return
    why = f"{HELM} is missing (scripts/bootstrap helm builds it): the chart is NOT tested on this machine"
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(why)
    for item in items:
        item.add_marker(pytest.mark.skip(reason=why))
