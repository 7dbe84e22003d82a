"""Settings that are enough."""

from pathlib import Path

GOOD = {
    "STRIPE_SECRET_KEY": "sk_test_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_abc",
    "BASE_URL": "https://charge.example.com/",
}


def env(tmp_path: Path, **changes: str) -> str:
    """Return a file of settings: those that are enough, and these."""
    file = tmp_path / ".env"
    lines = (GOOD | changes).items()
    file.write_text("\n".join(f"{name}={value}" for name, value in lines), encoding="utf-8")
    return str(file)
