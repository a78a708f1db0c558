"""Charts as specifications: they name what a thing means, and the theme gives it its colour."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from quorate.domain.values import ClusterId
from ui.viewmodel.agents import Level
from ui.viewmodel.decision import BidBar, Step
from ui.viewmodel.run import Taken
from ui.words import Names, duration, fmt_difference, fmt_score, fmt_weight, percent

ROLES = ["winner", "contested", "void", "other"]
"""In the order of the theme's chart colours: agree, contested, equivocated, neutral."""

ROW_PX = 34
STEP_PX = 28
REPUTATION_PX = 340
AXIS_PX = 52
"""The height given to a chart holds its axis too."""

EDGE = "rgba(128,134,142,.6)"
"""Half-transparent grey: an outline that is seen on either page."""

INK = "currentColor"
"""The text colour of the page, whatever its scheme."""

PAPER = "Canvas"
"""CSS's own word for the page's ground in the scheme of the moment."""

Chart = alt.LayerChart | alt.FacetChart


def _inked(chart: Chart) -> Chart:
    """Return a chart whose axes are written in the page's own text colour: the theme's grey is too pale to read."""
    axes = alt.AxisConfig(labelColor=INK, titleColor=INK, labelOpacity=0.85, titleOpacity=0.85)
    chart.config = alt.Config(axis=axes)
    return chart


def occupancy(taken: Sequence[Taken], names: Names, types: Names, unit: str) -> dict[str, object]:
    """Return the ECharts option: jobs solid, background hatched, free outlined; shares of the cluster, counts inside.

    Two series without data take the second and third colour, so that background gets the neutral one.
    """
    labels = [f"{names.get(one.cluster, one.cluster)} {types.get(one.cluster, '')}".strip() for one in taken]
    outline = {"color": "transparent", "borderColor": EDGE, "borderWidth": 1}
    hatch = {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 5], "rotation": -0.785398, "color": INK}
    series: list[dict[str, object]] = [
        _series("jobs", taken, labels, unit, {"borderRadius": 2}),
        {"type": "bar", "stack": "all", "name": " ", "data": []},
        {"type": "bar", "stack": "all", "name": "  ", "data": []},
        _series("background", taken, labels, unit, {"decal": hatch, "opacity": 0.5}),
        _series("free", taken, labels, unit, outline),
    ]
    marks = ["jobs", "background", {"name": "free", "itemStyle": outline}]
    return {
        "animationDurationUpdate": 450,
        "grid": {"left": 2, "right": 26, "top": 34, "bottom": 4, "containLabel": True},
        "legend": {"left": 0, "top": 0, "data": marks, "selectedMode": False, "textStyle": {"color": INK}},
        "tooltip": {"trigger": "item", "confine": True, "formatter": "{b} · {a} {c} %"},
        "xAxis": {
            "type": "value", "min": 0, "max": 100, "interval": 25, "splitLine": {"show": False},
            "axisLabel": {"formatter": "{value} %", "color": INK},
        },
        "yAxis": {
            "type": "category", "inverse": True, "data": labels, "axisLabel": {"color": INK},
            "axisTick": {"show": False}, "axisLine": {"show": False},
        },
        "series": series,
    }  # fmt: skip


def _series(
    name: str, taken: Sequence[Taken], labels: Sequence[str], unit: str, style: dict[str, object]
) -> dict[str, object]:
    # Text takes the page's own ink and paper: the SVG renderer passes both on.
    ink = {"color": PAPER if name == "jobs" else INK, "opacity": 1}
    counts = [{"jobs": one.jobs, "background": one.background, "free": one.free}[name] for one in taken]
    data = [
        {
            "value": round(100 * number / one.total, 1) if one.total else 0,
            "label": {"formatter": f"{number:,}" if number else ""},
        }
        for number, one in zip(counts, taken, strict=True)
    ]
    if name == "jobs":
        for cell, one, label in zip(data, taken, labels, strict=True):
            cell["tooltip"] = {"formatter": _tip(label, one, unit)}
    return {
        "type": "bar", "stack": "all", "name": name, "barWidth": 20, "data": data, "itemStyle": style,
        "label": {"show": True, "position": "inside", "fontWeight": 600, **ink}, "labelLayout": {"hideOverlap": True},
    }  # fmt: skip


def _tip(label: str, one: Taken, unit: str) -> str:
    """Return a tooltip; ids are letters, digits, dots, dashes and underscores, so nothing in it is markup."""
    jobs = f": {', '.join(one.running[:12])}" if one.running else ""
    return f"{label} · jobs {one.jobs:,} {unit} ({percent(one.jobs, one.total)}){jobs}"


def bids_px(bars: Sequence[BidBar]) -> int:
    """Return how high the chart of bids is: reserved before it is drawn, so that nothing below it jumps."""
    return AXIS_PX + ROW_PX * max(1, len(bars))


def waterfall_px(steps: Sequence[Step]) -> int:
    """Return how high a waterfall is."""
    return AXIS_PX + STEP_PX * max(1, len(steps))


def bids(bars: Sequence[BidBar]) -> Chart:
    """Return bids best first: solid is what counts, dashed what reputation or a finding took, the tick the rule."""
    frame = pd.DataFrame(
        {
            "cluster": [bar.label for bar in bars],
            "role": ["other" if bar.role == "none" else bar.role for bar in bars],
            "bid": [bar.score for bar in bars],
            "counts": [bar.weighted for bar in bars],
            "kept": [bar.weighted or 0.0 for bar in bars],
            "rule": [bar.rule for bar in bars],
            "shown": [bar.shown for bar in bars],
        }
    )
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "cluster:N", sort=None, title=None, axis=alt.Axis(labelLimit=170, ticks=False, domain=False, labelPadding=6)
        )
    )
    scale = alt.Scale(domain=[0, 1.2], nice=False)
    x = alt.X("kept:Q", scale=scale, title="score", axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2f"))
    colour = alt.Scale(domain=ROLES)
    solid = base.mark_bar(height=18, cornerRadiusEnd=3).encode(
        x=x, color=alt.Color("role:N", scale=colour, legend=None),
        tooltip=[alt.Tooltip("cluster:N"), alt.Tooltip("bid:Q", format=".2f"), alt.Tooltip("counts:Q", format=".2f"),
                 alt.Tooltip("rule:Q", format=".2f")],
    )  # fmt: skip
    lost = (
        base.transform_filter("datum.bid > datum.kept")
        .mark_bar(aria=False, height=18, filled=False, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x=alt.X("kept:Q", scale=scale), x2="bid:Q", stroke=alt.Stroke("role:N", scale=colour, legend=None))
    )
    tick = (
        base.transform_filter("isValid(datum.rule)")
        .mark_tick(aria=False, thickness=2.5, height=24, color=INK)
        .encode(x=alt.X("rule:Q", scale=scale))
    )
    number = base.mark_text(aria=False, align="right", fontWeight="bold", color=INK).encode(
        x=alt.datum(1.19, scale=scale), text="shown:N"
    )
    return _inked(alt.layer(solid, lost, tick, number)).properties(height=bids_px(bars))


def bids_words(bars: Sequence[BidBar]) -> str:
    """Return the takeaway of the chart of bids."""
    winner = next((bar for bar in bars if bar.role == "winner"), None)
    if winner is None:
        return "Bids and abstentions; nobody won"
    return f"Bids: {winner.label} leads with {fmt_score(winner.weighted)}"


def waterfall(steps: Sequence[Step]) -> Chart:
    """Return the terms of winner - rival as bars from a zero line: right speaks for the winner."""
    frame = pd.DataFrame(
        {
            "term": [step.name for step in steps],
            "difference": [step.difference_bp / 10_000 for step in steps],
            "role": ["winner" if step.difference_bp >= 0 else "contested" for step in steps],
            "shown": [fmt_difference(step.difference_bp / 10_000) for step in steps],
        }
    )
    most = max([abs(step.difference_bp) / 10_000 for step in steps] + [0.02]) * 1.35
    base = alt.Chart(frame).encode(y=alt.Y("term:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, ticks=False)))
    scale = alt.Scale(domain=[-most, most])
    bar = base.mark_bar(height=14).encode(
        x=alt.X("difference:Q", scale=scale, title=None, axis=alt.Axis(format="+.2f", tickCount=5)),
        color=alt.Color("role:N", scale=alt.Scale(domain=ROLES), legend=None),
    )
    right = (
        base.transform_filter("datum.difference >= 0")
        .mark_text(aria=False, align="left", dx=5, color=INK)
        .encode(x=alt.X("difference:Q", scale=scale), text="shown:N")
    )
    left = (
        base.transform_filter("datum.difference < 0")
        .mark_text(aria=False, align="right", dx=-5, color=INK)
        .encode(x=alt.X("difference:Q", scale=scale), text="shown:N")
    )
    return _inked(alt.layer(bar, right, left)).properties(height=waterfall_px(steps))


def _ends(levels: Sequence[Level], fallen: Sequence[ClusterId], names: Names) -> pd.DataFrame:
    """Return where lines end and whose they are; who ends alike shares a label."""
    last = {level.cluster: level for level in levels if level.cluster in fallen}
    shared: dict[float, list[Level]] = {}
    for level in last.values():
        shared.setdefault(level.reputation, []).append(level)
    return pd.DataFrame(
        {
            "hours": [max(level.at_s for level in group) / 3_600 for group in shared.values()],
            "reputation": list(shared),
            "cluster": [", ".join(names.get(one.cluster, one.cluster) for one in group) for group in shared.values()],
        }
    )


def reputation(levels: Sequence[Level], fallen: Sequence[ClusterId], names: Names, end_s: int) -> Chart:
    """Return reputations as steps: only who fell is coloured and named, the rest is grey."""
    frame = pd.DataFrame(
        {
            "hours": [level.at_s / 3_600 for level in levels],
            "reputation": [level.reputation for level in levels],
            "cluster": [names.get(level.cluster, level.cluster) for level in levels],
            "role": ["void" if level.cluster in fallen else "other" for level in levels],
            "cause": [level.cause for level in levels],
            "when": [duration(level.at_s) for level in levels],
            "drop": [level.drop for level in levels],
            "exact": [fmt_weight(level.reputation) for level in levels],
        }
    )
    colour = alt.Color("role:N", scale=alt.Scale(domain=ROLES), legend=None)
    hours = alt.X(
        "hours:Q", title="hours since the first job", scale=alt.Scale(domain=[0, max(end_s / 3_600 * 1.08, 0.1)])
    )
    level = alt.Y("reputation:Q", title="reputation", scale=alt.Scale(domain=[0, 1.05]), axis=alt.Axis(format=".1f"))
    base = alt.Chart(frame)
    lines = base.mark_line(interpolate="step-after", strokeWidth=2.2).encode(
        x=hours, y=level, color=colour, detail="cluster:N", order="hours:Q"
    )
    drops = base.transform_filter("datum.drop").mark_point(filled=True, size=90, opacity=1).encode(
        x=hours, y=level, color=colour,
        tooltip=["cluster:N", "when:N", alt.Tooltip("exact:N", title="reputation"), "cause:N"],
    )  # fmt: skip
    ends = alt.Chart(_ends(levels, fallen, names)).mark_text(
        aria=False, align="left", dx=7, fontWeight="bold", color=INK
    ).encode(x=hours, y=level, text="cluster:N")  # fmt: skip
    return _inked(alt.layer(lines, drops, ends)).properties(height=REPUTATION_PX)
