"""Why a target may be missed, by row: shown in docs/benchmarks.md only when the row did miss it."""

EXPLANATIONS: dict[str, str] = {}
