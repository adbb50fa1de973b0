"""Two servers on one Redis, as an operator sees them."""

import json
import time

import pytest

from support.redis_server import installed, running_redis


@pytest.fixture
def redis():
    if not installed():
        pytest.skip("no redis-server in PATH: nothing is proven")
    with running_redis() as server:
        yield server


@pytest.fixture
def pair(redis, serve_with):
    flags = ["--backend=redis", f"--redis-url={redis.url}", "--redis-timeout=2s"]
    servers = serve_with(*flags), serve_with(*flags)
    for server in servers:
        eventually(lambda: not shared_tier(server)["degraded"])
    return servers


def eventually(condition, seconds: float = 20):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited too long"
        time.sleep(0.02)


def stats(server, *flags: str) -> dict:
    return json.loads(server("stats", "--format", "json", *flags).out)


def shared_tier(server) -> dict:
    return stats(server)["shared_tier"]


def test_what_one_server_stores_the_other_serves_and_forgets(pair, body):
    a, b = pair
    stored = a("set", *body, "--payload", "-", "--tag", "faq", stdin=b"shared")
    assert stored.code == 0, stored
    found = b("get", *body, "--format", "json")
    told = json.loads(found.out)
    assert (told["tier"], told["payload"], told["degraded"]) == ("shared", "shared", False)

    removed = a("invalidate", "--tag", "faq")
    assert removed.code == 0 and "about 1 entry" in removed.out, removed
    eventually(lambda: b("get", *body).code == 6, seconds=2)


def test_savings_are_summed_over_the_servers_and_over_restarts(pair, redis, serve_with, body):
    a, b = pair
    assert a("set", *body, "--payload", "-", "--cost", "0.25", stdin=b"x").code == 0
    for server in (a, b, b):
        assert server("get", *body).code == 0
    eventually(lambda: stats(a)["estimated_cost_saved"] == 0.75)
    assert stats(a, "--replica")["hits"] == 1
    assert stats(b, "--replica")["hits"] == 2

    assert b.server.stop() == 0
    again = serve_with("--backend=redis", f"--redis-url={redis.url}")
    eventually(lambda: stats(again)["hits"] == 3)
    assert stats(again, "--replica")["hits"] == 0


def test_health_is_degraded_without_redis_and_well_again_with_it(pair, redis, body):
    a, _ = pair
    assert a("health").out == "Backend: redis\nStatus: [OK] Healthy\n"
    assert a("set", *body, "--payload", "-", stdin=b"kept").code == 0
    redis.kill()
    eventually(lambda: shared_tier(a)["degraded"])
    ill = a("health")
    assert ill.code == 0 and "Status: [DEGRADED] Serving from memory alone: " in ill.out, ill
    assert json.loads(a("health", "--format", "json").out)["degraded"] is True
    assert "Shared Tier: degraded" in a("stats").out
    assert a("get", *body).raw == b"kept"

    refused = a("invalidate", "--model", "gpt-4")
    assert refused.code != 0 and "may be repeated" in refused.err, refused
    assert a("get", *body).code == 6, "applied to this server all the same"

    redis.start()
    eventually(lambda: not shared_tier(a)["degraded"])
    assert a("health").out == "Backend: redis\nStatus: [OK] Healthy\n"


def test_a_server_starts_without_its_redis(serve_with, body):
    alone = serve_with("--backend=valkey", "--redis-url=redis://127.0.0.1:1")
    assert alone("set", *body, "--payload", "-", stdin=b"x").code == 0
    assert alone("get", *body).raw == b"x"
    assert alone("health").out.startswith("Backend: valkey\nStatus: [DEGRADED] Serving from memory alone: ")
