"""What the dashboards share: the data source, how a number, a line, a table looks, and how a dashboard begins.

Every panel is given PromQL only. A value that does not exist is shown as "—" and never as nought: an office that
reads 0 must be able to rely on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = "lianxi-prometheus"
"""The uid under which provisioning/datasources/prometheus.yaml gives Grafana the node's Prometheus."""
SOURCE = model.DataSourceRef(type_val="prometheus", uid=DATASOURCE)
NONE = "—"
Steps = Sequence[tuple[float | None, str]]
GREEN, YELLOW, RED, BLUE = "#3c9960", "#e2a400", "#cf2e26", "#2c5a6b"
BAD_IF_ANY: Steps = ((None, GREEN), (1, RED))
NO_JUDGEMENT: Steps = ((None, BLUE),)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, where its values come from, how they are shown."""

    title: str
    query: str
    unit: str = "none"
    steps: Steps = NO_JUDGEMENT
    words: Mapping[str, tuple[str, str]] | None = None
    decimals: int | None = None


def blank(uid: str, title: str, description: str, *, span: str = "now-24h") -> dashboard.Dashboard:
    """Begin a dashboard."""
    return (
        dashboard.Dashboard(f"联席 · {title}")
        .uid(f"lianxi-{uid}")
        .description(description)
        .tags(["lianxi"])
        .timezone("Asia/Shanghai")
        .refresh("30s")
        .time(span, "now")
        .readonly()
        .link(
            dashboard.DashboardLink("联席看板")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags(["lianxi"])
            .as_dropdown(True)
            .keep_time(True)
        )
    )


def number(title: str, query: str, *, unit: str = "none", steps: Steps = NO_JUDGEMENT, about: str = "") -> Any:
    """One number, coloured when it is bad."""
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .with_target(_target(query, "A").instant())
        .unit(unit)
        .no_value(NONE)
        .mappings([_not_a_number()])
        .thresholds(_thresholds(steps))
        .color_mode(looks.BigValueColorMode.VALUE)
        .graph_mode(looks.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .height(4)
        .span(4)
    )


def lines(
    title: str,
    queries: Iterable[tuple[str, str]],
    *,
    unit: str = "none",
    names: Mapping[str, str] | None = None,
    colours: Mapping[str, str] | None = None,
    stacked: bool = False,
    about: str = "",
) -> Any:
    """Draw lines over time; `names` gives the words for what a legend would show as a code."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .no_value(NONE)
        .min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(looks.LegendDisplayMode.LIST)
            .placement(looks.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .fill_opacity(30 if stacked else 5)
        .height(8)
        .span(12)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    for letter, (query, legend) in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(_target(query, letter).range().legend_format(legend))
    for code, word in (names or {}).items():
        said = [model.DynamicConfigValue("displayName", word)]
        if code in (colours or {}):
            said.append(model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": (colours or {})[code]}))
        panel = panel.override_by_name(code, said)
    return panel


def bars(title: str, query: str, legend: str, *, names: Mapping[str, str] | None = None, about: str = "") -> Any:
    """Draw one bar for each series."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .with_target(_target(query, "A").instant().legend_format(legend))
        .orientation(looks.VizOrientation.HORIZONTAL)
        .display_mode(looks.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(NO_JUDGEMENT))
        .no_value(NONE)
        .min(0)
        .height(8)
        .span(12)
    )
    for code, word in (names or {}).items():
        panel = panel.override_by_name(code, [model.DynamicConfigValue("displayName", word)])
    return panel


def rows(
    title: str,
    key: tuple[str, str],
    columns: Sequence[Column],
    *,
    names: Mapping[str, str] | None = None,
    about: str = "",
    height: int = 9,
    span: int = 24,
) -> Any:
    """Draw a table with one row for each value of the label `key[0]`, headed `key[1]`, and a query for each column."""
    label, heading = key
    letters = "ABCDEFGHIJKLMNOP"[: len(columns)]
    headings = {f"Value #{letter}": column.title for letter, column in zip(letters, columns, strict=True)}
    if len(columns) == 1:
        headings["Value"] = columns[0].title
    order = {name: place for place, name in enumerate([label, *headings])}
    panel = (
        table.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .no_value(NONE)
        .filterable(True)
        .with_transformation(_step("joinByField", {"byField": label, "mode": "outer"}))
        .with_transformation(_step("filterFieldsByName", {"include": {"pattern": f"^({label}|Value.*)$"}}))
        .with_transformation(
            _step("organize", {"excludeByName": {}, "indexByName": order, "renameByName": {label: heading, **headings}})
        )
        .override_by_name(heading, [_mapping({code: (word, "") for code, word in (names or {}).items()})])
        .height(height)
        .span(span)
    )
    for letter, column in zip(letters, columns, strict=True):
        panel = panel.with_target(_target(column.query, letter).instant().format(PromQueryFormat.TABLE))
        panel = panel.override_by_name(column.title, _shown(column))
    return panel


def _shown(column: Column) -> list[model.DynamicConfigValue]:
    said = [
        model.DynamicConfigValue("unit", column.unit),
        model.DynamicConfigValue(
            "thresholds",
            {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in column.steps]},
        ),
        _mapping(column.words or {}),
    ]
    if column.decimals is not None:
        said.append(model.DynamicConfigValue("decimals", column.decimals))
    if column.steps is not NO_JUDGEMENT or column.words:
        said.append(model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return said


def _mapping(words: Mapping[str, tuple[str, str]]) -> model.DynamicConfigValue:
    said = {
        code: {"text": word, "index": place, **({"color": colour} if colour else {})}
        for place, (code, (word, colour)) in enumerate(words.items())
    }
    nothing = {"type": "special", "options": {"match": "null+nan", "result": {"text": NONE, "index": len(said)}}}
    return model.DynamicConfigValue("mappings", [*([{"type": "value", "options": said}] if said else []), nothing])


def _not_a_number() -> model.SpecialValueMap:
    nothing = model.ValueMappingResult(text=NONE, index=0)
    return model.SpecialValueMap(model.DashboardSpecialValueMapOptions(model.SpecialValueMatch.NULL_AND_NAN, nothing))


def _step(kind: str, options: Mapping[str, Any]) -> model.DataTransformerConfig:
    return model.DataTransformerConfig(id_val=kind, options=dict(options))


def _target(query: str, letter: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().datasource(SOURCE).expr(" ".join(query.split())).ref_id(letter)


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=colour) for value, colour in steps])
    )
