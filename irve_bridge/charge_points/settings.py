from dataclasses import dataclass

from irve_bridge.charge_points.proxies import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """How the charge points' door listens and what it asks of a charge point.

    `cpo_name` is who owns charge points' certificates, beside who operates them.
    Seconds of the socket are real ones; the intervals are told to the charge point, in its time.
    `configures`: a charge point's configuration is not only read, but set to what payment needs.
    `list_strangers`: who is not registered is turned away and listed.
    `trusted_proxies`: where proxies are whose word counts on a charge point's address, TLS and
    certificate.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    cpo_name: str = ""
    ping_interval_s: float = 20
    ping_timeout_s: float = 20
    close_timeout_s: float = 10
    call_timeout_s: float = 30
    heartbeat_interval_s: int = 300
    meter_interval_s: int = 30
    connection_timeout_s: int = 60
    configures: bool = True
    list_strangers: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    status_grace_s: float = 10
    invalid_burst: int = 30
    invalid_per_s: float = 1.0
