"""CacheKey: names a question, so that two questions have one key only if they are the same question.

The rules are proto/paracle/cache/v1/key_derivation.md's; every client and the server derive the same 32 bytes. Nothing
is rounded into somebody else's key: what cannot be told exactly is refused.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._key.canonical_json import Refused
from ._key.document import check_names, write_document
from ._key.request import NEUTRAL_MEMBERS, parse_object, request_members

__all__ = ["NEUTRAL_MEMBERS", "CacheKey", "EntryId", "KeyRefused"]


class KeyRefused(ValueError):  # says what happened, as all our outcomes do
    """There is no key for this question: call the model without the cache.

    `place` is a JSON Pointer to what is refused, "" for the whole; `reason` says why.
    """

    def __init__(self, place: str, reason: str):
        super().__init__(f"no cache key: {place or 'the whole text'}: {reason}")
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EntryId:
    """What travels to the server: the digest (32 bytes), and provider and model for its ledger."""

    digest: bytes
    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """A question as the provider's API would be asked it. Everything that shapes the answer must be in it.

    Values are what `json.dumps` would send (None, bool, str, int, float, dict, list, tuple, and their subclasses by the
    value they hold). Unset, None and empty are the same for every member but `provider`. Nothing is judged before
    `document` or `digest`, which read the containers as they are then.
    """

    provider: str
    """Who answers, such as "openai"; 1 to 256 bytes. No case folding, here or below."""
    model: str = ""
    """At most 256 bytes."""
    messages: Sequence[Mapping[str, Any]] | None = None
    """The conversation in the provider's own form: a list or tuple of objects."""
    temperature: float | None = None
    """Rounded to two decimals. None is another question than any value."""
    max_tokens: int | None = None
    """None is another question than any value."""
    params: Mapping[str, Any] | None = None
    """Every further parameter that shapes the answer: tools, seed, top_p, stop, ..."""
    endpoint: str = ""
    """The API path, such as "/v1/chat/completions"; at most 2,048 bytes, taken as it is."""
    headers: Mapping[str, Any] | None = None
    """Request headers that shape the answer, names in lower case."""
    variant: int = 0
    """Asks for another sample of the same question on purpose: 1, 2, ... 4294967295."""
    _text: str | None = field(default=None, init=False, repr=False, compare=False)

    def document(self) -> bytes:
        """The key document as canonical JSON. Raises KeyRefused."""
        return (self._text or _write(self._members())).encode()

    def digest(self) -> bytes:
        """SHA-256 of the document: 32 bytes. Raises KeyRefused."""
        return hashlib.sha256(self.document()).digest()

    def to_string(self) -> str:
        """The digest as 64 lower-case hex digits. Raises KeyRefused."""
        return self.digest().hex()

    def entry_id(self) -> EntryId:
        """What is sent to the server. Raises KeyRefused."""
        return EntryId(self.digest(), self.provider, self.model)

    @classmethod
    def from_document(cls, text: bytes | str) -> "CacheKey":
        """The key that a key document, as JSON text, describes. Raises KeyRefused.

        The digest is that of `text`, whatever is done to the containers in the key later. Numbers become floats.
        """
        try:
            document = parse_object(text)
            check_names(document)
            document = {name: value for name, value in document.items() if value is not None}
            written = write_document({"provider": "", "v": 1, **document})
        except Refused as refused:
            raise KeyRefused(refused.pointer(), refused.reason) from None
        return cls._written(document, written)

    @classmethod
    def from_request(
        cls, *, provider: str, endpoint: str, body: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> "CacheKey":
        """The key of a request to a provider's HTTP API. Raises KeyRefused; `place` is in terms of the body.

        `endpoint` is the URL or the path with its query; credentials in it are left out. `body` is a JSON object as it
        is sent. Of `headers` only those count that shape an answer. The digest stays what it is now, as for a document.
        """
        try:
            members = request_members(provider, endpoint, headers, body)
            written = write_document(members)
        except Refused as refused:
            if refused.path[-1:] == ["params"]:
                refused.path.pop()
            raise KeyRefused(refused.pointer(), refused.reason) from None
        return cls._written(members, written)

    @classmethod
    def _written(cls, members: dict[str, Any], text: str) -> "CacheKey":
        integers = {name: int(members[name]) for name in ("max_tokens", "variant") if name in members}
        members = {name: value for name, value in members.items() if name != "v"} | integers
        key = cls(**members)
        object.__setattr__(key, "_text", text)
        return key

    def _members(self) -> dict[str, Any]:
        return {
            "endpoint": self.endpoint,
            "headers": self.headers,
            "max_tokens": self.max_tokens,
            "messages": self.messages,
            "model": self.model,
            "params": self.params,
            "provider": "" if self.provider is None else self.provider,
            "temperature": self.temperature,
            "v": 1,
            "variant": self.variant,
        }


def _write(members: Mapping[str, Any]) -> str:
    try:
        return write_document(members)
    except Refused as refused:
        raise KeyRefused(refused.pointer(), refused.reason) from None
    except RecursionError:
        raise KeyRefused("", "nested too deep for what is left of the stack") from None
