"""The committed description of the API is what runs, and is valid OpenAPI 3.1."""

from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

from services.portal.domain.acts import OFFERED_COMMANDS
from services.portal.service import openapi_document

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def described():
    return yaml.safe_load(openapi_document())


def test_the_committed_document_is_what_runs():
    assert COMMITTED.read_text(encoding="utf-8") == openapi_document(), (
        "docs/openapi.yaml is stale: run python -m services.portal.service --openapi > docs/openapi.yaml"
    )


def test_it_is_valid_openapi(described):
    assert described["openapi"] == "3.1.0"
    validate(described)


def test_every_act_has_an_operation(described):
    paths = {path.rpartition("/")[2] for path in described["paths"] if "/acts/" in path}

    assert paths == set(OFFERED_COMMANDS)


def test_every_operation_says_who_may_call_it_and_how_it_fails(described):
    operations = [
        operation
        for path in described["paths"].values()
        for method, operation in path.items()
        if method in {"get", "post", "delete"}
    ]

    assert all(operation["security"] and operation["summary"] for operation in operations)
    assert all("default" in operation["responses"] for operation in operations)


def test_errors_are_problem_documents(described):
    content = described["components"]["responses"]["DEFAULT_ERROR"]["content"]

    assert set(content) == {"application/problem+json"}


def test_no_query_code_stands_in_an_address(described):
    in_addresses = {
        parameter["name"]
        for path in described["paths"].values()
        for parameter in [
            *path.get("parameters", ()),
            *(p for o in path.values() if isinstance(o, dict) for p in o.get("parameters", ())),
        ]
        if parameter["in"] in {"path", "query"}
    }

    assert "query_code" not in in_addresses
