"""A session's evidence, with the words that its driver agreed to."""

from typing import Any

import msgspec

from irve_bridge.i18n import language
from irve_bridge.service.evidence import Record, evidence
from irve_bridge.web.present import Presenter


def evidence_document(kept: Record) -> dict[str, Any]:
    """Return the document; the words are the station page's, in the language of the order."""
    presenter = Presenter(language(kept.session.locale))
    operator = kept.charge_point.operator_name if kept.charge_point else ""
    document: dict[str, Any] = msgspec.to_builtins(
        evidence(kept, presenter.agreed(kept.session, operator))
    )
    return document
