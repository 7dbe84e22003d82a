from typing import Protocol

from irve_bridge.domain.signatures import Verdict


class SignatureVerifier(Protocol):
    """What can tell whether a meter signed something."""

    def verify(self, ocmf: str, public_key: str) -> Verdict:
        """Return whether this OCMF text is signed with this key (DER in hex), and what it says.

        Computes only, and never raises: what cannot be read is unverifiable.
        """
