"""The image as an engine would run it: nobody's user, a root that cannot be written to, nothing but what it needs."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import stat
import subprocess
import time

import pytest

from support.ports import free_port

# A root that is read-only, in a mount namespace of its own; then the program, as the image's user.
INSIDE = """
mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t proc proc "$0/proc" &&
mount --rbind /dev "$0/dev" && cd / && exec chroot --userspec=65532:65532 "$0" "$@"
"""


class Container:
    def __init__(self, root: pathlib.Path, settings: dict):
        self.root, self.settings, self.port = root, settings, free_port()

    def start(self, *command: str, **popen) -> subprocess.Popen:
        env = dict(pair.split("=", 1) for pair in self.settings["Env"]) | {
            "PARACLE_CACHE_LISTEN": f"127.0.0.1:{self.port}", "PARACLE_CACHE_ENDPOINT": f"127.0.0.1:{self.port}",
            "PARACLE_CACHE_ADMIN_LISTEN": "127.0.0.1:0", "PARACLE_CACHE_TIMEOUT": "10"}
        return subprocess.Popen(["unshare", "--mount", "sh", "-c", INSIDE, str(self.root), *command], env=env, **popen)

    def run(self, *command: str, stdin: bytes = b"") -> tuple[int, bytes]:
        """Exit code, and what it printed on stdout."""
        process = self.start(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out = process.communicate(stdin, timeout=60)[0]
        return process.returncode, out

    @contextlib.contextmanager
    def serving(self):
        process = self.start(*self.settings["Entrypoint"])
        try:
            give_up = time.monotonic() + 60
            while self.run("paracle", "cache", "health", "--serving")[0] != 0:
                assert process.poll() is None and time.monotonic() < give_up, "the server does not answer"
                time.sleep(0.05)
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def container(root, settings) -> Container:
    return Container(root, settings)


def test_it_serves_as_nobody_from_a_root_that_cannot_be_written_to(container, settings):
    with container.serving() as server:
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        assert "\nUid:\t65532\t65532\t65532\t65532\n" in status and "\nGid:\t65532\t" in status
        assert container.run("paracle", "cache", "set", "--digest", "ab" * 32, "--payload", "-", stdin=b"Hi!")[0] == 0
        assert container.run("paracle", "cache", "get", "--digest", "ab" * 32) == (0, b"Hi!")
        code, out = container.run("sh", "-c", "touch /tmp/x 2>&1")
        assert code == 1 and b"Read-only file system" in out
        server.terminate()
        assert server.wait(timeout=30) == 0


def test_its_own_health_check_tells_a_server_from_none(container, settings):
    kind, *check = settings["Healthcheck"]["Test"]
    assert kind == "CMD"
    with container.serving():
        assert container.run(*check)[0] == 0
    assert container.run(*check)[0] == 2


def test_it_says_what_it_is(settings):
    assert settings["User"] == "65532:65532"
    assert set(settings["ExposedPorts"]) == {"50051/tcp", "9464/tcp"}
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in settings["Labels"].items()}
    assert labels["licenses"] == "Apache-2.0" and labels["version"] and labels["title"] == "Paracle Cache"


def test_it_names_every_package_in_its_sbom(container, root):
    sbom = json.loads(root.joinpath("usr/share/paracle-cache/sbom.spdx.json").read_text())
    assert sbom["spdxVersion"] == "SPDX-2.3"
    named = {(one["name"], one["versionInfo"]) for one in sbom["packages"]}
    code, out = container.run("dpkg-query", "-W", "-f", "${Package} ${Version}\n")
    installed = {tuple(line.split()) for line in out.decode().splitlines()}
    assert code == 0 and len(installed) > 50
    ours = {one for one in named if one[0] == "paracle-cache"}
    assert named - ours == installed and len(ours) == 1
    ids = [one["SPDXID"] for one in sbom["packages"] + sbom["files"]]
    assert len(ids) == len(set(ids))
    for one in sbom["files"]:
        content = root.joinpath(one["fileName"].removeprefix("./")).read_bytes()
        assert one["checksums"] == [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}]


def test_it_has_nothing_that_compiles_and_nothing_that_raises_rights(root):
    for tool in ("gcc", "cc", "cmake", "git", "python3", "curl"):
        assert not root.joinpath("usr/bin", tool).exists(), tool
    for folder, _, files in os.walk(root):
        for name in files:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            assert not (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID)), os.path.join(folder, name)


def test_both_programs_find_all_their_libraries(container):
    for program in ("paracle-cache-server", "paracle"):
        code, out = container.run("ldd", f"/usr/local/bin/{program}")
        assert code == 0 and b"not found" not in out, out
        code, out = container.run(program, "--version")
        assert code == 0 and re.search(rb"\d+\.\d+\.\d+", out)
