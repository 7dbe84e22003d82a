"""What can be set, and how each setting must be; `config/.env.example` explains each."""

import re
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
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
from irve_bridge.secret_files import read_secrets
from irve_bridge.service.policy import CALLBACK_DELAYS, DEBT_RETRIES

EXAMPLE = "replace_me"
STRIPE_API = "https://api.stripe.com"
QR_SECRET_LEAST = 16
QR_ROTATES_LEAST_S = 10
HOLD_USABLE_S = 6 * 86_400
"""A card hold ends after seven days; a day is left to capture or release it."""

# The library's decoder passes over characters that are not base64; the receiver's may not.
_CALLBACK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]+={0,2}")

_PUBLIC_KEY = re.compile(r"pk_(test|live)_\w+")
_DATABASE = re.compile(r"sqlite:///.|postgres(ql(\+psycopg)?)?://[^/]*/[^?]")

LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
]
Delay = Annotated[float, Field(ge=0)]


def _chargeable(currency: str) -> str:
    if wrong := refusal(currency):
        raise ValueError(wrong)
    return currency


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Paris") from None
    return name


def _telephone(number: str) -> str:
    if not re.fullmatch(r"\+?[0-9][0-9 ().-]+", number):
        raise ValueError("must be a telephone number such as +33 1 23 45 67 89")
    return number


Currency = Annotated[str, AfterValidator(_chargeable)]
TimeZone = Annotated[str, AfterValidator(_zone)]
Telephone = Annotated[str, AfterValidator(_telephone)]


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


class Given(BaseSettings):
    """Everything the operator can set, each well-formed by itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    stripe_secret_key: SecretStr
    stripe_public_key: str | None = None
    stripe_webhook_secret: SecretStr
    stripe_api_base: str = STRIPE_API
    base_url: HttpUrl
    help_phone: Telephone | None = None
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
    operator_idle_s: float = Field(default=3600, ge=60)
    operator_login_lasts_s: float = Field(default=43_200, ge=60)
    operator_logins_per_minute: float = Field(default=6, gt=0)
    operator_time_zone: TimeZone = "Europe/Paris"

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

    @field_validator("stripe_public_key")
    @classmethod
    def _public_key(cls, key: str | None) -> str | None:
        """Every driver's browser is told it: a secret key in its place must never start."""
        if key is not None and (not _PUBLIC_KEY.fullmatch(key) or key.endswith(EXAMPLE)):
            raise ValueError("must be a Stripe publishable key (pk_test_… or pk_live_…)")
        return key

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _webhook_secrets(cls, secret: SecretStr) -> SecretStr:
        if not all(part.startswith("whsec_") for part in parts(secret)):
            raise ValueError("must be a signing secret (whsec_…)")
        return secret

    @field_validator("qr_secret")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr | None) -> SecretStr | None:
        if not all(len(part) >= QR_SECRET_LEAST for part in parts(secret)):
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
        if not all(parts(key)):
            raise ValueError("must not be empty, nor one of several")
        return key

    @field_validator("csms_notification_secret")
    @classmethod
    def _callback_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if not all(map(_signs, parts(secret))):
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
        if not all(map(_nats_server, parts(urls))):
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

    @property
    def shares_database(self) -> bool:
        """Whether other nodes may be on this database."""
        return not self.database_url.get_secret_value().startswith("sqlite:")

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return "_live_" in self.stripe_secret_key.get_secret_value()


def parts(secret: SecretStr | None) -> tuple[str, ...]:
    """Return what stands between commas: secrets and addresses may be several."""
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
