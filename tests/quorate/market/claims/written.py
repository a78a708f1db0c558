"""Phrasings and places that the tests of claims share: every pair of cluster type and job type."""

import json
from pathlib import Path

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import Known, refuted
from tests.quorate.market.claims_measure import scene

TEMPLATES = json.loads((Path(__file__).parents[1] / "claims_templates.json").read_text())
TERSE = json.loads(Path(__file__).with_name("terse_templates.json").read_text())
CLUSTER_OF = {name: f"HPC_RESOURCE_0{index}" for index, name in enumerate(CLUSTER_TYPES)}
JOB_OF = {
    "hpc": "job_001",
    "gpu": "job_008",
    "memory": "job_006",
    "hybrid": "job_003",
    "ai": "job_002",
    "storage": "job_005",
}
SCENES = {
    (own, asked): scene({"cluster": CLUSTER_OF[own], "job": JOB_OF[asked], "background": 5, "allocated": 10})
    for own in CLUSTER_TYPES
    for asked in CLUSTER_TYPES
}


def written(template: str, known: Known, word: str = "") -> str:
    text = template.format(x=word, I=known.cluster)
    return text.replace("a ai", "an ai").replace("a hpc", "an hpc")


def _percent(part, whole):
    return round(100 * part / whole)


FIGURES = {
    "nodes": (lambda known: known.nodes, lambda value: [value + 37, value * 2]),
    "nodes_free": (lambda known: known.nodes_free, lambda value: [value + 23, value - 31]),
    "job_nodes": (lambda known: known.job_nodes, lambda value: [value + 9, value * 3]),
    "share_percent": (lambda known: _percent(known.job_nodes, known.nodes), lambda value: [value + 9, value * 3]),
    "occupancy_percent": (
        lambda known: _percent(known.nodes - known.nodes_free, known.nodes),
        lambda value: [value + 33, 70],
    ),
    "walltime_min": (lambda known: known.job_walltime_s // 60, lambda value: [value + 45, value // 60]),
    "walltime_h": (lambda known: known.job_walltime_s // 3600, lambda value: [value + 3, value * 60]),
    "walltime_s": (lambda known: known.job_walltime_s, lambda value: [value // 60, value * 2]),
    "memory_gib_per_node": (lambda known: known.groups[0].memory_gib, lambda value: [value * 2, 96, 384]),
    "cores_per_node": (lambda known: known.groups[0].cores, lambda _: [128, 40]),
    "cores": (lambda known: known.cores, lambda value: [value * 2, 99_999]),
    "link_gbps": (lambda known: known.link_gbps, lambda value: [400, value * 8]),
    "storage_pb": (lambda known: known.storage_pb, lambda value: [value * 10, value + 77]),
    "job_memory_gib_per_node": (lambda known: known.job_memory_gib_per_node, lambda _: [2_000, 333]),
    "nodes_background": (lambda known: known.nodes_background, lambda _: [47, 93]),
    "nodes_allocated": (lambda known: known.nodes_allocated, lambda _: [97, 151]),
    "gpus_per_node": (lambda known: max(group.gpus for group in known.groups), lambda _: [3, 8]),
    "gpus": (lambda known: known.gpus, lambda value: [value * 2, 777]),
    "job_gpus_per_node": (lambda known: known.job_gpus_per_node, lambda _: [3, 8]),
}
FIGURES |= {
    "busy": (lambda known: known.nodes - known.nodes_free, lambda value: [value + 37]),
    "left": (lambda known: known.nodes_free - known.job_nodes, lambda value: [value + 14, value - 11]),
    "memory_tib": (lambda known: round(known.memory_gib / 1024), lambda value: [value * 3 + 1, value * 10]),
}
"""Figure -> its true value, and false ones."""


def _with(known, name, asked):
    return sum(group.nodes for group in known.groups if getattr(group, name) >= asked) >= known.job_nodes


FALSE_WHERE = {
    "too_few_gpus": lambda known: _with(known, "gpus", known.job_gpus_per_node),
    "idle": lambda _: True,
    "full": lambda _: True,
    "half_busy": lambda _: True,
    "half_idle": lambda _: True,
    "mostly_idle": lambda _: False,
    "mostly_busy": lambda _: True,
    "no_gpus": lambda known: known.gpus > 0,
    "has_gpus": lambda known: known.gpus == 0,
    "mixed": lambda known: len(known.groups) == 1,
    "alike": lambda known: len(known.groups) > 1,
    "high_memory": lambda known: known.type != "memory",
    "fits": lambda known: not known.fits,
    "does_not_fit": lambda known: known.fits,
    "enough_gpus": lambda known: not _with(known, "gpus", known.job_gpus_per_node),
    "enough_memory": lambda known: not _with(known, "memory_gib", known.job_memory_gib_per_node),
    "too_little_memory": lambda known: _with(known, "memory_gib", known.job_memory_gib_per_node),
    "enough_nodes": lambda _: False,
    "too_few_nodes": lambda known: bool(known.fits),
    "another_name": lambda _: True,
    "own_name": lambda _: False,
}
"""Statement -> where it is false."""


def judge_figure(figure, template):
    """A wrong figure is refuted, the right one is not."""
    true, wrong = FIGURES[figure]
    for known in SCENES.values():
        if "gpus" in figure and not (known.gpus and known.job_gpus_per_node):
            continue
        around = {"n": known.nodes, "f": known.nodes_free, "j": known.job_nodes}
        assert refuted(template.format(v=true(known), **around), known) == ()
        other = {group.gpus for group in known.groups} | {known.job_gpus_per_node, known.job_memory_gib_per_node}
        for value in wrong(true(known)):
            if value != true(known) and not (figure.endswith("per_node") and value in other):
                assert refuted(template.format(v=value, **around), known), value


def judge_fact(fact, template):
    """A statement is refuted exactly where it is false."""
    for (own, asked), known in SCENES.items():
        if fact == "too_few_nodes" and not known.fits:
            continue  # enough nodes, but of the wrong kind: a matter of reading
        if "gpus" in fact and fact not in {"no_gpus", "has_gpus"} and not known.job_gpus_per_node:
            continue  # enough of what nobody asks for: a matter of reading
        said = bool(refuted(written(template, known), known))
        assert said == FALSE_WHERE[fact](known), (own, asked)


def listed(section, names):
    """Return (name, template) pairs of some names of a section."""
    return [(name, template) for name in names for template in section.get(name, ())]


OPEN = json.loads(Path(__file__).with_name("open_templates.json").read_text())
"""Wordings that were written without a look at the rules; `kept` says how many of them must come out right."""
OPEN_SHARE = 0.9
FEW = {
    (own, asked): known
    for (own, asked), known in SCENES.items()
    if (CLUSTER_TYPES.index(own) + CLUSTER_TYPES.index(asked)) % 3 == 0
}
"""A third of the scenes: two where the types are equal, ten where they are not."""

_FALSE_TYPE = {
    "own": lambda own, asked, word: word != own,
    "special": lambda own, asked, word: word != own,
    "job": lambda own, asked, word: word != asked,
    "match": lambda own, asked, word: own != asked,
    "mismatch": lambda own, asked, word: own == asked,
    "penalty": lambda own, asked, word: own == asked,
    "no_penalty": lambda own, asked, word: own != asked,
    "neutral": lambda own, asked, word: False,
}


def _fill(template, known, **more):
    facts = {"n": known.nodes, "f": known.nodes_free, "j": known.job_nodes, "I": known.cluster} | more
    for name, value in facts.items():
        template = template.replace("{" + name + "}", str(value))
    return template.replace("a ai", "an ai").replace("a hpc", "an hpc")


def _right(section, template):
    """Whether a wording is refuted where it is false, and nowhere else."""
    try:
        if section in FIGURES:
            _open_figure(section, template)
        elif section in FALSE_WHERE:
            judge_fact(section, template)
        else:
            for (own, asked), known in FEW.items():
                for word in CLUSTER_TYPES if "{x}" in template else [""]:
                    said = bool(refuted(_fill(template, known, x=word), known))
                    assert said == _FALSE_TYPE[section](own, asked, word)
    except AssertionError:
        return False
    return True


def _open_figure(figure, template):
    true, wrong = FIGURES[figure]
    for known in FEW.values():
        if "gpus" in figure and not (known.gpus and known.job_gpus_per_node):
            continue
        assert refuted(_fill(template, known, v=true(known)), known) == ()
        other = {group.gpus for group in known.groups} | {known.job_gpus_per_node, known.job_memory_gib_per_node}
        for value in wrong(true(known)):
            if value != true(known) and not (figure.endswith("per_node") and value in other):
                assert refuted(_fill(template, known, v=value), known)


def kept(section, templates):
    """At least `OPEN_SHARE` of the wordings of a section come out right."""
    failed = [template for template in templates if not _right(section, template)]
    assert len(failed) <= (1 - OPEN_SHARE) * len(templates) + 1e-9 or len(failed) <= 1, failed
