"""What the driver reads on Stripe's page, in the session's language."""

from dataclasses import dataclass

from irve_bridge.domain.session import PlanName, Session


@dataclass(frozen=True, slots=True)
class _Texts:
    charging: str
    hold: str
    promise: dict[PlanName, str]
    kept: str
    debt: str


_TEXTS = {
    "fr": _Texts(
        "Recharge électrique, borne {place}",
        "Réservation pour une recharge, borne {place}",
        {
            PlanName.FIXED: "Ce qui n'est pas consommé est remboursé.",
            PlanName.ESTIMATED: "Seul le coût réel sera débité, le reste est libéré.",
            PlanName.DYNAMIC: "Rien n'est débité maintenant : vous payez après la recharge, "
            "selon le compteur.",
        },
        "Montant forfaitaire : ce qui n'est pas consommé n'est pas remboursé.",
        "Le montant exact de votre recharge, selon le compteur.",
    ),
    "en": _Texts(
        "EV charging, charge point {place}",
        "Hold for EV charging, charge point {place}",
        {
            PlanName.FIXED: "What you do not use is refunded.",
            PlanName.ESTIMATED: "Only the actual cost will be taken, the rest is released.",
            PlanName.DYNAMIC: "Nothing is taken now: you pay after charging, what the meter says.",
        },
        "A flat amount: what you do not use is not refunded.",
        "The exact amount of your charge, by the meter.",
    ),
    "de": _Texts(
        "Laden an Ladepunkt {place}",
        "Reservierung für das Laden an Ladepunkt {place}",
        {
            PlanName.FIXED: "Was nicht verbraucht wird, wird erstattet.",
            PlanName.ESTIMATED: "Nur die tatsächlichen Kosten werden abgebucht, der Rest wird "
            "freigegeben.",
            PlanName.DYNAMIC: "Jetzt wird nichts abgebucht: Sie zahlen nach dem Laden, "
            "was der Zähler zeigt.",
        },
        "Pauschalbetrag: Nicht Verbrauchtes wird nicht erstattet.",
        "Der genaue Betrag Ihrer Ladung, laut Zähler.",
    ),
    "es": _Texts(
        "Recarga eléctrica, punto de recarga {place}",
        "Retención para una recarga, punto de recarga {place}",
        {
            PlanName.FIXED: "Lo que no se consuma se reembolsa.",
            PlanName.ESTIMATED: "Solo se cobrará el coste real, el resto se libera.",
            PlanName.DYNAMIC: "Ahora no se cobra nada: paga después de la recarga, "
            "según el contador.",
        },
        "Importe fijo: lo que no se consuma no se reembolsa.",
        "El importe exacto de su recarga, según el contador.",
    ),
    "it": _Texts(
        "Ricarica elettrica, punto di ricarica {place}",
        "Prenotazione per una ricarica, punto di ricarica {place}",
        {
            PlanName.FIXED: "Ciò che non viene consumato è rimborsato.",
            PlanName.ESTIMATED: "Sarà addebitato solo il costo reale, il resto viene svincolato.",
            PlanName.DYNAMIC: "Ora non viene addebitato nulla: paga dopo la ricarica, "
            "secondo il contatore.",
        },
        "Importo fisso: ciò che non viene consumato non è rimborsato.",
        "L'importo esatto della sua ricarica, secondo il contatore.",
    ),
    "nl": _Texts(
        "Laden bij laadpunt {place}",
        "Reservering voor laden bij laadpunt {place}",
        {
            PlanName.FIXED: "Wat u niet verbruikt, wordt terugbetaald.",
            PlanName.ESTIMATED: "Alleen de werkelijke kosten worden afgeschreven, de rest komt "
            "vrij.",
            PlanName.DYNAMIC: "Er wordt nu niets afgeschreven: u betaalt na het laden, "
            "wat de meter aangeeft.",
        },
        "Vast bedrag: wat u niet verbruikt, wordt niet terugbetaald.",
        "Het exacte bedrag van uw laadbeurt, volgens de meter.",
    ),
}


def stripe_locale(session: Session) -> str:
    """Return the language of Stripe's page; where we have no texts, the browser's."""
    return _language(session) if _language(session) in _TEXTS else "auto"


def item_name(session: Session, *, debt: bool = False) -> str:
    """Return what the payment is for."""
    texts = _texts(session)
    name = texts.hold if session.plan is PlanName.ESTIMATED and not debt else texts.charging
    return name.format(place=f"{session.charge_point_id}/{session.connector_number}")


def promise(session: Session, *, debt: bool = False) -> str:
    """Return what the driver will really pay in this plan."""
    texts = _texts(session)
    if debt:
        return texts.debt
    return texts.kept if session.keeps_remainder else texts.promise[session.plan]


def _texts(session: Session) -> _Texts:
    return _TEXTS.get(_language(session), _TEXTS["en"])


def _language(session: Session) -> str:
    return session.locale.replace("_", "-").partition("-")[0].lower()
