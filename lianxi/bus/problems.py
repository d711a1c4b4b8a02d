"""The problem documents (RFC 9457) that the bus itself has to give; services bring their own."""

from typing import Any


def problem(code: str, status: int, title: str, detail: str) -> dict[str, Any]:
    """Return a problem in the form all errors of the system have; `detail` says how to go on."""
    return {
        "type": f"urn:lianxi:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "rule": None,
        "field": None,
    }


def broken(code: str, detail: str) -> dict[str, Any]:
    """Return the problem of a fault that is ours."""
    return problem(code, 500, "系统内部错误", detail)
