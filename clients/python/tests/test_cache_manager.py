"""The documented API by string keys, and CacheConfig."""

import hashlib
from datetime import datetime, timedelta, timezone

import pytest

from paracle_cache.cache_manager import CacheConfig, CacheEntry, CacheManager, get_cache_manager
from paracle_cache.errors import SettingsError
from paracle_cache.key import EntryId


@pytest.fixture
def manager(cache):
    return CacheManager(CacheConfig(), cache=cache)


def test_values_by_string_keys(manager):
    assert manager.get("user:1") is None
    assert manager.set("user:1", {"name": "Ada", "n": [1, 2]}) is True
    assert manager.get("user:1") == {"name": "Ada", "n": [1, 2]}
    assert manager.get("user:2") is None
    assert manager.delete("user:1") is True
    assert manager.get("user:1") is None


def test_the_documented_digest_is_used(manager, client):
    manager.set("é", 7)
    digest = hashlib.sha256(b"paracle:manager:v1\0" + "é".encode()).digest()
    assert client.get(EntryId(digest)).payload == b"7"


def test_the_life_is_the_calls_else_the_configs(cache):
    manager = CacheManager(CacheConfig(default_ttl=100), cache=cache)
    for ttl, stored in ((None, 100), (0, 100), (50, 50)):
        manager.set("k", 1, ttl=ttl)
        entry = manager.entry("k")
        assert (entry.expires_at - entry.created_at).total_seconds() == pytest.approx(stored, abs=0.01)


def test_clear_and_stats_are_of_the_namespace(manager):
    manager.set("a", 1)
    manager.get("a")
    manager.get("b")
    stats = manager.stats()
    assert (stats["source"], stats["hits"], stats["misses"], stats["hit_rate"]) == ("service", 1, 1, 0.5)
    assert manager.clear() is True
    assert manager.get("a") is None


@pytest.mark.parametrize("key", [7, None, b"bytes", "lone \ud800"])
def test_a_key_that_is_no_text_is_refused_with_one_warning(manager, caplog, key):
    assert (manager.set(key, 1), manager.get(key), manager.delete(key)) == (False, None, False)
    assert len(caplog.records) == 1


def test_switched_off_nothing_is_asked_or_stored(cache):
    on, off = CacheManager(CacheConfig(), cache=cache), CacheManager(CacheConfig(enabled=False), cache=cache)
    on.set("k", 1)
    assert (off.get("k"), off.set("k", 2), off.delete("k"), off.clear()) == (None, False, False, False)
    assert (off.stats()["enabled"], off.stats()["source"]) == (False, "client")
    assert on.get("k") == 1


def test_the_configuration_is_read_from_the_environment():
    config = CacheConfig.from_env(
        {
            "PARACLE_CACHE_ENABLED": "false",
            "PARACLE_CACHE_BACKEND": "redis",
            "PARACLE_CACHE_REDIS_URL": "redis://cache:6379/1",
            "PARACLE_CACHE_TTL": "7200",
            "PARACLE_CACHE_MAX_SIZE": "5000",
            "PARACLE_CACHE_PREFIX": "team:",
        }
    )
    assert config == CacheConfig(
        enabled=False,
        backend="redis",
        redis_url="redis://cache:6379/1",
        default_ttl=7200,
        max_memory_size=5000,
        key_prefix="team:",
    )


def test_unset_and_empty_variables_are_the_documented_defaults():
    assert CacheConfig.from_env({}) == CacheConfig()
    assert CacheConfig.from_env({"PARACLE_CACHE_TTL": "", "PARACLE_CACHE_MAX_SIZE": ""}) == CacheConfig()
    config = CacheConfig()
    assert (config.enabled, config.backend, config.default_ttl, config.max_memory_size) == (
        *(True, "memory", 3600, 1000),
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PARACLE_CACHE_TTL", "soon"), ("PARACLE_CACHE_ENABLED", "perhaps"), ("PARACLE_CACHE_MAX_SIZE", "-1")],
)
def test_a_variable_that_cannot_be_read_is_named(variable, value):
    with pytest.raises(SettingsError, match=f"{variable}='{value}': accepted is"):
        CacheConfig.from_env({variable: value})


def test_a_manager_whose_environment_cannot_be_read_is_off(monkeypatch, caplog):
    monkeypatch.setenv("PARACLE_CACHE_TTL", "never")
    manager = CacheManager()
    assert manager.config.enabled is False
    assert manager.get("k") is None
    assert "PARACLE_CACHE_TTL='never'" in caplog.text


def test_that_the_service_decides_about_its_tiers_is_said_once(cache, caplog):
    CacheManager(CacheConfig(default_ttl=5), cache=cache)
    assert not caplog.records
    CacheManager(CacheConfig(backend="redis"), cache=cache)
    CacheManager(CacheConfig(key_prefix="team:"), cache=cache)
    assert [
        "the service at PARACLE_CACHE_ENDPOINT decides them" in it.getMessage() for it in caplog.records
    ] == [True]


def test_an_entry_knows_whether_it_is_expired():
    now = datetime.now(timezone.utc)
    assert not CacheEntry("v").is_expired()
    assert not CacheEntry("v", expires_at=now + timedelta(minutes=1)).is_expired()
    assert CacheEntry("v", expires_at=now - timedelta(minutes=1)).is_expired()
    naive_local_time = datetime.now() - timedelta(minutes=1)
    assert CacheEntry("v", expires_at=naive_local_time).is_expired()


def test_the_process_has_one_manager():
    assert get_cache_manager() is get_cache_manager()
