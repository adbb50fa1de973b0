"""`paracle cache key` derives the digests that bind every language, and explains them. No server is needed."""

import base64
import json

import pytest

from support.server_process import ROOT

VECTORS = json.loads(ROOT.joinpath("proto/paracle/cache/v1/key_vectors.json").read_text())


def text_of(vector: dict, name: str) -> bytes:
    encoded = vector.get(f"{name}_base64")
    return base64.b64decode(encoded) if encoded else vector[name].encode()


def check(result, expect: dict, why: str) -> None:
    if "refused_at" in expect:
        assert result.code == 1, (why, result)
        assert result.out == "" and expect["refused_at"] in result.err, (why, result)
        return
    assert result.code == 0, (why, result)
    explained = json.loads(result.out)
    assert explained["digest"] == expect["digest"], why
    assert explained["canonical"] == expect["canonical"], why


def test_every_key_document_of_the_vectors(paracle):
    for vector in VECTORS["keys"]:
        result = paracle("key", "--document", "-", "--explain", "--format", "json", stdin=text_of(vector, "document"))
        check(result, vector["expect"], vector["why"])


def test_every_request_body_of_the_vectors(paracle):
    bodies = [v for v in VECTORS["bodies"] if v.get("endpoint", "").startswith("/") and v.get("provider")]
    assert len(bodies) >= 50
    for vector in bodies:
        headers = [flag for name, value in vector.get("headers", []) for flag in ("--header", f"{name}: {value}")]
        result = paracle("key", "--request", "-", "--provider", vector["provider"], "--endpoint", vector["endpoint"],
                         *headers, "--explain", "--format", "json", stdin=text_of(vector, "body"))
        check(result, vector["expect"], vector["why"])


def test_the_digest_alone_is_one_line(paracle, body):
    result = paracle("key", *body)
    assert result.code == 0
    assert len(result.out) == 65 and int(result.out, 16) > 0
    assert result.err == ""


def test_explain_prints_the_canonical_text_and_what_was_dropped(paracle, body):
    lines = paracle("key", *body, "--explain").out.splitlines()
    assert lines[0] + "\n" == paracle("key", *body).out
    assert lines[1] == ('canonical: {"endpoint":"/v1/chat/completions","messages":[{"content":"Hello!","role":"user"}],'
                        '"model":"gpt-4","provider":"openai","v":1}')
    assert lines[2].startswith("dropped: user: ")


@pytest.mark.parametrize("why, args, stdin, message", [
    ("nothing on standard input", ["--document", "-"], b"", "--document: standard input is empty; give a JSON object"),
    ("not JSON", ["--document", "-"], b'{"v":1', "--document: standard input: not JSON"),
    ("a number too large", ["--document", "-"], b'{"provider":"p","v":1,"max_tokens":1e99}',
     "standard input: /max_tokens: 1e99"),
    ("a directory", ["--document", "/"], b"", "--document: cannot read /: Is a directory"),
    ("a file that is not there", ["--document", "/nonexistent"], b"",
     "--document: cannot read /nonexistent: No such file"),
    ("no provider", ["--request", "-", "--endpoint", "/v1"], b"{}", "--request needs --provider"),
    ("no path", ["--request", "-", "--provider", "p"], b"{}", "--request needs the path of the API"),
    ("a path without its slash", ["--request", "-", "--provider", "p", "--endpoint", "v1/x"], b"{}",
     '"v1/x" is neither a server'),
    ("a header without value", ["--request", "-", "--provider", "p", "--endpoint", "/v1", "--header", "x"], b"{}",
     '--header: "x" is not NAME:VALUE'),
    ("a path for a document", ["--document", "-", "--endpoint", "/v1"], b"{}",
     "--endpoint with an API path goes with --request"),
    ("nothing at all", [], b"",
     "which question? give --request FILE --provider P --endpoint PATH, or --document FILE\n"),
])
def test_what_cannot_be_a_key_exits_1(paracle, why, args, stdin, message):
    result = paracle("key", *args, stdin=stdin)
    assert result.code == 1, result
    assert message in result.err, result
    assert result.out == ""
