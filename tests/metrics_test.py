"""What a running server tells Prometheus, and over which HTTP."""

import contextlib
import http.client
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.parse

import grpc
import pytest

from support import redis_server
from support.metrics_page import await_value, scrape
from support.server_process import ROOT, binary, running_server

GOLDEN = ROOT / "tests" / "data" / "metrics.txt"
ADMIN = ["--admin-listen", "127.0.0.1:0"]


class Watched:
    """A server with metrics, and stubs for it."""

    def __init__(self, process, stubs):
        self.pb, cache_grpc, self.admin_pb, admin_grpc = stubs
        self.process, self.url = process, process.metrics_url()
        self.channel = grpc.insecure_channel(process.address)
        self.cache = cache_grpc.CacheServiceStub(self.channel)
        self.admin = admin_grpc.AdminServiceStub(self.channel)

    def ref(self, number: int, model: str = "gpt-4", namespace: str = ""):
        return self.pb.EntryRef(digest=bytes([number]) * 32, model=model, namespace=namespace)

    def store(self, number: int, model: str = "gpt-4", namespace: str = "", **origin):
        request = self.pb.SetRequest(entry=self.ref(number, model, namespace), payload=b"x" * 1000)
        request.origin.CopyFrom(self.pb.Origin(**origin))
        return self.cache.Set(request, timeout=20)

    def get(self, number: int, model: str = "gpt-4", namespace: str = "", **options):
        return self.cache.Get(self.pb.GetRequest(entry=self.ref(number, model, namespace), **options), timeout=20)


@contextlib.contextmanager
def watched_server(stubs, *flags: str):
    with running_server(*ADMIN, *flags) as process:
        watched = Watched(process, stubs)
        yield watched
        watched.channel.close()


@pytest.fixture
def watched(stubs):
    with watched_server(stubs) as server:
        yield server


def ask(url: str, request: bytes) -> bytes:
    """What comes back for raw bytes, until the server closes."""
    where = urllib.parse.urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_hits_misses_and_what_they_saved_are_counted(watched):
    watched.store(1, prompt_tokens=100, completion_tokens=20, cost_usd=0.25)
    for number in (1, 1, 1, 2):
        watched.get(number)
    page = await_value(watched.url, 3, "paracle_cache_requests_total", operation="get", result="hit")
    assert page.value("paracle_cache_requests_total", operation="get", result="miss") == 1
    assert page.value("paracle_cache_requests_total", operation="set", result="stored") == 1
    assert page.value("paracle_cache_writes_total", result="stored") == 1
    assert page.value("paracle_cache_request_duration_seconds_count", operation="get") == 4
    assert page.value("paracle_cache_tier_requests_total", tier="memory", operation="get", result="hit") == 3
    assert page.value("paracle_cache_saved_tokens_total", model="gpt-4", type="prompt") == 300
    assert page.value("paracle_cache_saved_tokens_total", model="gpt-4", type="completion") == 60
    assert page.value("paracle_cache_saved_cost_usd_total", model="gpt-4") == 0.75
    assert page.value("paracle_cache_namespace_requests_total", namespace="default", result="hit") == 3
    assert page.value("paracle_cache_items") == 1
    assert page.value("paracle_cache_hit_age_seconds_count") == 3
    assert page.value("paracle_cache_entry_size_bytes_sum") == 1000


def test_each_entry_of_a_batch_counts(watched):
    entries = [watched.pb.SetRequest(entry=watched.ref(n), payload=b"x") for n in (1, 2)]
    watched.cache.BatchSet(watched.pb.BatchSetRequest(entries=entries), timeout=20)
    watched.cache.BatchGet(watched.pb.BatchGetRequest(entries=[watched.ref(n) for n in (1, 2, 3)]), timeout=20)
    page = await_value(watched.url, 2, "paracle_cache_requests_total", operation="batch_get", result="hit")
    assert page.value("paracle_cache_requests_total", operation="batch_get", result="miss") == 1
    assert page.value("paracle_cache_requests_total", operation="batch_set", result="stored") == 2
    assert page.value("paracle_cache_writes_total", result="stored") == 2
    assert page.value("paracle_cache_request_duration_seconds_count", operation="batch_get", result="ok") == 1


def test_a_lease_and_the_hit_that_waited_for_it(watched):
    terms = watched.pb.LeaseRequest()
    terms.wait.FromSeconds(10)
    lease = watched.get(1, lease=terms).lease
    assert lease.fill_token
    waiting = watched.cache.Get.future(watched.pb.GetRequest(entry=watched.ref(1), lease=terms), timeout=20)
    await_value(watched.url, 1, "paracle_cache_waiters")
    watched.cache.Set(watched.pb.SetRequest(entry=watched.ref(1), payload=b"x", fill_token=lease.fill_token), timeout=20)
    assert waiting.result().hit.payload == b"x"
    page = await_value(watched.url, 1, "paracle_cache_coalesced_requests_total")
    assert page.value("paracle_cache_requests_total", operation="get", result="lease") == 1
    assert page.value("paracle_cache_requests_total", operation="get", result="coalesced") == 1
    assert page.value("paracle_cache_requests_total", operation="get", result="hit") == 0
    assert page.value("paracle_cache_leases_granted_total") == 1
    assert page.value("paracle_cache_leases") == 0


def test_calls_are_counted_under_the_names_of_every_grpc_server(watched):
    with pytest.raises(grpc.RpcError):
        watched.cache.Get(watched.pb.GetRequest(entry=watched.pb.EntryRef(digest=b"short")), timeout=20)
    watched.admin.GetConfig(watched.admin_pb.GetConfigRequest(), timeout=20)
    page = await_value(watched.url, 1, "grpc_server_handled_total", grpc_method="Get", grpc_code="InvalidArgument")
    assert page.value("grpc_server_started_total", grpc_method="Get", grpc_type="unary") == 1
    assert page.value("grpc_server_handling_seconds_count", grpc_method="Get") == 1
    assert page.value("paracle_cache_requests_total", operation="get", result="invalid") == 1
    assert page.value("grpc_server_handled_total", grpc_service="paracle.cache.v1.AdminService",
                      grpc_method="GetConfig", grpc_code="OK") == 1


def test_every_method_of_both_services_has_its_series(watched, stubs):
    page = scrape(watched.url)
    services = [module.DESCRIPTOR.services_by_name[name] for module, name in
                ((stubs[0], "CacheService"), (stubs[2], "AdminService"))]
    wanted = {(service.full_name, method.name,
               {(False, False): "unary", (True, False): "client_stream", (False, True): "server_stream"}[
                   method.client_streaming, method.server_streaming])
              for service in services for method in service.methods}
    told = {(s.labels["grpc_service"], s.labels["grpc_method"], s.labels["grpc_type"])
            for s in page.samples if s.name == "grpc_server_started_total"}
    assert told == wanted


def test_streams_are_counted(watched):
    pb = watched.pb
    lease = watched.get(1, lease=pb.LeaseRequest()).lease
    parts = [pb.RecordRequest(start=pb.RecordStart(entry=watched.ref(1), fill_token=lease.fill_token)),
             pb.RecordRequest(chunk=b"12345"), pb.RecordRequest(end=pb.RecordEnd())]
    watched.cache.Record(iter(parts), timeout=20)
    list(watched.cache.Follow(pb.FollowRequest(entry=watched.ref(1)), timeout=20))
    with pytest.raises(grpc.RpcError):
        list(watched.cache.Follow(pb.FollowRequest(entry=watched.ref(2)), timeout=20))
    page = await_value(watched.url, 1, "paracle_cache_requests_total", operation="record", result="stored")
    assert page.value("paracle_cache_requests_total", operation="follow", result="hit") == 1
    assert page.value("paracle_cache_requests_total", operation="follow", result="miss") == 1
    assert page.value("grpc_server_handled_total", grpc_method="Follow", grpc_code="Aborted") == 1
    assert page.value("paracle_cache_entry_size_bytes_sum") == 5


def test_metrics_outlive_a_reset_of_the_statistics(watched):
    watched.store(1, cost_usd=0.5)
    watched.get(1)
    watched.admin.ResetStats(watched.admin_pb.ResetStatsRequest(), timeout=20)
    watched.get(1)
    page = await_value(watched.url, 2, "paracle_cache_namespace_requests_total", namespace="default", result="hit")
    assert page.value("paracle_cache_saved_cost_usd_total", model="gpt-4") == 1.0


def test_names_and_types_and_labels_are_those_of_the_golden_list(stubs):
    """Dashboards and alerts of users rest on them: who changes the list breaks those, and says so in the changelog."""
    if not redis_server.installed():
        pytest.skip("SKIPPED: no redis-server")
    with redis_server.running_redis() as redis, \
            watched_server(stubs, "--backend", "redis", "--redis-url", redis.url) as server:
        page = await_value(server.url, 1, "paracle_cache_backend_up", backend="redis")
    assert page.shape() == GOLDEN.read_text().splitlines()


def test_promtool_finds_nothing_to_criticise(watched):
    watched.store(1)
    check = subprocess.run(["promtool", "check", "metrics"], input=scrape(watched.url).text, capture_output=True,
                           text=True)
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def test_a_hostile_model_name_neither_breaks_the_page_nor_forges_a_line(watched):
    watched.store(1, model='a"} 1\nforged_metric 7\n{x="\\', cost_usd=1)
    watched.get(1)
    page = await_value(watched.url, 1, "paracle_cache_namespace_requests_total", namespace="default", result="hit")
    assert "forged_metric" not in page.families
    assert page.label_values("paracle_cache_saved_cost_usd_total", "model") == {"other", 'a"} 1?forged_metric 7?{x="\\'}


def test_a_name_for_each_question_makes_no_series_for_each(watched):
    for number in range(120):
        watched.get(number, model=f"model-{number}", namespace=f"ns-{number}")
    page = await_value(watched.url, 120, "paracle_cache_namespace_requests_total", result="miss")
    assert len(page.label_values("paracle_cache_namespace_requests_total", "namespace")) == 51
    assert len(page.label_values("paracle_cache_saved_tokens_total", "model")) == 51
    assert page.value("paracle_cache_namespace_requests_total", namespace="other", result="miss") == 70


def test_listed_models_are_told_apart_and_no_others(stubs):
    with watched_server(stubs, "--metrics-models", "gpt-4, claude") as server:
        for number, model in enumerate(("gpt-4", "claude", "llama")):
            server.store(number, model=model, cost_usd=1)
            server.get(number, model=model)
        page = await_value(server.url, 3, "paracle_cache_saved_cost_usd_total")
        assert page.label_values("paracle_cache_saved_cost_usd_total", "model") == {"gpt-4", "claude", "other"}
        assert page.value("paracle_cache_saved_cost_usd_total", model="other") == 1


def test_a_lost_shared_tier_shows_and_memory_goes_on(stubs):
    if not redis_server.installed():
        pytest.skip("SKIPPED: no redis-server")
    with redis_server.running_redis() as redis, \
            watched_server(stubs, "--backend", "redis", "--redis-url", redis.url) as server:
        await_value(server.url, 1, "paracle_cache_backend_up", backend="redis")
        server.store(1)
        server.get(2)
        page = await_value(server.url, 1, "paracle_cache_tier_requests_total", tier="shared", operation="get",
                           result="miss")
        assert page.value("paracle_cache_tier_requests_total", tier="shared", operation="set", result="stored") == 1
        redis.kill()
        await_value(server.url, 0, "paracle_cache_backend_up", backend="redis")
        assert server.get(1).hit.payload
        server.get(3)
        page = await_value(server.url, 1, "paracle_cache_tier_requests_total", tier="shared", operation="get",
                           result="skipped")
        assert page.value("paracle_cache_backend_errors_total", error="connection_lost") > 0


def test_the_process_tells_of_itself(watched):
    page = scrape(watched.url)
    status = pathlib.Path(f"/proc/{watched.process.process.pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024
    assert page.value("process_resident_memory_bytes") == pytest.approx(resident, rel=0.3)
    assert abs(page.value("process_start_time_seconds") - time.time()) < 120
    assert 5 < page.value("process_open_fds") < page.value("process_max_fds")
    assert page.value("process_cpu_seconds_total") >= 0
    assert page.value("paracle_cache_build_info") == 1


@pytest.mark.parametrize("why, request_line, status", [
    ("the page", "GET /metrics HTTP/1.1", 200),
    ("scrapers may add a query", "GET /metrics?name=x HTTP/1.0", 200),
    ("the server serves", "GET /healthz HTTP/1.1", 200),
    ("nothing else is there", "GET / HTTP/1.1", 404),
    ("nor anything of the file system", "GET /../../etc/passwd HTTP/1.1", 404),
    ("nothing can be changed", "POST /metrics HTTP/1.1", 405),
    ("not even asked about", "HEAD /metrics HTTP/1.1", 405),
    ("another protocol", "PRI * HTTP/2.0", 400),
    ("no request at all", "hello", 400),
])
def test_what_http_answers(watched, why, request_line, status):
    answer = ask(watched.url, f"{request_line}\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (why, answer[:200])
    assert b"Connection: close\r\n" in answer
    assert (b"Allow: GET\r\n" in answer) == (status == 405)


def test_a_request_without_an_end_is_cut_short(watched):
    assert ask(watched.url, b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 20000).startswith(b"HTTP/1.1 431 ")


def test_silent_connections_keep_nobody_from_scraping(watched):
    where = urllib.parse.urlsplit(watched.url)
    silent = [socket.create_connection((where.hostname, where.port)) for _ in range(100)]
    assert scrape(watched.url).value("paracle_cache_build_info") == 1
    assert scrape(watched.url).value("process_open_fds") < 100
    # Those that were not pushed out are cut when their time is over.
    silent[-1].settimeout(30)
    assert silent[-1].recv(1) == b""
    for connection in silent:
        connection.close()


def test_health_says_when_the_server_drains(stubs):
    with watched_server(stubs, "--drain-delay", "30s") as server:
        health = server.url.replace("/metrics", "/healthz")
        where = urllib.parse.urlsplit(health)

        def status() -> int:
            connection = http.client.HTTPConnection(where.netloc, timeout=20)
            connection.request("GET", where.path)
            return connection.getresponse().status

        assert status() == 200
        server.process.process.send_signal(signal.SIGTERM)
        give_up = time.monotonic() + 20
        while status() != 503:
            assert time.monotonic() < give_up
            time.sleep(0.02)
        assert scrape(server.url).value("paracle_cache_build_info") == 1


def test_switched_off_there_is_no_listener():
    with running_server("--admin-listen", "off") as server:
        assert not any("serving metrics" in line for line in server.log)


def test_a_port_in_use_stops_the_start_with_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        run = subprocess.run([binary("paracle-cache-server"), "--listen", "127.0.0.1:0", "--admin-listen", address],
                             capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    assert run.stderr == (f"paracle-cache-server: cannot serve metrics on {address}: Address already in use "
                          "(PARACLE_CACHE_ADMIN_LISTEN names another address, or off)\n")


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def await_line(server, wanted: str) -> str:
    give_up = time.monotonic() + 20
    while not (lines := [line for line in server.process.log if wanted in line]):
        assert time.monotonic() < give_up, f"no {wanted!r} in {server.process.log}"
        time.sleep(0.02)
    return lines[0]


def test_a_call_that_fails_is_logged_with_the_trace_of_its_caller(stubs):
    with watched_server(stubs, "--log-level", "debug") as server:
        for metadata in (("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"),), (("traceparent", "x" * 5000),), ():
            for call, request in ((server.cache.Get, server.pb.GetRequest()),
                                  (server.cache.RenewLease, server.pb.RenewLeaseRequest())):
                with pytest.raises(grpc.RpcError):
                    call(request, timeout=20, metadata=metadata)
        for method in ("Get", "RenewLease"):
            line = await_line(server, f"method={method} ")
            assert line.rstrip().endswith(f"call failed method={method} code=InvalidArgument reason=INVALID_FIELD "
                                          f"trace_id={TRACE}")
        await_value(server.url, 6, "grpc_server_handled_total", grpc_code="InvalidArgument")
        assert sum("trace_id" in line for line in server.process.log) == 2


def test_calls_that_fail_by_their_callers_fault_are_no_news(watched):
    with pytest.raises(grpc.RpcError):
        watched.cache.Get(watched.pb.GetRequest(), timeout=20)
    await_value(watched.url, 1, "grpc_server_handled_total", grpc_code="InvalidArgument")
    assert not any("call failed" in line for line in watched.process.log)
