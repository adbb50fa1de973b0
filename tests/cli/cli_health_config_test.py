"""health and config against a real server, and against one that misbehaves."""

import json
import time

import grpc
import pytest


def test_a_healthy_server(served):
    result = served("health")
    assert (result.code, result.out, result.err) == (0, "Backend: memory\nStatus: [OK] Healthy\n", "")


def test_the_probe_is_gone_afterwards(served):
    assert served("health").code == 0
    told = json.loads(served("stats", "--format", "json").out)
    assert told["cache_size"] == 0
    assert told["by_model"] == []


def test_the_probe_stays_in_the_namespace_given(served):
    assert served("health", "--namespace", "team-a").code == 0
    rows = json.loads(served("stats", "--format", "json").out)["by_model"]
    assert {row["namespace"] for row in rows} == {"team-a"}


def test_health_as_json(served):
    told = json.loads(served("health", "--format", "json").out)
    assert told["healthy"] is True and told["backend"] == "memory" and told["reason"] is None


def test_a_cache_that_is_switched_off_is_not_ill(serve_with):
    result = serve_with("--enabled=false")("health")
    assert result.code == 0, result
    assert "Enabled: false" in result.out and "Status: [OK] Healthy\n" in result.out


def test_serving_asks_the_health_service_and_stores_nothing(served):
    result = served("health", "--serving", PARACLE_CACHE_TOKEN="")
    assert (result.code, result.out, result.err) == (0, "Status: [OK] Healthy\n", "")
    assert json.loads(served("stats", "--format", "json").out)["total_requests"] == 0


def test_serving_exits_4_when_there_is_no_such_health_service(fake):
    result = fake()("health", "--serving")
    assert result.code == 4
    assert result.out.startswith("Status: [FAIL] ") and "UNIMPLEMENTED" in result.out


def test_serving_exits_2_without_a_server(paracle):
    assert paracle("health", "--serving").code == 2


def test_no_server_is_a_failure_with_exit_2(paracle):
    result = paracle("health")
    assert result.code == 2
    assert result.out.startswith("Status: [FAIL] cannot connect to 127.0.0.1:1: connection refused")


def stats_of(stubs):
    admin = stubs[2]
    return lambda request, context: admin.GetStatsResponse(backend="memory", enabled=True)


def keep(stubs, **response):
    cache = stubs[0]
    return lambda request, context: cache.SetResponse(**({"stored_in": [cache.TIER_MEMORY]} | response))


def fail(code, message):
    def answer(request, context):
        context.abort(code, message)
    return answer


def test_illness_exits_4_with_the_reason(fake, stubs):
    cache = stubs[0]
    hit = lambda payload: lambda request, context: cache.GetResponse(hit=cache.Hit(payload=payload))  # noqa: E731
    miss = lambda request, context: cache.GetResponse(miss=cache.Miss())  # noqa: E731
    removed = lambda request, context: cache.InvalidateResponse(removed_count=1)  # noqa: E731
    cases = [
        ("draining", dict(Set=fail(grpc.StatusCode.UNAVAILABLE, "draining")), "UNAVAILABLE: draining"),
        ("dropped", dict(Set=lambda r, c: cache.SetResponse()), "the probe entry was accepted but not kept"),
        ("lost", dict(Set=keep(stubs), Get=miss, Invalidate=removed), "the probe entry was stored but not found"),
        ("mixed up", dict(Set=keep(stubs), Get=hit(b"other"), Invalidate=removed), "the probe entry came back changed"),
    ]
    for why, methods, reason in cases:
        client = fake(GetStats=stats_of(stubs), **methods)
        result = client("health")
        assert result.code == 4, (why, result)
        assert result.out.startswith("Backend: memory\nStatus: [FAIL] ") and reason in result.out, (why, result)


def test_a_probe_that_cannot_be_deleted_is_illness(fake, stubs):
    cache = stubs[0]
    kept = {}

    def store(request, context):
        kept[request.entry.digest] = request.payload
        return cache.SetResponse(stored_in=[cache.TIER_MEMORY])

    client = fake(GetStats=stats_of(stubs), Set=store,
                  Get=lambda r, c: cache.GetResponse(hit=cache.Hit(payload=kept[r.entry.digest])),
                  Invalidate=lambda r, c: cache.InvalidateResponse(removed_count=0))
    result = client("health")
    assert result.code == 4
    assert "Status: [FAIL] the probe entry could not be deleted" in result.out


@pytest.mark.parametrize("code, name, hint", [
    (grpc.StatusCode.INTERNAL, "INTERNAL: it broke", ""),
    (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED: it broke", "give --token-file or PARACLE_CACHE_TOKEN"),
    (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE: it broke", ""),
])
def test_an_error_of_the_server_exits_3(fake, code, name, hint):
    result = fake(GetStats=fail(code, "it broke"))("stats")
    assert result.code == 3, result
    assert name in result.err and hint in result.err


def test_a_server_of_another_kind_exits_3(fake):
    result = fake()("stats")
    assert result.code == 3, result
    assert "UNIMPLEMENTED" in result.err and "is this a Paracle Cache of this version?" in result.err


def test_a_server_that_does_not_answer_in_time_exits_3(fake, stubs):
    def slow(request, context):
        while context.is_active():
            time.sleep(0.01)
        return stubs[2].GetStatsResponse()

    result = fake(GetStats=slow)("stats", "--timeout", "200ms")
    assert result.code == 3, result
    assert "DEADLINE_EXCEEDED: no answer within 200ms; give it longer with --timeout" in result.err


def test_the_token_is_sent_as_a_bearer(fake, stubs, tmp_path):
    seen = []

    def stats(request, context):
        seen.append(dict(context.invocation_metadata()).get("authorization"))
        return stubs[2].GetStatsResponse()

    client = fake(GetStats=stats)
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    assert client("stats", "--token-file", str(token)).code == 0
    assert client("stats", PARACLE_CACHE_TOKEN="other").code == 0
    assert client("stats").code == 0
    assert seen == ["Bearer s3cret", "Bearer other", None]


def test_config_tells_value_and_origin(serve_with):
    client = serve_with("--max-size", "77")
    told = json.loads(client("config", "--format", "json").out)
    settings = {setting["name"]: (setting["value"], setting["origin"]) for setting in told["settings"]}
    assert settings["PARACLE_CACHE_MAX_SIZE"] == ("77", "flag")
    assert settings["PARACLE_CACHE_BACKEND"] == ("memory", "default")
    assert told["limits"]["max_batch_entries"] == 256
    own = {setting["name"]: (setting["value"], setting["origin"]) for setting in told["client"]}
    assert own["PARACLE_CACHE_ENDPOINT"] == (client.endpoint, "environment")


def test_config_as_text_masks_the_token(served):
    result = served("config", PARACLE_CACHE_TOKEN="s3cret")
    assert result.code == 0, result
    assert "s3cret" not in result.out
    own = result.out[result.out.index("This program:"):]
    tokens = [line.split() for line in own.splitlines() if "TOKEN" in line]
    assert tokens == [["PARACLE_CACHE_TOKEN", "***", "environment"]]
    assert "PARACLE_CACHE_MAX_SIZE" in result.out and "largest answer" in result.out
