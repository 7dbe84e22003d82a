"""Environment and `.env` → one frozen Settings. Secrets are masked wherever it is printed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from standardwebhooks import Webhook

from irve_bridge.domain.errors import BridgeError
from irve_bridge.domain.money import refusal
from irve_bridge.secret_files import SecretsRefused, read_secrets
from irve_bridge.service.policy import CALLBACK_DELAYS, DEBT_RETRIES, LEASE, Bounds, Policy

EXAMPLE = "replace_me"
STRIPE_API = "https://api.stripe.com"
QR_SECRET_LEAST = 16
QR_ROTATES_LEAST_S = 10
HOLD_USABLE_S = 6 * 86_400
"""A card hold ends after seven days; a day is left to capture or release it."""

# The library's decoder passes over characters that are not base64; the receiver's may not.
_CALLBACK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]+={0,2}")

_DATABASE = re.compile(r"sqlite:///.|postgres(ql(\+psycopg)?)?://[^/]*/[^?]")

LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
]
Delay = Annotated[float, Field(ge=0)]


def _chargeable(currency: str) -> str:
    if wrong := refusal(currency):
        raise ValueError(wrong)
    return currency


Currency = Annotated[str, AfterValidator(_chargeable)]


class SettingsRefused(BridgeError):
    """The bridge must not start so; each sentence names one setting and what it should be."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class CurrencyAmounts(BaseModel):
    """What may be secured in one currency, in its minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dynamic_ceiling_minor: int = Field(gt=0)
    fixed_least_minor: int = Field(gt=0)
    fixed_most_minor: int = Field(gt=0)


class Settings(BaseSettings):
    """Everything the operator can set; `config/.env.example` explains each."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    stripe_secret_key: SecretStr
    stripe_public_key: str | None = None
    stripe_webhook_secret: SecretStr
    stripe_api_base: str = STRIPE_API
    base_url: HttpUrl
    csms_notification_url: HttpUrl | None = None
    csms_notification_secret: SecretStr | None = None
    csms_api_key: SecretStr | None = None
    csms_authorize_url: HttpUrl | None = None
    csms_authorize_timeout_s: float = Field(default=5, gt=0, le=25)

    database_url: SecretStr = SecretStr("sqlite:///irve_bridge.db")
    nats_url: SecretStr | None = None
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    ocpp_host: str = "127.0.0.1"
    ocpp_port: int = Field(default=9000, ge=0, le=65535)
    ocpp_tls_port: int = Field(default=9001, ge=0, le=65535)
    ocpp_tls_certificates: Annotated[tuple[Path, ...], NoDecode] = ()
    ocpp_tls_keys: Annotated[tuple[Path, ...], NoDecode] = ()
    ocpp_client_ca: Path | None = None
    ocpp_cpo_name: str = ""
    ocpp_trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    log_file: str | None = "app.log"
    log_level: LogLevel = "INFO"

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = Field(default="starttls", pattern="^(starttls|tls|none)$")
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None

    dynamic_ceiling_minor: int = Field(default=15_000, gt=0)
    fixed_least_minor: int = Field(default=500, gt=0)
    fixed_most_minor: int = Field(default=20_000, gt=0)
    claim_s: float = Field(default=300, gt=0)
    checkout_lasts_s: float = Field(default=1860, ge=1860, le=86_400)
    checkout_margin_s: float = Field(default=120, gt=0)
    connection_timeout_s: float = Field(default=60, gt=0)
    start_within_s: float = Field(default=300, gt=0)
    start_within_most_s: float = Field(default=21_600, gt=0, le=HOLD_USABLE_S)
    start_recheck_s: float = Field(default=15, gt=0)
    reserve_connectors: bool = True
    start_retry_s: float = Field(default=10, gt=0)
    stop_repeat_s: float = Field(default=20, gt=0)
    csms_end_within_s: float = Field(default=86_400, gt=0)
    idle_end_s: float = Field(default=900, ge=60)
    transaction_most_s: float = Field(default=7 * 86_400, gt=0)
    prepaid_remainder: Literal["refund", "keep"] = "refund"
    amounts_by_currency: dict[Currency, CurrencyAmounts] = {}
    hold_margin_s: float = Field(default=7_200, ge=60)
    hold_stop_s: float = Field(default=900, ge=0)
    stop_lead_s: float = Field(default=5, ge=0)
    debt_retries_s: Annotated[tuple[Delay, ...], NoDecode] = tuple(
        delay.total_seconds() for delay in DEBT_RETRIES
    )
    debt_term_s: float = Field(default=30 * 86_400, gt=0)
    refund_retries: int = Field(default=3, ge=0)
    refund_retry_s: float = Field(default=21_600, gt=0)
    customer_kept_s: float = Field(default=30 * 86_400, ge=0)
    personal_data_kept_s: float = Field(default=395 * 86_400, gt=0)
    commands_kept_s: float = Field(default=395 * 86_400, gt=0)
    retry_first_s: float = Field(default=2, gt=0)
    retry_most_s: float = Field(default=300, gt=0)
    reconcile_every_s: float = Field(default=86_400, gt=0)
    reconcile_back_s: float = Field(default=3 * 86_400, gt=0)
    # Well below the lease, so that whoever sends a command still holds it when the answer comes.
    command_timeout_s: float = Field(default=20, gt=0, lt=60)
    meter_interval_s: int = Field(default=15, gt=0)
    heartbeat_interval_s: int = Field(default=300, gt=0)
    node_lease_s: float = Field(default=10, gt=0)
    shutdown_s: float = Field(default=8, ge=1)
    configure_charge_points: bool = True
    list_strangers: bool = False
    display_every_s: float = Field(default=60, gt=0)
    callback_delays_s: Annotated[tuple[Delay, ...], NoDecode] = tuple(
        delay.total_seconds() for delay in CALLBACK_DELAYS
    )
    qr_secret: SecretStr | None = None
    qr_signatures: Literal["off", "accepted", "required"] = "off"
    qr_rotates_s: float = Field(default=60, ge=0)
    throttle_per_minute: int = Field(default=20, gt=0)
    trusted_proxies: int = Field(default=0, ge=0)

    clock_epoch: float = 0.0
    clock_speed: float = Field(default=1.0, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the environment over `.env`, where empty means not set, but for LOG_FILE none.

        Secrets may stand in files that NAME_FILE names.
        """
        del settings_cls, init_settings, file_secret_settings
        given: dict[str, str | None] = {}
        for source in (dotenv_settings, env_settings):
            if isinstance(source, EnvSettingsSource):
                source.env_vars = {
                    name: text
                    for name, text in source.env_vars.items()
                    if text or name == "log_file"
                }
                given |= source.env_vars
        files = InitSettingsSource(cls, dict(read_secrets(cls.secrets(), given)))
        return files, env_settings, dotenv_settings

    @classmethod
    def secrets(cls) -> tuple[str, ...]:
        """Return the names of the settings that are masked, and may come from files."""
        return tuple(
            name
            for name, field in cls.model_fields.items()
            if SecretStr in (field.annotation, *get_args(field.annotation))
        )

    @field_validator("stripe_secret_key", "stripe_webhook_secret")
    @classmethod
    def _filled_in(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value().endswith(EXAMPLE):
            raise ValueError("still has the value of config/.env.example")
        return secret

    @field_validator("stripe_secret_key")
    @classmethod
    def _secret_key(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
            raise ValueError("must be a Stripe secret key (sk_test_… or sk_live_…)")
        return key

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _webhook_secrets(cls, secret: SecretStr) -> SecretStr:
        if not all(part.startswith("whsec_") for part in _parts(secret)):
            raise ValueError("must be a signing secret (whsec_…)")
        return secret

    @field_validator("qr_secret")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr | None) -> SecretStr | None:
        parts = _parts(secret)
        if secret is not None and not all(len(part) >= QR_SECRET_LEAST for part in parts):
            raise ValueError(f"must have at least {QR_SECRET_LEAST} characters, each if several")
        return secret

    @field_validator("qr_rotates_s")
    @classmethod
    def _long_enough(cls, rotates_s: float) -> float:
        if 0 < rotates_s < QR_ROTATES_LEAST_S:
            raise ValueError(f"must be 0 or at least {QR_ROTATES_LEAST_S}")
        return rotates_s

    @field_validator("csms_api_key")
    @classmethod
    def _keys(cls, key: SecretStr | None) -> SecretStr | None:
        if not all(_parts(key)):
            raise ValueError("must not be empty, nor one of several")
        return key

    @field_validator("csms_notification_secret")
    @classmethod
    def _callback_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if not all(map(_signs, _parts(secret))):
            raise ValueError("must be whsec_ and base64, comma-separated if several")
        return secret

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: SecretStr) -> SecretStr:
        if not _DATABASE.match(url.get_secret_value()):
            raise ValueError(
                "must be sqlite:/// and the path of a file, or "
                "postgresql://user:password@host/database"
            )
        return url

    @field_validator("nats_url")
    @classmethod
    def _nats_servers(cls, urls: SecretStr | None) -> SecretStr | None:
        if not all(map(_nats_server, _parts(urls))):
            raise ValueError("must be nats://host or tls://host, comma-separated if several")
        return urls

    @field_validator("callback_delays_s", "debt_retries_s", mode="before")
    @classmethod
    def _list(cls, text: object) -> object:
        """Take `5, 30` as well as `[5, 30]`; `[]` is none."""
        if not isinstance(text, str):
            return text
        inside = text.strip(" []")
        return inside.split(",") if inside else ()

    @field_validator(
        "ocpp_tls_certificates", "ocpp_tls_keys", "ocpp_trusted_proxies", mode="before"
    )
    @classmethod
    def _several(cls, text: object) -> object:
        """Take `rsa.pem, ecdsa.pem`."""
        return [name.strip() for name in text.split(",")] if isinstance(text, str) else text

    @model_validator(mode="after")
    def _together(self) -> Self:
        if wrong := [sentence for refused, sentence in self._contradictions() if refused]:
            raise SettingsRefused(wrong)
        return self

    @property
    def shares_database(self) -> bool:
        """Whether other nodes may be on this database."""
        return not self.database_url.get_secret_value().startswith("sqlite:")

    def _contradictions(self) -> Iterator[tuple[bool, str]]:
        """Give what cannot be, and the sentence that says so."""
        yield from self._about_others()
        yield from self._about_charge_points()
        yield from self._about_amounts_and_terms()

    def _about_others(self) -> Iterator[tuple[bool, str]]:
        yield (
            self.nats_url is not None and not self.shares_database,
            "NATS_URL needs a DATABASE_URL of PostgreSQL, which nodes can share: leave it empty.",
        )
        yield (
            self.live and self.stripe_api_base.rstrip("/") != STRIPE_API,
            f"STRIPE_API_BASE must be {STRIPE_API} with a live key.",
        )
        yield (
            bool(self.stripe_public_key) and ("_live_" in str(self.stripe_public_key)) != self.live,
            "STRIPE_PUBLIC_KEY and STRIPE_SECRET_KEY are of different modes.",
        )
        yield (
            self.csms_notification_url is not None and self.csms_notification_secret is None,
            "CSMS_NOTIFICATION_SECRET is needed with CSMS_NOTIFICATION_URL.",
        )
        yield (
            self.csms_authorize_url is not None and self.csms_notification_secret is None,
            "CSMS_NOTIFICATION_SECRET is needed with CSMS_AUTHORIZE_URL.",
        )
        yield (
            self.smtp_host is not None and self.smtp_from is None,
            "SMTP_FROM is needed with SMTP_HOST.",
        )

    def _about_charge_points(self) -> Iterator[tuple[bool, str]]:
        # Meanwhile a charge point is not heard: its answers to starts would come too late.
        yield (
            self.csms_authorize_url is not None
            and self.csms_authorize_timeout_s >= self.command_timeout_s,
            "CSMS_AUTHORIZE_TIMEOUT_S must be below COMMAND_TIMEOUT_S.",
        )
        yield (
            any(network.prefixlen == 0 for network in self.ocpp_trusted_proxies),
            "OCPP_TRUSTED_PROXIES must not name the whole world: anybody could pass for anybody.",
        )
        yield (
            self.qr_secret is None and self.qr_signatures != "off",
            "QR_SECRET is needed with QR_SIGNATURES.",
        )
        yield (
            len(self.ocpp_tls_certificates) != len(self.ocpp_tls_keys),
            "OCPP_TLS_KEYS must name one key for each of OCPP_TLS_CERTIFICATES, in their order.",
        )
        yield (
            self.ocpp_client_ca is not None and not self.ocpp_tls_certificates,
            "OCPP_TLS_CERTIFICATES is needed with OCPP_CLIENT_CA.",
        )

    def _about_amounts_and_terms(self) -> Iterator[tuple[bool, str]]:
        yield (
            self.fixed_least_minor > self.fixed_most_minor,
            "FIXED_LEAST_MINOR must not be above FIXED_MOST_MINOR.",
        )
        yield (
            list(self.debt_retries_s) != sorted(self.debt_retries_s),
            "DEBT_RETRIES_S must rise: each is counted from the refusal.",
        )
        yield (
            self.connection_timeout_s >= self.start_within_s,
            "CONNECTION_TIMEOUT_S must be below START_WITHIN_S.",
        )
        yield (
            self.start_within_s > self.start_within_most_s,
            "START_WITHIN_S must not be above START_WITHIN_MOST_S.",
        )
        yield (
            self.start_within_most_s + self.hold_stop_s >= self.transaction_most_s,
            "TRANSACTION_MOST_S must be above START_WITHIN_MOST_S and HOLD_STOP_S together.",
        )
        yield (
            self.retry_first_s > self.retry_most_s,
            "RETRY_FIRST_S must not be above RETRY_MOST_S.",
        )
        yield (
            self.personal_data_kept_s < self.customer_kept_s,
            "PERSONAL_DATA_KEPT_S must not be below CUSTOMER_KEPT_S: the customer goes first.",
        )
        yield (
            self.live and self.clock_speed != 1.0,
            "CLOCK_SPEED must be 1 with a live key.",
        )
        yield (
            self.clock_speed != 1.0 and not self.clock_epoch,
            "CLOCK_EPOCH is needed with a CLOCK_SPEED other than 1.",
        )

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return "_live_" in self.stripe_secret_key.get_secret_value()

    @property
    def stripe_webhook_secrets(self) -> tuple[str, ...]:
        """The signing secrets that are valid: more than one while they rotate."""
        return _parts(self.stripe_webhook_secret)

    @property
    def csms_notification_secrets(self) -> tuple[str, ...]:
        """What callbacks are signed with: with each of them while they rotate."""
        return _parts(self.csms_notification_secret)

    @property
    def csms_api_keys(self) -> tuple[str, ...]:
        """The keys that open the API: more than one while they rotate; the first is ours."""
        return _parts(self.csms_api_key)

    @property
    def qr_secrets(self) -> tuple[str, ...]:
        """The secrets of the codes on stations: the first signs, all verify while they rotate."""
        return _parts(self.qr_secret)

    @property
    def public_url(self) -> str:
        """BASE_URL without a slash at its end."""
        return str(self.base_url).rstrip("/")

    @property
    def reconcile_every(self) -> timedelta:
        """How often everything is compared with the payment provider."""
        return timedelta(seconds=self.reconcile_every_s)

    @property
    def reconcile_back(self) -> timedelta:
        """How far back is compared each time."""
        return timedelta(seconds=self.reconcile_back_s)

    @property
    def policy(self) -> Policy:
        """The deadlines and bounds, as the service takes them."""
        return Policy(
            claim=timedelta(seconds=self.claim_s),
            checkout_lasts=timedelta(seconds=self.checkout_lasts_s),
            checkout_margin=timedelta(seconds=self.checkout_margin_s),
            connection_timeout=timedelta(seconds=self.connection_timeout_s),
            start_within=timedelta(seconds=self.start_within_s),
            start_within_most=timedelta(seconds=self.start_within_most_s),
            start_recheck=timedelta(seconds=self.start_recheck_s),
            start_retry=timedelta(seconds=self.start_retry_s),
            stop_repeat=timedelta(seconds=self.stop_repeat_s),
            csms_end_within=timedelta(seconds=self.csms_end_within_s),
            idle_end=timedelta(seconds=self.idle_end_s),
            transaction_most=timedelta(seconds=self.transaction_most_s),
            lease=LEASE * self.clock_speed,
            hold_margin=timedelta(seconds=self.hold_margin_s),
            hold_stop=timedelta(seconds=self.hold_stop_s),
            debt_retries=tuple(timedelta(seconds=s) for s in self.debt_retries_s),
            debt_term=timedelta(seconds=self.debt_term_s),
            refund_retries=self.refund_retries,
            refund_retry_after=timedelta(seconds=self.refund_retry_s),
            customer_kept=timedelta(seconds=self.customer_kept_s),
            personal_data_kept=timedelta(seconds=self.personal_data_kept_s),
            commands_kept=timedelta(seconds=self.commands_kept_s),
            stop_lead=timedelta(seconds=self.stop_lead_s),
            retry_first=timedelta(seconds=self.retry_first_s),
            retry_most=timedelta(seconds=self.retry_most_s),
            usual=Bounds(
                dynamic_ceiling_minor=self.dynamic_ceiling_minor,
                fixed_least_minor=self.fixed_least_minor,
                fixed_most_minor=self.fixed_most_minor,
            ),
            by_currency={
                currency: Bounds(**limits.model_dump())
                for currency, limits in self.amounts_by_currency.items()
            },
            keeps_remainder=self.prepaid_remainder == "keep",
            reserves=self.reserve_connectors,
            callbacks=self.csms_notification_url is not None,
            mail=self.smtp_host is not None,
        )


def load(env_file: str | None = ".env") -> Settings:
    """Return the settings of the environment, over those of `env_file`.

    Raises:
        SettingsRefused: With one sentence for each setting that is missing or malformed.
    """
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # the rest comes from outside
    except SecretsRefused as error:
        raise SettingsRefused(error.sentences) from error
    except ValidationError as error:
        sentences = dict.fromkeys(_sentence(details) for details in error.errors())
        raise SettingsRefused(list(sentences)) from error


def _parts(secret: SecretStr | None) -> tuple[str, ...]:
    return () if secret is None else tuple(p.strip() for p in secret.get_secret_value().split(","))


def _nats_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"nats", "tls"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _signs(secret: str) -> bool:
    """Tell whether callbacks can be signed with it (Standard Webhooks 1.0)."""
    if not _CALLBACK_SECRET.fullmatch(secret):
        return False
    try:
        Webhook(secret)
    except ValueError:
        return False
    return True


def _sentence(error: object) -> str:
    details: dict[str, object] = dict(error)  # type: ignore[call-overload]
    location = details["loc"]
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    if details["type"] == "missing":
        return f"{name} is not set: see config/.env.example."
    message = str(details["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}." if name else f"{message}."
