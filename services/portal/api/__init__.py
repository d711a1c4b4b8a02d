"""The REST API of a node, under /api/v1: one module per resource, each a table of operations."""

from flask import Flask

from services.portal.api import (
    access,
    acts,
    cases,
    desk,
    desk_work,
    files,
    link,
    notices,
    personal_data,
    petitions,
    repeats,
    service_of_documents,
    units,
)
from services.portal.api.resources import PREFIX, PortalApi

__all__ = ["PREFIX", "register"]


def register(app: Flask) -> PortalApi:
    """Add the API to the application and return it; it knows its own OpenAPI document."""
    api = PortalApi(app)
    modules = (
        petitions,
        cases,
        acts,
        repeats,
        desk,
        desk_work,
        files,
        personal_data,
        notices,
        service_of_documents,
        units,
        access,
    )
    for module in modules:
        api.register_blueprint(module.resource, url_prefix=PREFIX)
    app.register_blueprint(link.blueprint, url_prefix=PREFIX)
    return api
