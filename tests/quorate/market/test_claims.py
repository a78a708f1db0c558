import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims import Known, KnownGroup, ProseClaim, claims, refuted
from quorate.market.claims.words import LEXICON
from tests.quorate.market.claims_measure import CORPUS, FRESH, measure, scene

TEMPLATES = json.loads(Path(__file__).with_name("claims_templates.json").read_text())
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


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(max_size=2_000))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_every_sentence_stands_in_it(text):
    known = SCENES["gpu", "hpc"]
    for claim in claims(text, known):
        assert claim.sentence in text
        assert 0 <= claim.span[0] < claim.span[1] <= len(text)
    assert all(refutation.sentence in text for refutation in refuted(text, known))


@given(
    st.lists(st.sampled_from([*LEXICON, ",", ".", "(", ")", "12", "40%", "512 GB", "\n- ", '"', "'s"]), max_size=120)
)
@settings(max_examples=150, deadline=None)
def test_any_string_of_known_words_is_read(words):
    text = " ".join(words)
    assert refuted(text, SCENES["hybrid", "ai"]) == refuted(text, SCENES["hybrid", "ai"])


@given(st.lists(st.sampled_from([*LEXICON, "7", "90 PB", "12%", "480 s", "HPC_RESOURCE_00", "A100"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_nothing_is_refuted_when_nothing_is_known(words):
    assert refuted(" ".join(words) + ".", Known()) == ()


@pytest.mark.parametrize(
    "unit",
    ["a", " ", "my ", "gpu-", "1,", "40 ", ".", "\\", '"', "(", "HPC_RESOURCE_", "type match no ", "1-", "1:", "i and ",
     "\u0130\u2028", "1) ", '"a":', "hpc and gpu and ", "not ", "\ud800", "\\u0041", "built for hpc, "],
    ids=repr,
)  # fmt: skip
def test_a_long_monotone_text_takes_time_in_proportion(unit):
    """Counted, not timed: the work is bounded because no sentence is longer than the cap."""
    from quorate.market.claims.lexer import SENTENCE_CHARS_MAX, names, sentences

    text = (unit * (65_536 // len(unit) + 1))[:65_536]
    cut = list(sentences(text, names("HPC_RESOURCE_00", ())))
    assert all(len(sentence.text) <= SENTENCE_CHARS_MAX * 6 for sentence in cut)  # an escape is six characters for one
    assert all(len(sentence.tokens) <= SENTENCE_CHARS_MAX for sentence in cut)
    assert sum(len(sentence.tokens) for sentence in cut) <= len(text)
    refuted(text[:8_192], SCENES["gpu", "hpc"])


# ── Phrasings, each over every pair of cluster and job ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("template", TEMPLATES["own"])
def test_a_type_that_is_not_its_own_is_refuted_and_its_own_is_not(template):
    for own in CLUSTER_TYPES:
        for said in CLUSTER_TYPES:
            known = SCENES[own, "hpc"]
            assert bool(refuted(written(template, known, said), known)) == (own != said), (own, said)


@pytest.mark.parametrize("template", TEMPLATES["not_own"])
def test_denying_its_own_type_is_refuted(template):
    for own in CLUSTER_TYPES:
        for said in CLUSTER_TYPES:
            known = SCENES[own, "hpc"]
            assert bool(refuted(written(template, known, said), known)) == (own == said), (own, said)


@pytest.mark.parametrize("template", TEMPLATES["job"])
def test_a_wrong_job_type_is_refuted(template):
    for (own, asked), known in SCENES.items():
        for said in CLUSTER_TYPES:
            assert bool(refuted(written(template, known, said), known)) == (asked != said), (own, asked, said)


@pytest.mark.parametrize("template", TEMPLATES["match"])
def test_a_match_is_refuted_where_the_types_differ(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(written(template, known), known)) == (own != asked), (own, asked)


@pytest.mark.parametrize("template", TEMPLATES["mismatch"])
def test_a_mismatch_is_refuted_where_the_types_agree(template):
    for (own, asked), known in SCENES.items():
        assert bool(refuted(written(template, known), known)) == (own == asked), (own, asked)


@pytest.mark.parametrize("template", TEMPLATES["neutral"])
def test_hypotheses_comparisons_opinions_and_others_are_left_alone(template):
    for known in SCENES.values():
        for said in CLUSTER_TYPES:
            assert refuted(written(template, known, said), known) == ()


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


@pytest.mark.parametrize(
    ("figure", "template"),
    [(figure, template) for figure, listed in TEMPLATES["figures"].items() for template in listed],
)
def test_a_wrong_figure_is_refuted_and_the_right_one_is_not(figure, template):
    true, wrong = FIGURES[figure]
    for known in SCENES.values():
        if "gpus" in figure and not (known.gpus and known.job_gpus_per_node):
            continue
        assert refuted(template.format(v=true(known)), known) == ()
        for value in wrong(true(known)):
            assert refuted(template.format(v=value), known), value


def _with(known, name, asked):
    return sum(group.nodes for group in known.groups if getattr(group, name) >= asked) >= known.job_nodes


FALSE_WHERE = {
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


@pytest.mark.parametrize(
    ("fact", "template"), [(fact, template) for fact, listed in TEMPLATES["facts"].items() for template in listed]
)
def test_presence_make_up_capacity_and_names_are_judged_on_facts(fact, template):
    for (own, asked), known in SCENES.items():
        if fact == "too_few_nodes" and not known.fits:
            continue  # enough nodes, but of the wrong kind: a matter of reading
        if fact == "enough_gpus" and not known.job_gpus_per_node:
            continue  # enough of what nobody asks for: a matter of reading
        said = bool(refuted(written(template, known), known))
        assert said == FALSE_WHERE[fact](known), (own, asked)


# ── The corpus ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_seen_corpus_keeps_its_precision_and_recall():
    score = measure(CORPUS)
    assert score.hits + score.misses >= 400
    assert score.precision >= 0.99, score.faults
    assert score.recall >= 0.97, score.faults


def test_the_fresh_corpus_keeps_its_precision_and_recall():
    """Written before it was ever read by the rules; its first score was precision 1.000, recall 0.873 (48 of 55)."""
    score = measure(FRESH)
    assert score.precision >= 0.95, score.faults
    assert score.recall >= 0.9, score.faults


# ── Examples ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refutation_quotes_the_sentence_and_states_the_fact():
    text = "Let us see. As HPC_RESOURCE_01, I am a storage-focused cluster, e.g. good at I/O. Thanks."
    (found,) = refuted(text, SCENES["gpu", "hpc"])
    assert found.kind == "own_type"
    assert found.sentence == "As HPC_RESOURCE_01, I am a storage-focused cluster, e.g. good at I/O."
    assert found.fact == "the cluster's type is gpu"


def test_true_claims_are_listed_too():
    found = claims("We have 320 nodes.", SCENES["gpu", "hpc"])
    assert found == (
        ProseClaim(kind="node_count", sentence="We have 320 nodes.", asserted="the cluster's nodes: 320", span=(8, 11)),
    )


def test_a_reply_in_json_is_read_through_its_escapes():
    text = '{"bid_score": 0.83, "reasoning": "My type is \\"ai\\".\\nI have\\u00a0299 nodes free."}'
    assert [found.says for found in refuted(text, SCENES["gpu", "hpc"])] == ["own type is ai", "free nodes: 299"]


def test_a_rivals_name_is_not_its_own():
    known = SCENES["gpu", "hpc"]
    assert refuted("HPC_RESOURCE_05 is a storage cluster.", known) == ()
    assert [found.kind for found in refuted("I am HPC_RESOURCE_05.", known)] == ["identity"]


def test_a_job_named_like_a_claim_hides_nothing():
    known = SCENES["gpu", "hpc"].model_copy(update={"job_name": "my cluster is a storage cluster"})
    assert refuted("So my cluster is a storage cluster.", known)


def test_gigabytes_a_second_are_not_gigabits():
    known = SCENES["gpu", "hpc"]
    assert refuted("The links run at 25 GB/s.", known) == ()
    assert refuted("The links run at 200 GB/s.", known)


def test_a_unit_misread_is_refuted_even_in_a_forecast():
    known = SCENES["gpu", "hpc"]
    assert refuted("I expect it to finish after 480 seconds.", known)
    assert refuted("I expect it to finish after 300 minutes.", known) == ()


def test_memory_may_be_read_in_binary_or_decimal_units():
    known = SCENES["hpc", "hpc"]
    for said in ("100 TiB", "102.4 TB", "110 TB", "102,400 GB"):
        assert refuted(f"We have {said} of memory in total.", known) == ()
    assert refuted("We have 140 TB of memory in total.", known)


def test_what_a_group_lacks_is_judged_by_group():
    known = Known(cluster="c", type="hybrid", gpus=8, groups=(KnownGroup(nodes=4, gpus=2), KnownGroup(nodes=4, gpus=0)))
    assert refuted("Some nodes have no GPUs.", known) == ()
    assert refuted("Every node has 2 GPUs.", known)


def test_true_statements_do_not_spoil_each_other():
    rng = random.Random(11)
    known = SCENES["storage", "hybrid"]
    true = [
        "the cluster's type is storage", "the job's type is hybrid", "265 nodes are free", "we have 280 nodes in total",
        "the job needs 50 nodes", "the types do not match", "each node has 4 GPUs", "the runtime is 600 minutes",
        "our network is Slingshot-10",
        "a mismatch penalty applies", "we can run the job", "our nodes are all identical",
    ]  # fmt: skip
    for _ in range(300):
        chosen = rng.sample(true, 3)
        text = f"{chosen[0]}{rng.choice([', and ', '; ', ', but ', '. '])}{chosen[1]}, while {chosen[2]}."
        assert refuted(text, known) == (), text
