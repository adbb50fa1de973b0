"""A token from nothing to the first call: `paracle cache token new`, the real server, the real `paracle`."""

import json
import re
import time

import pytest


def new_token(paracle, *flags: str) -> tuple[str, str]:
    """The token and its line."""
    result = paracle("token", "new", *flags)
    assert result.code == 0, result
    token, line = result.out.splitlines()
    return token, line


@pytest.fixture
def guarded(serve_with, paracle, tmp_path):
    """A server whose tokens file knows an operator; (client, file, token of the operator)."""
    token, line = new_token(paracle, "--id", "ops", "--role", "admin,invalidator,writer", "--namespace", "*")
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{line}\n")
    return serve_with(f"--tokens-file={tokens}"), tokens, token


def test_prints_the_token_and_its_line(paracle):
    token, line = new_token(paracle, "--id", "agents", "--role", "reader", "--role", "writer", "--namespace", "acme",
                            "--namespace", "acme/dev", "--expires", "90d")
    assert re.fullmatch(r"paracle_agents_[A-Za-z0-9_-]{43}", token)
    assert re.fullmatch(r"id=agents sha256=[0-9a-f]{64} roles=reader,writer namespaces=acme,acme/dev "
                        r"expires=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line)
    assert token[-43:] not in line
    as_json = json.loads(paracle("token", "new", "--id", "a", "--role", "admin", "--namespace", "*", "--format",
                                 "json").out)
    assert as_json.keys() == {"token", "line"} and as_json["token"] != token


def test_its_help_has_one_namespace_its_own(paracle):
    listed = paracle("token", "new", "--help").out
    assert listed.count("\n  --namespace") == 1
    assert "--endpoint" in listed and "--namespace NAME " in paracle("get", "--help").out


@pytest.mark.parametrize("why, flags, message", [
    ("no id", ["--role", "reader", "--namespace", "a"], "--id is required"),
    ("no role", ["--id", "a", "--namespace", "a"], "--role is required"),
    ("no namespace", ["--id", "a", "--role", "reader"], "--namespace is required"),
    ("a role that is none", ["--id", "a", "--role", "root", "--namespace", "a"], '"root" is none of reader, writer,'),
    ("an id with a space", ["--id", "a b", "--role", "reader", "--namespace", "a"], '--id: "a b" is not 1 to 64 of'),
    ("a namespace with a space", ["--id", "a", "--role", "reader", "--namespace", "a b"], '--namespace: "a b" is neither'),
    ("a day for a life", ["--id", "a", "--role", "reader", "--namespace", "a", "--expires", "2027-01-01"],
     '--expires: "2027-01-01" is not a time from now such as 90d'),
])
def test_a_wrong_flag_is_named(paracle, why, flags, message):
    result = paracle("token", "new", *flags)
    assert result.code == 1 and message in result.err, (why, result)


def test_the_server_knows_it(guarded, tmp_path):
    client, _, token = guarded
    refused = client("stats")
    assert refused.code == 3 and "UNAUTHENTICATED" in refused.err and "give --token-file" in refused.err, refused
    assert client("stats", PARACLE_CACHE_TOKEN=token).code == 0
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    assert client("config", "--token-file", str(file)).code == 0
    assert client("health", "--serving").code == 0, "probes have no token"


def test_a_line_that_is_appended_holds_within_seconds(guarded, paracle):
    client, tokens, _ = guarded
    token, line = new_token(paracle, "--id", "reader", "--role", "reader", "--namespace", "acme")
    get = ("get", "--digest", "ab" * 32, "--namespace", "acme")
    assert client(*get, PARACLE_CACHE_TOKEN=token).code == 3
    with tokens.open("a") as file:
        file.write(f"{line}\n")
    give_up = time.monotonic() + 30
    while client(*get, PARACLE_CACHE_TOKEN=token).code != 6:  # A miss.
        assert time.monotonic() < give_up
    denied = client("clear", "--yes", "--namespace", "acme", PARACLE_CACHE_TOKEN=token)
    assert denied.code == 3 and "Clear needs the role invalidator" in denied.err, denied
    elsewhere = client("get", "--digest", "ab" * 32, PARACLE_CACHE_TOKEN=token)
    assert 'namespace "default" is not among those of this caller' in elsewhere.err, elsewhere
