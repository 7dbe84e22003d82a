"""Secrets from files: as Docker, Kubernetes and systemd hand them over."""

from pathlib import Path

import pytest

from irve_bridge.settings import Settings, SettingsRefused, load
from tests.unit.operator.given import GOOD, env

SECRET = "sk_test_from_a_file"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the machine does not matter."""
    for name in Settings.model_fields:
        for each in (name.upper(), f"{name.upper()}_FILE"):
            monkeypatch.delenv(each, raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "stripe_secret_key"
    file.write_text(f"{SECRET}\n", "utf-8")
    return file


def test_a_secret_stands_in_the_file_that_the_environment_or_env_names(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor's line end is no part of it."""
    settings = load(env(tmp_path, STRIPE_SECRET_KEY="", STRIPE_SECRET_KEY_FILE=str(file)))
    assert settings.stripe_secret_key.get_secret_value() == SECRET
    monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", str(file))
    settings = load(env(tmp_path, STRIPE_SECRET_KEY=""))
    assert settings.stripe_secret_key.get_secret_value() == SECRET
    assert SECRET not in repr(settings)


def test_every_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """Whatever is masked in logs is a secret; nothing else has a file of its own."""
    assert {"stripe_secret_key", "stripe_webhook_secret", "smtp_password"} < set(Settings.secrets())
    values = {
        "stripe_secret_key": SECRET,
        "stripe_webhook_secret": "whsec_file",
        "csms_notification_secret": "whsec_YWJj",
        "qr_secret": "0123456789abcdef",
        "database_url": "sqlite:///file.db",
    }
    plain = {}
    for name in Settings.secrets():
        (tmp_path / name).write_text(values.get(name, "from a file"), "utf-8")
        plain |= {name.upper(): "", f"{name.upper()}_FILE": str(tmp_path / name)}
    plain |= {"NATS_URL_FILE": ""}  # refused with a database of one machine
    settings = load(env(tmp_path, **plain))
    for name in set(Settings.secrets()) - {"nats_url"}:
        secret = getattr(settings, name).get_secret_value()
        assert secret == values.get(name, "from a file"), name


def test_a_file_is_judged_as_the_environment_is(tmp_path: Path, file: Path) -> None:
    file.write_text("pk_test_x", "utf-8")
    with pytest.raises(SettingsRefused, match=r"^STRIPE_SECRET_KEY: must be a Stripe secret key"):
        load(env(tmp_path, STRIPE_SECRET_KEY="", STRIPE_SECRET_KEY_FILE=str(file)))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "is no text")],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, file: Path, content: bytes | None, says: str
) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(SettingsRefused, match=says) as refused:
        load(env(tmp_path, STRIPE_SECRET_KEY="", STRIPE_SECRET_KEY_FILE=str(file)))
    (sentence,) = refused.value.sentences
    assert sentence.startswith(f"STRIPE_SECRET_KEY_FILE names {file}, which")


def test_both_a_secret_and_its_file_are_refused_and_neither_is_shown(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them holds would be a guess, wherever they stand."""
    monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", str(file))
    with pytest.raises(SettingsRefused) as refused:
        load(env(tmp_path))
    assert refused.value.sentences == [
        "STRIPE_SECRET_KEY_FILE is set, and STRIPE_SECRET_KEY too: leave one of them out."
    ]
    assert GOOD["STRIPE_SECRET_KEY"] not in str(refused.value)
