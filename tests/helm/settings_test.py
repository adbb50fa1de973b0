"""The chart offers the settings that the server has: no more, no fewer."""

import json
import re
import subprocess

import pytest

from helm_chart import CHART
from support.server_process import binary

# What other values decide; `config` refuses these.
DECIDED = {"BACKEND", "REDIS_URL", "REDIS_USER", "REDIS_PASSWORD", "REDIS_CACERT", "REDIS_CERT", "REDIS_KEY", "LISTEN",
           "ALLOW_INSECURE", "ADMIN_LISTEN", "TLS_CERT", "TLS_KEY", "TLS_CLIENT_CA", "TOKENS_FILE", "ENCRYPTION_KEYS_FILE",
           "CONFIG"}


def camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


@pytest.fixture(scope="module")
def server_settings() -> set[str]:
    command = [binary("paracle-cache-server"), "--print-config"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(re.findall(r"^PARACLE_CACHE_(\w+)=", told.stdout, re.MULTILINE))


def test_config_has_every_setting_that_no_other_value_decides(server_settings):
    offered = json.loads(CHART.joinpath("values.schema.json").read_text())["properties"]["config"]["properties"]
    assert DECIDED <= server_settings
    assert set(offered) == {camel(name) for name in server_settings - DECIDED}, \
        "helm/paracle-cache/values.schema.json: add the setting to config, or to DECIDED here when a value decides it"
