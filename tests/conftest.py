"""Fixtures for the Python tests: generated stubs and the service under test."""

import importlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.server_process import ROOT, running_server  # noqa: E402


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """The modules (cache_pb2, cache_pb2_grpc, admin_pb2, admin_pb2_grpc), generated as any user would."""
    from grpc_tools import protoc

    out = tmp_path_factory.mktemp("stubs")
    protos = [f"paracle/cache/v1/{name}.proto" for name in ("cache", "admin")]
    include = pathlib.Path(protoc.__file__).parent / "_proto"
    assert protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{include}", f"--python_out={out}",
                        f"--grpc_python_out={out}", *protos]) == 0
    sys.path.insert(0, str(out))
    modules = [importlib.import_module(f"paracle.cache.v1.{name}")
               for name in ("cache_pb2", "cache_pb2_grpc", "admin_pb2", "admin_pb2_grpc")]
    yield modules
    sys.path.remove(str(out))


@pytest.fixture
def server():
    with running_server() as process:
        yield process
