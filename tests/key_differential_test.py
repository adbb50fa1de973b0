"""Random documents and requests have one digest, or are refused, whichever language derives the key."""

import base64
import importlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest
from support.random_documents import RandomDocuments
from support.server_process import ROOT, binary

COUNT = int(os.environ.get("PARACLE_TEST_DOCUMENTS", "20000"))
SEED = int(os.environ.get("PARACLE_TEST_SEED") or random.SystemRandom().randrange(2**32))


@pytest.fixture(scope="module")
def questions():
    print(f"PARACLE_TEST_SEED={SEED}")
    documents = RandomDocuments(SEED)
    return [documents.question() for _ in range(COUNT)]


@pytest.fixture(scope="module")
def python_answers(questions):
    sys.path.insert(0, str(ROOT / "clients/python/src"))
    key = importlib.import_module("paracle_cache.key")
    sys.path.pop(0)

    def answer(question):
        text = base64.b64decode(question["text_base64"])
        try:
            if question["kind"] == "document":
                return key.CacheKey.from_document(text).to_string()
            return key.CacheKey.from_request(
                provider=question["provider"], endpoint=question["endpoint"], headers=question["headers"], body=text
            ).to_string()
        except key.KeyRefused:
            return "refused"

    return [answer(question) for question in questions]


def answers_of(command: list[str], questions) -> list[str]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=300)
    return ["refused" if line.startswith("refused") else line for line in done.stdout.rstrip("\n").split("\n")]


def assert_same(questions, ours, theirs):
    assert len(theirs) == len(ours) == COUNT
    for question, our, their in zip(questions, ours, theirs):
        assert our == their, f"seed {SEED}: {question} {base64.b64decode(question['text_base64'])!r}"


def test_both_keys_and_refusals_are_tried(python_answers):
    refused = python_answers.count("refused")
    assert COUNT / 20 < refused < COUNT * 0.7
    assert len(set(python_answers)) > COUNT / 5


def test_cpp_derives_the_same_keys(questions, python_answers):
    program = binary("key-dump")
    if not pathlib.Path(program).exists():
        pytest.skip(f"{program} is not built")
    assert_same(questions, python_answers, answers_of([program], questions))


def test_go_derives_the_same_keys(questions, python_answers, tmp_path):
    if shutil.which("go") is None:
        pytest.skip("there is no go")
    program = str(tmp_path / "keydump")
    subprocess.run(["go", "build", "-o", program, "./internal/keydump"], cwd=ROOT / "clients/go", check=True)
    assert_same(questions, python_answers, answers_of([program], questions))
