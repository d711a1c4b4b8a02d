"""Hear of the cases of a Lianxi node and answer them. Nothing here needs the server's code."""

from lianxi_agency.cursors import Cursor, FileCursor
from lianxi_agency.events import Events, from_message
from lianxi_agency.portal import Portal, PortalRefused
from lianxi_agency.tls import trusting, with_certificate
from lianxi_agency.webhooks import NotGenuine, verify

__all__ = [
    "Cursor",
    "Events",
    "FileCursor",
    "NotGenuine",
    "Portal",
    "PortalRefused",
    "from_message",
    "trusting",
    "verify",
    "with_certificate",
]
