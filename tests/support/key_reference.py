"""The key rules a second time, straightforwardly, so that the C++ is not its own judge.

Follows proto/paracle/cache/v1/key_derivation.md with Python's standard library alone; slow and plain on purpose.

    key_reference.py --check FILE   compares every `expect` of FILE with what this module says; exit 1 on a difference
    key_reference.py --fill FILE    writes every `expect` anew
"""

import argparse
import base64
import hashlib
import json
import math
import sys
import urllib.parse

MAX_DEPTH = 100
MAX_SAFE_INTEGER = 2**53 - 1
NEUTRAL = {"metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "user"}
CREDENTIALS = {
    "access-token", "access_token", "api-key", "api_key", "apikey", "auth_token", "authorization", "client_secret",
    "id_token", "key", "password", "secret", "sig", "signature", "subscription-key", "token", "x-amz-credential",
    "x-amz-security-token", "x-amz-signature", "x-api-key", "x-goog-api-key", "x-goog-credential", "x-goog-signature",
}
SHAPING_HEADERS = ("anthropic-beta", "anthropic-version", "openai-beta")
URL_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%"


class Refused(Exception):
    """No key: `place` is a JSON Pointer, empty for the whole text."""

    def __init__(self, place, why):
        super().__init__(f"{place}: {why}")
        self.place = place


class Number:
    """A number as it was spelt."""

    def __init__(self, text):
        self.value = float(text)


class Members(list):
    """An object as it was spelt: (name, value) pairs, twins and all."""


def refuse_constant(name):
    raise ValueError(name)


def parse(data):
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        return json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number,
                          parse_constant=refuse_constant)
    except ValueError as error:
        raise Refused("", str(error)) from error


def has_lone_surrogate(text):
    return any(0xD800 <= ord(c) < 0xE000 for c in text)


def pointer(name):
    return "/" + name.replace("~", "~0").replace("/", "~1")


def check(value, place, depth, limit):
    """Refuses what has no key (limit 2^53-1) or no canonical form (limit infinity)."""
    if isinstance(value, Number):
        if not abs(value.value) <= limit or math.isinf(value.value):
            raise Refused(place, "number too large")
    elif isinstance(value, str):
        if has_lone_surrogate(value):
            raise Refused(place, "lone surrogate")
    elif isinstance(value, list):
        if depth >= MAX_DEPTH:
            raise Refused(place, "too deep")
        check_children(value, place, depth + 1, limit)


def check_children(value, place, depth, limit):
    if not isinstance(value, Members):
        for index, element in enumerate(value):
            check(element, f"{place}/{index}", depth, limit)
        return
    seen = set()
    for name, member in value:
        if has_lone_surrogate(name):
            raise Refused(place, "lone surrogate in a member name")
        if name in seen:
            raise Refused(place + pointer(name), "appears twice")
        seen.add(name)
        check(member, place + pointer(name), depth, limit)


def es6(value):
    """Number::toString of ECMAScript."""
    if value == 0:
        return "0"
    if value < 0:
        return "-" + es6(-value)
    mantissa, point = shortest_decimal(value)
    count = len(mantissa)
    if count <= point <= 21:
        return mantissa + "0" * (point - count)
    if 0 < point <= 21:
        return mantissa[:point] + "." + mantissa[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + mantissa
    power = f"e{point - 1:+d}"
    return mantissa + power if count == 1 else mantissa[0] + "." + mantissa[1:] + power


def shortest_decimal(value):
    """(digits, point): value is 0.DIGITS times 10 to the power of point. repr gives the shortest digits."""
    digits, _, power = repr(value).partition("e")
    whole, _, fraction = digits.partition(".")
    if fraction == "0":
        fraction = ""
    point = len(whole) + int(power or 0)
    mantissa = whole + fraction
    point -= len(mantissa) - len(mantissa.lstrip("0"))
    return mantissa.strip("0"), point


def quote(text):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def write(value):
    if isinstance(value, Number):
        return es6(value.value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Members):
        ordered = sorted(value, key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{quote(name)}:{write(member)}" for name, member in ordered) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]


def canonicalize(data):
    value = parse(data)
    check(value, "", 0, math.inf)
    return write(value)


def is_integer(value):
    return isinstance(value, Number) and value.value.is_integer() and abs(value.value) <= MAX_SAFE_INTEGER


def is_array_of_objects(value):
    return isinstance(value, list) and not isinstance(value, Members) and all(isinstance(e, Members) for e in value)


def require(condition, place, why):
    if not condition:
        raise Refused(place, why)


def take_text(value, place, most):
    require(isinstance(value, str), place, "must be a string")
    require(len(value.encode("utf-8")) <= most, place, "too long")
    return value or None


def take_messages(value):
    require(isinstance(value, list) and not isinstance(value, Members), "/messages", "must be an array")
    for index, element in enumerate(value):
        require(isinstance(element, Members), f"/messages/{index}", "must be an object")
    return value or None


def take_object(value, place):
    require(isinstance(value, Members), place, "must be an object")
    return value or None


def take_temperature(value):
    require(isinstance(value, Number), "/temperature", "must be a number")
    return Number("%.2f" % value.value)


def take_max_tokens(value):
    require(is_integer(value), "/max_tokens", "must be an integer")
    return value


def take_variant(value):
    require(is_integer(value) and 0 <= value.value < 2**32, "/variant", "must be an integer from 0 to 2^32-1")
    return value if value.value else None


def take_version(value):
    require(isinstance(value, Number) and value.value == 1, "/v", "must be 1")
    return value


TAKE = {
    "endpoint": lambda value: take_text(value, "/endpoint", 2048),
    "headers": lambda value: take_object(value, "/headers"),
    "max_tokens": take_max_tokens,
    "messages": take_messages,
    "model": lambda value: take_text(value, "/model", 256),
    "params": lambda value: take_object(value, "/params"),
    "provider": lambda value: take_text(value, "/provider", 256),
    "temperature": take_temperature,
    "v": take_version,
    "variant": take_variant,
}


def normalise_document(members):
    """The key document, ready to be written, of one as somebody gave it."""
    document = Members([("v", Number("1"))])
    for name, value in members:
        require(name in TAKE, pointer(name), "unknown member")
        taken = None if value is None else TAKE[name](value)
        if taken is not None and name != "v":
            document.append((name, taken))
    require(any(name == "provider" for name, _ in document), "/provider", "required")
    return document


def read_object(data):
    value = parse(data)
    check(value, "", 0, MAX_SAFE_INTEGER)
    require(isinstance(value, Members), "", "must be an object")
    return value


def key_of_document(data):
    return write(normalise_document(read_object(data)))


def escape_url(text, more=b""):
    return "".join(chr(b) if b in URL_CHARACTERS + more else f"%{b:02X}" for b in text.encode("utf-8"))


def ascii_lower(text):
    return "".join(c.lower() if c.isascii() else c for c in text)


def endpoint_of(url):
    """(canonical endpoint, names of the credentials that went)"""
    if not url:
        return "", []
    scheme, separator, rest = url.partition("://")
    if separator and not set(scheme) & set("/?#"):
        starts = [rest.find(c) for c in "/?#" if c in rest]
        url = rest[min(starts):] if starts else ""
    path, question, query = url.partition("#")[0].partition("?")
    kept, removed = [], []
    for parameter in filter(None, query.split("&")):
        name = urllib.parse.unquote(parameter.partition("=")[0])
        if ascii_lower(name) in CREDENTIALS:
            removed.append(name)
        else:
            kept.append(parameter)
    kept.sort(key=lambda parameter: parameter.partition("=")[0].encode("utf-8"))
    text = escape_url(path) or "/"
    return text + ("?" + "&".join(escape_url(p, b"?") for p in kept) if kept else ""), removed


def headers_of(headers):
    picked = Members()
    for wanted in SHAPING_HEADERS:
        values = [value for name, value in headers if ascii_lower(name) == wanted and value]
        if values:
            picked.append((wanted, ", ".join(values)))
    return picked


def key_of_request(provider, endpoint, headers, body):
    """(canonical key document, names of what was left out)"""
    path, removed = endpoint_of(endpoint)
    dropped = ["endpoint?" + name for name in removed]
    params = Members()
    document = Members([("provider", provider), ("endpoint", path), ("headers", headers_of(headers)),
                        ("params", params)])
    for name, value in read_object(body):
        lifted = (
            (name == "model" and isinstance(value, str))
            or (name == "messages" and is_array_of_objects(value))
            or (name == "temperature" and isinstance(value, Number))
            or (name == "max_tokens" and is_integer(value))
        )
        empty = (name == "model" and value == "") or (
            name == "messages" and isinstance(value, list) and not isinstance(value, Members) and not value)
        if value is None or name in NEUTRAL or (name == "stream" and value is False) or empty:
            dropped.append(name)
        elif lifted:
            document.append((name, value))
        else:
            params.append((name, value))
    try:
        check(document, "", 0, MAX_SAFE_INTEGER)
        return write(normalise_document(document)), dropped
    except Refused as refused:
        # A body's own members are what stands in params.
        raise Refused(refused.place.removeprefix("/params"), "in the key document") from refused


def text_of(vector, name):
    return base64.b64decode(vector[name + "_base64"]) if name + "_base64" in vector else vector[name]


def digest(canonical):
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def expect_canonicaliser(vector):
    return {"canonical": canonicalize(text_of(vector, "input"))}


def expect_key(vector):
    canonical = key_of_document(text_of(vector, "document"))
    return {"digest": digest(canonical), "canonical": canonical}


def expect_body(vector):
    canonical, dropped = key_of_request(vector["provider"], vector.get("endpoint", ""), vector.get("headers", []),
                                        text_of(vector, "body"))
    return {"digest": digest(canonical), "canonical": canonical, "dropped": sorted(dropped)}


PARTS = {"canonicaliser": expect_canonicaliser, "keys": expect_key, "bodies": expect_body}


def expectation(part, vector):
    try:
        return PARTS[part](vector)
    except Refused as refused:
        return {"refused_at": refused.place}


def differences(vectors):
    """(part, vector, what this module says) of every vector that it does not agree with."""
    for part in PARTS:
        for vector in vectors[part]:
            expect = expectation(part, vector)
            if vector.get("expect") != expect:
                yield part, vector, expect


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", metavar="FILE")
    what.add_argument("--fill", metavar="FILE")
    arguments = parser.parse_args()
    path = arguments.check or arguments.fill
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    found = list(differences(vectors))
    if arguments.check:
        for part, vector, expect in found:
            print(f"{part}: {vector['why']}: {vector.get('expect')} is {expect}", file=sys.stderr)
        return 1 if found else 0
    for _, vector, expect in found:
        vector["expect"] = expect
    with open(path, "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=1, ensure_ascii=True)
        file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
