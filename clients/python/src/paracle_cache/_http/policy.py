"""What is stored, and with what: the options that a user gave."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._log import warn_once
from ..answers import Verdict
from ..pricing import Cost, Price, cost_of
from ..results import Origin


@dataclass(frozen=True, slots=True)
class Policy:
    """Immutable; thread-safe if the callables are. Raises ValueError for a ttl or tags that are none."""

    ttl: float | None
    """Seconds; None: the server's default."""
    tags: Sequence[str]
    cost: Cost | Mapping[str, Price] | None
    cache_if: Callable[[Any], bool] | None

    def __post_init__(self) -> None:
        if self.ttl is not None and not 0 < self.ttl < math.inf:
            raise ValueError(f"ttl is {self.ttl!r}: seconds over 0 are accepted")
        if isinstance(self.tags, str):
            raise ValueError(f"tags is {self.tags!r}: a sequence of strings is accepted")

    def origin_if_wanted(
        self, answer: Any, verdict: Verdict, model: str, latency: float | None
    ) -> Origin | None:
        """What to tell of an answer that is to be stored; None: it is not. Nothing is raised.

        model: as it was asked for; empty: as the answer names it. latency: seconds; None: not known.
        """
        if not self._wants(answer, verdict):
            return None
        dollars = self._dollars(model or verdict.model, verdict)
        return Origin(verdict.usage.prompt_tokens, verdict.usage.completion_tokens, dollars, latency)

    def _wants(self, answer: Any, verdict: Verdict) -> bool:
        if self.cache_if is None:
            return verdict.whole
        try:
            return bool(self.cache_if(answer))
        except Exception as error:  # noqa: BLE001  # the user's own function: the answer is good all the same
            warn_once(f"not stored: cache_if raised {type(error).__name__}")
            return False

    def _dollars(self, model: str, verdict: Verdict) -> float:
        try:
            return cost_of(self.cost, model, verdict.usage)
        except Exception as error:  # noqa: BLE001  # likewise
            warn_once(f"stored without its cost: cost raised {type(error).__name__}")
            return 0.0
