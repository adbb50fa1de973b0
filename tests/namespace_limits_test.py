"""What users see of the limits of their namespace: at the start, and in the Python client."""

import subprocess

import pytest
from paracle_cache.client import Client
from paracle_cache.errors import ResourceExhausted
from paracle_cache.key import CacheKey

from support.server_process import binary, running_server

KEY = CacheKey(provider="openai", model="m", messages=[{"role": "user", "content": "hello"}])


def test_the_client_is_told_when_to_come_back():
    with running_server("--namespace-limits", "greedy:rps=2") as server:
        with Client(server.address, namespace="greedy", timeout=10) as greedy:
            with pytest.raises(ResourceExhausted) as refused:
                for _ in range(10):
                    greedy.get(KEY)
        assert refused.value.reason == "NAMESPACE_LIMIT"
        assert "namespace \"greedy\" is over its limit of 2 requests/s (rps)" in str(refused.value)
        assert 0 < refused.value.retry_after <= 0.5
        with Client(server.address, namespace="modest", timeout=10) as modest:
            for _ in range(10):
                modest.get(KEY)


@pytest.mark.parametrize("limits", ["acme", "acme:rps=fast", "*:memory=25", "acme:rps=1;acme:rps=2"])
def test_limits_that_cannot_be_read_stop_the_start_with_one_line(limits):
    run = subprocess.run([binary("paracle-cache-server"), "--namespace-limits", limits],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith(f'paracle-cache-server: PARACLE_CACHE_NAMESPACE_LIMITS: "{limits}" (flag) in "')
