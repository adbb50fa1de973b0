"""A CA of our own and a certificate for `localhost` by it, made with openssl for one test run."""

import pathlib
import subprocess

_EXTENSIONS = "subjectAltName=DNS:localhost,IP:127.0.0.1\n"


def make_certificates(directory: pathlib.Path, name: str = "CN=localhost") -> pathlib.Path:
    """Writes ca.pem, server.pem and server.key into `directory`."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    directory.joinpath("extensions").write_text(_EXTENSIONS)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test-ca")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/{name}")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "server.pem", "-days", "2", "-extfile", "extensions")  # fmt: skip
    return directory
