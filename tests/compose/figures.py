"""What the trial of the containers measured, told at its end as rows of a table."""

_ROWS: list[tuple[str, str]] = []


def note(what: str, figure: str) -> None:
    """Keep a figure for the end."""
    _ROWS.append((what, figure))


def table() -> list[str]:
    """Return the figures as lines of Markdown, in the order they were taken."""
    return ["| what | figure |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in _ROWS)] if _ROWS else []
