# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Claims about the cluster's own type and what it is specialised in, the job's type, and whose name is whose."""

import re
from collections.abc import Callable, Iterator

from quorate.domain.clusters import CLUSTER_TYPES, ClusterType
from quorate.market.claims.lexer import Sentence
from quorate.market.claims.rules import Found, Scene, hedged, matches, subject, type_fact
from quorate.market.claims.type_rules import IDENTITY, JOB_TYPE, NO_TYPE, OWN, SPECIAL
from quorate.market.claims.values import ClaimKind, Known
from quorate.market.claims.words import COMPATIBLE


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
    words = {
        "hpc~": "hpc",
        "classic": "traditional hpc",
        "compute": "compute-intensive",
        "sim": "simulation",
        "accel": "accelerator",
        "data": "data-intensive",
    }
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
        set(mentions) == {known.type}
        if says_not
        else known.type not in allowed(mentions, re.search(r" (?:AND|,|/|\+) ", " " + match["type"]) is not None)
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
    if match.group().startswith("BEING ") and re.search(r" JOB 'S TYPEN $", sentence.slice(first - 3, first)):
        return False
    if groups.get("as") and not _opens(sentence, first):
        return False
    if match.group().startswith("CLUSTER ") and re.search(
        r" (?:JOB|REQ|ITS|target|'S|P:for|ideal) (?:\S+ ){0,2}$", sentence.slice(first - 3, first)
    ):
        return False
    if (
        hedged(sentence, first, last)
        or _generic(sentence, match)
        or ("CLUSTER" in match.group() and _hardware(scene, match))
    ):
        return False
    if re.match(r"(?:P:with|HAVE|BEING|WH) ", match.group()) and subject(scene, first) == "other":
        return False
    before = sentence.slice(first - 3, first)
    if before.endswith(" NOT ") and match.group().startswith("MY "):
        return False  # `not our type, hpc against gpu`
    return not re.search(
        r" (?:OTHER|OTHERID|than|P:than|P:like|P:unlike|P:rather_than|P:instead_of|P:compared_to|P:versus|P:such_as|P:same_as|far P:from) (?:\S+ ){0,1}$",
        before,
    )


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
    if match.group().startswith(("MY ", "HAVE ", "I HAVE ")) and re.search(
        r" T:storage (?:<w>)?$".replace("<w>", r"[a-z]\S* "), " " + match["type"]
    ):
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


def _declared(sentence: Sentence, first: int, last: int) -> bool:
    words = {token.raw.lower() for token in sentence.tokens[first:last]}
    return bool(words & {"declared", "listed", "classified", "labeled", "labelled", "tagged", "marked", "filed"})


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
        request = any(one.raw.lower() in {"request", "requests"} for one in sentence.tokens[first:last])
        if (
            (match.groupdict().get("soft") and request)
            or mention not in CLUSTER_TYPES
            or "INT " in match.group()
            or hedged(sentence, first, last)
        ):
            continue
        says_not = bool(match.groupdict().get("not"))
        soft = match.groupdict().get("soft") or (
            match.groupdict().get("end") is not None
            and "TYPEN" not in match.group()
            and not _declared(sentence, first, last)
            and not re.match(r" P:by (?:[a-z]\S* )?TYPEN ", sentence.slice(last, last + 3))
        )
        wrong = (mention in _SOFT and _SOFT[mention](known)) if soft else known.job_type != mention
        wrong = known.job_type == mention if says_not else wrong or known.job_untyped
        yield Found("job_type", f"job type is {'not ' if says_not else ''}{mention}", first, last,
                    (type_fact(known, "") if wrong else None))  # fmt: skip
    for _, first, last in matches(sentence, NO_TYPE):
        neither = {token.raw.lower() for token in sentence.tokens[first:last]} & {"neither", "nor"}
        if (
            not neither
            and not hedged(sentence, first, last)
            and not re.search(r" MATCHV | MIS | MY ", sentence.slice(first, last))
        ):
            yield Found("job_type", "the job has no type", first, last,
                        type_fact(known, None))  # fmt: skip


def identities(scene: Scene) -> Iterator[Found]:
    """Return where another cluster's name stands for one's own."""
    for match, _, last in matches(scene.sentence, IDENTITY):
        if match.groupdict().get("head") and scene.sentence.covered(match)[0] != 0:
            continue
        ahead = scene.sentence.slice(*[scene.sentence.covered(match, "id")[1] + step for step in (0, 1)])
        if match.group().startswith("P:as ") and ahead in {
            f" {tag} " for tag in ("CAN", "CANNOT", "HAVE", "BE", "do", "will")
        }:
            continue  # `as MARLIN can do this`
        if match.group().startswith("P:as ") and not _opens(scene.sentence, scene.sentence.covered(match)[0]):
            continue
        first, _ = scene.sentence.covered(match, "id")
        said = scene.sentence.tokens[first].raw
        fact = f"the bidding cluster is {scene.known.cluster}" if scene.known.cluster else None
        yield Found("identity", f"I am {said}", first, last, fact)
