"""Environment and `.env` → one frozen Settings. Secrets are masked wherever it is printed."""

from datetime import timedelta
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from irve_bridge.domain.errors import BridgeError
from irve_bridge.service.policy import CALLBACK_DELAYS, LEASE, Policy

STRIPE_API = "https://api.stripe.com"


class SettingsRefused(BridgeError):
    """The bridge must not start so; each sentence names one setting and what it should be."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Settings(BaseSettings):
    """Everything the operator can set; `config/.env.example` explains each."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    stripe_secret_key: SecretStr
    stripe_public_key: str | None = None
    stripe_webhook_secret: SecretStr
    stripe_api_base: str = STRIPE_API
    base_url: HttpUrl
    csms_notification_url: HttpUrl | None = None
    csms_notification_secret: SecretStr | None = None
    csms_api_key: SecretStr | None = None

    database_url: str = "sqlite:///irve_bridge.db"
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    ocpp_host: str = "127.0.0.1"
    ocpp_port: int = Field(default=9000, ge=0, le=65535)
    log_file: str | None = "app.log"
    log_level: str = "INFO"

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
    connection_timeout_s: float = Field(default=60, gt=0)
    start_within_s: float = Field(default=300, gt=0)
    start_within_most_s: float = Field(default=21_600, gt=0)
    start_retry_s: float = Field(default=10, gt=0)
    stop_repeat_s: float = Field(default=20, gt=0)
    csms_end_within_s: float = Field(default=86_400, gt=0)
    command_timeout_s: float = Field(default=20, gt=0)
    meter_interval_s: int = Field(default=15, gt=0)
    heartbeat_interval_s: int = Field(default=300, gt=0)
    callback_delays_s: tuple[float, ...] = tuple(d.total_seconds() for d in CALLBACK_DELAYS)
    throttle_per_minute: int = Field(default=20, gt=0)
    trusted_proxies: int = Field(default=0, ge=0)

    clock_epoch: float = 0.0
    clock_speed: float = Field(default=1.0, gt=0)

    @field_validator("stripe_secret_key")
    @classmethod
    def _secret_key(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
            raise ValueError("must be a Stripe secret key (sk_test_… or sk_live_…)")
        return key

    @field_validator("stripe_webhook_secret", "csms_notification_secret")
    @classmethod
    def _signing_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        parts = secret.get_secret_value().split(",") if secret else []
        if not all(part.startswith("whsec_") for part in parts):
            raise ValueError("must be a signing secret (whsec_…)")
        return secret

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.live and self.stripe_api_base.rstrip("/") != STRIPE_API:
            raise ValueError(f"STRIPE_API_BASE must be {STRIPE_API} with a live key")
        if self.live and self.clock_speed != 1.0:
            raise ValueError("CLOCK_SPEED must be 1 with a live key")
        if self.stripe_public_key and ("_live_" in self.stripe_public_key) != self.live:
            raise ValueError("STRIPE_PUBLIC_KEY and STRIPE_SECRET_KEY are of different modes")
        if self.csms_notification_url and self.csms_notification_secret is None:
            raise ValueError("CSMS_NOTIFICATION_SECRET is needed with CSMS_NOTIFICATION_URL")
        if self.smtp_host and not self.smtp_from:
            raise ValueError("SMTP_FROM is needed with SMTP_HOST")
        return self

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return "_live_" in self.stripe_secret_key.get_secret_value()

    @property
    def stripe_webhook_secrets(self) -> tuple[str, ...]:
        """The signing secrets that are valid: more than one while they rotate."""
        return tuple(self.stripe_webhook_secret.get_secret_value().split(","))

    @property
    def public_url(self) -> str:
        """BASE_URL without a slash at its end."""
        return str(self.base_url).rstrip("/")

    @property
    def policy(self) -> Policy:
        """The deadlines and bounds, as the service takes them."""
        return Policy(
            claim=timedelta(seconds=self.claim_s),
            checkout_lasts=timedelta(seconds=self.checkout_lasts_s),
            connection_timeout=timedelta(seconds=self.connection_timeout_s),
            start_within=timedelta(seconds=self.start_within_s),
            start_within_most=timedelta(seconds=self.start_within_most_s),
            start_retry=timedelta(seconds=self.start_retry_s),
            stop_repeat=timedelta(seconds=self.stop_repeat_s),
            csms_end_within=timedelta(seconds=self.csms_end_within_s),
            lease=LEASE * self.clock_speed,
            dynamic_ceiling_minor=self.dynamic_ceiling_minor,
            fixed_least_minor=self.fixed_least_minor,
            fixed_most_minor=self.fixed_most_minor,
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
    except ValidationError as error:
        raise SettingsRefused([_sentence(e) for e in error.errors()]) from error


def _sentence(error: object) -> str:
    details: dict[str, object] = dict(error)  # type: ignore[call-overload]
    location = details["loc"]
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    if details["type"] == "missing":
        return f"{name} is not set: see config/.env.example."
    message = str(details["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}." if name else f"{message}."
