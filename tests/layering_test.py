"""Each row of the architecture includes only what stands below it (docs/architecture.md)."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)

# Folder -> the prefixes of project and transport headers that it may include. What is named in RESTRICTED and not
# allowed here is refused; the standard library and other dependencies are everybody's.
ALLOWED = {
    "cachecore": ["cachecore/"],
    "cachecore/redis": ["cachecore/redis/", "cachecore/mutex.h"],
    "cachecore/encryption": ["cachecore/encryption/"],
    "service": ["service/", "cachecore/", "paracle/cache/v1/", "grpc", "google/protobuf/"],
    # Who calls and what they may do is decided without gRPC.
    "service/auth": ["service/auth/", "cachecore/mutex.h", "cachecore/clock.h",
                     "cachecore/encryption/random.h"],
    "bench/load": ["bench/load/", "paracle/cache/v1/", "google/protobuf/"],
    # The CLI derives digests, so it may use the key and its errors, but nothing else of the core; and it makes tokens.
    "cli": ["cli/", "bench/load/", "cachecore/cache_key.h", "cachecore/digest.h", "cachecore/error.h",
            "service/auth/token_line.h",
            "paracle/cache/v1/", "grpc", "google/protobuf/"],
}
RESTRICTED = ("cachecore/", "service/", "bench/", "cli/", "tests/", "paracle/", "grpc", "google/protobuf/")


def violations(root: pathlib.Path, folder: str) -> list[str]:
    found = []
    for source in sorted(root.joinpath(folder).rglob("*")):
        if source.suffix not in (".h", ".cc"):
            continue
        for include in INCLUDE.findall(source.read_text()):
            if include.startswith(RESTRICTED) and not include.startswith(tuple(ALLOWED[folder])):
                found.append(f"{source.relative_to(root)} includes {include}")
    return found


@pytest.mark.parametrize("folder", ALLOWED)
def test_layer_includes_only_what_stands_below_it(folder):
    assert list(ROOT.joinpath(folder).rglob("*.h")), f"{folder} has no headers: is the table out of date?"
    assert violations(ROOT, folder) == []


def test_an_upward_include_is_found(tmp_path):
    source = tmp_path / "cachecore" / "entry.cc"
    source.parent.mkdir()
    source.write_text('#include <vector>\n#include "cachecore/entry.h"\n  #  include <grpcpp/grpcpp.h>\n')
    assert violations(tmp_path, "cachecore") == ["cachecore/entry.cc includes grpcpp/grpcpp.h"]


def test_cachecore_has_no_lock_but_its_own():
    users = [str(path.relative_to(ROOT)) for path in ROOT.joinpath("cachecore").rglob("*.[hc]*")
             if re.search(r"absl/synchronization|std::(shared_)?mutex|pthread_mutex", path.read_text())]
    # An alarm sleeps until a moment that others move: that takes a condition variable, and this a std::mutex.
    assert set(users) <= {"cachecore/mutex.h", "cachecore/alarm_thread.h"}
