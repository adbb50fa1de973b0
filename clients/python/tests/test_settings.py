"""Settings: where they come from, and what a bad one is told."""

import pytest

from paracle_cache import Client, aio
from paracle_cache._settings import ClientSettings, is_local
from paracle_cache.errors import SettingsError


def test_without_anything_the_defaults_hold():
    settings = ClientSettings.from_env({})
    assert settings == ClientSettings(
        "localhost:50051", "default", None, None, None, None, None, True, 0.5, 120.0
    )


def test_code_wins_over_the_environment_and_the_environment_over_defaults():
    environ = {
        "PARACLE_CACHE_NAMESPACE": "from-env",
        "PARACLE_CACHE_TIMEOUT": "0.25",
        "PARACLE_CACHE_TTL": "",
    }
    settings = ClientSettings.from_env(environ, namespace="from-code")
    assert settings.namespace == "from-code"
    assert settings.timeout == 0.25
    assert settings.ttl is None


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("ENDPOINT", "nowhere", "host:port"),
        ("ENDPOINT", "host:0", "host:port"),
        ("ENDPOINT", "host:70000", "host:port"),
        ("ENDPOINT", "http://host:1", "host:port"),
        ("ENDPOINT", "unix:", "unix:/path"),
        ("NAMESPACE", "a b", "A-Z a-z 0-9"),
        ("NAMESPACE", "n" * 129, "1 to 128"),
        ("TTL", "0", "seconds, over 0"),
        ("TTL", "soon", "seconds, over 0"),
        ("ENABLED", "yes", "true, false, 1 or 0"),
        ("TIMEOUT", "-1", "seconds, over 0"),
        ("TIMEOUT", "nan", "seconds, over 0"),
        ("TIMEOUT", "inf", "seconds, over 0"),
        ("LEASE_WAIT", "-1", "seconds, 0 or more"),
    ],
)
def test_a_bad_variable_is_named_with_its_value_and_what_is_accepted(monkeypatch, name, value, accepted):
    monkeypatch.setenv(f"PARACLE_CACHE_{name}", value)
    for make in (Client, aio.Client):
        with pytest.raises(SettingsError) as error:
            make()
        assert f"PARACLE_CACHE_{name}={value!r}" in str(error.value)
        assert accepted in str(error.value)


@pytest.mark.parametrize(
    "option", [{"timeout": 0}, {"ttl": True}, {"enabled": 1}, {"endpoint": 5}, {"cacert": 3.5}]
)
def test_a_bad_option_is_named_as_in_code(option):
    (name, value), *_ = option.items()
    with pytest.raises(SettingsError, match=f"^{name}={value!r}: accepted"):
        Client(**option)


def test_a_token_is_never_shown():
    with pytest.raises(SettingsError) as error:
        Client(token="se cret")
    assert "se cret" not in str(error.value)
    assert "se cret" not in repr(ClientSettings(token="se cret"))


@pytest.mark.parametrize(
    "endpoint", ["cache.example:50051", "10.0.0.1:50051", "dns:///cache:1", "[2001:db8::1]:1"]
)
def test_a_token_does_not_travel_in_the_clear(endpoint):
    with pytest.raises(SettingsError, match="in the clear"):
        Client(endpoint, token="t")


@pytest.mark.parametrize(
    "endpoint", ["localhost:1", "127.0.0.2:1", "[::1]:1", "unix:/run/x", "dns:///localhost:1"]
)
def test_a_token_may_stay_on_this_machine(endpoint):
    assert is_local(endpoint)
    Client(endpoint, token="t").close()


def test_a_certificate_and_its_key_go_together():
    with pytest.raises(SettingsError, match="both or neither"):
        Client(cert="cert.pem", cacert="ca.pem")
    with pytest.raises(SettingsError, match="cacert"):
        Client(cert="cert.pem", key="key.pem")


def test_a_file_that_cannot_be_read_is_an_error_at_once(tmp_path):
    with pytest.raises(SettingsError, match=r"cacert='.*nothing.pem': No such file"):
        Client(cacert=str(tmp_path / "nothing.pem"))
    (tmp_path / "text").write_text("no certificate")
    with pytest.raises(SettingsError, match="holds no PEM"):
        Client(cacert=str(tmp_path / "text"))


def test_an_unknown_option_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="redis_url"):
        ClientSettings.from_env({}, redis_url="x")
