"""The channel: TLS, what it says of itself, and the stubs beside others' stubs."""

import json
import subprocess
import sys

import pytest

from paracle_cache import CacheKey, Client, Hit
from paracle_cache._rpc.channel import SERVICE_CONFIG
from paracle_cache.errors import Unavailable

from support.certificates import make_certificates
from support.fake_service import fake_service

KEY = CacheKey(provider="p")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def test_a_server_with_a_certificate_of_the_ca_is_spoken_to(certificates):
    with (
        fake_service("hit", tls=certificates) as service,
        Client(service.address, cacert=str(certificates / "ca.pem"), token="t", timeout=5) as client,
    ):
        assert isinstance(client.get(KEY), Hit)


def test_a_server_with_another_certificate_is_not_spoken_to(certificates, tmp_path):
    stranger = make_certificates(tmp_path)
    with (
        fake_service("hit", tls=certificates) as service,
        Client(service.address, cacert=str(stranger / "ca.pem")) as client,
        pytest.raises(Unavailable),
    ):
        client.get(KEY)


def test_the_service_config_is_that_of_the_documentation():
    config = json.loads(SERVICE_CONFIG)
    assert config["loadBalancingConfig"] == [{"round_robin": {}}]
    assert config["healthCheckConfig"] == {"serviceName": ""}
    policy = config["methodConfig"][0]["retryPolicy"]
    assert (policy["maxAttempts"], policy["initialBackoff"], policy["maxBackoff"]) == (3, "0.02s", "0.2s")
    assert policy["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert "retryThrottling" in config


def test_the_stubs_live_beside_stubs_that_a_user_generated(tmp_path):
    """Both register paracle/cache/v1/*.proto in one descriptor pool."""
    tools = pytest.importorskip("grpc_tools.protoc", reason="grpcio-tools is not installed")
    from support.real_server import ROOT

    protos = [f"paracle/cache/v1/{name}.proto" for name in ("cache", "admin")]
    include = tools._get_resource_file_name("grpc_tools", "_proto")
    arguments = [f"-I{ROOT / 'proto'}", f"-I{include}", f"--python_out={tmp_path}", *protos]
    assert tools.main(["protoc", *arguments]) == 0
    code = (
        "from paracle.cache.v1 import admin_pb2, cache_pb2; from paracle_cache._proto import cache_pb2 as ours; "
        "print(ours.Hit.FromString(cache_pb2.Hit(payload=b'x').SerializeToString()).payload)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "b'x'"


def test_importing_the_package_opens_nothing():
    code = "import os, paracle_cache; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "1"
