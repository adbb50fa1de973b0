"""Certificates and tokens that are replaced while replicas and clients use them."""

import json
import os
import pathlib
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping

from support.server_process import binary

from .name_server import NAME

SECONDS_TO_TAKE = 3.0  # A changed file is looked at about every second.


class Authority:
    """Its files lie in `folder`. Not thread-safe, but for what it tells."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        self._lines: list[str] = []
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=drill", "-keyout", "ca.key", "-out", "ca.pem")
        names = [f"DNS:{NAME}", *(f"IP:127.0.0.{number}" for number in range(1, 250))]
        (folder / "names").write_text(f"subjectAltName={','.join(names)}\n")
        self.certificates = 0
        self.token = ""
        self.retired_token = ""
        self.renew_certificate()
        self.renew_token()

    @property
    def flags(self) -> tuple[str, ...]:
        """Of a replica."""
        files = {"tls-cert": "server.pem", "tls-key": "server.key", "tokens-file": "tokens"}
        return tuple(word for flag, name in files.items() for word in (f"--{flag}", str(self._folder / name)))

    @property
    def trust(self) -> Mapping[str, str]:
        """Of a client without a token."""
        return {"cacert": str(self._folder / "ca.pem")}

    @property
    def access(self) -> Mapping[str, str]:
        return {**self.trust, "token": self.token}

    def renew_certificate(self) -> None:
        """First the certificate, then its key: for a moment they do not belong together."""
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={NAME}",
                      "-keyout", "new.key", "-out", "new.csr")
        self._openssl("x509", "-req", "-in", "new.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                      "1", "-extfile", "names", "-out", "new.pem")
        self.certificates += 1
        self._replace("server.pem", (self._folder / "new.pem").read_text())
        if self.certificates > 1:
            time.sleep(SECONDS_TO_TAKE)
        self._replace("server.key", (self._folder / "new.key").read_text())

    def renew_token(self) -> None:
        """The one before stays good until `retire_token`."""
        made = subprocess.run(
            [binary("paracle"), "cache", "token", "new", "--id", f"drill-{len(self._lines)}", "--role", "writer",
             "--namespace", "default", "--expires", "1d", "--format", "json"],
            check=True, capture_output=True, text=True, timeout=60)
        said = json.loads(made.stdout)
        self.retired_token, self.token = self.token, said["token"]
        self._lines.append(said["line"])
        self._write_tokens(self._lines[-2:])

    def retire_token(self) -> None:
        self._write_tokens(self._lines[-1:])

    def shown_by(self, address: str) -> bool:
        """Whether a replica shows the newest certificate."""
        host, _, port = address.rpartition(":")
        newest = (self._folder / "server.pem").read_text()
        return ssl.get_server_certificate((host, int(port)), timeout=10).split() == newest.split()

    def _write_tokens(self, lines: list[str]) -> None:
        self._replace("tokens", "".join(f"{line}\n" for line in lines))

    def _replace(self, name: str, text: str) -> None:
        fresh = self._folder / f"{name}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        os.replace(fresh, self._folder / name)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self._folder, timeout=60)


class Rotation:
    """Renews both, over and over, in a thread of its own; `use` tells the clients of a new token."""

    def __init__(self, authority: Authority, use: Callable[[Mapping[str, str]], None]):
        self._authority = authority
        self._use = use
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self.tokens = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        """After the round that is under way; raises what went wrong in one."""
        self._over.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._authority.renew_certificate()
                self._authority.renew_token()
                time.sleep(SECONDS_TO_TAKE)
                self._use(self._authority.access)
                self._authority.retire_token()
                self.tokens += 1
        except BaseException as failure:  # the drill's own thread is to end with it
            self._failure = failure
