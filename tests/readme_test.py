"""What README.md tells a new user to type works as it stands there."""

import re

from support.server_process import ROOT


def python_example() -> str:
    return re.search(r"```python\n(.*?)```", ROOT.joinpath("README.md").read_text(), re.DOTALL).group(1)


def test_the_python_example_misses_once_and_then_hits(server, stubs):
    code = python_example()
    assert "localhost:50051" in code
    code = code.replace("localhost:50051", server.address)

    first, second = {}, {}
    exec(code, first)  # noqa: S102: our own README
    exec(code, second)

    assert first["found"].HasField("miss")
    assert second["found"].hit.payload == b"Hi there!"
    assert second["found"].hit.origin.completion_tokens == 3


def test_every_script_named_in_the_readme_exists():
    for script in set(re.findall(r"\bscripts/\w+", ROOT.joinpath("README.md").read_text())):
        assert ROOT.joinpath(script).is_file(), script
