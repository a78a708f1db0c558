"""The `[llm]` section: one word swaps the provider, a wrong word is named, a key stays where it belongs."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.settings import (
    LlmSettings,
    OpenAI,
    Remote,
    SambaNova,
    address,
    host,
    key,
    key_name,
    read_llm,
    read_prompts,
    resolved,
)
from quorate.domain.errors import CredentialMissing, OperatorError, SettingsInvalid

SHIPPED = tomllib.loads(Path("quorate.toml").read_text())
SAMBANOVA = {"provider": "sambanova", "model": "m"}


def with_profile(**fields: object) -> LlmSettings:
    return read_llm({"profiles": {"p": fields}})


def fault(table: dict[str, object]) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        read_llm(table)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def outcome(table: dict[str, object]) -> str | None:
    """What reading a table comes to: None, or the sentence; any other exception is a bug."""
    try:
        read_llm(table)
    except SettingsInvalid as error:
        return str(error)
    return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*LlmSettings.model_fields, "x"]), JSON, max_size=4))
def test_any_table_is_read_or_refused_in_one_sentence(table: dict[str, object]) -> None:
    assert outcome(table) is None or outcome(table).startswith("quorate.toml: llm")


@given(
    st.sampled_from(["sambanova", "openai", "custom", "scripted"]),
    st.dictionaries(st.text(max_size=10), JSON, max_size=4),
)
def test_any_profile_is_read_or_refused_in_one_sentence(provider: str, fields: dict[str, object]) -> None:
    said = outcome({"profiles": {"p": fields | {"provider": provider}}})
    assert said is None or "llm.profiles.p" in said


def test_the_shipped_default_is_the_rule_and_needs_nothing() -> None:
    settings = read_llm(SHIPPED["llm"])
    assert settings.use == "rule"
    assert settings.profile("rule").provider == "rule"
    assert read_llm({}).use == "rule"
    assert read_prompts(SHIPPED["prompts"]).bid == 2


def test_the_shipped_profiles_cover_the_providers() -> None:
    settings = read_llm(SHIPPED["llm"])
    assert {settings.profile(name).provider for name in settings.names} >= {
        "rule", "scripted", "recorded", "sambanova", "openai", "anthropic", "ollama", "groq",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"profiles": {"s": SAMBANOVA | {"timeuot_s": 3}}},
            "llm.profiles.s.timeuot_s is not a setting; did you mean timeout_s?",
        ),
        ({"usee": "rule"}, "llm.usee is not a setting; did you mean use?"),
        ({"use": "nobody"}, "use names 'nobody', which is no profile; profiles: rule"),
        ({"per_cluster": {"C": "nobody"}}, "per_cluster.C names 'nobody'"),
        ({"profiles": {"s": {"provider": "sambanvoa", "model": "m"}}}, "llm.profiles.s.provider must be one of"),
        ({"profiles": {"s": {"provider": "sambanova"}}}, "llm.profiles.s.model is missing"),
        ({"profiles": {"s": SAMBANOVA | {"timeout_s": 0}}}, "llm.profiles.s.timeout_s = 0"),
        ({"profiles": {"s": SAMBANOVA | {"base_url": "ftp://x"}}}, "not an http or https address"),
        ({"profiles": {"s": SAMBANOVA | {"base_url": "https://me:secret@x/v1"}}}, "must not carry a login"),
        ({"profiles": {"s": SAMBANOVA | {"base_url": "https://x/v1?key=1"}}}, "query"),
        ({"profiles": {"s": {"provider": "custom", "class": "nocolon", "model": "m"}}}, "llm.profiles.s.class"),
        ({"on_silence": "guess"}, "llm.on_silence"),
        ({"fallback_share_max": 1.5}, "llm.fallback_share_max"),
    ],
)
def test_a_wrong_setting_is_named_with_its_path(table: dict[str, object], said: str) -> None:
    assert said in fault(table)


def test_a_login_in_an_address_is_not_repeated_in_the_message() -> None:
    assert "secret" not in fault({"profiles": {"s": SAMBANOVA | {"base_url": "https://me:secret@x/v1"}}})


def test_one_word_swaps_all_clusters_and_one_cluster_may_differ() -> None:
    settings = read_llm({"use": "s", "per_cluster": {"C2": "rule"}, "profiles": {"s": SAMBANOVA}})
    assert (settings.name_for("C1"), settings.name_for("C2")) == ("s", "rule")
    assert settings.using("rule").name_for("C1") == "rule"
    with pytest.raises(SettingsInvalid, match="there is no profile 'x'"):
        settings.using("x")


def test_a_chosen_provider_without_its_key_says_which_variable_to_set() -> None:
    with pytest.raises(CredentialMissing, match="set SAMBANOVA_API_KEY"):
        key(SambaNova(provider="sambanova", model="m"), {})
    assert issubclass(CredentialMissing, OperatorError)


def test_a_providers_own_key_does_not_follow_a_changed_address() -> None:
    environ = {"SAMBANOVA_API_KEY": "s" * 36, "OPENAI_API_KEY": "o" * 36}
    private = SambaNova(provider="sambanova", model="m", base_url="https://other.example/v1")
    assert key_name(private) == ""
    assert key(private, environ) == ""
    local = OpenAI(provider="openai", model="m", base_url="http://127.0.0.1:8000/v1")
    assert key(local, environ) == ""
    assert key(SambaNova(provider="sambanova", model="m"), environ) == "s" * 36


def test_a_key_does_not_travel_over_plain_http_to_another_machine() -> None:
    fields = {"provider": "openai", "model": "m", "base_url": "http://gpu-box:8000/v1", "api_key_env": "K"}
    with pytest.raises(CredentialMissing, match="unencrypted to gpu-box"):
        key(OpenAI.model_validate(fields), {"K": "secret-key"})
    assert key(OpenAI.model_validate(fields | {"plain_http": True}), {"K": "secret-key"}) == "secret-key"


def test_the_private_deployment_reads_its_own_two_variables() -> None:
    studio = read_llm(SHIPPED["llm"]).profile("sambastudio")
    assert isinstance(studio, Remote)
    environ = {
        "SAMBASTUDIO_URL": "https://studio.example/v1",
        "SAMBASTUDIO_API_KEY": "k" * 20,
        "SAMBANOVA_API_KEY": "no",
    }
    assert (address(studio, environ), key(studio, environ)) == ("https://studio.example/v1", "k" * 20)
    assert host(studio, environ) == "studio.example"
    with pytest.raises(SettingsInvalid, match="set SAMBASTUDIO_URL"):
        address(studio, {})
    with pytest.raises(SettingsInvalid, match="SAMBASTUDIO_URL"):
        address(studio, {"SAMBASTUDIO_URL": "not an address"})


def test_the_resolved_settings_mask_keys_and_name_hosts() -> None:
    settings = read_llm(SHIPPED["llm"]).using("sambanova")
    shown = resolved(settings, {"SAMBANOVA_API_KEY": "very-secret-key"})
    assert "very-secret-key" not in shown
    assert "SAMBANOVA_API_KEY (15 characters, not shown)" in shown
    assert "https://api.sambanova.ai/v1" in shown
    assert "(not set)" in resolved(settings, {})
    assert "not set (SAMBASTUDIO_URL)" in resolved(settings.using("sambastudio"), {})


def test_a_field_without_meaning_for_a_provider_is_an_error_too() -> None:
    assert "did you mean replies?" in fault(
        {"profiles": {"r": {"provider": "scripted", "replies": "x", "replis": "y"}}}
    )
    assert with_profile(provider="scripted", replies="x").profile("p").provider == "scripted"
