"""Events in words."""

from .events import Event, Sampled, Started, StatusChanged, Stopped


def describe(event: Event) -> str:
    """Return one line about an event; a connector's begins with ``/`` and its number."""
    match event:
        case StatusChanged(_, connector_id, status, error_code, info):
            remarks = [text for text in (error_code, info) if text and text != "NoError"]
            return f"/{connector_id} {status}" + "".join(f" ({text})" for text in remarks)
        case Started(transaction):
            return (
                f"/{transaction.connector_id} starts for {transaction.id_tag} "
                f"at {transaction.begin.register_wh} Wh"
            )
        case Sampled(connector_id, transaction, reading, _):
            begin_wh = transaction.begin.register_wh if transaction else 0
            taken = f"{reading.register_wh - begin_wh} Wh, "
            soc = "" if reading.soc_percent is None else f", {reading.soc_percent:.0f} %"
            return f"/{connector_id} {taken}{reading.power_w / 1000:.1f} kW{soc}"
        case Stopped(transaction):
            return (
                f"/{transaction.connector_id} stops for {transaction.id_tag} "
                f"after {transaction.energy_wh} Wh: {transaction.reason}"
            )
