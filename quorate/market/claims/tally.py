# ruff: noqa: E501 - words of a class stand together
"""Numbers of nodes: which number could stand there truly, by the roles that the words round it give.

Every role has its values; a number with several roles may be any of them, one without a role any number of nodes that
a bid could speak of. So a figure that is nobody's is found however it is worded, and a right one is left alone.
"""

import re
from collections.abc import Iterable

from quorate.market.claims.context import Around, Role, around, cues, denied, elsewhere, supposed
from quorate.market.claims.figures import Truth
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Scene
from quorate.market.claims.values import ClaimKind, Known

_KINDS: dict[Role, tuple[ClaimKind, str]] = {
    "total": ("node_count", "the cluster's nodes"), "free": ("free_nodes", "free nodes"),
    "job": ("job_nodes", "the nodes that the job asks for"), "busy": ("occupancy", "busy nodes"),
    "jobs": ("occupancy", "nodes in jobs"), "background": ("background", "nodes busy with background load"),
    "left": ("arithmetic", "nodes free after the job"), "later": ("occupancy", "busy nodes with the job"),
}  # fmt: skip
_SOME = frozenset({"qualify", "qualifying", "suitable", "eligible", "such", "these", "them", "those", "large", "big", "small",
                   "fat", "fitting", "larger", "smaller", "capable", "kind", "group", "partition", "sort", "with", "that"})  # fmt: skip
_MARGIN = frozenset({"more", "additional", "extra", "further", "fewer", "less", "another", "short", "missing", "surplus",
                     "shortfall", "difference", "lacking", "deficit", "miss", "misses",  "beyond", "too"})  # fmt: skip


SILENT = Truth("node_count", "a number of nodes", (None,))
"""Of a figure that says nothing about what is."""


def minus(base: int | None, part: int | None) -> int | None:
    """Return a difference, None if either side is unknown."""
    return None if base is None or part is None else base - part


def _groups(known: Known) -> tuple[int | None, ...]:
    several = known.groups if known.groups and len(known.groups) > 1 else ()
    whole = [(group.nodes or 0, group.free or 0) for group in several]
    bare = [(group.nodes or 0, group.free or 0) for group in several if not group.gpus]
    sums = [
        tuple(map(sum, zip(*chosen, strict=True)))
        for chosen in (bare, [one for one in whole if one not in bare])
        if chosen
    ]
    return tuple(value for pair_ in (*whole, *sums) for value in pair_)


def values(known: Known, role: Role) -> tuple[int | None, ...]:
    """Return what a number of nodes in a role may be, the plain answer first."""
    taken, job = minus(known.nodes, known.nodes_free), known.job_nodes
    several = bool(known.groups and len(known.groups) > 1)
    parts = (known.suitable_free, *((g.free for g in known.groups or ()) if several else ()))
    frees = (known.nodes_free, *(part for part in parts if part))
    totals = (known.nodes, *((g.nodes for g in known.groups or ()) if several else ()))
    busy = (taken, known.nodes_allocated)
    table: dict[Role, tuple[int | None, ...]] = {
        "total": totals,
        "free": frees,
        "job": (job,),
        "busy": busy,
        "later": tuple(None if value is None or job is None else value + job for value in busy),
        "jobs": (known.nodes_allocated,),
        "background": (known.nodes_background,),
        "left": tuple(minus(base, job) for base in dict.fromkeys((*frees, *totals))),
    }
    return table[role]


ROLES: tuple[Role, ...] = ("total", "free", "job", "busy", "jobs", "background", "left", "later")


def truth(known: Known, roles: Iterable[Role], extra: tuple[int | None, ...] = ()) -> Truth:
    """Return what a number of these roles may be; a role whose plain answer is unknown leaves all open."""
    chosen = [role for role in ROLES if role in set(roles)] or [*ROLES]
    each = [values(known, role) for role in chosen]
    if "left" in chosen and "free" in chosen and len(chosen) == 2:
        each[chosen.index("left")] = _left_free(known)
    kind, name = _KINDS[chosen[0]]
    unknown = any(one[0] is None for one in each)
    first = None if unknown else each[0][0]
    return Truth(kind, name, (first, *(value for one in each for value in one), *extra))


def _left_free(known: Known) -> tuple[int | None, ...]:
    """What is left of free nodes: the rest of all nodes is not free."""
    bases = (known.nodes_free, known.suitable_free, *(group.free for group in known.groups or ()))
    return tuple(minus(base, known.job_nodes) for base in bases)


def _plain_total(chosen: Truth, known: Known, given: frozenset[Role], near: Around) -> Truth:
    """`256 nodes in total` means all of them, not those of one kind."""
    if given != {"total"} or near.words & _SOME:
        return chosen
    return Truth(chosen.kind, chosen.name, (known.nodes,))


def _strong(found: Iterable[tuple[int, Role]]) -> list[tuple[int, Role]]:
    return [(at, role) for at, role in found if role != "own"]


_ACTIVE = frozenset(
    {"hold", "holds", "give", "gives", "take", "takes", "use", "uses", "keep", "keeps", "offer", "supply"}
)
"""What nodes do, said after their number, does not say whose they are."""


def _of_nodes(right: tuple[Token, ...], at: int) -> bool:
    """Whether a word after the nodes tells what becomes of them: `are hosted` does, `meet the need` does not."""
    if right[at].raw.lower() in _ACTIVE:
        return at > 0 and right[at - 1].tag == "BE"
    if (
        right[at].tag == "RUN"
        and right[at].raw.lower() != "running"
        and right[at + 1 : at + 2] != ()
        and right[at + 1].tag not in {"JOBS", "JOB"}
    ):
        return at > 0 and right[at - 1].tag == "BE"
    return right[at].tag != "LOAD"


def roles(near: Around, head: int) -> tuple[frozenset[Role], bool]:
    """Return the roles of a number of nodes, and whether a word gives them; `head` tokens belong to its noun."""
    if head and len(near.right) > head and near.right[head].tag == "CLUSTER":
        return frozenset({"total"}), True
    stop = next((at for at, token in enumerate(near.right) if token.tag == "RUN" and not _of_nodes(near.right, at)), 99)
    right = [(at, role) for at, role in _strong(cues(near.right[: min(stop, head + 6)])) if _of_nodes(near.right, at)]
    left = _strong(cues(near.left))
    nearest = max((at for at, _ in left), default=-1)
    close_by = {role for at, role in left if at == nearest or role == "left"}
    given = {role for _, role in right} | close_by
    if "left" in given and any(token.tag in {"BG", "JOBS", "BUSY"} for token in near.before[-12:]):
        given.add("free")
    if "size" in near.words:
        given |= {"job"} if any(token.tag == "JOB" for token in near.left) else {"total", "job"}
    if any(token.tag == "BG" for token in near.left):
        given.add("background")
    if (
        "background" in given
        and "BG" in near.tagged
        and not any(token.tag == "AND" for token in (*near.left, *near.right))
    ):
        given = {"background"}
    if given and any(token.raw.lower() in {"once", "after"} for token in near.earlier):
        given.add("left")
    if given:
        return frozenset(given), True
    weak = any(role == "own" for _, role in (*cues(near.left), *cues(near.right[: head + 4])))
    told = {role for _, role in (*_strong(cues(near.earlier[-8:])), *_strong(cues(near.later)))}
    return (frozenset({"total", "free", "job"} | told), False) if weak else (frozenset(), False)


def margins(known: Known) -> Truth:
    """How many more or fewer nodes there are than asked for."""
    job = known.job_nodes
    bases = (known.nodes_free, known.nodes, known.suitable_free, known.suitable)
    gaps = tuple(None if base is None or job is None else abs(base - job) for base in bases)
    return Truth("arithmetic", "the nodes over or short of what is asked", (gaps[0], *gaps))


def nodes(scene: Scene, index: int, head: int) -> tuple[Truth, bool]:
    """Say what a number of nodes may truly be, and whether its words give it a role."""
    near, known = around(scene, index), scene.known
    kinds = _kinds(known, near, head)
    if kinds is not None:
        return kinds, True
    if elsewhere(near) or supposed(near) or denied(near):
        return SILENT, True
    gap = _gap(known, near, head)
    return (gap, True) if gap is not None else _special(known, near, head) or _plain(known, near, head)


def _gap(known: Known, near: Around, head: int) -> Truth | None:
    """`six nodes short`, `40 more nodes than asked`; `40 more nodes` alone says nothing that can be judged."""
    words = {token.raw.lower() for token in (*near.left[-2:], *near.right[: head + 3])}
    if not words & _MARGIN:
        return None
    told = near.tagged & {"P:than", "SHORT"} or words & {"short", "missing", "lacking", "miss", "misses"}
    return margins(known) if told and "HEDGE" not in near.tagged else SILENT


_CHOICE = frozenset({"choose", "choice", "pick", "select"})


def _plain(known: Known, near: Around, head: int) -> tuple[Truth, bool]:
    if re.search(
        r" (?:are|is|make|makes|be) (?:twice|double|triple|thrice) ",
        " ".join(t.raw.lower() for t in near.right[:5]) + " ",
    ):
        return SILENT, True
    if near.right[:1] and near.right[0].raw.lower() in {"others", "other"}:
        return SILENT, True
    if {token.raw.lower() for token in near.right[:6]} & _CHOICE:
        return truth(known, ("total", "free"), (known.suitable, known.suitable_free, *_groups(known))), True
    given, sure = roles(near, head)
    if (not sure or given <= {"total"}) and " ".join(t.tag for t in near.right[:3]) in {
        "P:of MY NODE",
        "P:of THESE NODE",
    }:
        return SILENT, True  # `two of our nodes put together`
    if near.left[-2:] and re.search(
        r" out P:of (?:THE |MY |ALL )?$", " " + " ".join(t.tag for t in near.left[-3:]) + " "
    ):
        given = frozenset({"total", "free"} | {role for _, role in _strong(cues(near.right[:head]))})
    before = {token.raw.lower() for token in near.left[-2:]}
    if "HEDGE" in near.tagged and not given & {"left", "job"} and before & {"would", "could", "might", "may"}:
        return SILENT, True
    if near.tagged & {"HEDGE", "will"} and "free" in given:
        given |= {"left"}
    if "busy" in given and (
        near.tagged & {"HEDGE", "AFTER", "will"} or near.words & {"once", "then", "with", "including"}
    ):
        given |= {"later"}
    extra = (known.suitable, known.suitable_free, *_groups(known)) if near.words & _SOME else ()
    return _plain_total(truth(known, given, extra), known, given, near), sure


_SORTS = frozenset({"kinds", "kind", "classes", "class", "types", "type", "groups", "group", "sorts", "generations", "flavors",
                    "flavours", "partitions", "pools", "families", "categories", "variants"})  # fmt: skip


def _kinds(known: Known, near: Around, head: int) -> Truth | None:
    """`two node classes`: how many kinds of nodes there are."""
    if head and len(near.right) > head and near.right[head].raw.lower() in _SORTS:
        return Truth("heterogeneity", "kinds of nodes", (len(known.groups) if known.groups else None,))
    return None


def _special(known: Known, near: Around, head: int) -> tuple[Truth, bool] | None:
    """GPU nodes and CPU nodes are counted by group."""
    between = [token.tag for token in (near.right[:head] if head else near.left[-4:])]
    after = [token.tag for token in near.right[head : head + 5]]
    counts_gpus = "GPUS" in after or "T:gpu" in after
    if not ({"T:gpu", "CPU", "CPUONLY"} & {*between} or counts_gpus or "CPUONLY" in after):
        return None
    if known.groups is None or any(role == "job" for _, role in cues(near.left)):
        return truth(known, (), _groups(known)), False
    bare = bool({"CPUONLY", "CPU"} & {*between, *after}) or bool({"NO", "NOT"} & {*after})
    chosen = [group for group in known.groups if bool(group.gpus) != bare]
    whole = (sum(group.nodes or 0 for group in chosen), sum(group.free or 0 for group in chosen))
    parts = tuple(value for group in chosen for value in (group.nodes, group.free))
    extra = (known.job_nodes, minus(whole[1], known.job_nodes), minus(whole[0], whole[1]))
    soft = (known.nodes, known.nodes_free) if "CPU" in between else ()
    return Truth("node_count", f"nodes {'without' if bare else 'with'} GPUs", (*whole, *parts, *extra, *soft)), False


def pair(scene: Scene, first: int, second: int, head: int) -> tuple[Truth, Truth]:
    """Say what the two numbers of `38 of 201 free nodes` may be; any reading that holds for both makes both right."""
    known, tokens = scene.known, scene.sentence.tokens
    near = around(scene, second)
    inside = {role for _, role in _strong(cues((*tokens[first + 1 : second], *near.right[: max(head - 1, 0)])))}
    after = {role for _, role in _strong(cues(near.right[max(head - 1, 0) : head + 4]))}
    before = {role for _, role in _strong(cues(around(scene, first).left[-5:]))}
    if tokens[first + 1].tag in {"FREE", "BUSY"}:
        before = {role for _, role in cues(tokens[first + 1 : first + 2])}  # `128 idle nodes out of 128`
    part = truth(known, after | before | (inside - {"total"} if not after | before else set()))
    whole = truth(
        known,
        {"total"}
        | (
            (inside | (after if tokens[second + 1 : second + 2] and tokens[second + 1].tag == "WH" else set()))
            & {"free", "job", "busy"}
        ),
    )
    said = [token.quantity.values[0] if token.quantity else -1.0 for token in (tokens[first], tokens[second])]
    other = _readings(known)
    loose = tuple(said) in other and (after | before) <= other[tuple(said)]
    if loose:
        part, whole = _with(part, said[0]), _with(whole, said[1])
    return part, whole


def _with(base: Truth, value: float) -> Truth:
    return Truth(base.kind, base.name, (*base.values, value), base.unit)


def _readings(known: Known) -> dict[tuple[float, ...], set[Role]]:
    """Pairs of numbers that say something true, with the words that go with them."""
    job, free = known.job_nodes, known.nodes_free
    pairs: dict[tuple[float, ...], set[Role]] = {}
    for base in (free, known.suitable_free, known.suitable, known.nodes):
        if job is not None and base is not None:
            pairs[(float(job), float(base))] = {"job", "free", "left", "busy", "total"}
    return pairs


def number(token: Token) -> float:
    """Return the plain number of a token that carries one."""
    return token.quantity.number if token.quantity else -1.0
