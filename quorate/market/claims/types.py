"""Claims about the cluster's own type and what it is specialised in, the job's type, and whose name is whose."""

import re
from collections.abc import Callable, Iterator

from quorate.domain.clusters import CLUSTER_TYPES, ClusterType
from quorate.market.claims.lexer import Sentence
from quorate.market.claims.rules import Found, Scene, hedged, matches, rx, subject
from quorate.market.claims.values import ClaimKind, Known
from quorate.market.claims.words import COMPATIBLE

_NOT = r"(?P<not>(?:NOT|NO|T:not) (?:<w>|A ){0,2}?)?"
_STOP = r"(?=[,.;:()!?\u2014\u2013] |C:\S+ |P:\S+ |AND |WH |IN |BE |HAVE |NOT |HEDGE |A |THE |MY |REQ |IF |I |SELFID |$)"
_END = r"(?:[,;.)\u2014] )"
_IS = r"(?:(?:BE|=|:|\(|,|P:as|P:of|A|THE|IN|equals|SAME|ONLY|\u2014|\u2013) ){0,4}?"
_CALLED = r"(?:classified|categorized|categorised|typed|described|registered|listed|labeled|labelled|designated|defined|TYPEN|known) "
_OBJECT = r"(?:<T>(?:JOBS |JOB |INT |HW |SPECV |style |TYPEN |(?:P:of )?(?:data|research|science|dominated) )*)"
_AFTER_OBJECT = (
    r"(?!(?:bandwidth|capacity|throughput|latency|access|accesses|footprint|channels|hierarchy|speed|speeds|efficiency|traffic|density|"
    r"utilization|LOAD|size|sizes|count|NODE|GPUS|HW|ARCH|FREE|performance|bottlenecks|per|PER|transfers|HIGH|systems|resources|sharing|limits) )"
)
_PREP = r"(?:(?:P:for|IN|P:to|P:on|P:toward|P:towards|P:around|ABOUT|P:with|P:at|P:as) (?:RUN |JOBS )?(?:<w>|HIGH |A |THE |BOTH |AND |HET |IN |JOBS ){0,3}?)"
_JOB_NOUN = r"(?:JOB|T:sim) "

OWN: tuple[re.Pattern[str], ...] = (
    # my storage-specialised cluster; this hybrid resource
    rx(r"(?:MY|THIS) (?:<m>|SPECV |, (?=SPECV|<m>|T:)|T:[\w~]+ HW |AND ){0,5}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>(?!TYPEN|SPECN)"),
    # I am (not) a GPU cluster; HPC_RESOURCE_03 is a hybrid resource; it is a memory cluster
    rx(r"(?:<SELF>|IT |WH |^ THIS |THIS (?=BE (?:NOT )?A ))(?:<w>|AND ){0,2}?(?:BE|BEING) <w>{0,2}?" + _NOT
       + r"(?:<m>|SPECV |A |THE ){0,5}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"),
    # As a hybrid resource, ...; being a GPU cluster; despite not being an hpc cluster
    rx(r"(?:THE |MY )?(?P<type><T>)SPECV SELFID "),
    rx(r"(?P<as>(?:P:as|BEING|C:although|C:though|C:while) )" + _NOT
       + r"(?:A |MY |THIS |THE )(?:<m>|SPECV |'S ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"),
    # a GPU cluster like ours; my role as a storage cluster; it falls into the memory category
    rx(r"A (?:<m>|SPECV ){0,3}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,2}?<CLUSTER>(?:P:like|P:such_as) (?:MINE|I|MY|THIS|SELFID) "),
    rx(r"MY (?:<w>|ARCH ){1,2}?P:as A (?:<m>|SPECV ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"),
    rx(r"(?:speaking|bidding|acting|serving|answering) P:as (?:A |THE )(?:<m>|SPECV ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"),
    rx(r"(?:<SELF>)(?:BE |FITV ){1,2}" + _NOT + r"(?:IN |P:to |P:into |P:under |P:of )(?:THE )?(?P<type><T>)(?:CLUSTER )?TYPEN "),
    # HPC_RESOURCE_03, a hybrid resource, / (hybrid cluster) / - a hybrid resource
    rx(r"(?:SELFID|MY CLUSTER|THIS CLUSTER|I) [,(:\u2014\u2013-] " + _NOT
       + r"(?:A |THE )?(?:<m>|SPECV ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"),
    # HPC_RESOURCE_03 (hybrid), HPC_RESOURCE_03 (type: hybrid)
    rx(r"(?:SELFID|MY CLUSTER|THIS CLUSTER|THE CLUSTER) \( (?:TYPEN (?:BE |: |= )?)?(?P<type><T>)<SUFFIX>?[),]"),
    # my type is (not) GPU; my resource type (storage); cluster type: ai; the type of my cluster is hybrid
    rx(r"(?:(?:MY|THIS|own|CLUSTER 'S|CLUSTER|SELFID 'S|THE CLUSTER|I HAVE A) (?:<w>|CLUSTER ){0,2}?TYPEN |TYPEN P:of (?:MY|THIS|THE) CLUSTER )"
       + _IS + _NOT + _IS + r"(?P<type><T>)(?!JOB |(?:AND|P:\S+|,) (?:THE |THIS )?JOB )"),
    rx(r"TYPEN : JOB (?:: |= |BE )?T:\w+ [,;/] CLUSTER (?:: |= |BE )?(?P<type><T>)"),
    # cluster: GPU (key and value)
    rx(r"CLUSTER (?::|=) (?P<type><T>)" + _STOP),
    rx(r"MINE " + _IS + _NOT + _IS + r"(?P<type><T>)"),
    # my GPU type; our hpc-type
    rx(r"(?:MY|CLUSTER 'S) <w>{0,2}?(?P<type><T>)(?:CLUSTER )?TYPEN "),
    # hybrid by design, my cluster ...; we run a storage cluster
    rx(r"(?P<head>(?P<type><T>)(?:SPECV |SPECV P:by ARCH |P:by ARCH |P:by nature |IN ARCH |IN nature ), (?:MY|I|SELFID|THIS|THE CLUSTER) )"),
    rx(r"<SELF>(?:(?!recommend|suggest|prefer|lack|resemble|beat|lose|lost|envy|defer|trust|expect|see |believe|think|know|outperform|face|find|like)[a-z]\S* |HAVE |RUN ){1,2}?A (?:<m>|SPECV ){0,3}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,2}?<CLUSTER>"),
    rx(r"BEING (?P<not>NOT )?(?P<type><T>)(?=MY |I |SELFID |THE |THIS |, )"),
    # we are classified as storage; operates as a gpu cluster
    rx(r"(?:<SELF>|IT )(?:BE )?" + _NOT + _CALLED + r"(?:P:as|:|P:of TYPEN) (?:A |THE )?(?:TYPEN |<m>){0,2}?(?P<type><T>)"),
    rx(r"(?:<SELF>|IT )(?:<w>|HAVE |RUN ){1,2}P:as A (?:<m>|SPECV ){0,3}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,2}?<CLUSTER>"),
    # of type hybrid; I am of the hpc type
    rx(r"(?:<SELF>|IT )BE (?:BOTH )?" + _NOT + r"P:of (?:THE )?(?:TYPEN )?(?P<type><T>)"),
    # I am GPU-specialised; our nodes are storage-focused; it is memory-optimised
    rx(r"(?:<SELF>|IT |MY (?:<w>|CLUSTER ){0,2}?(?:NODE|ARCH) |NODE )(?:WH )?BE <w>{0,2}?" + _NOT + r"(?:<w>){0,2}?(?P<type><T>)SPECV " + _STOP),
    # I am hybrid, / my cluster is hybrid
    rx(r"(?:<SELF>)BE <w>{0,1}?" + _NOT + r"(?P<type><T>)" + r"(?=[,.;)!\u2014] |C:\S+ |AND (?:THE|its|ITS) |IN TYPEN |P:by design |WH |$)"),
    # my storage-focused architecture; our hybrid nature; my AI-optimised nodes
    rx(r"(?:MY|CLUSTER 'S|THIS) (?:<w>|T:[\w~]+ HW (?:, )?|HIGH ){0,3}?(?P<type><T>)SPECV (?:<w>|CPU ){0,2}?(?:ARCH|NODE|HW NODE) "),
    rx(r"MY <w>{0,1}?SPECV (?P<type><T>)(?:AND \S+ )?(?:ARCH|capability) "),
    rx(r"MY <w>{0,2}?(?P<type>T:(?:hybrid|ai|hpc) )(?:nature|status|character|identity|orientation|profile|role|label|designation|ARCH) "),
    # Hybrid cluster with 328 nodes. (a headline)
    rx(r"(?P<head>(?P<type><T>)<SUFFIX>{0,2}(?:CLUSTER )(?=P:with |HAVE |[,.;:(\u2014\u2013-] |AND |$))"),
    rx(r"BOTH (?:<w>|P:of THESE ){0,2}?BE (?P<type><T>)(?=[.,;)]|AND|C:|TYPEN|$)"),
    rx(r"(?P<type><T>)(?:CLUSTERS |CLUSTER |one )(?:[,;\u2014-] )?(?:C:\S+ |WH |this |BE |<w>){0,4}?what <SELF>BE (?P<not>NOT )?"),
    # a non-GPU cluster
    rx(r"(?:<SELF>)BE A (?P<not>NON )(?P<type><T>)<SUFFIX>?<m>{0,2}?<CLUSTER>"),
    rx(r"(?:MY|THIS) (?P<not>NON )(?P<type><T>)<SUFFIX>?<m>{0,2}?<CLUSTER>"),
    rx(r"(?:P:as|BEING) A (?P<not>NON )(?P<type><T>)<SUFFIX>?<m>{0,2}?<CLUSTER>"),
)
"""What a cluster calls itself."""

SPECIAL: tuple[re.Pattern[str], ...] = (
    # my memory specialisation; our AI focus
    rx(r"(?:MY|CLUSTER 'S|SELFID 'S|THIS CLUSTER 'S) (?:<w>|TOTAL ){0,2}?(?P<type><T>)(?:INT |SPECV |JOBS ){0,2}(?:<w>)?SPECN "),
    # my specialisation (in) storage; specialization: gpu
    rx(r"(?:MY|THE CLUSTER 'S|CLUSTER 'S|SELFID 'S|CLUSTER|P:with|HAVE|P:with A|HAVE A|WH) (?:<w>|A |SPECV |HIGH ){0,2}?SPECN " + _IS + _NOT
       + r"(?:FITV )?(?:(?:BE|IN|P:on|P:for|P:of|:|=|\(|P:as|P:toward|P:towards) (?:RUN )?(?:<w>|HIGH |A |THE |BOTH |AND |HET |IN |JOBS ){0,3}?)?" + r"(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT),
    rx(r"(?P<head>SPECN (?::|=) (?P<type><T>))"),
    # memory is my specialisation; storage, which is my specialty
    rx(r"(?P<type><T>)(?:INT )?(?:JOBS )?(?:, )?(?:WH )?BE " + _NOT + r"(?:<w>){0,2}?MY <w>{0,2}?SPECN "),
    rx(r"(?P<type><T>)(?:INT )?(?:JOBS )?[,(] MY <w>{0,2}?SPECN "),
    # memory work is exactly what this cluster was built for; we mainly serve AI workloads
    rx(r"(?P<type><T>)(?:CPU |/ |T:gpu |<w>|JOBS |JOB |INT |TYPEN |AND ){0,4}?BE (?:<w>){0,2}?what (?:<SELF>)(?:BE |HAVE |<w>){0,2}?SPECV "),
    rx(r"(?:<SELF>)(?:BE )?(?:ONLY|mainly|PARTLY|chiefly) (?:RUN|target|targets|targeting|serves|serve|SPECV P:to|attracts) (?P<type><T>)(?:INT )?JOBS "),
    rx(r"(?P<type><T>)P:as MY <w>{0,1}?SPECN "),
    rx(r"(?:MY|THE) (?:<w>)?(?P<type>T:(?:hybrid|ai|hpc|gpu|memory|storage) )(?:SPECN|ARCH) P:of (?:MY|THIS|THE) CLUSTER "),
    rx(r"(?P<type><T>)(?:SPECN|nature|character|orientation|SPECV ARCH) P:of (?:MY|THIS|THE) CLUSTER "),
    # with a GPU specialisation
    rx(r"(?:P:with|HAVE) (?:A |THE )<w>{0,2}?(?P<type><T>)(?:<w>){0,1}?SPECN "),
    # I specialise in AI; we are (not) designed for memory-intensive workloads; a cluster tailored to storage
    rx(r"(?P<who>(?:<SELF>|IT |MY (?:<w>|ARCH |NODE |CLUSTER ){1,3}?))(?:WH |[,(] )?(?:BE |BEING )?" + _NOT
       + r"(?:HIGH |<w>){0,2}?(?:SPECV|SPECN) (?:ONLY |AND SPECV |<w>)?(?:" + _PREP + r")(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT),
    rx(r"(?P<as>(?:P:as|BEING|BE|[,(]|MY|THIS) )" + _NOT + r"(?:A |MY |THIS )?(?:<m>|SPECV ){0,3}?CLUSTER (?:WH BE )?(?:AND )?"
       r"SPECV (?:AND SPECV )?" + _PREP + r"(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT),
    rx(r"(?P<as>(?:P:as SELFID|^ ?|BEING|SELFID) ?(?:, )?)" + _NOT + r"SPECV (?:AND SPECV )?" + _PREP + r"(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT),
    rx(r"(?P<who>(?:<SELF>)(?:[^.;,]{1,120}? ))(?P<both>AND )(?:BE )?SPECV " + _PREP + r"(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT),
    # MY hardware/architecture is optimised for ...
    rx(r"(?:MY|CLUSTER 'S) (?:<w>|TOTAL ){0,2}?(?:ARCH|NODE|TOTAL) (?:BE )?" + _NOT + r"(?:<w>){0,2}?SPECV " + _PREP + r"(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT),
    rx(r"(?:<SELF>)BE A (?P<type><T>)(?:specialist|SPECV|SPECN) "),
)
"""What a cluster says it is made for."""

JOB_TYPE: tuple[re.Pattern[str], ...] = (
    # the job's type is hpc; the required resource type (AI); job type: gpu; its preferred type is storage
    rx(r"(?:JOB 'S|JOB|ITS|its|JOBITS|REQ|JOB REQ|JOB 'S REQ|target|REQ T:\w+) (?:<w>|CLUSTER |REQ |ARCH ){0,2}?TYPEN (?:BE REQ |REQ )?" + _IS + _NOT + _IS
       + r"(?P<type>T:[\w~]+ (?:INT )?)"),
    rx(r"TYPEN P:of (?:THE |THIS )JOB " + _IS + _NOT + _IS + r"(?P<type>T:[\w~]+ )"),
    rx(r"JOB (?:<w>)?(?P<not>do NOT )?REQ (?:P:for )?(?:A |THE )?(?:CLUSTER )?TYPEN (?P<type>T:[\w~]+ )"),
    # the job asks for a GPU cluster
    rx(r"(?:JOB |IT |WH )(?:<w>){0,2}?(?:(?P<not>do NOT |NOT ))?(?:<w>)?REQ (?:P:for )?(?:A |THE )?<w>{0,2}?(?P<type>T:[\w~]+ )(?:SPECV )?(?:CLUSTER |TYPEN )"),
    # the job is of type hpc; the job is (not) a storage job; the job is hybrid
    rx(_JOB_NOUN + r"(?:BE|BEING) <w>{0,2}?" + _NOT + r"(?:P:of |A |TYPEN |REQ |P:as |THE |classified |categorized |categorised |SPECV |labeled |labelled |tagged |marked |listed |declared |described ){1,6}(?P<type>T:[\w~]+ )(?P<kind>(?:SPECV |TYPEN |INT )?(?:JOB )?)(?P<end>" + _STOP + ")"),
    rx(r"JOB BE (?:<w>)?" + _NOT + r"(?P<type>T:[\w~]+ )TYPEN "),
    rx(r"JOB BE " + _NOT + r"(?P<type>T:[\w~]+ )(?P<end>" + _STOP + ")"),
    rx(r"JOB [(,] (?:TYPEN (?:: |= |BE )?|of TYPEN )?(?P<type>T:[\w~]+ )(?:TYPEN )?[),] "),
    rx(r"TYPEN : JOB (?:: |= |BE )?(?P<type>T:\w+ )[,;/]"),
    rx(r"JOB P:of (?:THE )?TYPEN (?P<type>T:[\w~]+ )"),
    rx(r"JOB (?:P:of|IN|FITV IN|FITV P:into|FITV P:under|BE IN) (?:THE )?(?P<type>T:[\w~]+ )TYPEN "),
    rx(r"JOB 'S <w>{0,1}?(?P<type>T:[\w~]+ )TYPEN "),
    rx(r"JOB BE P:for (?:A |THE )<w>{0,1}?(?P<type>T:[\w~]+ )(?:SPECV )?(?:CLUSTER |TYPEN )"),
    rx(r"JOB (?::|=) (?P<type>T:[\w~]+ )[,.;(]"),
    # an hpc-type job; this storage job
    rx(r"(?P<type>T:[\w~]+ )TYPEN JOB "),
    rx(r"(?:THIS|THE|BE A|P:as A) <w>{0,2}?(?P<type>T:[\w~]+ )(?P<soft>JOB )"),
)
"""What the job is said to be."""

NO_TYPE = (
    rx(r"BE (?P<no>NOT) (?:any |A )(?:JOB |CLUSTER |<w>)?TYPEN (?!MIS|MATCHV|P:of MY)"),
    rx(r"JOB (?:'S )?(?:<w>){0,2}?(?:HAVE |REQ |BE |mention |state |declare |specify |give |list |define |IN |come |comes )?(?:do |P:with )?(?P<no>NOT|NO) (?:<w>|A |REQ |HAVE |ANY ){0,4}?(?:CLUSTER )?TYPEN "),
    rx(r"(?P<no>NO|NOT A) (?:<w>|REQ ){0,3}?(?:CLUSTER |JOB )?TYPEN (?:REQ |<w>){0,2}?(?:BE |HAVE |given |SPECV |stated |specified |REQ )"),
    rx(r"TYPEN (?:P:of (?:THE |THIS )JOB )?(?:BE )?(?P<no>unspecified|undefined|missing|unknown|NO|NOT (?:specified|given|stated|defined|REQ|provided|declared|indicated|set))(?: |$)"),
)
"""The job is said to have no type."""

IDENTITY = (
    rx(r"(?:P:as|I BE|this BE|THIS BE|I|MY CLUSTER|MY CLUSTER BE|THIS CLUSTER BE|MY CLUSTER ,|THIS CLUSTER ,|MY (?:id|name) BE|MY CLUSTER (?:id|name) BE|me|on behalf P:of|behalf P:of|I , ) ?(?:THE CLUSTER |CLUSTER |[,(] )?(?P<id>OTHERID )"),
    rx(r"(?P<id>OTHERID )(?:\( (?:that BE |WH BE ){0,1}I \) |[(,] (?:that BE |WH BE |i\.e\. )I )"),
    rx(r"I P:at (?P<id>OTHERID )"),
    rx(r"(?:speaking|bidding|answering|acting) P:as (?P<id>OTHERID )"),
    rx(r"(?:P:as|I BE) (?:THE |A )(?:<w>|CLUSTER )(?:P:of|P:for|P:behind) (?P<id>OTHERID )"),
    rx(r"(?:bidding|bid|answering|speaking|writing) P:for (?P<id>OTHERID )"),
    rx(r"(?P<id>OTHERID )(?:here|speaking|reporting) "),
    rx(r"(?:THE |MY |THIS )?CLUSTER (?:\( )(?P<id>OTHERID )\) "),
)
"""Another cluster's name where one's own belongs."""


def types_of(tags: str) -> tuple[str, ...]:
    """Return the type mentions among tags, in order, each once."""
    return tuple(dict.fromkeys(re.findall(r"T:([\w~]+)", tags)))


def allowed(mentions: tuple[str, ...], listed: bool = True) -> frozenset[ClusterType]:
    """Return the types of which these mentions may be said together; several kinds at once are said of a hybrid too."""
    each = [COMPATIBLE[mention] for mention in mentions]
    every, common = frozenset[ClusterType]().union(*each), frozenset(CLUSTER_TYPES).intersection(*each)
    if not listed:
        return common or every
    return every | {"hybrid"} if len(mentions) > 1 else every


def _label(mentions: tuple[str, ...]) -> str:
    words = {"hpc~": "hpc", "classic": "traditional hpc", "compute": "compute-intensive", "sim": "simulation", "accel": "accelerator", "data": "data-intensive"}
    return " and ".join(words.get(mention, mention) for mention in mentions)


def own_fact(known: Known) -> str:
    """State the cluster's type as one clause."""
    return f"the cluster's type is {known.type}"


def _own_claim(scene: Scene, kind: ClaimKind, match: re.Match[str], first: int, last: int) -> Found | None:
    sentence, known = scene.sentence, scene.known
    mentions = _narrowed(sentence, match)
    says_not = bool(match.groupdict().get("not")) and not _only(sentence, last, match)
    if match.group().startswith("BEING ") and re.search(r" (?:NOT|NO) $", sentence.slice(first - 1, first)):
        says_not = not says_not
    asserted = f"{'own type' if kind == 'own_type' else 'specialised in'} {'is not ' if says_not else 'is ' if kind == 'own_type' else ''}{_label(mentions)}"
    wrong = known.type is not None and (
        set(mentions) == {known.type} if says_not else known.type not in allowed(mentions, re.search(r" (?:AND|,|/|\+) ", " " + match["type"]) is not None)
    )
    return Found(kind, asserted, first, last, own_fact(known) if wrong else None)


def _narrowed(sentence: Sentence, match: re.Match[str]) -> tuple[str, ...]:
    """`memory-optimised HPC cluster`: HPC is the noun, memory the type; `compute-optimised HPC cluster` is plainly hpc."""
    mentions = types_of(match["type"])
    if len(mentions) < 2 or "hpc" not in mentions or re.search(r" (?:AND|,|/) ", " " + match["type"]):
        return mentions
    others = tuple(mention for mention in mentions if mention not in {"hpc", "compute", "cpu"})
    return others or ("hpc",)


def _only(sentence: Sentence, last: int, match: re.Match[str]) -> bool:
    first, end = sentence.covered(match, "not")
    return re.search(r" ONLY ", sentence.slice(first, end + 2)) is not None


def _is_own(scene: Scene, match: re.Match[str], first: int, last: int) -> bool:
    """Keep what is said of oneself, now and as a fact."""
    sentence = scene.sentence
    groups = match.groupdict()
    if groups.get("head") and first != 0:
        return False
    if groups.get("as") and not _opens(sentence, first):
        return False
    if match.group().startswith("CLUSTER ") and re.search(r" (?:JOB|REQ|ITS|target|'S|P:for|ideal) (?:\S+ ){0,2}$", sentence.slice(first - 3, first)):
        return False
    if hedged(sentence, first, last) or _generic(sentence, match) or ("CLUSTER" in match.group() and _hardware(scene, match)):
        return False
    if re.match(r"(?:P:with|HAVE|BEING|WH) ", match.group()) and subject(scene, first) == "other":
        return False
    before = sentence.slice(first - 3, first)
    return not re.search(r" (?:OTHER|OTHERID|than|P:than|P:like|P:unlike|P:rather_than|P:instead_of|P:compared_to|P:versus|P:such_as|P:same_as|far P:from) (?:\S+ ){0,1}$", before)


def _opens(sentence: Sentence, first: int) -> bool:
    """`As a ...` names oneself where a clause starts, not in `such as a` or `as good as a`."""
    tag = sentence.tokens[first].tag
    if tag not in {"P:as", ",", "(", "BE"}:
        return not re.search(r" (?:OTHERID|OTHER|JOB) (?:, )?$", sentence.slice(first - 2, first))
    before = sentence.slice(first - 1, first).strip()
    if tag == "P:as":
        return before in {"", ",", ";", ":", "AND", "(", "\u2014", "\u2013", "I"} or before.startswith("C:")
    return re.search(r" (?:I|SELFID|IT|CLUSTER) (?:\S+ ){0,2}$", sentence.slice(0, first)) is not None


def _generic(sentence: Sentence, match: re.Match[str]) -> bool:
    """`our HPC resource` is what every supercomputer is; the type in lower case, or said of a job's kind, is a type."""
    if types_of(match["type"]) not in {("hpc",), ("hpc~",)}:
        return False
    first, end = sentence.covered(match, "type")
    lower = sentence.tokens[first].raw == "hpc"
    head = sentence.tokens[end] if end < len(sentence.tokens) else None
    if head is None or head.tag != "CLUSTER" or lower:
        return False
    predicate = re.search(r" (?:BE|BEING|P:as|[,(]) ", " " + match.group()) is not None
    return not (predicate and head.raw.lower() == "cluster" and sentence.tokens[first].tag == "T:hpc")


def _hardware(scene: Scene, match: re.Match[str]) -> bool:
    """`our CPU/GPU cluster` and `our GPU-equipped cluster` tell what is in it, not what it is for."""
    text = match.group()
    if match.group().startswith("MY ") and re.search(r" T:storage (?:<w>)?$".replace("<w>", r"[a-z]\S* "), " " + match["type"]):
        head = scene.sentence.tokens[scene.sentence.covered(match)[1] - 1]
        if head.raw.lower() in {"system", "platform", "facility"} and "SPECV" not in text:
            return True
    if re.search(r"CPU (?:/ |AND |\+ )?T:gpu |T:gpu (?:/ |AND )?CPU ", text) and scene.known.gpus != 0:
        return True
    return re.search(r"T:\S+ HW ", text) is not None and "SPECV" not in text


def own_types(scene: Scene) -> Iterator[Found]:
    """Return what the cluster says it is, and what it says it is made for."""
    tables: tuple[tuple[ClaimKind, tuple[re.Pattern[str], ...]], ...] = (("own_type", OWN), ("specialisation", SPECIAL))
    for kind, patterns in tables:
        for match, first, last in matches(scene.sentence, patterns):
            if _is_own(scene, match, first, last) and (claim := _own_claim(scene, kind, match, first, last)):
                yield claim


_SOFT: dict[str, Callable[[Known], bool]] = {
    "hybrid": lambda known: known.job_type != "hybrid",
    "memory": lambda known: known.job_type != "memory",
    "storage": lambda known: known.job_type != "storage",
    "ai": lambda known: known.job_type not in {"ai", "gpu"},
    "gpu": lambda known: known.job_type != "gpu" and known.job_gpus_per_node == 0,
}
"""`this AI job`: a kind of work, not a declared type; wrong only where nothing about the job could mean it."""


def job_types(scene: Scene) -> Iterator[Found]:
    """Return what is said of the job's type."""
    sentence, known = scene.sentence, scene.known
    for match, first, last in matches(sentence, JOB_TYPE):
        mention = types_of(match["type"])[0]
        if mention not in CLUSTER_TYPES or "INT " in match.group() or hedged(sentence, first, last):
            continue
        says_not = bool(match.groupdict().get("not"))
        soft = match.groupdict().get("soft") or (match.groupdict().get("end") is not None and "TYPEN" not in match.group())
        wrong = _SOFT.get(mention, lambda _: False)(known) if soft else known.job_type != mention
        wrong = known.job_type == mention if says_not else wrong
        yield Found("job_type", f"job type is {'not ' if says_not else ''}{mention}", first, last,
                    f"the job's type is {known.job_type}" if wrong and known.job_type else None)  # fmt: skip
    for _, first, last in matches(sentence, NO_TYPE):
        if not hedged(sentence, first, last) and not re.search(r" MATCHV | MIS | MY ", sentence.slice(first, last)):
            yield Found("job_type", "the job has no type", first, last,
                        f"the job's type is {known.job_type}" if known.job_type else None)  # fmt: skip


def identities(scene: Scene) -> Iterator[Found]:
    """Return where another cluster's name stands for one's own."""
    for match, _, last in matches(scene.sentence, IDENTITY):
        if match.group().startswith("P:as ") and not _opens(scene.sentence, scene.sentence.covered(match)[0]):
            continue
        first, _ = scene.sentence.covered(match, "id")
        said = scene.sentence.tokens[first].raw
        fact = f"the bidding cluster is {scene.known.cluster}" if scene.known.cluster else None
        yield Found("identity", f"I am {said}", first, last, fact)
