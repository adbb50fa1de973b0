"""Lives of entries as callers say them."""

from __future__ import annotations

import math
from datetime import timedelta

Ttl = float | timedelta


def seconds(ttl: Ttl | None) -> float | None:
    """Seconds over 0; None stays None. Raises ValueError."""
    if ttl is None:
        return None
    value = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"ttl is {ttl!r}: seconds over 0 or a timedelta are accepted")
    return float(value)
