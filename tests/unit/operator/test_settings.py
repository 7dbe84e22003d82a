"""Settings: what is missing or wrong is said in one sentence each, and secrets stay masked."""

from pathlib import Path

import pytest

from irve_bridge.settings import SettingsRefused, load

GOOD = {
    "STRIPE_SECRET_KEY": "sk_test_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_abc",
    "BASE_URL": "https://charge.example.com/",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the machine does not matter."""
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "BASE_URL", "CSMS_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def env(tmp_path: Path, **changes: str) -> str:
    file = tmp_path / ".env"
    lines = (GOOD | changes).items()
    file.write_text("\n".join(f"{name}={value}" for name, value in lines), encoding="utf-8")
    return str(file)


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


def test_everything_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load(str(tmp_path / "none"))
    assert [sentence.split()[0] for sentence in refused.value.sentences] == list(GOOD)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"STRIPE_SECRET_KEY": "pk_test_x"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_WEBHOOK_SECRET": "secret"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_a,b"}, "STRIPE_WEBHOOK_SECRET"),
        ({"BASE_URL": "charge.example.com"}, "BASE_URL"),
        ({"WEB_PORT": "70000"}, "WEB_PORT"),
        ({"CHECKOUT_LASTS_S": "60"}, "CHECKOUT_LASTS_S"),
        ({"CSMS_NOTIFICATION_URL": "https://csms.example.com"}, "CSMS_NOTIFICATION_SECRET"),
        ({"SMTP_HOST": "smtp.example.com"}, "SMTP_FROM"),
        ({"STRIPE_PUBLIC_KEY": "pk_live_x"}, "different modes"),
        (
            {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://127.0.0.1:8460"},
            "STRIPE_API_BASE",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://api.stripe.com"},
            "STRIPE_API_BASE",
        ),
        ({"STRIPE_SECRET_KEY": "rk_live_x", "CLOCK_SPEED": "2"}, "CLOCK_SPEED"),
    ],
)
def test_what_is_wrong_stops_the_start_with_a_sentence(
    tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsRefused, match=says) as refused:
        load(env(tmp_path, **changes))
    assert all(sentence.endswith(".") for sentence in refused.value.sentences)


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = load(env(tmp_path, CSMS_API_KEY="very-secret"))
    assert "very-secret" not in repr(settings)
    assert "sk_test_abc" not in repr(settings)


def test_every_setting_is_explained_in_the_example() -> None:
    from irve_bridge.settings import Settings  # noqa: PLC0415

    text = (Path(__file__).parents[3] / "config" / ".env.example").read_text(encoding="utf-8")
    missing = [name.upper() for name in Settings.model_fields if f"{name.upper()}=" not in text]
    assert missing == []
