"""What a call cost: the caller's prices times the usage that the provider told.

There is no built-in price list: lists go stale, and what is not known is 0, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .answers import Usage

Cost = Callable[[str, Usage], float]
"""From the model and its usage to US dollars. May be called from any thread."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens; finite and not negative, else ValueError."""

    input_per_million: float
    output_per_million: float

    def __post_init__(self) -> None:
        _dollars(self.input_per_million, "input_per_million")
        _dollars(self.output_per_million, "output_per_million")

    def of(self, usage: Usage) -> float:
        """US dollars. All prompt tokens cost the same: write a `Cost` where cached ones do not."""
        prompt = usage.prompt_tokens * self.input_per_million
        return (prompt + usage.completion_tokens * self.output_per_million) / 1e6


class PriceTable(Mapping[str, Price]):
    """A `Cost` from a table: model to `Price`. A model that is not in it costs 0; names are compared exactly.

    PriceTable({"gpt-4o": Price(input_per_million=2.5, output_per_million=10.0)})
    """

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = dict(prices)

    def __call__(self, model: str, usage: Usage) -> float:
        price = self._prices.get(model)
        return price.of(usage) if price else 0.0

    def __getitem__(self, model: str) -> Price:
        return self._prices[model]

    def __iter__(self) -> Iterator[str]:
        return iter(self._prices)

    def __len__(self) -> int:
        return len(self._prices)


def cost_of(cost: Cost | Mapping[str, Price] | None, model: str, usage: Usage) -> float:
    """What `cost` says in US dollars; 0 without one.

    Raises ValueError when it says what is not a finite number from 0, and whatever `cost` itself raises.
    """
    if cost is None:
        return 0.0
    return _dollars((cost if callable(cost) else PriceTable(cost))(model, usage), "cost")


def _dollars(value: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value!r}: a finite number of US dollars from 0 is accepted")
    return float(value)
