"""Writes deploy/grafana/dashboards: `python -m deploy.grafana.build --write`.

Without `--write` it says which of them are stale, which is what the test asks as well.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.build import agencies, city, clocks, links, node

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"
DASHBOARDS = {"city": city, "node": node, "clocks": clocks, "links": links, "agencies": agencies}


def built() -> dict[str, str]:
    """Return every dashboard's file name and text."""
    return {f"{name}.json": _text(module.build().build()) for name, module in DASHBOARDS.items()}


def _text(board: object) -> str:
    plain = json.loads(JSONEncoder().encode(board))
    for variable in plain.get("templating", {}).get("list", ()):
        for unknown in ("auto", "auto_min", "auto_count"):  # the library writes them, Grafana's schema has none
            variable.pop(unknown, None)
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the dashboards, or say which are stale."""
    if "--write" in sys.argv[1:]:
        FOLDER.mkdir(exist_ok=True)
        for name, text in built().items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return
    stale = [name for name, text in built().items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    if stale:
        sys.exit(f"stale: {', '.join(stale)}; run `make docs`")


if __name__ == "__main__":
    main()
