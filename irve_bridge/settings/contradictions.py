"""Settings that are well-formed each, and cannot be together."""

from collections.abc import Iterator

from irve_bridge.settings.given import STRIPE_API, Given


def contradictions(given: Given) -> Iterator[tuple[bool, str]]:
    """Give what cannot be, and the sentence that says so."""
    yield from _about_others(given)
    yield from _about_charge_points(given)
    yield from _about_amounts_and_terms(given)


def _about_others(given: Given) -> Iterator[tuple[bool, str]]:
    yield (
        given.nats_url is not None and not given.shares_database,
        "NATS_URL needs a DATABASE_URL of PostgreSQL, which nodes can share: leave it empty.",
    )
    yield (
        given.live and given.stripe_api_base.rstrip("/") != STRIPE_API,
        f"STRIPE_API_BASE must be {STRIPE_API} with a live key.",
    )
    yield (
        bool(given.stripe_public_key) and ("_live_" in str(given.stripe_public_key)) != given.live,
        "STRIPE_PUBLIC_KEY and STRIPE_SECRET_KEY are of different modes.",
    )
    yield (
        given.csms_notification_url is not None and given.csms_notification_secret is None,
        "CSMS_NOTIFICATION_SECRET is needed with CSMS_NOTIFICATION_URL.",
    )
    yield (
        given.csms_authorize_url is not None and given.csms_notification_secret is None,
        "CSMS_NOTIFICATION_SECRET is needed with CSMS_AUTHORIZE_URL.",
    )
    yield (
        given.smtp_host is not None and given.smtp_from is None,
        "SMTP_FROM is needed with SMTP_HOST.",
    )


def _about_charge_points(given: Given) -> Iterator[tuple[bool, str]]:
    # Meanwhile a charge point is not heard: its answers to starts would come too late.
    yield (
        given.csms_authorize_url is not None
        and given.csms_authorize_timeout_s >= given.command_timeout_s,
        "CSMS_AUTHORIZE_TIMEOUT_S must be below COMMAND_TIMEOUT_S.",
    )
    yield (
        any(network.prefixlen == 0 for network in given.ocpp_trusted_proxies),
        "OCPP_TRUSTED_PROXIES must not name the whole world: anybody could pass for anybody.",
    )
    yield (
        given.qr_secret is None and given.qr_signatures != "off",
        "QR_SECRET is needed with QR_SIGNATURES.",
    )
    yield (
        len(given.ocpp_tls_certificates) != len(given.ocpp_tls_keys),
        "OCPP_TLS_KEYS must name one key for each of OCPP_TLS_CERTIFICATES, in their order.",
    )
    yield (
        given.ocpp_client_ca is not None and not given.ocpp_tls_certificates,
        "OCPP_TLS_CERTIFICATES is needed with OCPP_CLIENT_CA.",
    )


def _about_amounts_and_terms(given: Given) -> Iterator[tuple[bool, str]]:
    yield (
        given.fixed_least_minor > given.fixed_most_minor,
        "FIXED_LEAST_MINOR must not be above FIXED_MOST_MINOR.",
    )
    yield (
        list(given.debt_retries_s) != sorted(given.debt_retries_s),
        "DEBT_RETRIES_S must rise: each is counted from the refusal.",
    )
    yield (
        given.connection_timeout_s >= given.start_within_s,
        "CONNECTION_TIMEOUT_S must be below START_WITHIN_S.",
    )
    yield (
        given.start_within_s > given.start_within_most_s,
        "START_WITHIN_S must not be above START_WITHIN_MOST_S.",
    )
    yield (
        given.start_within_most_s + given.hold_stop_s >= given.transaction_most_s,
        "TRANSACTION_MOST_S must be above START_WITHIN_MOST_S and HOLD_STOP_S together.",
    )
    yield (
        given.retry_first_s > given.retry_most_s,
        "RETRY_FIRST_S must not be above RETRY_MOST_S.",
    )
    yield (
        given.personal_data_kept_s < given.customer_kept_s,
        "PERSONAL_DATA_KEPT_S must not be below CUSTOMER_KEPT_S: the customer goes first.",
    )
    yield (
        given.operator_idle_s > given.operator_login_lasts_s,
        "OPERATOR_IDLE_S must not be above OPERATOR_LOGIN_LASTS_S.",
    )
    yield (
        given.live and given.clock_speed != 1.0,
        "CLOCK_SPEED must be 1 with a live key.",
    )
    yield (
        given.clock_speed != 1.0 and not given.clock_epoch,
        "CLOCK_EPOCH is needed with a CLOCK_SPEED other than 1.",
    )
