"""What the figure of a short segment may truly be; the first value is the plain answer."""

import re
from dataclasses import dataclass

from quorate.market.claims.figures import Truth
from quorate.market.claims.lexer import Token
from quorate.market.claims.rules import Scene
from quorate.market.claims.values import ClaimKind, Known

Kind = ClaimKind


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens between marks."""

    scene: Scene
    first: int
    tags: str
    """Its tags, each followed by a space."""
    loose: bool
    """Whether an `and` parts it from its neighbours: `an ai and gpu cluster` has no `gpu cluster` in it."""
    concluded: bool
    """Whether it opens with `so` and its kind."""

    def token(self, match: re.Match[str], group: str) -> tuple[int, Token]:
        """Return the token at which a group of a match starts, with its place in the sentence."""
        index = self.first + self.tags[: match.start(group)].count(" ")
        return index, self.scene.sentence.tokens[index]

    @property
    def last(self) -> int:
        """One after its last token."""
        return self.first + self.tags.count(" ")


_ALLOCATED = re.compile(r"\b(?:allocat\w*|reserved|committed|running|jobs?)\b", re.IGNORECASE)


def free_nodes(known: Known) -> Truth:
    """Free nodes, in all or of one kind."""
    extra = (*(group.free for group in known.groups or ()), known.suitable_free)
    return Truth("free_nodes", "free nodes", (known.nodes_free, *extra))


def left_nodes(known: Known) -> Truth:
    """Free nodes after the job."""
    asked = known.job_nodes or 0
    bases = (known.nodes_free, known.nodes, known.suitable_free, *(group.free for group in known.groups or ()))
    values = tuple(None if base is None or known.job_nodes is None else base - asked for base in bases)
    return Truth(
        "arithmetic", "nodes free after the job", (*values, known.nodes_free if values[0] is not None else None)
    )


def busy_nodes(known: Known, text: str = "allocated") -> Truth:
    """Busy nodes, now or with the job; `allocated` may leave out the background."""
    taken = None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free
    bases = (taken, known.nodes_allocated) if _ALLOCATED.search(text) else (taken,)
    after = tuple(value + (known.job_nodes or 0) for value in bases if value is not None)
    return Truth("occupancy", "busy nodes", (*bases, *after))


def background_nodes(known: Known) -> Truth:
    """Nodes of the background load."""
    return Truth("background", "nodes busy with background load", (known.nodes_background,))


def job_nodes(known: Known) -> Truth:
    """The nodes that the job asks for."""
    return Truth("job_nodes", "the nodes that the job asks for", (known.job_nodes,))


def nodes(known: Known) -> Truth:
    """All nodes."""
    return Truth("node_count", "the cluster's nodes", (known.nodes,))


def nodes_or_asked(known: Known) -> Truth:
    """`nodes: 40` may be the job's."""
    return Truth("node_count", "the cluster's nodes", (known.nodes, known.job_nodes, *free_nodes(known).values))


def free(known: Known) -> Truth:
    """Free nodes; none in one group does not mean that none is free."""
    first, *parts = free_nodes(known).values
    return Truth("free_nodes", "free nodes", (first, *(part for part in parts if part)))


def asked(segment: Segment, token: Token) -> Truth:
    """The job's nodes; without a noun the number may be another need."""
    known = segment.scene.known
    if "NODE " in segment.tags:
        return job_nodes(known)
    each, memory = known.job_gpus_per_node, known.job_memory_gib_per_node
    minutes = None if known.job_walltime_s is None else known.job_walltime_s / 60
    total = None if each is None or known.job_nodes is None else each * known.job_nodes
    values = (known.job_nodes, each, memory, total, minutes, minutes / 60 if minutes else None)
    return Truth("job_nodes", "the nodes that the job asks for", values)


def left(known: Known) -> Truth:
    """Free nodes after the job."""
    return left_nodes(known)


def background(known: Known) -> Truth:
    """Nodes of the background."""
    return background_nodes(known)


def allocated(known: Known) -> Truth:
    """Nodes that run jobs."""
    return Truth("occupancy", "nodes in jobs", (known.nodes_allocated, _taken(known)))


def _taken(known: Known) -> int | None:
    return None if known.nodes is None or known.nodes_free is None else known.nodes - known.nodes_free


def busy(segment: Segment, token: Token) -> Truth:
    """Busy nodes, now or with the job; `allocated` may leave out the background."""
    return busy_nodes(segment.scene.known, segment.scene.sentence.text)


def free_or_busy(segment: Segment, token: Token) -> Truth:
    """`N free`, `N busy`, `N not busy`."""
    says_busy = "BUSY " in segment.tags and "NOT " not in segment.tags
    if "left " in segment.tags:
        return left(segment.scene.known)
    tokens = segment.scene.sentence.tokens[segment.first : segment.last]
    counted = [each.quantity.number for each in tokens if each.tag == "N" and each.quantity]
    pair = len(counted) == 2 and counted[0] != counted[1]
    if not says_busy and pair and counted[1] == segment.scene.known.nodes_free:
        return job_nodes(segment.scene.known)
    return busy(segment, token) if says_busy else free(segment.scene.known)


def held(segment: Segment, token: Token) -> Truth:
    """The left side of `512 >= 256`: something that the cluster has."""
    known = segment.scene.known
    groups = known.groups or ()
    each = tuple(value for group in groups for value in (group.gpus, group.memory_gib, group.cores, group.free))
    first = known.nodes_free if groups else None
    return Truth("arithmetic", "free nodes", (first, known.nodes, known.gpus, known.memory_gib, known.suitable_free,
                                              known.suitable, *each))  # fmt: skip


def whole(segment: Segment, token: Token) -> Truth:
    """The second number of a bare `20/353`: some whole of the cluster."""
    known = segment.scene.known
    groups = known.groups or ()
    sizes = tuple(
        value for group in groups for value in (group.nodes, group.free, group.gpus, group.cores, group.memory_gib)
    )
    return Truth("node_count", "the cluster's nodes",
                 (known.nodes, known.nodes_free, known.job_nodes, known.gpus, known.job_gpus_per_node, *sizes, 1, 2, 3,
                  4, 5, 6, 7, 8, 9, 10, 100))  # fmt: skip


def _ratio(part: int | None, of: int | None) -> float | None:
    return None if part is None or not of else 100 * part / of


def share(known: Known) -> Truth:
    """The job's share of the cluster, or of what is free or suits."""
    values = tuple(_ratio(known.job_nodes, base) for base in (known.nodes, known.nodes_free))
    return Truth("share_of_cluster", "the job's share of the cluster", values, "%")


def share_of_asked(segment: Segment, token: Token) -> Truth | None:
    """`40 nodes are 12 %`: only where the job's own number stands before."""
    tokens = segment.scene.sentence.tokens[segment.first : segment.last]
    named = any(each.quantity is not None and each.quantity.number == segment.scene.known.job_nodes for each in tokens)
    return share(segment.scene.known) if named else None


def load(known: Known) -> Truth:
    """The busy part, percent."""
    taken = _taken(known)
    after = None if taken is None or known.job_nodes is None else taken + known.job_nodes
    return Truth("occupancy", "the cluster's occupancy", (_ratio(taken, known.nodes), _ratio(after, known.nodes)), "%")


def free_part(known: Known) -> Truth:
    """The free part, percent."""
    later = None if known.nodes_free is None or known.job_nodes is None else known.nodes_free - known.job_nodes
    values = (_ratio(known.nodes_free, known.nodes), _ratio(later, known.nodes))
    return Truth("occupancy", "the free part of the cluster", values, "%")


def any_share(known: Known) -> Truth:
    """A percentage alone: any that a bid may speak of."""
    extra = (*load(known).values, *free_part(known).values, _ratio(known.nodes_allocated, known.nodes))
    more = (_ratio(known.nodes_background, known.nodes), 0.0, 100.0)
    return Truth("share_of_cluster", "the job's share of the cluster", (*share(known).values, *extra, *more), "%")


def memory_each(segment: Segment, token: Token) -> Truth | None:
    """Memory of a node, or what is asked of it where nobody is named."""
    known = segment.scene.known
    each = tuple(group.memory_gib for group in known.groups or ())
    if not each:
        return None
    own = re.search(r"(?:MY|HAVE|carry|I|here) ", segment.tags) is not None
    extra = () if own else (known.job_memory_gib_per_node,)
    return Truth("memory_per_node", "the cluster's memory per node", (each[0], *each, *extra), "GiB")


def memory_asked(known: Known) -> Truth:
    """What the job asks of a node, or in all."""
    each = known.job_memory_gib_per_node
    total = None if each is None or known.job_nodes is None else each * known.job_nodes
    return Truth("memory_per_node", "the memory that the job asks of each node", (each, total), "GiB")


def memory_any(known: Known) -> Truth:
    """Memory without a word of whose."""
    groups = known.groups or ()
    each = tuple(group.memory_gib for group in groups)
    parts = tuple((group.nodes or 0) * (group.memory_gib or 0) for group in groups)
    mine = tuple((known.job_nodes or 0) * (size or 0) for size in each)
    return Truth("memory_total", "the cluster's memory",
                 (known.memory_gib if groups else None, *each, *parts, *mine, *memory_asked(known).values),
                 "GiB")  # fmt: skip


def bare_bytes(segment: Segment, token: Token) -> Truth | None:
    """`35 PB` alone is storage; `512 GB` alone is some memory."""
    known = segment.scene.known
    if re.search(r"P(?:i?B|\b)|peta|pebi", token.raw, re.IGNORECASE):
        value = None if known.storage_pb is None else known.storage_pb * 1e6
        return Truth("storage", f"the cluster's storage ({known.storage_pb} PB); in GB that", (value,), "GB")
    return memory_any(known) if re.search(r"(?:STO|T:storage|attached) ", segment.tags) is None else None


def walltime(segment: Segment, token: Token) -> Truth | None:
    """The job's time limit."""
    seconds = segment.scene.known.job_walltime_s
    if seconds is None:
        return None
    return Truth("walltime", "the job's time limit", (seconds,), f"s ({seconds / 60:g} minutes)")


def link(known: Known) -> Truth:
    """One link's bandwidth."""
    return Truth("interconnect", "one link's bandwidth", (known.link_gbps,), "Gb/s")


def _gpus_of_nodes(known: Known) -> tuple[int | None, ...]:
    each = tuple(group.gpus for group in known.groups or ())
    return (max(each, key=lambda size: size or 0), *each) if each else (None,)


def gpus_each(known: Known) -> Truth:
    """GPUs of a node, or what is asked of it where nobody is named."""
    return Truth("gpus_per_node", "the cluster's GPUs per node", (*_gpus_of_nodes(known), known.job_gpus_per_node))


def gpus_each_or_all(known: Known) -> Truth:
    """`we have 4 GPUs`."""
    extra = tuple((known.job_nodes or 0) * (size or 0) for size in _gpus_of_nodes(known))
    return Truth("gpus_per_node", "the cluster's GPUs per node", (*_gpus_of_nodes(known), known.gpus, *extra))


def gpus_asked(known: Known) -> Truth:
    """What the job asks of each node."""
    return Truth("gpus_per_node", "the GPUs that the job asks of each node", (known.job_gpus_per_node,))


def gpus(known: Known) -> Truth:
    """All GPUs, or all that the job asks for."""
    asked = (
        None
        if None in (known.job_gpus_per_node, known.job_nodes)
        else (known.job_gpus_per_node or 0) * (known.job_nodes or 0)
    )
    return Truth("gpu_total", "the cluster's GPUs", (known.gpus, asked))


def cores_each(known: Known) -> Truth:
    """Cores of a node."""
    each = tuple(group.cores for group in known.groups or ())
    return Truth("cores", "the cluster's cores per node", (*each,) if each else (None,))


def cores(known: Known) -> Truth:
    """Cores in all, or of a node, or of the job's nodes."""
    each = cores_each(known).values
    asked = tuple((known.job_nodes or 0) * (size or 0) for size in each)
    return Truth("cores", "the cluster's cores", (known.cores, *each, *asked))
