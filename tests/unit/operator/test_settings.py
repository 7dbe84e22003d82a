"""Settings: what is missing or wrong is said in one sentence each, and secrets stay masked."""

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from irve_bridge.service.policy import Bounds, Policy
from irve_bridge.settings import Settings, SettingsRefused, load
from tests.unit.operator.given import GOOD, env

EXAMPLE = Path(__file__).parents[3] / "config" / ".env.example"

YEN = '{"dynamic_ceiling_minor": 9000, "fixed_least_minor": 100, "fixed_most_minor": 8000}'


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the machine does not matter."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_three_settings_are_enough(tmp_path: Path) -> None:
    settings = load(env(tmp_path))
    assert settings.public_url == "https://charge.example.com"
    assert not settings.live
    assert not settings.policy.callbacks


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE_URL", "https://other.example.com")
    assert load(env(tmp_path)).public_url == "https://other.example.com"


def test_an_empty_log_file_is_the_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a container that may write nowhere else starts, whatever `.env` says."""
    assert load(env(tmp_path)).log_file == "app.log"
    assert not load(env(tmp_path, LOG_FILE="")).log_file
    monkeypatch.setenv("LOG_FILE", "")
    assert not load(env(tmp_path, LOG_FILE="other.log")).log_file


def test_any_other_empty_setting_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does it hide what `.env` says."""
    monkeypatch.setenv("BASE_URL", "")
    settings = load(env(tmp_path, WEB_PORT="", SMTP_HOST="", CALLBACK_DELAYS_S=""))
    assert settings.public_url == "https://charge.example.com"
    assert (settings.web_port, settings.smtp_host) == (8080, None)
    assert len(settings.callback_delays_s) > 1


@pytest.mark.parametrize("text", ["[5, 30]", "5,30", " 5 , 30 "])
def test_callback_delays_are_a_list_with_or_without_brackets(tmp_path: Path, text: str) -> None:
    assert load(env(tmp_path, CALLBACK_DELAYS_S=text)).callback_delays_s == (5.0, 30.0)


def test_debt_retries_are_a_list_too_and_may_be_none_at_all(tmp_path: Path) -> None:
    settings = load(env(tmp_path, DEBT_RETRIES_S="60, 3600"))
    assert settings.policy.debt_retries == (timedelta(minutes=1), timedelta(hours=1))
    assert load(env(tmp_path, DEBT_RETRIES_S="[]")).policy.debt_retries == ()


def test_a_currency_may_have_amounts_of_its_own(tmp_path: Path) -> None:
    policy = load(env(tmp_path, AMOUNTS_BY_CURRENCY=f'{{"JPY": {YEN}}}')).policy
    assert policy.bounds("JPY") == Bounds(
        dynamic_ceiling_minor=9000, fixed_least_minor=100, fixed_most_minor=8000
    )
    assert policy.bounds("EUR") == Bounds()


def test_the_defaults_are_those_of_the_policy(tmp_path: Path) -> None:
    """What the example shows is what holds without it."""
    assert load(env(tmp_path)).policy == Policy(callbacks=False)


def test_every_deadline_of_the_policy_is_a_setting(tmp_path: Path) -> None:
    """But for the lease, which is no operator's business."""
    shown = re.findall(r"^# ([A-Z_]+_S)=(\d+)$", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    later = load(env(tmp_path, **{name: str(int(text) + 1) for name, text in shown})).policy
    deadlines = {f.name for f in fields(Policy) if f.type is timedelta}
    assert len(deadlines) > 15
    assert {name for name in deadlines if getattr(later, name) == getattr(Policy(), name)} == {
        "lease"
    }


@pytest.mark.parametrize(("value", "keeps"), [("refund", False), ("keep", True)])
def test_the_rest_of_a_fixed_amount_is_kept_only_if_the_operator_says_so(
    tmp_path: Path, value: str, *, keeps: bool
) -> None:
    assert load(env(tmp_path, PREPAID_REMAINDER=value)).policy.keeps_remainder is keeps


def test_every_default_in_the_example_is_the_default(tmp_path: Path) -> None:
    """Whoever uncomments a line changes nothing."""
    shown = EXAMPLE.read_text("utf-8")
    lines = re.findall(r"^# ([A-Z_]+_(?:S|MINOR|RETRIES))=(.+)$", shown, re.MULTILINE)
    assert len(lines) > 25
    assert load(env(tmp_path, **dict(lines))) == load(env(tmp_path))


def test_a_log_level_may_be_written_small(tmp_path: Path) -> None:
    assert load(env(tmp_path, LOG_LEVEL="debug")).log_level == "DEBUG"


def test_contradictions_are_all_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load(env(tmp_path, SMTP_HOST="smtp.example.com", CLOCK_SPEED="2"))
    assert [sentence.split()[0] for sentence in refused.value.sentences] == [
        "SMTP_FROM",
        "CLOCK_EPOCH",
    ]


def test_everything_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load(str(tmp_path / "none"))
    assert [sentence.split()[0] for sentence in refused.value.sentences] == list(GOOD)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"STRIPE_SECRET_KEY": "pk_test_x"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_replace_me"}, "config/.env.example"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_replace_me"}, "config/.env.example"),
        ({"STRIPE_WEBHOOK_SECRET": "secret"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_a,b"}, "STRIPE_WEBHOOK_SECRET"),
        ({"BASE_URL": "charge.example.com"}, "BASE_URL"),
        ({"WEB_PORT": "70000"}, "WEB_PORT"),
        ({"CHECKOUT_LASTS_S": "60"}, "CHECKOUT_LASTS_S"),
        ({"CSMS_NOTIFICATION_URL": "https://csms.example.com"}, "CSMS_NOTIFICATION_SECRET"),
        ({"SMTP_HOST": "smtp.example.com"}, "SMTP_FROM"),
        ({"STRIPE_PUBLIC_KEY": "pk_live_x"}, "different modes"),
        ({"STRIPE_PUBLIC_KEY": "sk_test_x"}, "publishable key"),
        ({"STRIPE_PUBLIC_KEY": "pk_test_replace_me"}, "publishable key"),
        (
            {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://127.0.0.1:8460"},
            "STRIPE_API_BASE",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://api.stripe.com"},
            "STRIPE_API_BASE",
        ),
        ({"STRIPE_SECRET_KEY": "rk_live_x", "CLOCK_SPEED": "2", "CLOCK_EPOCH": "1"}, "CLOCK_SPEED"),
        ({"CSMS_NOTIFICATION_SECRET": "c2VjcmV0"}, "CSMS_NOTIFICATION_SECRET"),
        ({"CSMS_NOTIFICATION_SECRET": "whsec_"}, "CSMS_NOTIFICATION_SECRET"),
        ({"CSMS_NOTIFICATION_SECRET": "whsec_not-base64"}, "CSMS_NOTIFICATION_SECRET"),
        ({"CSMS_NOTIFICATION_SECRET": "whsec_abcde"}, "CSMS_NOTIFICATION_SECRET"),
        ({"CSMS_NOTIFICATION_SECRET": "whsec_YWJj,secret"}, "CSMS_NOTIFICATION_SECRET"),
        ({"CSMS_API_KEY": "new,"}, "CSMS_API_KEY"),
        ({"OCPP_TRUSTED_PROXIES": "10.0.0.300"}, "OCPP_TRUSTED_PROXIES"),
        ({"OCPP_TRUSTED_PROXIES": "10.0.7.1/24"}, "OCPP_TRUSTED_PROXIES"),
        ({"OCPP_TRUSTED_PROXIES": "10.0.7.2, ::/0"}, "OCPP_TRUSTED_PROXIES"),
        ({"SHUTDOWN_S": "0"}, "SHUTDOWN_S"),
        ({"FIXED_LEAST_MINOR": "501", "FIXED_MOST_MINOR": "500"}, "FIXED_LEAST_MINOR"),
        ({"CONNECTION_TIMEOUT_S": "60", "START_WITHIN_S": "60"}, "CONNECTION_TIMEOUT_S"),
        ({"START_WITHIN_S": "301", "START_WITHIN_MOST_S": "300"}, "START_WITHIN_MOST_S"),
        ({"START_WITHIN_MOST_S": "518401"}, "START_WITHIN_MOST_S"),
        ({"START_WITHIN_MOST_S": "nan"}, "START_WITHIN_MOST_S"),
        ({"TRANSACTION_MOST_S": "21600"}, "TRANSACTION_MOST_S"),
        ({"IDLE_END_S": "59"}, "IDLE_END_S"),
        (
            {
                "CSMS_AUTHORIZE_URL": "https://csms.example.com/",
                "CSMS_NOTIFICATION_SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "CSMS_AUTHORIZE_TIMEOUT_S": "20",
                "COMMAND_TIMEOUT_S": "20",
            },
            "CSMS_AUTHORIZE_TIMEOUT_S must be below COMMAND_TIMEOUT_S",
        ),
        ({"DEBT_RETRIES_S": "60, 30"}, "DEBT_RETRIES_S"),
        ({"DEBT_RETRIES_S": "-1"}, "DEBT_RETRIES_S"),
        ({"DEBT_TERM_S": "0"}, "DEBT_TERM_S"),
        ({"HOLD_MARGIN_S": "59"}, "HOLD_MARGIN_S"),
        ({"REFUND_RETRIES": "-1"}, "REFUND_RETRIES"),
        ({"RETRY_FIRST_S": "301"}, "RETRY_MOST_S"),
        ({"RETRY_FIRST_S": "0"}, "RETRY_FIRST_S"),
        ({"RETRY_MOST_S": "0"}, "RETRY_MOST_S"),
        ({"START_RECHECK_S": "0"}, "START_RECHECK_S"),
        ({"CHECKOUT_MARGIN_S": "0"}, "CHECKOUT_MARGIN_S"),
        ({"CUSTOMER_KEPT_S": "60", "PERSONAL_DATA_KEPT_S": "59"}, "PERSONAL_DATA_KEPT_S"),
        ({"PREPAID_REMAINDER": "donate"}, "PREPAID_REMAINDER"),
        ({"AMOUNTS_BY_CURRENCY": '{"JPY": {"fixed_least_minor": 1}}'}, "AMOUNTS_BY_CURRENCY"),
        ({"AMOUNTS_BY_CURRENCY": f'{{"jpy": {YEN}}}'}, "AMOUNTS_BY_CURRENCY.*write JPY"),
        ({"DATABASE_URL": "postgresql://localhost"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://localhost/irve"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL"),
        ({"NATS_URL": "nats://127.0.0.1"}, "NATS_URL needs a DATABASE_URL of PostgreSQL"),
        ({"NATS_URL": "127.0.0.1:4222"}, "NATS_URL"),
        ({"NATS_URL": "http://127.0.0.1"}, "NATS_URL"),
        ({"NATS_URL": "nats://one:4222,"}, "NATS_URL"),
        ({"NATS_URL": "nats://one:port"}, "NATS_URL"),
        ({"HELP_PHONE": "ask at the desk"}, "HELP_PHONE: must be a telephone number"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"CLOCK_SPEED": "2"}, "CLOCK_EPOCH"),
        ({"COMMAND_TIMEOUT_S": "60"}, "COMMAND_TIMEOUT_S"),
        ({"CALLBACK_DELAYS_S": "soon, later"}, "CALLBACK_DELAYS_S"),
        ({"CALLBACK_DELAYS_S": "-5"}, "CALLBACK_DELAYS_S"),
    ],
)
def test_what_is_wrong_stops_the_start_with_a_sentence(
    tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsRefused, match=says) as refused:
        load(env(tmp_path, **changes))
    (sentence,) = refused.value.sentences
    assert sentence.endswith(".")


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    url = "postgresql://bridge:also-secret@localhost/irve"
    settings = load(env(tmp_path, CSMS_API_KEY="very-secret", DATABASE_URL=url))
    assert "very-secret" not in repr(settings)
    assert "also-secret" not in repr(settings)
    assert "sk_test_abc" not in repr(settings)


def test_secrets_rotate_with_overlap(tmp_path: Path) -> None:
    """The new one comes first, the old one stays until everybody knows the new one."""
    settings = load(
        env(
            tmp_path,
            STRIPE_WEBHOOK_SECRET="whsec_new, whsec_old",
            CSMS_NOTIFICATION_SECRET="whsec_YWJj, whsec_ZGVm",
            CSMS_API_KEY="new, old",
        )
    )
    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert settings.csms_notification_secrets == ("whsec_YWJj", "whsec_ZGVm")
    assert settings.csms_api_keys == ("new", "old")


def test_credentials_of_nats_show_in_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load(env(tmp_path, NATS_URL="natz://bridge:very-secret@one"))
    assert "very-secret" not in str(refused.value)


def test_every_setting_is_explained_in_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    missing = [name.upper() for name in Settings.model_fields if f"{name.upper()}=" not in text]
    assert missing == []


def test_certificates_and_keys_are_lists_in_the_same_order(tmp_path: Path) -> None:
    settings = load(
        env(tmp_path, OCPP_TLS_CERTIFICATES="rsa.pem, ec.pem", OCPP_TLS_KEYS="rsa.key,ec.key")
    )
    assert [str(file) for file in settings.ocpp_tls_certificates] == ["rsa.pem", "ec.pem"]
    assert [str(file) for file in settings.ocpp_tls_keys] == ["rsa.key", "ec.key"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"OCPP_TLS_CERTIFICATES": "a.pem, b.pem", "OCPP_TLS_KEYS": "a.key"}, "OCPP_TLS_KEYS"),
        ({"OCPP_CLIENT_CA": "ca.pem"}, "OCPP_TLS_CERTIFICATES"),
    ],
)
def test_half_of_what_tls_needs_is_refused(
    tmp_path: Path, changes: dict[str, str], name: str
) -> None:
    with pytest.raises(SettingsRefused, match=f"^{name} "):
        load(env(tmp_path, **changes))


def test_codes_are_signed_by_secrets_that_are_hard_to_guess(tmp_path: Path) -> None:
    new, old = "0123456789abcdef", "fedcba9876543210"
    settings = load(env(tmp_path, QR_SECRET=f"{new}, {old}", QR_SIGNATURES="required"))
    assert settings.qr_secrets == (new, old)
    assert new not in repr(settings)
    assert load(env(tmp_path)).qr_secrets == ()
    for changes in ({"QR_SECRET": f"{new},short"}, {"QR_SIGNATURES": "accepted"}):
        with pytest.raises(SettingsRefused, match=r"^QR_SECRET"):
            load(env(tmp_path, **changes))


def test_a_code_is_shown_for_a_while(tmp_path: Path) -> None:
    assert load(env(tmp_path, QR_ROTATES_S="0")).qr_rotates_s == 0
    with pytest.raises(SettingsRefused, match="QR_ROTATES_S: must be 0 or at least 10"):
        load(env(tmp_path, QR_ROTATES_S="5"))
