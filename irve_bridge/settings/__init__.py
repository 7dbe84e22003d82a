"""Environment and `.env` → one frozen Settings. Secrets are masked wherever it is printed."""

from datetime import timedelta
from typing import Self

from pydantic import ValidationError, model_validator

from irve_bridge.secret_files import SecretsRefused
from irve_bridge.service.policy import LEASE, Bounds, Policy
from irve_bridge.settings.contradictions import contradictions
from irve_bridge.settings.given import (
    HOLD_USABLE_S,
    STRIPE_API,
    CurrencyAmounts,
    Given,
    SettingsRefused,
    parts,
)

__all__ = ["HOLD_USABLE_S", "STRIPE_API", "CurrencyAmounts", "Settings", "SettingsRefused", "load"]


class Settings(Given):
    """What was set, as the bridge takes it."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if wrong := [sentence for refused, sentence in contradictions(self) if refused]:
            raise SettingsRefused(wrong)
        return self

    @property
    def stripe_webhook_secrets(self) -> tuple[str, ...]:
        """The signing secrets that are valid: more than one while they rotate."""
        return parts(self.stripe_webhook_secret)

    @property
    def csms_notification_secrets(self) -> tuple[str, ...]:
        """What callbacks are signed with: with each of them while they rotate."""
        return parts(self.csms_notification_secret)

    @property
    def csms_api_keys(self) -> tuple[str, ...]:
        """The keys that open the API: more than one while they rotate; the first is ours."""
        return parts(self.csms_api_key)

    @property
    def qr_secrets(self) -> tuple[str, ...]:
        """The secrets of the codes on stations: the first signs, all verify while they rotate."""
        return parts(self.qr_secret)

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


def _sentence(error: object) -> str:
    details: dict[str, object] = dict(error)  # type: ignore[call-overload]
    location = details["loc"]
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    if details["type"] == "missing":
        return f"{name} is not set: see config/.env.example."
    message = str(details["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}." if name else f"{message}."
