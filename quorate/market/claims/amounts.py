# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Amounts of time and bandwidth."""

import re

from quorate.market.claims.figures import Truth
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Scene, owner

_FORECAST = re.compile(
    r" (?:HEDGE|forecast|median|p50|p90|finish|finishing|actual|actually|expected|expect|wait|waiting|queue|start|starts|delay|percentile|complete|IN P:than|saves|saving|predicted|predict|typical|typically|startup|IF|elapsed|uptime|buffer|maintenance) "
)
_WAITS = frozenset(
    {"wait", "waits", "waiting", "queue", "queued", "delay", "delayed", "start", "starts", "begin", "begins"}
)
_TIMED = re.compile(r" (?:TIMEN|REQ|JOB|T:sim|BUSY|blocked|tied|held|hold|RUN|LASTS|estimated|hour|long) ")


def compound(scene: Scene, index: int) -> bool:
    """Whether it is a part of `1 h 40 min`, `an hour and a quarter`."""
    before, after = scene.sentence.slice(index - 2, index), scene.sentence.slice(index + 1, index + 3)
    return (
        re.search(r" (?:Q:time|hour|hours) (?:AND )?$", before) is not None
        or re.match(r" (?:AND )?Q:time ", after) is not None
    )


_GONE = re.compile(
    r" (?:gone|blocked|BUSY|away|lost|held|kept|tied|tied up) (?:\S+ ){0,2}?P:for (?:ABOUT |A |THE |ONLY )?$"
)
_EQUALS = re.compile(r" Q:time (?:BE|=|EQ|, (?:WH |that )BE|\( |, i\.e\.|or|, or|->) (?:P:to |ABOUT |\( )?$")


def duration(scene: Scene, index: int) -> Truth | None:
    """Say what a duration may truly be: the job's time limit, unless it is a wait or a forecast."""
    known = scene.known
    if known.job_walltime_s is None or compound(scene, index):
        return None
    token = scene.sentence.tokens[index]
    assert token.quantity is not None
    start, end = scene.sentence.clause(index)
    around = scene.sentence.slice(max(start, index - 9), min(end, index + 6))
    wide = scene.sentence.slice(max(0, index - 16), index + 6)
    around = re.sub(r" (JOB|IT|JOBITS) HEDGE (?=RUN|LASTS|take|hold|occupy|BUSY|use)", r" \1 ", around)
    truth = Truth(
        "walltime", "the job's time limit", (known.job_walltime_s,), f"s ({known.job_walltime_s / 60:g} minutes)"
    )
    ahead = scene.sentence.slice(index - 9, index)
    if _GONE.search(ahead):
        return truth
    earlier = scene.sentence.tokens[max(0, index - 6) : index]
    told = next((one.quantity for one in reversed(earlier) if one.tag == "Q:time" and one.quantity), None)
    if _EQUALS.search(ahead) and told is not None:
        return Truth("walltime", "the same time in s", told.values, "")
    misread = any(
        close((token.quantity.number * unit,), (known.job_walltime_s,), share=0.001) for unit in (1, 60, 3_600)
    )
    waits = {one.raw.lower() for one in scene.sentence.tokens[max(0, index - 9) : index]} & _WAITS
    if misread and not waits:
        return truth
    if waits or _FORECAST.search(around) or re.search(r" (?:OTHER|OTHERID) ", around) or not _TIMED.search(wide):
        return None
    return (
        truth
        if owner(scene, index) in {"job", ""}
        or " TIMEN " in wide
        or re.search(r" Q:time (?:long )?JOB | JOB .*P:for (?:ABOUT |ONLY |[a-z]\S* )?Q:time ", wide)
        else None
    )


def bandwidth(scene: Scene, index: int) -> Truth | None:
    """Say what a bandwidth may truly be: one link's."""
    start, end = scene.sentence.clause(index)
    around = scene.sentence.slice(max(start, index - 7), min(end, index + 6))
    ahead = scene.sentence.slice(max(0, index - 7), index)
    if re.search(r" (?:HEDGE|IF) ", ahead) or re.search(
        r" (?:TOTAL|bisection|T:memory bandwidth|STO|T:storage|injection|throughput|OTHER|OTHERID|nvlink|pcie|read|write) ",
        around,
    ):
        return None
    if owner(scene, index) in {"job", "other"} and not re.search(r" (?:MY|NET:\S+) ", around):
        return None
    if not re.search(
        r" (?:ARCH|connected|wired|delivers|HAVE|link|links|interconnect|network|fabric|MY ARCH|NET:\w+|bandwidth|GEN:\w+|networking|connectivity|connection) ",
        around,
    ):
        return None
    return Truth("interconnect", "one link's bandwidth", (scene.known.link_gbps,), "Gb/s")
