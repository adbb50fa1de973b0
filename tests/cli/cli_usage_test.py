"""What a new user gets wrong, and what they are told. No server is needed."""

import subprocess

import pytest

COMMANDS = ["stats", "top", "clear", "config", "benchmark", "health", "get", "set", "invalidate", "key",
            "token", "completion"]
ANY_DIGEST = "ab" * 32


@pytest.mark.parametrize("why, args, message", [
    ("a command mistyped", ["statz"], 'unknown command "statz" of `paracle cache`; did you mean "stats"?'),
    ("the start of a command", ["bench"], 'did you mean "benchmark"?'),
    ("nothing like it", ["frobnicate"], 'unknown command "frobnicate" of `paracle cache`\n'),
    ("a flag mistyped", ["stats", "--fromat", "json"],
     'unknown option --fromat of `paracle cache stats`; did you mean "--format"?'),
    ("a flag mistyped, with its value", ["stats", "--wacth=5"], 'did you mean "--watch"?'),
    ("a flag before its command", ["--watch", "stats"],
     "--watch goes after the command: `paracle cache stats --watch`"),
    ("a habit from elsewhere", ["help"], 'did you mean "--help"?'),
    ("two commands", ["stats", "clear"], '`paracle cache stats` does not take "clear"'),
    ("no command", [], "`paracle cache` needs a command"),
    ("a value missing", ["stats", "--timeout"], "--timeout needs a value"),
    ("a format that there is not", ["stats", "--format", "xml"], '--format: "xml" is not text or json'),
    ("not a duration", ["stats", "--timeout", "fast"], '--timeout: "fast" is not a positive duration; write 500ms'),
    ("no question", ["get"],
     "which question? give --request FILE --provider P --endpoint PATH, or --document FILE, or --digest HEX"),
    ("two questions", ["get", "--digest", ANY_DIGEST, "--document", "x"], "give only one of"),
    ("a digest cut short", ["get", "--digest", "abcd"], '--digest: "abcd" is not 64 hex digits'),
    ("no target", ["invalidate"], "what to invalidate? give exactly one of"),
    ("two targets", ["invalidate", "--tag", "a", "--model", "b"], "give exactly one of"),
    ("no payload", ["set", "--digest", ANY_DIGEST], "--payload is required"),
    ("a negative cost", ["set", "--digest", ANY_DIGEST, "--payload", "-", "--cost", "-1"],
     '--cost: "-1" is not a number from 0'),
    ("half a pair", ["set", "--digest", ANY_DIGEST, "--payload", "-", "--tokens", "5"], '--tokens: "5" is not IN,OUT'),
    ("no such shell", ["completion", "tcsh"], '"tcsh" is not a shell known here; write bash, zsh, fish'),
    ("a percentage", ["benchmark", "--hit-ratio", "70"], '--hit-ratio: "70" is not a number from 0 to 1'),
    ("a bound without comparison", ["benchmark", "--threshold", "p99"], "--threshold: "),
    ("how many and how long", ["benchmark", "-n", "5", "--duration", "5"], "--requests excludes --duration"),
    ("a server without port", ["stats", "--endpoint", "localhost"], '--endpoint: "localhost" is neither a server'),
    ("a certificate that is not there", ["stats", "--cacert", "/nonexistent.pem"],
     "--cacert: cannot read /nonexistent.pem: No such file"),
])
def test_a_usage_error_exits_1_and_says_what_to_do(paracle, why, args, message):
    result = paracle(*args)
    assert result.code == 1, result
    assert message in result.err, result
    assert result.out == ""


def test_forgetting_the_word_cache_is_understood(paracle):
    done = subprocess.run([paracle.program, "stats"], capture_output=True, text=True)
    assert done.returncode == 1
    assert 'did you mean "cache stats"?' in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_usage_and_examples(paracle, command):
    result = paracle(command, "--help")
    assert result.code == 0, result
    assert f"Usage: paracle cache {command}" in result.out
    assert result.out.count(f"paracle cache {command}", result.out.index("Examples:")) >= 2
    assert "--endpoint SERVER" in result.out


def test_help_lists_every_command(paracle):
    listed = paracle("--help").out
    for command in COMMANDS:
        assert f"\n  {command} " in listed


@pytest.mark.parametrize("command", [["stats"], ["clear", "--yes"], ["config"], ["get", "--digest", ANY_DIGEST],
                                     ["set", "--digest", ANY_DIGEST, "--payload", "-"], ["invalidate", "--tag", "t"],
                                     ["benchmark", "-n", "10"], ["health"]])
def test_without_a_server_every_command_exits_2(paracle, command):
    result = paracle(*command, stdin=b"payload")
    assert result.code == 2, result
    assert "cannot connect to 127.0.0.1:1: " in result.err + result.out
    assert "is the server running? start one with scripts/serve" in result.err + result.out


def test_a_socket_that_is_not_there_exits_2(paracle):
    result = paracle("stats", "--endpoint", "unix:/nonexistent.sock")
    assert result.code == 2, result
    assert "cannot connect to unix:/nonexistent.sock: no such socket" in result.err


@pytest.mark.parametrize("args", [["--endpoint", "127.0.0.1:2", "stats"], ["stats", "--endpoint", "127.0.0.1:2"]])
def test_client_flags_stand_before_or_after_the_command(paracle, args):
    assert "cannot connect to 127.0.0.1:2" in paracle(*args).err


def test_a_bad_variable_is_named(paracle):
    result = paracle("stats", PARACLE_CACHE_TIMEOUT="never")
    assert result.code == 1
    assert 'PARACLE_CACHE_TIMEOUT: "never" is not a positive duration' in result.err


def test_a_token_is_not_sent_in_the_clear(paracle):
    result = paracle("stats", "--endpoint", "cache.example.com:50051", PARACLE_CACHE_TOKEN="s3cret")
    assert result.code == 1
    assert "the token would travel to cache.example.com:50051 in the clear, so nothing was sent" in result.err
    assert "s3cret" not in result.err


def test_a_closed_stdout_is_reported_and_never_a_socket(paracle):
    command = f"'{paracle.program}' cache key --document - >&- <<<'{{\"provider\":\"p\",\"v\":1}}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "paracle: error: cannot write to standard output: Bad file descriptor\n"


def test_clear_without_a_terminal_needs_yes(paracle):
    result = paracle("clear")
    assert result.code == 5, result
    assert "nothing was removed; give --yes" in result.err


def complete(paracle, *words: str) -> list[str]:
    """What bash would offer after these words, the last one half typed."""
    line = " ".join(f"'{word}'" for word in words)
    script = (f"source <('{paracle.program}' cache completion bash); COMP_WORDS=({line}); "
              f"COMP_CWORD={len(words) - 1}; _paracle; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("why, words, offered", [
    ("the one word there is", ["paracle", "c"], ["cache"]),
    ("commands", ["paracle", "cache", "st"], ["stats"]),
    ("flags of the command", ["paracle", "cache", "stats", "--wa"], ["--watch"]),
    ("flags of every command", ["paracle", "cache", "stats", "--fo"], ["--format"]),
    ("values when they are few", ["paracle", "cache", "stats", "--format", "j"], ["json"]),
    ("arguments", ["paracle", "cache", "completion", "z"], ["zsh"]),
    ("nothing for a free value", ["paracle", "cache", "set", "--ttl", ""], []),
    ("flags before the command do not confuse it", ["paracle", "cache", "--format", "json", "inv"], ["invalidate"]),
])
def test_bash_completes(paracle, why, words, offered):
    assert complete(paracle, *words) == offered


def test_bash_completes_files(paracle, tmp_path):
    tmp_path.joinpath("body.json").write_text("{}")
    assert complete(paracle, "paracle", "cache", "get", "--request", f"{tmp_path}/bo") == [f"{tmp_path}/body.json"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_flag_is_in_the_completion_script(paracle, shell):
    script = paracle("completion", shell).out
    for word in [*COMMANDS, "replica", "threshold", "explain", "dry-run", "token-file"]:
        assert word in script
