"""The REST API of a node, under /api/v1: one module per resource, each a table of operations."""

from flask import Flask

from services.portal.api import access, acts, cases, desk, petitions
from services.portal.api.resources import PREFIX, PortalApi

__all__ = ["PREFIX", "register"]


def register(app: Flask) -> PortalApi:
    """Add the API to the application and return it; it knows its own OpenAPI document."""
    api = PortalApi(app)
    for resource in (petitions.resource, cases.resource, acts.resource, desk.resource, access.resource):
        api.register_blueprint(resource, url_prefix=PREFIX)
    return api
