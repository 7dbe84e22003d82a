"""A meter that signs what it reads, in the Open Charge Metering Format (SAFE-eV, OCMF 1.0)."""

from decimal import Decimal
from random import Random

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ocpp.v16.enums import ReadingContext

from .events import Reading, Transaction

KEY_BITS = 255
REASONS = {ReadingContext.transaction_begin: "B", ReadingContext.transaction_end: "E"}
# A register keeps its trailing zeros: the text is what is signed.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class SigningMeter:
    """The meters of one charge point, with one key for all; ECDSA on secp256r1 with SHA-256."""

    def __init__(self, serial: str, random: Random) -> None:
        self._serial = serial
        self._key = ec.derive_private_key(random.getrandbits(KEY_BITS) + 1, ec.SECP256R1())
        self._signed = 0

    @property
    def public_key(self) -> str:
        """Return the public key, DER in hex, as it stands on the meter."""
        key = self._key.public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex().upper()

    def sign(
        self,
        transaction: Transaction,
        reading: Reading,
        context: ReadingContext,
        *,
        badly: bool = False,
    ) -> str:
        """Return the OCMF of one reading; done badly, the signature is of another text."""
        self._signed += 1
        payload = _encode(self._payload(transaction, reading, context))
        return self.seal(payload, signed=payload + b" " if badly else payload)

    def seal(self, payload: bytes, signed: bytes | None = None) -> str:
        """Return the OCMF of a payload, with a signature of it, or of what is `signed` instead."""
        signature = self._key.sign(signed or payload, ec.ECDSA(hashes.SHA256()))
        seal = _encode({"SA": "ECDSA-secp256r1-SHA256", "SD": signature.hex().upper()})
        return f"OCMF|{payload.decode()}|{seal.decode()}"

    def _payload(
        self, transaction: Transaction, reading: Reading, context: ReadingContext
    ) -> dict[str, object]:
        at = reading.at
        return {
            "FV": "1.0",
            "GI": "Simulated AC two-socket",
            "GS": self._serial,
            "PG": f"T{self._signed}",
            "MV": "Simulated",
            "MS": f"{self._serial}-{transaction.connector_id}",
            "IS": True,
            "IF": ["RFID_NONE", "OCPP_RS", "ISO15118_NONE", "PLMN_NONE"],
            "IT": "CENTRAL",
            "ID": transaction.id_tag,
            "RD": [
                {
                    "TM": f"{at:%Y-%m-%dT%H:%M:%S},{at.microsecond // 1000:03}+0000 S",
                    "TX": REASONS[context],
                    "RV": Decimal(reading.register_wh).scaleb(-3),
                    "RI": "1-b:1.8.0",
                    "RU": "kWh",
                    "RT": "AC",
                    "EF": "",
                    "ST": "G",
                }
            ],
        }
