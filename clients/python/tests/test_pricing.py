"""What a call cost: the caller's prices, or nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

from paracle_cache.answers import Usage
from paracle_cache.pricing import Price, PriceTable, cost_of

USAGE = Usage(prompt_tokens=1_000_000, completion_tokens=500_000)


def test_a_table_prices_prompt_and_completion() -> None:
    table = PriceTable({"gpt-4o": Price(input_per_million=2.5, output_per_million=10.0)})
    assert table("gpt-4o", USAGE) == 7.5
    assert cost_of(table, "gpt-4o", USAGE) == 7.5


def test_a_mapping_is_a_table() -> None:
    assert cost_of({"gpt-4o": Price(2.5, 10.0)}, "gpt-4o", USAGE) == 7.5


@pytest.mark.parametrize("model", ["gpt-4o-mini", "GPT-4o", "gpt-4", ""])
def test_a_model_without_a_price_costs_0_and_none_is_guessed(model: str) -> None:
    assert PriceTable({"gpt-4o": Price(2.5, 10.0)})(model, USAGE) == 0.0


def test_without_prices_cost_is_not_known() -> None:
    assert cost_of(None, "gpt-4o", USAGE) == 0.0


@pytest.mark.parametrize("said", [math.nan, math.inf, -0.01, "1", None, True])
def test_a_cost_that_is_no_amount_is_an_error(said: Any) -> None:
    with pytest.raises(ValueError, match=r"cost is .*: a finite number of US dollars from 0 is accepted"):
        cost_of(lambda _model, _usage: said, "gpt-4o", USAGE)


def test_a_price_that_is_none_names_its_field() -> None:
    with pytest.raises(ValueError, match=r"output_per_million is -1"):
        Price(input_per_million=1.0, output_per_million=-1)
