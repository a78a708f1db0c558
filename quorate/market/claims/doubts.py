# ruff: noqa: E501 - words of a class stand together
"""Second thoughts on a refutation: whether a reading that the first reader did not think of makes the claim true.

A false alarm costs as much as a miss. So whatever is refuted is read once more, with another eye: a figure that is a fact of
another role is right where a word of that role stands in its clause; what is said of some nodes is not said of all; a
penalty may be for something else than types; a duration may be a limit that the job is held against.
"""

import re
from collections.abc import Callable, Iterator

from quorate.market.claims.asides import both_more, of_bare_group, of_gpus, paired, placed, unused
from quorate.market.claims.counting import OF_ROLE, counts, less, plus, total, words_of
from quorate.market.claims.lexer import Token
from quorate.market.claims.quantities import close
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import ClaimKind, Known

_SUPPOSED = frozenset(
    {
        "spread",
        "spreading",
        "split",
        "splitting",
        "imagine",
        "thinner",
        "doubling",
        "halving",
        "regrouped",
        "hypothetical",
        "theoretical",
    }
)


def _tags(tokens: tuple[Token, ...]) -> str:
    return " " + " ".join(token.tag for token in tokens) + " "


def _another_sort(scene: Scene, found: Found) -> bool:
    """`Twenty of one sort and ten of another` are two sorts."""
    words = words_of(scene.sentence.tokens)
    pattern = r" (?:one|a) (?:sort|kind|type|class|group) .* (?:another|other|second) "
    return "alike" in found.asserted and re.search(pattern, words) is not None


def _with_and_without(scene: Scene, found: Found) -> bool:
    """`There are nodes with GPUs and nodes without` tells no shortage."""
    words = words_of(scene.sentence.tokens)
    if re.search(r" no use (?:of|for) ", words):
        return True  # `it makes no use of GPUs`
    return " with " in words and " without " in words and " not " in found.asserted


def _near(scene: Scene, found: Found, wide: int = 0) -> tuple[Token, ...]:
    """The tokens of its clause, and of some clauses beside it."""
    start, end = scene.sentence.clause(found.first)
    for _ in range(wide):
        start = scene.sentence.clause(max(0, start - 1))[0]
        end = scene.sentence.clause(min(len(scene.sentence.tokens) - 1, end))[1]
    return scene.sentence.tokens[start:end]


def _of_nodes(scene: Scene, found: Found) -> bool:
    """Whether a number of nodes is a fact of a role that a word of its clause gives, or no number of nodes that is."""
    token = scene.sentence.tokens[found.first]
    if (
        found.asserted[:1].isdigit()
        or found.asserted.startswith("GPUs that would")
        or token.tag != "N"
        or token.quantity is None
        or not token.quantity.number
    ):
        return False  # a sum that is written out; nothing
    number, words = token.quantity.number, words_of(_near(scene, found))
    return (
        _imagined(scene, found, number, words)
        or _uncounted(scene, found, number)
        or _by_role(scene, found, number, words)
    )


_IT_WOULD = re.compile(
    r" (?:it|that|this|one|we|you) (?:would|'d|could) (?:\w+ )?(?:take|need|require|have to|run|split|spread|use) "
)
_REST_OF = re.compile(r" (?:remain\w*|left|idle|unused|stay|over|free) ")
_INSTEAD = re.compile(r" (?:instead of|rather than|in place of) ")


def _imagined(scene: Scene, found: Found, number: float, words: str) -> bool:
    """`It would take four of ours for one of theirs, 256 in all`; `on 48 nodes instead of 12`."""
    tokens = scene.sentence.tokens
    if _SUPPOSED & set(words_of(tokens[: found.first + 1]).split()):
        return True
    before = words_of(tokens[: scene.sentence.clause(found.first)[0]])
    few = (
        number <= 10
        and " HEDGE " in scene.sentence.tags
        and found.kind != "arithmetic"
        and _REST_OF.search(words) is None
    )
    asked = scene.known.job_nodes in {token.quantity.number for token in tokens[: found.first] if token.quantity}
    return few or (not asked and _IT_WOULD.search(before) is not None) or _INSTEAD.search(words) is not None


_UNIT_AFTER = re.compile(r" N (?:AND|P:to|/|or|,|-) (?:ABOUT )?(?:Q:mem|N GPUS|N T:gpu|N CORE) ")


def _uncounted(scene: Scene, found: Found, number: float) -> bool:
    """A number of something else: `0.75`, `either kind (256 and 512 GiB)`, `GPU 4 need and we have 4`."""
    known, about = scene.known, topic(scene, found.first)
    if number <= 3 and not scene.sentence.tokens[found.first].raw[:1].isdigit():
        return True  # `it fails on two nodes`
    if number % 1 or _UNIT_AFTER.match(scene.sentence.slice(found.first, found.first + 5)):
        return True
    if found.kind == "job_nodes" and " GPUS " in scene.sentence.tags:
        each, job = known.job_gpus_per_node, known.job_nodes
        return number in {each, None if each is None or job is None else each * job}
    return bool(about) and number in stock(known, about)


def _by_role(scene: Scene, found: Found, number: float, words: str) -> bool:
    facts = counts(scene.known)
    special = {"gpu nodes", "bare nodes", "job", "left"} if "GPUs" in found.asserted else {*facts}
    if _QUALIFY.match(scene.sentence.slice(found.first, found.first + 7)):
        special = {"kind", "job"}
    if loaded := _LOADED.match(scene.sentence.slice(found.first, found.first + 8)):
        special = _told_of(scene, found.first, loaded["what"]) or special
    told = (role for role, pattern in OF_ROLE if role in special and pattern.search(words))
    return any(number in facts[role] for role in told)


_LOADED = re.compile(
    r" N (?:NODE )?(?:WH )?(?:BE )?(?:(?:IN|P:with|RUN|LASTS|run|carry|carries|BUSY P:by|P:under|serve|HAVE) )(?:THE |OTHER |[a-z]\S* )?(?P<what>JOBS|BG) "
)


def _told_of(scene: Scene, index: int, what: str) -> set[str]:
    """`110 with jobs and 30 with background load`: what the words right after a figure say that its nodes carry."""
    before = scene.sentence.slice(index - 4, index)
    if re.search(r" (?:P:of|/|out|P:out_of) (?:THE |MY |ALL )*$", before) or (
        what == "JOBS" and before.endswith(" AND ")
    ):
        return set()
    return {"background"} if what == "BG" else {"jobs", "busy"}


_QUALIFY = re.compile(r" N (?:FREE )?NODE (?:BE |[a-z]\S* )?(?:qualify|qualifies|suitable|eligible) ")
_TOPIC = {"GPUS": "GPUS", "T:gpu": "GPUS", "T:memory": "MEMORY", "Q:mem": "MEMORY"}
_OTHER_TOPIC = frozenset(
    {
        "CORE",
        "Q:time",
        "TIMEN",
        "STO",
        "T:storage",
        "NET",
        "Q:bw",
        "Q:pct",
        "link",
        "links",
        "score",
        "network",
        "NODE",
        "FREE",
        "BUSY",
        "JOBS",
        "BG",
    }
)


def topic(scene: Scene, index: int) -> str:
    """What is spoken of: the nearest noun before a number in its sentence, if it is GPUs or memory; `per node` is none."""
    tokens = scene.sentence.tokens
    for at in range(index - 1, max(-1, index - 12), -1):
        tag = tokens[at].tag
        if tag == "NODE" and at and tokens[at - 1].tag in {"PER", "/", "A", "IN", "EACH"}:
            continue
        if tag in _TOPIC:
            return _TOPIC[tag]
        if tag in _OTHER_TOPIC:
            return ""
    return ""


def stock(known: Known, about: str) -> tuple[int | None, ...]:
    """Return every number of GPUs, or of GiB, that a bid may speak of; (None,) if not all is known."""
    groups, job = known.groups or (), known.job_nodes
    each = tuple(group.gpus if about == "GPUS" else group.memory_gib for group in groups)
    asked = known.job_gpus_per_node if about == "GPUS" else known.job_memory_gib_per_node
    total = known.gpus if about == "GPUS" else known.memory_gib
    if None in (*each, asked, total, job):
        return (None,)
    gaps = tuple(abs((one or 0) - (asked or 0)) for one in each)
    parts = tuple((group.nodes or 0) * (one or 0) for group, one in zip(groups, each, strict=True))
    return (
        *each,
        asked,
        total,
        (asked or 0) * (job or 0),
        *gaps,
        *parts,
        *((job or 0) * (one or 0) for one in each),
        *((job or 0) * gap for gap in gaps),
    )


_COMPARING = re.compile(
    r" (?:half|third|quarter|fifth|sixth|eighth|tenth|twice|double|triple|times|thirds|quarters|against|versus|vs|more than|less than|above|below|exceeds?) "
)


def _product_of_said(scene: Scene, found: Found) -> bool:
    """`36 of our nodes provide 4,608 cores`: a number of nodes that is said, times what a node has."""
    token, known = scene.sentence.tokens[found.first], scene.known
    if token.quantity is None or (
        found.kind == "gpu_total" and " TOTAL " in scene.sentence.slice(found.first, found.first + 5)
    ):
        return False
    said = [
        one.quantity.number for one in scene.sentence.tokens if one.tag == "N" and one.quantity and one is not token
    ]
    what = "memory_gib" if token.tag == "Q:mem" else "gpus" if found.kind == "gpu_total" else "cores"
    each = [size for group in known.groups or () if (size := getattr(group, what))]
    return close(token.quantity.values, [number * size for number in said for size in each if number > 1], 0.0, 0.01)


_THEIRS = re.compile(r" OTHERID (?:, )?(?:(?!MY|I |SELFID|MINE|JOB|CLUSTER|THIS |;|C:)\S+ )*$")
"""`Unlike MARLIN, which has 24 nodes of 4 TiB, we ...`: nobody else is named between the name and the figure."""


def _of_another(scene: Scene, found: Found) -> bool:
    """`HPC_RESOURCE_00, with 512 GiB nodes, is a candidate`: another cluster's."""
    tags = scene.sentence.tags
    if " OTHERID " not in tags:
        return False
    before = scene.sentence.slice(found.first - 12, found.first)
    return re.search(r" (?:MY|I|SELFID|MINE|JOB) ", tags) is None or _THEIRS.search(before) is not None


def _of_all_memory(scene: Scene, found: Found) -> bool:
    """`100 TiB in total, of which it takes 18.4`: an amount of all nodes, or of the job's, said to a digit or two."""
    token, known = scene.sentence.tokens[found.first], scene.known
    if token.tag != "Q:mem" or token.quantity is None or not re.search(r"[TP]i?B|[tp]\w*bytes?", token.raw):
        return False
    groups, job = known.groups or (), known.job_nodes or 0
    totals = [known.memory_gib, job * (known.job_memory_gib_per_node or 0)]
    if re.search(r" (?:complete|whole|entire|total) (?:cluster|machine|system) ", words_of(_near(scene, found))):
        groups = ()
    totals += [job * (group.memory_gib or 0) for group in groups]
    totals += [(size or 0) * (group.memory_gib or 0) for group in groups for size in (group.nodes, group.free)]
    shown = token.raw.partition(".")[2]
    step = 0.5 / 10 ** sum(char.isdigit() for char in shown) * 1_024 if shown else 0.0
    return close(token.quantity.values, [float(total) for total in totals if total], step, 0.025)


def _compared_amount(scene: Scene, found: Found) -> bool:
    """`The memory of 128 GiB is a quarter of what we have`: one side of a comparison is asked, the other is there."""
    token, known = scene.sentence.tokens[found.first], scene.known
    per_node = found.kind == "gpu_total" and re.search(r" (?:PER NODE|EACH|PER) ", scene.sentence.tags) is not None
    if token.quantity is None or not (per_node or _COMPARING.search(words_of(_near(scene, found, 1)))):
        return False
    memory = token.tag == "Q:mem"
    each = [group.memory_gib if memory else group.gpus for group in known.groups or ()]
    asked = known.job_memory_gib_per_node if memory else known.job_gpus_per_node
    return close(token.quantity.values, [value for value in (*each, asked) if value is not None], 0.0, 0.02)


def _none_in_jobs(scene: Scene, found: Found) -> bool:
    """`No nodes are allocated to other jobs` leaves the background out."""
    tags = " " + " ".join(one.tag for one in _near(scene, found)) + " "
    if found.asserted in {"all nodes are free", "no node is free"} and re.search(
        r" (?:GPUS|T:gpu|CORE|N P:of ALL|Q:pct P:of ALL) ", tags
    ):
        return True
    idle = found.asserted == "all nodes are free" and scene.known.nodes_allocated == 0
    return idle and re.search(r" (?:jobs?|allocated|users?|allocations?) ", words_of(_near(scene, found))) is not None


_MEMORY = re.compile(r" (?:Q:mem|T:memory) ")
_GPUS = re.compile(r" (?:GPUS|T:gpu) ")


def _parts_of_all(known: Known, tags: str, of_nodes: bool) -> Iterator[float | None]:
    """Shares that are no job's: of the nodes with GPUs or of a kind, of a node's memory or GPUs."""
    job = known.job_nodes or 0
    if _MEMORY.search(tags) and not of_nodes:
        yield _percent(job * (known.job_memory_gib_per_node or 0) or None, known.memory_gib)
    if _GPUS.search(tags) and not of_nodes:
        yield _percent(job * (known.job_gpus_per_node or 0) or None, known.gpus)
    for group in known.groups or ():
        if _GPUS.search(tags) or _MEMORY.search(tags) or " CORE " in tags:
            yield from (
                _percent(group.nodes, known.nodes),
                _percent(group.free, known.nodes),
                _percent(group.free, known.nodes_free),
            )
        if _MEMORY.search(tags):
            yield from (
                _percent(known.job_memory_gib_per_node, group.memory_gib),
                _percent(group.memory_gib, known.job_memory_gib_per_node),
            )
        if _GPUS.search(tags):
            yield from (_percent(known.job_gpus_per_node, group.gpus), _percent(group.gpus, known.job_gpus_per_node))
    if _GPUS.search(tags):
        with_gpus = total(group.nodes if group.gpus else 0 for group in known.groups or ())
        yield _percent(with_gpus, known.nodes)
        yield _percent(less(known.nodes, with_gpus), known.nodes)


_OF_SHARES = (
    (
        "busy",
        re.compile(
            r" (?:busy|occupied|used|taken|in use|utili[sz]\w+|load|full|allocated|jobs|usage|occupancy|with (?:the|this) job|with it|it 'd be) "
        ),
    ),
    ("free", re.compile(r" (?:free|idle|available|unused|empty|open|left|remain\w*|rest|headroom|spare) ")),
    ("background", re.compile(r" (?:background|system|services?) ")),
)


def _shares(known: Known) -> Iterator[tuple[list[float], re.Pattern[str]]]:
    """Shares of all nodes that are busy, free, under background load, now or with the job, and the words for them."""
    facts = counts(known)
    table = {
        "busy": (*facts["busy"], plus(known.nodes_allocated, known.job_nodes)),
        "free": (known.nodes_free, less(known.nodes_free, known.job_nodes)),
        "background": facts["background"],
    }
    for role, pattern in _OF_SHARES:
        yield [100 * part / known.nodes for part in table[role] if part is not None and known.nodes], pattern


def _percent(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


_OF_NODES = re.compile(r" Q:pct P:of (?:THE |MY |ALL |THIS |TOTAL |N |FREE )*(?:NODE|CLUSTER|SELFID|FREE) ")


def _of_share(scene: Scene, found: Found) -> bool:
    """Whether a percentage is one of something else that its words name: of memory, of GPUs, of a kind of node, of the free ones."""
    token, known = scene.sentence.tokens[found.first], scene.known
    if token.tag != "Q:pct" or token.quantity is None:
        return False
    if scene.sentence.slice(found.first - 1, found.first) == " NOT " and " C:but " in scene.sentence.tags:
        return True  # `not 15 % but 6 %`
    tags = " " + " ".join(one.tag for one in _near(scene, found, 2)) + " "
    if (
        re.search(r" of (?:them|those|these) ", words_of(scene.sentence.tokens[found.first : found.first + 4]))
        and scene.noun == "GPUS"
    ):
        tags += "GPUS "
    of_nodes = _OF_NODES.match(scene.sentence.slice(found.first, found.first + 6)) is not None
    truths = [value for value in _parts_of_all(known, tags, of_nodes) if value is not None]
    words = words_of(_near(scene, found, 2))
    truths += [value for parts, pattern in _shares(known) if pattern.search(words) for value in parts]
    if re.match(r" Q:pct P:of (?:THE |MY )?(?:FREE|what BE FREE) ", scene.sentence.slice(found.first, found.first + 5)):
        truths += [value for value in (_percent(known.job_nodes, known.nodes_free),) if value is not None]
    return close(token.quantity.values, truths, max(token.quantity.step, 1.0))


_ON_SITE = re.compile(r" (?:gpus here|board|installed|present|exists?|racks|aboard) ")
_UNWANTED = re.compile(r" NO (?:BE )?REQ | REQ (?:P:for )?NO [.,;)] ")


def _apart(scene: Scene, found: Found) -> bool:
    """Whether what is there and what is asked are told apart: `no GPUs here, none needed`."""
    start, end = scene.sentence.clause(found.first)
    rest = scene.sentence.slice(0, start) + scene.sentence.slice(max(end, found.last), len(scene.sentence.tokens))
    here = _ON_SITE.search(words_of(_near(scene, found))) is not None
    return here or _UNWANTED.search(rest) is not None


_PARTIAL = re.compile(
    r" (?:N|Q:pct|some|few|PARTLY|rest|remaining|OTHER|lean|plain|small|smaller|thin|those|second|ONLY|ones) "
)


def _of_some_nodes(scene: Scene, found: Found) -> bool:
    """`Half of the nodes have no GPU` is true where some have none; `no GPUs` may be what is asked, where none are."""
    known, near = scene.known, _near(scene, found)
    bare = any(not group.gpus for group in known.groups or ())
    if bare and found.asserted == "no GPUs" and of_bare_group(scene, found):
        return True
    spoken = words_of(_near(scene, found, 1))
    if bare and " without " in spoken and (" with " in spoken or " those " in spoken):
        return True  # `nodes with and without GPUs`
    if found.asserted == "every node has GPUs" and re.search(r" (?:Q:pct|N) P:of ", scene.sentence.tags):
        return True  # `GPUs on three quarters of all our nodes`
    tags = " " + " ".join(one.tag for one in near) + " "
    if found.asserted == "no GPUs" and any(not group.gpus for group in known.groups or ()) and _PARTIAL.search(tags):
        return True
    if (
        found.asserted == "no GPUs"
        and known.job_gpus_per_node == 0
        and not re.search(r" (?:MY|I|SELFID|HAVE|CLUSTER|MINE) ", tags)
        and not _apart(scene, found)
    ):
        return re.search(r" (?:JOB|REQ|IT|called|wanted|involved) ", scene.sentence.tags) is not None
    if found.asserted == "the job needs no GPUs":
        return scene.sentence.tokens[found.first].tag in {"CPUONLY", "CPU"} or " N CPUONLY " in tags
    return re.search(r" (?:missing|lacking) (?:gpus|accelerators|cards) ", words_of(near)) is not None


_OF_ELSE = re.compile(
    r" (?:walltime|wall|time|runtime|duration|length|size|load|queue|occupancy|wait|share|memory|storage|network|utili[sz]ation|deadline|pressure|congestion|hours?) (?:based )?(?:penalty|penalties|deduction|malus|surcharge|reduction|discount) "
    r"| (?:penalty|deduction|malus|surcharge|reduction|discount) (?:of \S+ )?(?:for|because of|due to|on account of) (?:\w+ ){0,3}?(?:walltime|runtime|duration|length|size|load|queue|occupancy|wait|share|utili[sz]ation|pressure|hours?|memory|hardware) "
)
_TYPED = re.compile(r" (?:types?|mismatch\w*|class|category|classification) ")


def _for_else(scene: Scene, found: Found) -> bool:
    """A penalty for the load, the length, the size is none for types."""
    words = words_of(_near(scene, found))
    if re.search(
        r" (?:nothing|no points?) (?:is|are|was|were|gets?) (?:taken off|deducted|subtracted|lost|docked) ", words
    ) and not found.asserted.startswith("no "):
        return True  # `nothing is taken off for mismatch`
    after = scene.sentence.slice(found.last, found.last + 5)
    if not found.asserted.startswith("no ") and re.match(
        r" C:(?:therefore|thus|hence|however) (?:do |BE |HEDGE |will )?NOT ", after
    ):
        return True  # `the penalty therefore does not apply`
    if found.asserted.startswith("no ") and re.search(
        r" (?:can't|cannot|can not|can n't|not|unable|hard|impossible|hardly) (?:\w+ ){0,3}?(?:avoid|escape|waive\w*|skip|spare|omit|get round|get around|go without) ",
        words,
    ):
        return True
    start, _ = scene.sentence.clause(found.first)
    before = scene.sentence.slice(scene.sentence.clause(max(0, start - 1))[0], start)
    if _TYPED.search(words):
        return False
    if scene.sentence.tokens[start + 1 : start + 2] and re.match(
        r" (?:this|that|which|it) ", words_of(scene.sentence.tokens[start + 1 :])
    ):
        return re.search(r" (?:TYPEN|MIS|MATCHV|SAME|DIFF|SPECN|T:\S+) ", before) is None
    return _OF_ELSE.search(words) is not None


_BEYOND = re.compile(
    r" (?:longer|shorter|more|less|under|over|below|above|beyond|within|exceeds?|reach\w*|limit|threshold|cap|cut-off|than|up to|at most|at least) "
)


def _limit(scene: Scene, found: Found) -> bool:
    """`longer than a day`, `below the limit of 24 hours` hold where the job is on that side."""
    token, known = scene.sentence.tokens[found.first], scene.known
    if token.tag != "Q:time" or token.quantity is None or known.job_walltime_s is None:
        return False
    before = words_of(scene.sentence.tokens[max(0, found.first - 5) : found.first])
    if re.search(r" (?:every|checkpoints?|queue\w*|wait\w*|maintenance|each) ", before):
        return True
    if re.search(r" (?:third|thirds|quarter|quarters|half|fifth|fifths) of $", before):
        return True  # `a third of an hour`
    if not _BEYOND.search(before):
        return False
    if re.search(r" (?:limit|threshold|cap|cut-off|reach\w*) ", before):
        spoken = (one.quantity for one in scene.sentence.tokens if one.tag == "Q:time" and one is not token)
        return any(one is not None and close(one.values, (known.job_walltime_s,), 0.0, 0.02) for one in spoken)
    above = re.search(r" (?:longer|more|over|above|beyond|exceeds?|at least) ", before) is not None
    denied = re.search(r" (?:not|n't|never|no) ", before) is not None
    longer = known.job_walltime_s >= min(token.quantity.values)
    return longer == (above != denied)


_UNTIED = re.compile(r" (?:JOB|REQ|IT|ITS|TYPEN|SPECN|MIS) ")


def _of_nobody(scene: Scene, found: Found) -> bool:
    """`Storage is what we are built around` matches nothing; `what kills it is memory` types nobody."""
    if (
        found.kind == "type_match"
        and re.search(r" NODE ", _tags(_near(scene, found)))
        and not _UNTIED.search(_tags(_near(scene, found)).replace(" TYPEN ", " "))
    ):
        return True  # `All nodes are of the same type.`
    if found.kind == "type_match":
        return _UNTIED.search(scene.sentence.tags) is None and " what " in scene.sentence.tags
    if re.match(r" (?:THE |THIS )?JOB 'S ", scene.sentence.slice(found.last, found.last + 4)):
        return True  # `hpc is our type, storage the job's`
    near = " " + " ".join(one.tag for one in _near(scene, found)) + " "
    return re.match(r" (?:C:\S+ )?(?:what|What) (?!I |SELFID |MY )", near) is not None


_SOME_CLUSTER = re.compile(
    r" (?:C:\S+ |AND |, )?(?:A|ANY|any|one) (?:(?!SELFID|MY)\S+ ){0,4}?CLUSTER (?:P:with |WH |that )?(?:\S+ ){0,8}?HEDGE "
)
"""`A purely hpc cluster with 150 free nodes would have an edge over us.`"""


_BY_KIND: dict[ClaimKind, tuple[Callable[[Scene, Found], bool], ...]] = {
    "node_count": (_of_nodes, placed, paired, of_gpus), "free_nodes": (_of_nodes, placed, paired, of_gpus), "job_nodes": (_of_nodes, placed, paired, of_gpus), "background": (_of_nodes, _of_share, paired),
    "occupancy": (_of_nodes, _of_share, _none_in_jobs, placed, paired), "arithmetic": (_of_nodes,), "share_of_cluster": (_of_share,), "gpu_presence": (_of_some_nodes,),
    "memory_per_node": (unused, both_more, _compared_amount, _of_all_memory, _product_of_said, _of_another), "cores": (_product_of_said, _of_another), "memory_total": (unused, both_more, _compared_amount, _of_all_memory, _of_another), "gpus_per_node": (unused, both_more, _of_another, _compared_amount,), "gpu_total": (unused, both_more, _product_of_said, _of_another, _compared_amount,),
    "penalty_rule": (_for_else,), "heterogeneity": (_another_sort,), "capacity": (_with_and_without,), "walltime": (_limit,), "type_match": (_of_nobody,), "own_type": (_of_nobody,),
}  # fmt: skip


def doubted(scene: Scene, found: Found) -> bool:
    """Whether a refuted claim has a reading that is true, or says something else."""
    start, _ = scene.sentence.clause(found.first)
    some_cluster = _SOME_CLUSTER.match(scene.sentence.slice(start, found.last + 8))
    return some_cluster is not None or any(doubt(scene, found) for doubt in _BY_KIND.get(found.kind, ()))
