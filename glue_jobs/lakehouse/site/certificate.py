"""The page of an erasure's certificate, which stands alone: it can be sent to the person who asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakehouse.site.render import render

_TEMPLATE = "certificate.html"
_OWN = ("request", "who", "why", "begun", "verified", "result", "known by", "searched", "not searched")


def certificate_page(certificate: Mapping[str, Any]) -> str:
    """A page that says what the certificate says, and nothing that it does not."""
    more = {name: value for name, value in certificate.items() if name not in _OWN}
    return render(_TEMPLATE, certificate=certificate, more=more)
