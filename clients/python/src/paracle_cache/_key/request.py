"""From a provider's request to the members of a key document: section 3 of key_derivation.md."""

from collections.abc import Iterable
from typing import Any

from .canonical_json import Refused, Twins, canonical, parse
from .document import is_array_of_objects, is_integer, is_number
from .endpoint import normalise

# What a body loses, whatever the value: who asks, what it costs, the provider's own cache of prompts.
NEUTRAL_MEMBERS = frozenset(
    ("metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "user")
)
SHAPING_HEADERS = ("anthropic-beta", "anthropic-version", "openai-beta")


def request_members(
    provider: str, endpoint: str, headers: Iterable[tuple[str, str]], body: bytes
) -> dict[str, Any]:
    """The members of the key document, not yet judged; what is left out of it is. Raises Refused."""
    members: dict[str, Any] = {
        "provider": provider,
        "endpoint": _endpoint(endpoint),
        "headers": _shaping(headers),
    }
    params: dict[str, object] = {}
    dropped: dict[str, object] = {}
    for name, value in parse_object(body).items():
        if value is None or name in NEUTRAL_MEMBERS or (name == "stream" and value is False):
            dropped[name] = value
        elif _is_lifted(name, value):
            members[name] = value
        else:
            params[name] = value
    canonical(dropped)
    return members | {"params": params, "v": 1}


def parse_object(text: bytes | str) -> dict[str, Any]:
    value = parse(text)
    if isinstance(value, Twins):
        canonical(value)
    if not isinstance(value, dict):
        raise Refused("must be a JSON object")
    return value


def _is_lifted(name: str, value: object) -> bool:
    if name == "model":
        return isinstance(value, str)
    if name == "messages":
        return is_array_of_objects(value)
    if name == "temperature":
        return is_number(value)
    return name == "max_tokens" and is_integer(value)


def _endpoint(url: str) -> str:
    try:
        return normalise(url)
    except (UnicodeEncodeError, TypeError, AttributeError):
        raise Refused("must be a URL or a path", "endpoint") from None


def _shaping(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    picked: dict[str, list[str]] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered in SHAPING_HEADERS and name.isascii() and value:
            picked.setdefault(lowered, []).append(value)
    return {name: ", ".join(values) for name, values in picked.items()}
