# ruff: noqa: E501 - words of a class stand together
"""Figures that are nobody's: a run time, a share, a remainder that is no fact of this cluster and this job, whatever words stand round it.

The frames are wide, the truths are all that a bid could mean in them: only a figure that none of them comes near is wrong.
"""

import re
from collections.abc import Iterator

from quorate.market.claims.amounts import compound
from quorate.market.claims.context import around, elsewhere, supposed, unsaid
from quorate.market.claims.counting import counts
from quorate.market.claims.figures import Truth, judged
from quorate.market.claims.formulas import places
from quorate.market.claims.nouns import counted_last
from quorate.market.claims.rules import Found, Scene
from quorate.market.claims.values import Known

_TIMED = re.compile(
    r" (?:P:for|P:of|P:over|MORE|IN|AFTER|after|just|during|THE|BE|AND|,|;|:|\(|P:at|->|period P:of|run P:of|T:sim P:of) (?:A |THE |ABOUT |ONLY |just |period P:of |mere |TOTAL |P:of )*$"
)
_NO_RUN = re.compile(
    r" (?:wait|waits|waiting|queue|queued|delay|start|starts|begin|begins|ago|later|earlier|every|each|per|within|finish|until|limit|threshold|cap|cut-off|forecast|median|checkpoint|checkpoints|maintenance|"
    r"uptime|window|week|month|year|previous|last|next|other|another|save|saves|saving|saved|if|max|maximum|longer|shorter|exceed|exceeds|deadline|history|average|typical|typically|notice|free up|frees|soon|more|less|than|under|over|below|above|up to) "
)
_WHAT_RUNS = re.compile(
    r" (?:JOB|NODE|CLUSTER|IT|RUN|LASTS|TIMEN|Q:pct|BUSY|T:sim|run|visit|block|duration|time|use|machine|TOTAL|MY) "
)


def times(scene: Scene) -> Iterator[Found]:
    """Return each run time that is not the job's."""
    seconds, sentence = scene.known.job_walltime_s, scene.sentence
    if seconds is None:
        return
    for index, token in enumerate(sentence.tokens):
        if token.tag != "Q:time" or compound(scene, index) or token.quantity is None:
            continue
        start, end = sentence.clause(index)
        words = (
            " "
            + " ".join(one.raw.lower() for one in sentence.tokens[max(start, index - 8) : min(end, index + 5)])
            + " "
        )
        alone = end - start <= 3
        if " quarters of " in words:
            continue  # `five quarters of an hour`
        framed = _TIMED.search(sentence.slice(index - 5, index)) is not None or index == start
        if not framed or _NO_RUN.search(words) or not (alone or _WHAT_RUNS.search(sentence.tags)):
            continue
        if (
            re.search(r" (?:IF|OTHER|OTHERID|CLUSTERS) ", sentence.tags)
            or sum(one.tag == "Q:time" for one in sentence.tokens) > 1
        ):
            continue
        truth = Truth("walltime", "the job's time limit", (seconds,), f"s ({seconds / 60:g} minutes)")
        yield judged(scene, index, token, truth)


_NO_SHARE = re.compile(
    r" (?:confiden\w+|probab\w+|chance|likel\w+|penalt\w+|score|weight\w*|bonus|discount|reduc\w+|efficien\w+|faster|slower|speed\w*|success|reputation|threshold|deduct\w+|points?|sure|certain\w*|cap|mismatch|"
    r"priority|utility|rating|match\w*|compatib\w+|accuracy|reliab\w+|uptime|limit|bid|parallel|scal\w+|time|walltime|gpus?|cores?|memory|ram|gib|tib|gb|storage|bandwidth|network|disk|more|less|fewer|accelerat\w+|rate|growth|margin|above|below|over|under|higher|lower|"
    r"each|per|a node|of a|half|hours?|minutes?|it) "
)
_WHOLE = re.compile(
    r" (?:nodes?|cluster|machine|system|capacity|us|idle|free|busy|used?|utili[sz]ation|load|share|occupied|taken|available|them|fleet|pool) "
)


def _ratios(known: Known) -> list[float]:
    nodes, free, job = known.nodes, known.nodes_free, known.job_nodes
    if not nodes or free is None or job is None:
        return []
    busy, allocated, background = nodes - free, known.nodes_allocated or 0, known.nodes_background or 0
    groups = [size or 0 for group in known.groups or () for size in (group.nodes, group.free)]
    suits = [known.suitable or 0, known.suitable_free or 0]
    parts = [
        job,
        free,
        busy,
        allocated,
        background,
        free - job,
        busy + job,
        allocated + job,
        abs(nodes - job),
        abs(free - job),
        *groups,
        *suits,
    ]
    wholes = [nodes, free, busy, job, *groups, *suits]
    return [100 * part / whole for part in parts for whole in wholes if whole]


def shares(scene: Scene) -> Iterator[Found]:
    """Return each percentage of nodes that is no share of any of theirs."""
    truths, sums = _ratios(scene.known), places(scene.sentence)
    if not truths:
        return
    for index, token in enumerate(scene.sentence.tokens):
        if token.tag != "Q:pct" or index in sums or not token.raw[:1].isdigit():
            continue
        near = around(scene, index)
        tokens = scene.sentence.tokens[max(0, index - 9) : index + 5]
        words = " " + " ".join(one.raw.lower() for one in tokens) + " "
        if (
            _NO_SHARE.search(words)
            or not _WHOLE.search(words)
            or elsewhere(near)
            or supposed(near)
            or " IF " in scene.sentence.tags
        ):
            continue
        job, nodes = scene.known.job_nodes or 0, scene.known.nodes or 1
        yield judged(
            scene,
            index,
            token,
            Truth("share_of_cluster", "the job's share of the cluster", (100 * job / nodes, *truths), "%"),
        )


_LEFT = re.compile(
    r" (?:LEAVE|leaving|slack|margin|surplus|reserve|shortfall|buffer|short|still HAVE|AFTER (?:THIS|THAT|it|IT)(?: ,)? I (?:still )?HAVE) (?:ABOUT |ONLY |P:of |BE |: |I |IT |P:with |THE CLUSTER |MY |by |P:by |some )*$"
)
_OVER = re.compile(
    r"^ N (?:FREE |MORE |more |additional |OTHER )?(?:NODE )?(?:P:to spare|P:in reserve|P:to go|P:to FREE|P:over|short |left |(?:HEDGE |will )?(?:still )?(?:remain|stay|BE left|BE FREE AFTER|BE (?:[.,;)]|AND|C:\S+|P:for OTHER)))"
    r"|^ N (?:LESS|fewer|less|more|MORE) (?:FREE )?(?:NODE )?(?:P:than )?(?:THE |what |we |I |IT |JOB |are |BE )*(?:REQ|N REQ|N NODE REQ|wanted|I HAVE|HAVE)"
    r"|^ N (?:BE |NODE BE |NODE )?NO [.,;)]|^ N (?:NODE )?too (?:few|many) "
)
_AS_IF = re.compile(r" (?:need|REQ|P:for) (?:ONLY |just )?$")
_NOT_NODES = re.compile(r" (?:GPUS|T:gpu|CORE|T:memory|Q:mem|Q:time|STO|point|points|score|hours) ")


_AFTER = frozenset({"HEDGE", "would", "OTHER", "more", "fewer", "additional", "extra", "CANNOT"})


def remainders(scene: Scene) -> Iterator[Found]:
    """Return each number of nodes left, spare or missing that no subtraction gives."""
    sums, sentence = places(scene.sentence), scene.sentence
    known = counts(scene.known)
    truths = [value for role in ("left", "margin", "free", "busy") for value in known[role] if value is not None]
    if not truths or scene.known.nodes is None or scene.known.job_nodes is None:
        return
    truths += [scene.known.nodes - scene.known.job_nodes, *(value for value in known["kind"] if value is not None)]
    for index, token in enumerate(sentence.tokens):
        if token.tag != "N" or index in sums or token.quantity is None:
            continue
        after, before = sentence.slice(index, index + 5), sentence.slice(index - 7, index)
        bare = re.match(r" N (?:FREE )?(?:NODE|[.,;)]|AND|FREE|P:for|left|short|spare|P:to|$)", after)
        if not ((_LEFT.search(before) and bare) or _OVER.match(after)):
            continue
        start, end = sentence.clause(index)
        noun = counted_last(scene, index, sure=not token.raw[:1].isdigit())
        if (
            (noun is None and not token.raw[:1].isdigit())
            or _AS_IF.search(before)
            or _NOT_NODES.search(sentence.slice(start, end))
            or (noun is not None and noun.tag != "NODE")
            or " IF " in sentence.tags
        ):
            continue
        near = around(scene, index)
        if not (elsewhere(near) or supposed(near) or unsaid(scene, index, _AFTER)):
            yield judged(scene, index, token, Truth("arithmetic", "nodes free after the job", (truths[0], *truths)))
