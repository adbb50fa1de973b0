"""TLS and mutual TLS, against a gRPC server with a certificate made for the test."""

import shutil
import subprocess

import grpc
import pytest


@pytest.fixture
def certificate(tmp_path):
    """Files (certificate, key) for 127.0.0.1, signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program: TLS of the CLI is NOT tested on this machine")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls(fake, stubs, certificate):
    """A function that starts a server with the certificate; `mutual` asks clients for theirs."""
    cert, key = (path.read_bytes() for path in certificate)

    def start(mutual: bool = False):
        credentials = grpc.ssl_server_credentials([(key, cert)], cert if mutual else None, mutual)
        return fake(credentials, GetStats=lambda request, context: stubs[2].GetStatsResponse(backend="memory"))

    return start


def test_cacert_turns_tls_on(tls, certificate):
    cert, _ = map(str, certificate)
    client = tls()
    assert client("stats", "--cacert", cert).code == 0
    assert client("stats", PARACLE_CACHE_CACERT=cert).code == 0


def test_a_token_may_travel_in_tls(tls, certificate):
    assert tls()("stats", "--cacert", str(certificate[0]), PARACLE_CACHE_TOKEN="s3cret").code == 0


def test_mutual_tls_needs_our_certificate(tls, certificate):
    cert, key = map(str, certificate)
    client = tls(mutual=True)
    assert client("stats", "--cacert", cert, "--cert", cert, "--key", key).code == 0
    assert client("stats", "--cacert", cert).code == 2


def test_a_server_with_tls_asked_in_the_clear_gets_a_hint(tls):
    result = tls()("stats", "--timeout", "3s")
    assert result.code == 2, result
    assert "if the server uses TLS give --cacert" in result.err


def test_a_server_without_tls_asked_with_it_gets_a_hint(served, certificate):
    result = served("stats", "--cacert", str(certificate[0]), "--timeout", "3s")
    assert result.code == 2, result
    assert "that the server uses TLS" in result.err


@pytest.mark.parametrize("flag", ["--cacert", "--token-file"])
def test_a_file_of_another_kind_is_refused(paracle, tmp_path, flag):
    path = tmp_path / "file"
    path.write_text("this is prose, not what was asked for")
    result = paracle("stats", flag, str(path))
    assert result.code == 1, result
    assert flag in result.err
