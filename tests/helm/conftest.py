"""Fixtures for the tests of the chart."""

import os
import pathlib

import pytest

from helm_chart import HELM

FOLDER = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Without helm nothing here can be tested: that is told loudly, and in CI it is a failure."""
    ours = [item for item in items if item.path.is_relative_to(FOLDER)]
    if HELM.exists() or not ours:
        return
    why = f"{HELM} is missing (scripts/bootstrap helm builds it): the chart is NOT tested on this machine"
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(why)
    for item in ours:
        item.add_marker(pytest.mark.skip(reason=why))
