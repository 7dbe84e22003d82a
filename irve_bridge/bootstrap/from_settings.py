"""What each room is given of the settings."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy import make_url

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.charge_points.tls import TlsSettings
from irve_bridge.clock import SharedClock
from irve_bridge.csms import CallbackHand, CsmsAuthorizer
from irve_bridge.domain.intents import Lane
from irve_bridge.mail import MailHand, Smtp
from irve_bridge.payments import StripePayments, StripeSettings
from irve_bridge.service.accounts import Accounts
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.codes import Codes, Signatures
from irve_bridge.service.ports import Bus, Clock, Hand, Storage
from irve_bridge.settings import STRIPE_API, Settings
from irve_bridge.web import StripeJs, WebSettings

SOCKETS_SHARE = 0.15
"""Of the time that a stop may take: for the sockets of each of two ports to be closed."""


def codes_of(settings: Settings) -> Codes:
    """Return what signs and judges the codes on stations; without a secret none changes."""
    window = timedelta(seconds=settings.qr_rotates_s if settings.qr_secrets else 0)
    return Codes(settings.qr_secrets, Signatures(settings.qr_signatures), window)


def clock_of(settings: Settings) -> Clock:
    """Return the clock that the settings name, in the demo one shared with the simulators."""
    return SharedClock(settings.clock_epoch, settings.clock_speed)


def payments_of(settings: Settings, clock: Clock) -> StripePayments:
    """Return Stripe by its key, with the links that a checkout leads back to."""
    link = f"{settings.public_url}/c/{{token}}"
    return StripePayments(
        StripeSettings(
            secret_key=settings.stripe_secret_key.get_secret_value(),
            webhook_secrets=settings.stripe_webhook_secrets,
            api_base=settings.stripe_api_base,
            return_url_template=f"{link}/return",
            cancel_url_template=f"{link}/cancelled",
            checkout_expires_after=timedelta(seconds=settings.checkout_lasts_s),
        ),
        clock,
    )


def accounts_of(settings: Settings, storage: Storage) -> Accounts:
    """Return who may use the operator's pages: on real time, however fast the demo's clock runs."""
    return Accounts(
        storage,
        SharedClock(),
        timedelta(seconds=settings.operator_idle_s),
        timedelta(seconds=settings.operator_login_lasts_s),
    )


def hands_of(
    settings: Settings,
    payments: StripePayments,
    bus: Bus,
    clock: Clock,
    http: aiohttp.ClientSession,
) -> dict[Lane, Hand]:
    """Give a hand for each lane that the settings open."""
    hands: dict[Lane, Hand] = {
        Lane.MONEY: payments,
        Lane.REFUNDS: payments,
        Lane.AFTERWARDS: payments,
        Lane.EYES: payments,
        Lane.CHARGER: ChargerHand(bus, clock, settings.policy, settings.command_timeout_s),
    }
    if settings.csms_notification_url:
        hands[Lane.CSMS] = CallbackHand(
            http,
            str(settings.csms_notification_url),
            settings.csms_notification_secrets,
            tuple(timedelta(seconds=s) for s in settings.callback_delays_s),
        )
    if settings.smtp_host and settings.smtp_from:
        hands[Lane.MAIL] = MailHand(_smtp(settings), settings.public_url)
    return hands


def authorizer_of(settings: Settings, http: aiohttp.ClientSession) -> CsmsAuthorizer | None:
    """Return what asks the CSMS for id tags; None where it is not asked."""
    if not settings.csms_authorize_url:
        return None
    return CsmsAuthorizer(
        http,
        str(settings.csms_authorize_url),
        settings.csms_notification_secrets,
        settings.csms_authorize_timeout_s,
    )


def _smtp(settings: Settings) -> Smtp:
    password = settings.smtp_password
    return Smtp(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        sender=settings.smtp_from or "",
    )


def door_of(settings: Settings) -> DoorSettings:
    """Return what the charge points' door is given."""
    return DoorSettings(
        host=settings.ocpp_host,
        port=settings.ocpp_port,
        call_timeout_s=settings.command_timeout_s,
        close_timeout_s=settings.shutdown_s * SOCKETS_SHARE,
        heartbeat_interval_s=settings.heartbeat_interval_s,
        meter_interval_s=settings.meter_interval_s,
        connection_timeout_s=max(1, int(settings.connection_timeout_s)),
        configures=settings.configure_charge_points,
        cpo_name=settings.ocpp_cpo_name,
        list_strangers=settings.list_strangers,
        trusted_proxies=settings.ocpp_trusted_proxies,
    )


def tls_settings(settings: Settings) -> TlsSettings | None:
    """Return what the TLS port needs; None where it stays closed."""
    if not settings.ocpp_tls_certificates:
        return None
    pairs = zip(settings.ocpp_tls_certificates, settings.ocpp_tls_keys, strict=True)
    return TlsSettings(
        port=settings.ocpp_tls_port,
        certificates=tuple(pairs),
        client_ca=settings.ocpp_client_ca,
    )


def web_of(settings: Settings) -> WebSettings:
    """Return what the web room is given."""
    checkout, stripe_js = "https://checkout.stripe.com", None
    simulated = settings.stripe_api_base != STRIPE_API
    if simulated:
        own_stripe = urlsplit(settings.stripe_api_base)
        checkout = f"{own_stripe.scheme}://{own_stripe.netloc}"
    if key := settings.stripe_public_key:
        stripe_js = StripeJs.served_by(checkout, key) if simulated else StripeJs(public_key=key)
    return WebSettings(
        base_url=settings.public_url,
        csms_api_keys=settings.csms_api_keys,
        checkout_origins=(checkout,),
        stripe_js=stripe_js,
        help_phone=settings.help_phone,
        trusted_proxies=settings.trusted_proxies,
        throttle_per_minute=settings.throttle_per_minute,
        operator_logins_per_minute=settings.operator_logins_per_minute,
        operator_time_zone=settings.operator_time_zone,
        folders=_folders(settings),
    )


def _folders(settings: Settings) -> dict[str, Path]:
    """Return where what grows lies, as far as it lies here."""
    database = make_url(settings.database_url.get_secret_value())
    folders = {}
    if database.drivername == "sqlite" and database.database:
        folders["database"] = Path(database.database).absolute().parent
    if settings.log_file:
        folders["log"] = Path(settings.log_file).absolute().parent
    return folders
