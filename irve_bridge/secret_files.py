"""Secrets from files: NAME_FILE names the file that holds the setting NAME.

Docker, Kubernetes and systemd hand secrets over as files, which stand in no environment that a
process listing, a crash report or a child process shows.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from irve_bridge.domain.errors import BridgeError

SUFFIX = "_file"


class SecretsRefused(BridgeError):
    """Secrets cannot be read; each sentence names one setting and its file, never what is in it."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read_secrets(names: Iterable[str], environment: Mapping[str, str | None]) -> dict[str, str]:
    """Return the settings, of these names, that `environment` gives by files.

    Names are in lower case, in both. Line ends at a file's end are not part of the secret.

    Raises:
        SecretsRefused: A file is missing, unreadable or empty, or the setting itself is given too.
    """
    secrets, sentences = {}, []
    for name in names:
        path = environment.get(name + SUFFIX)
        if not path:
            continue
        wrong, secret = _read(Path(path))
        if environment.get(name):
            wrong = f"is set, and {name.upper()} too: leave one of them out"
        if wrong:
            sentences.append(f"{(name + SUFFIX).upper()} {wrong}.")
        secrets[name] = secret
    if sentences:
        raise SecretsRefused(sentences)
    return secrets


def _read(path: Path) -> tuple[str, str]:
    """Return what is wrong with a file, or nothing, and the secret in it."""
    try:
        secret = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        return f"names {path}, which cannot be read: {error.strerror}", ""
    except UnicodeDecodeError:
        return f"names {path}, which is no text", ""
    return ("" if secret else f"names {path}, which is empty"), secret
