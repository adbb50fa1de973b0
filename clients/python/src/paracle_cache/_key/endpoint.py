"""The `endpoint` of a key, made from a URL or a path: section 3 of key_derivation.md."""

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

_CREDENTIAL_NAMES = b"""
    access-token access_token api-key api_key apikey auth_token authorization client_secret id_token key password secret
    sig signature subscription-key token x-amz-credential x-amz-security-token x-amz-signature x-api-key x-goog-api-key
    x-goog-credential x-goog-signature
"""
CREDENTIALS = frozenset(_CREDENTIAL_NAMES.split())
_AUTHORITY = re.compile(r"\A[^/?#]*://[^/?#]*")
_KEPT_IN_PATH = "-._~!$&'()*+,;=:@/%"
_KEPT_IN_QUERY = _KEPT_IN_PATH + "?"


def normalise(url: str) -> str:
    """Path and query of `url` without credentials: the query sorted, the fragment gone, escapes as they were.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if not url:
        return ""
    path, _, query = _AUTHORITY.sub("", url).partition("#")[0].partition("?")
    escaped = quote_from_bytes(path.encode(), safe=_KEPT_IN_PATH) or "/"
    kept = [piece for piece in query.encode().split(b"&") if piece and not _is_credential(piece)]
    kept.sort(key=_name)
    if kept:
        escaped += "?" + "&".join(quote_from_bytes(piece, safe=_KEPT_IN_QUERY) for piece in kept)
    return escaped


def _is_credential(parameter: bytes) -> bool:
    return unquote_to_bytes(_name(parameter)).lower() in CREDENTIALS


def _name(parameter: bytes) -> bytes:
    return parameter.partition(b"=")[0]
