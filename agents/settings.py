"""The `[llm]` and `[prompts]` sections of quorate.toml as closed values: who is asked, how, and within which limits.

One word, `use`, swaps the provider of all clusters. A misspelt key is an error that names its path. A key is
named by its environment variable and never stands in a file, and it goes only to the host its profile names.
"""

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, ValidationError, model_validator

from quorate.domain.errors import CredentialMissing, SettingsInvalid
from quorate.domain.values import ClusterId, Value

Mode = Literal["json_schema", "function_calling", "json_mode", "text"]
"""How structure is asked for, strictest first; the ladder is walked downwards."""

MODES: tuple[Mode, ...] = get_args(Mode)

EnvironmentName = Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$", max_length=100)]
"""The name of an environment variable; empty for none."""

Environ = Mapping[str, str]

V = TypeVar("V", bound=Value)

SAMBANOVA_URL = "https://api.sambanova.ai/v1"
OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
GROQ_URL = "https://api.groq.com"
OLLAMA_URL = "http://127.0.0.1:11434"

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Prices(Value):
    """What a model costs, US dollars per million tokens; from the provider's price list, with the day it was read."""

    input_usd: float = Field(ge=0, le=10_000)
    """Per million prompt tokens."""
    output_usd: float = Field(ge=0, le=10_000)
    """Per million answer tokens."""
    read_on: str = Field(default="", max_length=40)
    """When and where the prices were read."""


class Rule(Value):
    """The deterministic bidder: no model, no key, no network."""

    provider: Literal["rule"]


class Scripted(Value):
    """Replies from a file, by (job, cluster, prompt, attempt); the whole path but the wire."""

    provider: Literal["scripted"]
    replies: str = Field(min_length=1, max_length=400)
    """The JSON Lines file, relative to the working directory."""


class Recorded(Value):
    """Replies of an earlier run, repeated byte for byte without one call."""

    provider: Literal["recorded"]
    directory: str = Field(min_length=1, max_length=400)
    """What `--record` wrote."""


class Remote(Value):
    """What every provider that is asked over a wire has in common."""

    model: str = Field(min_length=1, max_length=200)
    """The model's name as the provider lists it."""
    base_url: str = Field(default="", max_length=400)
    """Where it is served; empty for the provider's own address."""
    base_url_env: EnvironmentName = ""
    """An environment variable that holds the address instead."""
    api_key_env: EnvironmentName | None = None
    """The variable that holds the key, empty for none. Unset: the provider's own, and only at its own address."""
    plain_http: bool = False
    """Allow a key over http to another machine, where anybody on the way can read it."""
    structured: Mode | Literal["auto"] = "auto"
    """How to ask for structure; `auto` takes what `quorate probe` found, else walks the ladder down."""
    streaming: bool = False
    """Ask for the answer in pieces; some servers drop idle connections otherwise."""
    temperature: float = Field(default=0.1, ge=0, le=2)
    """Sampling temperature."""
    max_tokens: int = Field(default=700, ge=16, le=100_000)
    """Longest answer, tokens; a bid takes about 150."""
    timeout_s: float = Field(default=20.0, gt=0, le=600)
    """Longest wait for one call, s."""
    retries: int = Field(default=2, ge=0, le=10)
    """Further calls after one that failed on the way; a reply that cannot be read is repaired, not retried."""
    rpm: int | None = Field(default=None, ge=1, le=100_000)
    """Most calls in any 60 s to this host, all clusters together; unset for no limit."""
    max_inflight: int = Field(default=6, ge=1, le=1_000)
    """Most calls at once to this host, all clusters together."""
    prices: Prices | None = None
    """Set them to see costs and to have a ceiling in money."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Fields that a server wants beside the standard ones, sent as they are."""

    @model_validator(mode="after")
    def _plain_address(self) -> Self:
        if self.base_url:
            check_address(self.base_url)
        if self.base_url and self.base_url_env:
            raise ValueError("base_url and base_url_env are both set; keep one")
        return self


class SambaNova(Remote):
    """SambaNova Cloud, or a private deployment at `base_url`."""

    provider: Literal["sambanova"]


class OpenAI(Remote):
    """OpenAI, or any server of its dialect at `base_url`: vLLM, llama.cpp, LM Studio."""

    provider: Literal["openai"]


class Anthropic(Remote):
    """Anthropic (extra `anthropic`)."""

    provider: Literal["anthropic"]


class Ollama(Remote):
    """Ollama on this or another machine (extra `ollama`)."""

    provider: Literal["ollama"]


class Groq(Remote):
    """Groq (extra `groq`)."""

    provider: Literal["groq"]


class Custom(Remote):
    """Any LangChain chat model class."""

    model_config = ConfigDict(populate_by_name=True, validate_by_name=True, validate_by_alias=True)

    provider: Literal["custom"]
    class_path: str = Field(alias="class", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", max_length=200)
    """`module:Class`."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """What its constructor is given, beside `model` (and `api_key`, `base_url` where they are set)."""


RemoteProfile = SambaNova | OpenAI | Anthropic | Ollama | Groq | Custom
Profile = Annotated[Rule | Scripted | Recorded | RemoteProfile, Field(discriminator="provider")]
PROVIDERS = ("rule", "scripted", "recorded", "sambanova", "openai", "anthropic", "ollama", "groq", "custom")

HOME: dict[str, tuple[str, str]] = {
    "sambanova": (SAMBANOVA_URL, "SAMBANOVA_API_KEY"),
    "openai": (OPENAI_URL, "OPENAI_API_KEY"),
    "anthropic": (ANTHROPIC_URL, "ANTHROPIC_API_KEY"),
    "groq": (GROQ_URL, "GROQ_API_KEY"),
    "ollama": (OLLAMA_URL, ""),
}
"""Each provider's own address and the variable that holds its key."""


class Budget(Value):
    """Where asking stops, for one run; unset for no ceiling."""

    tokens: int | None = Field(default=None, ge=0, le=10**12)
    """Most tokens, prompts and answers together."""
    usd: float | None = Field(default=None, ge=0, le=10**6)
    """Most money, US dollars; needs the profile's `prices`."""


class Breaker(Value):
    """When a host that keeps failing is left alone."""

    failures: int = Field(default=5, ge=1, le=1_000)
    """Failed calls in a row after which nothing is asked."""
    rest_s: float = Field(default=30.0, gt=0, le=3_600)
    """How long; then one call tries it again."""


class LlmSettings(Value):
    """The `[llm]` section."""

    use: str = Field(default="rule", max_length=60)
    """The profile that answers for every cluster."""
    per_cluster: dict[ClusterId, str] = Field(default_factory=dict)
    """Clusters that think with another profile."""
    on_silence: Literal["abstain", "rule"] = "abstain"
    """What stands for a model that timed out, cannot be reached or read: nothing, or the rule's bid by its name."""
    fallback_share_max: float = Field(default=0.05, ge=0, le=1)
    """Above this share of eligible calls without a model's bid, the run is marked degraded and exits 1."""
    round_s: float = Field(default=45.0, gt=0, le=3_600)
    """All bids of a decision close after this, s."""
    second_opinion: bool = False
    """Ask the model about each proposal; what it says is shown and never sets a vote."""
    langsmith: bool = False
    """Send traces to LangSmith; off, no byte leaves the machine but the calls to the profile's host."""
    cache: str = Field(default="runs/probe.json", max_length=400)
    """Where `quorate probe` keeps what it found."""
    budget: Budget = Budget()
    breaker: Breaker = Breaker()
    profiles: dict[str, Profile] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_profiles(self) -> Self:
        for cluster, name in self.per_cluster.items():
            if name not in self.names:
                raise ValueError(f"per_cluster.{cluster} names {name!r}, which is no profile; profiles: {self._list()}")
        if self.use not in self.names:
            raise ValueError(f"use names {self.use!r}, which is no profile; profiles: {self._list()}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every profile's name; `rule` is always there."""
        return tuple(dict.fromkeys(("rule", *self.profiles)))

    def _list(self) -> str:
        return ", ".join(self.names)

    def profile(self, name: str) -> Profile:
        """Return the profile called `name`; SettingsInvalid if there is none."""
        if name in self.profiles:
            return self.profiles[name]
        if name == "rule":
            return Rule(provider="rule")
        raise SettingsInvalid(f"there is no profile {name!r}; profiles: {self._list()}")

    def name_for(self, cluster: ClusterId) -> str:
        """Return the name of the profile that answers for a cluster."""
        return self.per_cluster.get(cluster, self.use)

    def using(self, name: str) -> "LlmSettings":
        """Return the same settings with `name` answering for every cluster (`--profile`)."""
        self.profile(name)
        return self.model_copy(update={"use": name, "per_cluster": {}})


class PromptSettings(Value):
    """The `[prompts]` section: which released version is asked."""

    bid: int = Field(default=2, ge=1)
    vote: int = Field(default=2, ge=1)
    repair: int = Field(default=1, ge=1)


def read_llm(table: Mapping[str, object], source: str = "quorate.toml") -> LlmSettings:
    """Read the `[llm]` table; SettingsInvalid names the path of the first thing that is wrong."""
    return _read(LlmSettings, table, source, "llm")


def read_prompts(table: Mapping[str, object], source: str = "quorate.toml") -> PromptSettings:
    """Read the `[prompts]` table; SettingsInvalid names the path of the first thing that is wrong."""
    return _read(PromptSettings, table, source, "prompts")


def _read(kind: type[V], table: Mapping[str, object], source: str, section: str) -> V:
    try:
        return kind.model_validate(dict(table))
    except ValidationError as error:
        raise SettingsInvalid(f"{source}: {_sentence(error, section)}") from None


def _sentence(error: ValidationError, section: str) -> str:
    first = error.errors()[0]
    loc = [str(part) for part in first["loc"]]
    if loc[:1] == ["profiles"] and len(loc) > 2 and loc[2] in PROVIDERS:
        provider = loc.pop(2)
        known = _fields(provider)
    else:
        known = list(LlmSettings.model_fields) if len(loc) == 1 else []
    path = ".".join([section, *loc])
    match first["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(loc[-1], known, n=1)
            return f"{path} is not a setting" + (f"; did you mean {near[0]}?" if near else "; remove it")
        case "missing":
            return f"{path} is missing; set it"
        case "union_tag_invalid" | "union_tag_not_found":
            return f"{path}.provider must be one of {', '.join(PROVIDERS)}"
        case "value_error":
            return f"{path}: {first['msg'].removeprefix('Value error, ')}"
        case _:
            return f"{path} = {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}"


def _fields(provider: str) -> list[str]:
    for kind in (Rule, Scripted, Recorded, SambaNova, OpenAI, Anthropic, Ollama, Groq, Custom):
        if provider in get_args(kind.model_fields["provider"].annotation):
            return list(kind.model_fields)
    return []


def check_address(url: str) -> None:
    """Raise ValueError unless `url` is a plain http(s) address without a login, a query or a fragment."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https address; write it as https://host/v1")
    if parts.username or parts.password:
        raise ValueError("an address must not carry a login; name the key's variable in api_key_env")
    if parts.query or parts.fragment:
        raise ValueError(f"{url!r} has a query or fragment; give the address alone")


def address(profile: RemoteProfile, environ: Environ) -> str:
    """Return the base URL that the profile speaks to.

    Raises:
        SettingsInvalid: the variable that should hold it is unset, holds no address, or nothing names one.
    """
    if not profile.base_url_env:
        return profile.base_url or HOME.get(profile.provider, ("", ""))[0]
    url = environ.get(profile.base_url_env, "").strip()
    if not url:
        raise SettingsInvalid(
            f"set {profile.base_url_env} to the deployment's address, or choose another profile in [llm]"
        )
    try:
        check_address(url)
    except ValueError as error:
        raise SettingsInvalid(f"{profile.base_url_env}: {error}") from None
    return url


def key_name(profile: RemoteProfile) -> str:
    """Return the variable that holds the profile's key, empty for none.

    A provider's own variable is used only at the provider's own address: a key never follows a changed
    `base_url` by itself.
    """
    if profile.api_key_env is not None:
        return profile.api_key_env
    return "" if profile.base_url or profile.base_url_env else HOME.get(profile.provider, ("", ""))[1]


def key(profile: RemoteProfile, environ: Environ) -> str:
    """Return the profile's key, empty if it needs none.

    Raises:
        CredentialMissing: the variable is unset, or the key would travel over plain http to another machine.
    """
    name = key_name(profile)
    if not name:
        return ""
    value = environ.get(name, "").strip()
    if not value:
        raise CredentialMissing(f'set {name}, or choose another profile in [llm] (`use = "rule"` needs no key)')
    parts = urlsplit(address(profile, environ))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not profile.plain_http:
        raise CredentialMissing(
            f"{name} would travel unencrypted to {parts.hostname}; use https, or set plain_http = true in the profile"
        )
    return value


def host(profile: RemoteProfile, environ: Environ) -> str:
    """Return host and port that the profile speaks to; limits are shared by it."""
    return urlsplit(address(profile, environ)).netloc or profile.provider


def resolved(settings: LlmSettings, environ: Environ) -> str:
    """Return what the settings come to, one `path = value` a line, keys masked; the profiles in use only."""
    lines = [
        f"llm.use = {settings.use}",
        *(f"llm.per_cluster.{cluster} = {name}" for cluster, name in sorted(settings.per_cluster.items())),
        f"llm.on_silence = {settings.on_silence}",
        f"llm.fallback_share_max = {settings.fallback_share_max}",
        f"llm.round_s = {settings.round_s}",
        f"llm.second_opinion = {str(settings.second_opinion).lower()}",
        f"llm.budget.tokens = {_or_none(settings.budget.tokens)}",
        f"llm.budget.usd = {_or_none(settings.budget.usd)}",
        f"llm.langsmith = {str(settings.langsmith).lower()}",
    ]
    for name in dict.fromkeys((settings.use, *settings.per_cluster.values())):
        lines += _resolved_profile(name, settings.profile(name), environ)
    return "\n".join(lines)


def _or_none(value: object) -> str:
    return "none" if value is None else str(value)


def _resolved_profile(name: str, profile: Profile, environ: Environ) -> list[str]:
    at = f"llm.profiles.{name}"
    if not isinstance(profile, Remote):
        return [f"{at}.{field} = {value}" for field, value in profile.model_dump().items()]
    shown = profile.model_dump(exclude={"base_url", "base_url_env", "api_key_env", "extra_body", "arguments", "prices"})
    url = profile.base_url_env and not environ.get(profile.base_url_env) and f"not set ({profile.base_url_env})"
    lines = [f"{at}.{field} = {_or_none(value)}" for field, value in shown.items()]
    lines.append(f"{at}.base_url = {url or address(profile, environ) or 'none'}")
    lines.append(f"{at}.key = {_masked(key_name(profile), environ)}")
    return [*lines, f"{at}.prices = {_or_none(profile.prices)}"]


def _masked(name: str, environ: Environ) -> str:
    if not name:
        return "none is sent"
    value = environ.get(name, "")
    return f"{name} ({len(value)} characters, not shown)" if value else f"{name} (not set)"
