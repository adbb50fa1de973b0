"""key_vectors.json says what the independent Python implementation of the key says."""

import json
import pathlib

import pytest

from support import key_reference

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "proto/paracle/cache/v1/key_vectors.json"


@pytest.fixture(scope="module")
def vectors():
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def test_vectors_are_what_the_reference_says(vectors):
    assert [(part, vector["why"], expect) for part, vector, expect in key_reference.differences(vectors)] == []


def test_every_vector_says_why_and_no_two_the_same(vectors):
    for part in key_reference.PARTS:
        whys = [vector["why"] for vector in vectors[part]]
        assert len(whys) >= 50
        assert all(whys) and len(set(whys)) == len(whys)


@pytest.mark.parametrize(("value", "written"), [
    (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-7, "1e-7"), (1e-6, "0.000001"), (5e-324, "5e-324"),
    (-0.0, "0"), (123.456, "123.456"), (-1.5e300, "-1.5e+300"),
])
def test_reference_writes_numbers_as_es6(value, written):
    assert key_reference.es6(value) == written
