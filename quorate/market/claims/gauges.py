# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""GPUs, cores and bytes: whose they are, of a node or in all, and what they may truly be.

As with nodes, words that leave several readings open leave all their values open; a figure that no reading has is wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from quorate.market.claims.context import Around, around, denied, elsewhere, supposed
from quorate.market.claims.figures import Truth
from quorate.market.claims.rules import Scene
from quorate.market.claims.values import ClaimKind, Known

Numbers = tuple[int | None, ...]

_EACH_AFTER = re.compile(
    r" \* T:gpu NODE | \* (?:\S+ ){0,4}?(?:PER (?!JOB)|/ NODE|A NODE|apiece |P:on (?:EACH|ALL|A) |P:of PER NODE |IN (?:EACH|ALL) |P:of (?:NODE )?T:memory PER |node )"
)
_EACH_BEFORE = re.compile(
    r" (?:PER|EACH|A|single|/|one) (?:[a-z]\S* |MY |THE |T:\S+ |P:of |FREE |N ){0,3}NODE (?:\S+ ){0,5}?\* "
    r"| NODE (?:[a-z]\S* |ONLY ){0,2}(?:HAVE|P:with|BE HAVE|BE equipped P:with|come P:with|HW P:with|P:of|P:at|BE P:at|carrying|carry) (?:[a-z]\S* |A |ONLY |ABOUT |MORE |LESS |T:\S+ |P:of |THE ){0,4}\* "
    r"| (?:GPUS|T:gpu|CORE|T:memory) (?:[a-z]\S* ){0,2}(?:PER|/|P:on PER|P:of A|A|IN PER) NODE (?:\S+ ){0,4}?\* | NODE T:memory (?:\S+ ){0,3}?\* | NODE 'S T:memory (?:\S+ ){0,3}?\* "
)
_TOTAL = re.compile(
    r" (?:TOTAL|together|altogether|sum|P:across|inventory|adds|add|aggregate|aggregated) | ALL (?:MY |THE |P:of |N )*\* "
)
_JOB_AFTER = re.compile(
    r" \* (?:(?:T:memory|GPUS|T:gpu|CORE|PER|NODE|/|A|P:of|P:on|EACH|BE|BEING|WH) ){0,7}(?:(?!what|times|twice|where|while)[a-z]\S* )?"
    r"(?:BE )?(?:REQ |P:(?:for|by) (?:THE |THIS )?(?:[a-z]\S* |T:\S+ )?JOB (?!'S)|(?:THE |THIS )?JOB REQ |IT REQ )"
)
_JOB = frozenset({"REQ", "JOB"})
_OWN = frozenset({"HAVE", "MY", "I", "SELFID", "MINE", "CLUSTER"})
_LESS = frozenset(
    {
        "waste",
        "wasted",
        "unused",
        "stranded",
        "superfluous",
        "surplus",
        "more",
        "additional",
        "extra",
        "further",
        "fewer",
        "less",
        "another",
        "short",
        "missing",
        "spare",
        "combined",
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a figure is to be read."""

    each: bool
    """Of a node."""
    total: bool
    """Of all nodes, by a word."""
    job: bool
    own: bool
    every: bool
    """Said of all nodes alike."""


def _nearest(near: Around) -> str:
    for token in reversed(near.left):
        if token.tag in _JOB:
            return "job"
        if token.tag in _OWN or token.raw.lower() in {"there", "here"}:
            return "own"
    return ""


_EVERY = re.compile(
    r" (?:ALL|PER|EACH) (?:one |single |P:of |MY |THE |ITS |N )*(?:NODE|them|THESE) (?:[a-z]\S* )?(?:HAVE|P:with|comes|carries|BE HAVE|contains|BE A (?:[a-z]\S* |HIGH |T:memory |ONE ){0,3}(?:NODE|one) P:with)"
)
_PLACED = re.compile(
    r" \* (?:\S+ ){0,3}(?:IN|P:on) (?:EACH|PER|ALL) (?:P:of )?(?:MY|THE|ITS|THIS) (?:MY |CLUSTER 'S |THE |N )*NODE "
)
_BOUND = re.compile(
    r" (?:PER|ALL) (?:MY |THE |P:of |N |[a-z]\S* ){0,2}NODE (?:BE )?(?:HAVE|P:with) (?:N |Q:mem |GPUS |CORE |T:\S+ |, |AND |P:of |[a-z]\S* ){0,6}\* $"
)
_ALL_OF = re.compile(r" ALL (?:P:of |MY |THE |N )*(?:NODE|them|THESE) ")


def reading(near: Around, soft: bool = False, wide: str = "") -> Reading:
    """Return how the words round a figure read it; `soft`: what `each node` has, some kind of node has.

    `wide` are the tags up to the figure, over marks and figures: `each node has 32 cores and 256 GiB`.
    """
    tags = near.tags
    bound = _BOUND.search(wide)
    who = _nearest(near)
    asked = _JOB_AFTER.search(tags) is not None
    each = (_EACH_AFTER.search(tags) or _EACH_BEFORE.search(tags) or bound) is not None and " together " not in tags
    early = any(token.tag in _JOB for token in near.earlier[-8:]) and not any(token.tag in _OWN for token in near.left)
    if who == "job" and (near.left[-1].tag == "P:with" or any(token.tag == "(" for token in near.left)):
        who, early = "", True  # `I fail its requirements with 512 GB`
    return Reading(
        each=each,
        total=_TOTAL.search(tags) is not None and not each,
        job=who == "job" or asked or (who == "" and early),
        own=who == "own" or (who == "" and not asked),
        every=(_ALL_OF if soft else _EVERY).search(tags + wide) is not None or _PLACED.search(tags) is not None,
    )


def _times(many: Iterable[int | None], each: int | None) -> Numbers:
    return tuple(None if one is None or each is None else one * each for one in many)


@dataclass(frozen=True, slots=True)
class Stock:
    """One thing that nodes have, in a node and in all."""

    each_kind: ClaimKind
    all_kind: ClaimKind
    name: str
    unit: str
    own_each: Numbers
    own_all: Numbers
    job_each: int | None
    asks: bool
    """Whether jobs ask for it at all."""
    job_all: int | None

    def any_of(self) -> Truth | None:
        """Return all that a figure of this stock could be."""
        if not self.own_each or None in (*self.own_each, self.own_all[0]):
            return None
        values = (self.own_all[0], *self.own_all, *self.own_each, self.job_each, self.job_all)
        return self.with_gaps(Truth(self.all_kind, f"the cluster's {self.name}", values, self.unit))

    def with_gaps(self, base: Truth) -> Truth:
        """Return the same with what is left over on a node, or on the job's nodes."""
        job = self.job_each
        gaps = tuple(None if one is None or job is None else one - job for one in (*self.own_each, *self.own_all[:1]))
        return Truth(base.kind, base.name, (*base.values, *gaps, *self.own_each), base.unit)

    def truth(self, how: Reading, exact: bool) -> Truth | None:
        """Return what a figure read so may be; None if it cannot be judged."""
        kind = self.each_kind if how.each else self.all_kind
        if how.job and not how.own:
            if not self.asks:
                return None
            values = (self.job_each,) if how.each else (self.job_all, self.job_each)
            return Truth(kind, f"{self.name} that the job asks for", values, self.unit)
        asked: Numbers = () if how.own and not how.job and exact else (self.job_each,)
        if how.each:
            return self._of_node(kind, how, asked)
        return self._in_all(
            kind, how, () if how.own and not how.job and exact and how.total else (self.job_all, *asked)
        )

    def _of_node(self, kind: ClaimKind, how: Reading, asked: Numbers) -> Truth | None:
        if not self.own_each or None in self.own_each:
            return None
        sizes = [size or 0 for size in self.own_each]
        name = f"the cluster's {self.name} per node"
        if how.every and not asked and len(set(sizes)) > 1:
            return Truth(kind, f"{name} (some nodes have fewer; the fewest)", (min(sizes),), self.unit)
        return Truth(kind, name, (max(sizes), *sizes, *asked), self.unit)

    def _in_all(self, kind: ClaimKind, how: Reading, asked: Numbers) -> Truth | None:
        if None in self.own_all[:1] or (not self.own_each and not how.total):
            return None
        loose = () if how.total else self.own_each
        return Truth(kind, f"the cluster's {self.name}", (*self.own_all, *loose, *asked), self.unit)


def _stock(
    known: Known, field: str, total: int | None, kinds: tuple[ClaimKind, ClaimKind, str, str], job: int | None
) -> Stock:
    groups = known.groups or ()
    each = tuple(getattr(group, field) for group in groups)
    parts = tuple((group.nodes or 0) * (size or 0) for group, size in zip(groups, each, strict=True))
    free = tuple((group.free or 0) * (size or 0) for group, size in zip(groups, each, strict=True))
    mine = _times(each, known.job_nodes)
    return Stock(*kinds, own_each=tuple(dict.fromkeys(each)), own_all=(total, *parts, *free, sum(free), *mine),
                 job_each=job, asks=field != "cores", job_all=_times((known.job_nodes,), job)[0])  # fmt: skip


def with_gpus(known: Known) -> Known:
    """Return what is known of the nodes that have GPUs."""
    kept = tuple(group for group in known.groups or () if group.gpus != 0)
    return known.model_copy(update={"groups": kept}) if kept else known


def gpus(known: Known) -> Stock:
    """GPUs."""
    return _stock(known, "gpus", known.gpus, ("gpus_per_node", "gpu_total", "GPUs", ""), known.job_gpus_per_node)


def cores(known: Known) -> Stock:
    """Cores."""
    return _stock(known, "cores", known.cores, ("cores", "cores", "cores", ""), None)


def memory(known: Known) -> Stock:
    """Memory, GiB."""
    kinds: tuple[ClaimKind, ClaimKind, str, str] = ("memory_per_node", "memory_total", "memory", "GiB")
    return _stock(known, "memory_gib", known.memory_gib, kinds, known.job_memory_gib_per_node)


_FIRM = re.compile(
    r" (?:HAVE|MY|I|PER NODE|EACH|NODE P:with|NODE|:|=|BE|P:of|TOTAL|P:at) (?:[a-z]\S* |ONLY |A |HIGH |P:of |TOTAL |THE |ABOUT ){0,3}\* "
)


_AT_NODE = re.compile(
    r" (?:P:at|P:with) \* (?:, )?(?:A|PER|EACH|ALL|MY|THESE|one|THE) (?:P:of |MY |THE |[a-z]\S* |FREE |HIGH |single ){0,3}NODE "
)
_AT_JOB = re.compile(r" P:at \* (?:, )?(?:THE|ITS|THIS|JOB 'S|JOB) (?:T:memory |JOB |'S |[a-z]\S* ){0,3}(?:REQ|JOB) ")


def _opened(scene: Scene, index: int, stock: Stock) -> Truth | None:
    """`At 256 GiB, a node of ours ...`; `At 160 GiB the request ...`."""
    wide = scene.sentence.slice(index - 1, index) + "* " + scene.sentence.slice(index + 1, index + 8).lstrip()
    if _AT_JOB.search(wide) and stock.asks:
        name = f"{stock.name} that the job asks for"
        return Truth(stock.each_kind, name, (stock.job_each, stock.job_all), stock.unit)
    if _AT_NODE.search(wide) and stock.own_each and None not in stock.own_each:
        each = (max(size or 0 for size in stock.own_each), *stock.own_each, stock.job_each)
        return Truth(stock.each_kind, f"the cluster's {stock.name} per node", each, stock.unit)
    return None


_AGAINST = re.compile(
    r" (?:P:against|P:versus|P:vs) (?:THE |ITS |ONLY |[a-z]\S* )?\* | \* (?:\S+ ){0,4}?(?:P:against|P:versus|P:vs) (?:THE |ITS |[a-z]\S* )?(?:N|Q:mem) "
)
_WOULD_TAKE = re.compile(
    r" HEDGE (?:[a-z]\S* |REQ |RUN |BUSY |HAVE ){1,3}\* (?:GPUS |CORE |P:of |T:memory )*(?:IN )?TOTAL "
)
_PLAINLY_ALL = re.compile(
    r"^ (?:(?:C:\S+ )?(?:THE|MY|THIS) CLUSTER|I|SELFID) HAVE (?:ABOUT |TOTAL )*\* (?:CORE|GPUS) (?:[.;] )?$"
)
"""`The machine has 38,400 cores.`"""
_OF_A = re.compile(r" (?:thirds?|quarters?|fifths?|sixths?|eighths?|tenths?|fraction|part) P:of \* ")
_SERVES = re.compile(r" (?:CAN|CANNOT) (?:[a-z]\S* )?(?:HAVE|RUN) (?:THE )?\* | (?:HAVE|RUN|give|gives) THE \* ")
_WHOLE_CLUSTER = re.compile(r" (?:TOTAL|complete) CLUSTER | CLUSTER P:as A TOTAL ")


def _odd(scene: Scene, index: int, near: Around, stock: Stock) -> Truth | None:
    """Read a figure by the frame that it stands in, where one is plain."""
    tags = near.tags
    wide = scene.sentence.slice(index - 3, index) + "* " + scene.sentence.slice(index + 1, index + 9).lstrip()
    said = scene.sentence.tokens[index].quantity
    if said and said.number and _PLAINLY_ALL.match(tags) and stock.own_each and stock.own_all[0] is not None:
        return Truth(stock.all_kind, f"the cluster's {stock.name}", (stock.own_all[0], *stock.own_each), stock.unit)
    if _AGAINST.search(wide) or _WOULD_TAKE.search(tags):
        return stock.any_of()
    whole = _WHOLE_CLUSTER.search(
        re.sub(r" RUN (?=CLUSTER )", " complete ", tags) if "complete" in near.words else tags
    )
    if (
        whole
        and re.search(r" (?:T:memory|GPUS|CORE|HAVE) ", tags)
        and stock.own_all[0] is not None
        and not _JOB & near.tagged
    ):
        return Truth(stock.all_kind, f"the cluster's {stock.name}", stock.own_all[:1], stock.unit)
    return None


def judge(scene: Scene, index: int, stock: Stock) -> Truth | None:
    """Say what a figure of a stock may truly be."""
    near = around(scene, index)
    tags = near.tags
    if elsewhere(near) or supposed(near) or _OF_A.search(tags):
        return None
    framed = _opened(scene, index, stock) or (None if denied(near) else _odd(scene, index, near, stock))
    return framed or _by_words(scene, index, near, stock)


def _by_words(scene: Scene, index: int, near: Around, stock: Stock) -> Truth | None:
    tags = near.tags
    if denied(near) or {token.raw.lower() for token in near.left[-1:]} & _LESS:
        return None
    if re.search(r" ONLY (?:[a-z]\S* |HIGH |T:\S+ ){0,3}NODE (?:HAVE|P:with) ", tags) and " MY " not in tags:
        return None  # a kind of node, wherever it stands
    if " HEDGE " in re.sub(r"(\* .*?) (?:WH|THE|MY|I|JOB) .*", r"\1 ", tags) and not re.search(
        r" (?:LEAVE|AFTER|(?:MY|THE) \*|MY (?:[a-z]\S* |TOTAL )\*) ", tags
    ):
        return None
    if {token.raw.lower() for token in near.right[:1]} & _LESS or re.search(
        r" \* GPUS IN (?!TOTAL|EACH|PER|ALL|MY|THE|THIS)", tags
    ):
        return None
    before = scene.sentence.tokens[max(0, index - 2) : index]
    if before and (before[-1].raw.lower() == "times" or [token.tag for token in before] == ["Q:pct", "P:of"]):
        return None
    how = reading(near, stock.name == "cores", scene.sentence.slice(index - 10, index) + "* ")
    zero = scene.sentence.tokens[index].quantity
    if zero is not None and zero.number == 0 and not how.job and stock.name == "GPUs":
        return Truth("gpu_presence", "the cluster's GPUs", (scene.known.gpus,))
    side = _side(scene, index)
    if side:
        how = replace(how, own=side == "own", job=side == "job")
    elif _compared(scene, index):
        return stock.any_of()
    loose = _SERVES.search(tags) or (
        not how.every and re.search(r" NODE P:with (?:[a-z]\S* )?\* ", tags) and not _OWN & near.tagged
    )
    base = stock.truth(how, not loose and (_FIRM.search(tags) or _PLACED.search(tags)) is not None)
    spare = near.words & {
        "unused",
        "idle",
        "spare",
        "left",
        "wasted",
        "free",
        "unneeded",
        "headroom",
        "more",
        "surplus",
        "extra",
    }
    later = {token.raw.lower() for token in scene.sentence.tokens[index : index + 14]} & _SPARE
    return stock.with_gaps(base) if base is not None and (spare or later or "LEAVE" in near.tagged) else base


_SPARE = frozenset({"unused", "idle", "unneeded", "wasted", "stranded", "nothing"})


_WHERE = re.compile(
    r"^ (?:GPUS |T:gpu |T:memory |PER NODE |EACH )?(?:, )?where (?:THE JOB REQ |IT REQ |JOB REQ )?(?:ABOUT |ONLY |A |[a-z]\S* )?(?:Q:mem|N) (?:[a-z]\S* |GPUS |BE |PER |NODE |T:memory )*(?:REQ|[,.;)]|$|BE)"
)


def _side(scene: Scene, index: int) -> str:
    """`512 >= 256`: what is there stands on the greater side, what is asked on the other."""
    tokens = scene.sentence.tokens
    after = tokens[index + 1].raw if index + 1 < len(tokens) else ""
    before = tokens[index - 1].raw if index else ""
    if _WHERE.match(scene.sentence.slice(index + 1, index + 10)):
        return "own"  # `512 GiB where 128 GiB are asked`
    if after in {">=", ">", "\u2265"} or before in {"<=", "<", "\u2264"}:
        return "own"
    return "job" if after in {"<=", "<", "\u2264"} or before in {">=", ">", "\u2265"} else ""


_COMPARE = frozenset({"<=", ">=", "<", ">", "LESS", "MORE", "!="})


def _compared(scene: Scene, index: int) -> bool:
    """`1 <= 4`, `96 of 512 GiB`: one side is asked, the other is there."""
    tokens = scene.sentence.tokens
    after = [token.tag for token in tokens[index + 1 : index + 4]] + ["", "", ""]
    before = [token.tag for token in tokens[max(0, index - 3) : index]]
    if after[0] in _COMPARE or (
        before and before[-1] in _COMPARE and tokens[index - 1].raw in {"<=", ">=", "<", ">", "\u2264", "\u2265"}
    ):
        return True
    part = after[0] in {"P:of", "/"} and after[1:2] in (["THE"], ["MY"], ["Q:mem"], ["N"])
    whole = before[-2:] in (["P:of", "THE"], ["P:of", "MY"], ["Q:mem", "P:of"], ["Q:mem", "/"]) and "Q:mem" in before
    return tokens[index].tag == "Q:mem" and (part or whole)
