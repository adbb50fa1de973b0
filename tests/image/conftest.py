"""The image, built once from the programs under test, and its root file system.

PARACLE_IMAGE names one that is there already, in buildah's vfs storage, to be tested in place of it.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.server_process import ROOT, binary

TAG = "localhost/paracle-cache:test"
# Works without a user namespace and without overlay mounts.
ENGINE = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}


def buildah(*args: str) -> str:
    return subprocess.run(["buildah", *args], capture_output=True, text=True, check=True, env=os.environ | ENGINE,
                          timeout=300).stdout.strip()


def is_mount_point(path: str) -> bool:
    """As the kernel has it: os.path.ismount says yes to every root, that of a chroot as well."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == path for line in mounts)


def missing() -> str | None:
    if os.geteuid() != 0:
        return "not root"
    return next((f"no {tool}" for tool in ("buildah", "debootstrap") if shutil.which(tool) is None), None)


@pytest.fixture(scope="session")
def image():
    """The name of the image: its last stage is built as it stands, the programs are not compiled once more."""
    if not is_mount_point("/"):
        pytest.skip("/ is no mount point (a chroot), where no engine builds: the image is NOT tested here")
    if why := missing():
        message = f"{why}: the image is NOT tested on this machine (scripts/bootstrap image installs what it needs)"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    if given := os.environ.get("PARACLE_IMAGE"):
        yield given
        return
    done = subprocess.run([ROOT / "scripts" / "image", "--local-base", "--tag", TAG, "--programs",
                           pathlib.Path(binary("paracle")).parent],
                          capture_output=True, text=True, env=os.environ | ENGINE, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    yield TAG
    buildah("rmi", TAG)


@pytest.fixture(scope="session")
def settings(image) -> dict:
    """What the image says of itself: user, entry point, health check, labels."""
    return json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]


@pytest.fixture(scope="session")
def root(image):
    """Where the root file system is mounted."""
    container = buildah("from", "--pull-never", image)
    yield pathlib.Path(buildah("mount", container))
    buildah("rm", container)
