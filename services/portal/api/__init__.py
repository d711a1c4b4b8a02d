"""The REST API of a node, under /api/v1: one module per resource, each a table of operations."""

from flask import Flask

from services.portal.api import (
    access,
    acts,
    agencies,
    cases,
    desk,
    desk_work,
    files,
    guided,
    link,
    notices,
    personal_data,
    petitions,
    repeats,
    service_of_documents,
    units,
)
from services.portal.api.resources import PREFIX, Operation, PortalApi

__all__ = ["PREFIX", "operations", "register"]
_MODULES = (
    petitions,
    cases,
    acts,
    repeats,
    desk,
    desk_work,
    files,
    guided,
    personal_data,
    notices,
    service_of_documents,
    units,
    access,
    agencies,
)


def operations() -> list[Operation]:
    """Return every operation of the API, with who may call it."""
    return [operation for module in _MODULES for operation in module.resource.operations]


def register(app: Flask) -> PortalApi:
    """Add the API to the application and return it; it knows its own OpenAPI document."""
    api = PortalApi(app)
    for module in _MODULES:
        api.register_blueprint(module.resource, url_prefix=PREFIX)
    app.register_blueprint(link.blueprint, url_prefix=PREFIX)
    return api
