import json

import pytest

from evals.recordings import Recording, as_json, recording, recordings, report, rivals, score, summary, text_lines
from quorate.domain.errors import RequestInvalid

HYBRID = {
    "id": "HPC_RESOURCE_03", "type": "hybrid", "nodes": 328, "nodes_free": 300, "gpus": 512, "memory_gib": 83968,
    "node_groups": [{"nodes": 256, "cores": 32, "memory_gib": 256, "gpus": 2},
                    {"nodes": 72, "cores": 32, "memory_gib": 256, "gpus": 0}],
}  # fmt: skip


def verdict(job, cluster, reply):
    scored = score(Recording("r", job, cluster, reply if isinstance(reply, str) else json.dumps(reply)))
    return scored.verdict, [each.kind for each in scored.hard_violations], [each.kind for each in scored.refuted]


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        ({"nodes": 60, "gpus_per_node": 4}, "gpus_per_node"),
        ({"nodes": 60, "total_gpus": 240}, "gpus_per_node"),
        ({"nodes": 301}, "nodes_free"),
        ({"nodes": 400}, "nodes"),
        ({"nodes": 4, "memory_gib_per_node": 512}, "memory_per_node"),
        ({"nodes": 270, "gpus_per_node": 2}, "gpus"),
    ],
)
def test_a_bid_on_what_cannot_be_is_infeasible(job, kind):
    word, hard, _ = verdict(job, HYBRID, {"score": 0.83})
    assert (word, hard) == ("infeasible", [kind])
    assert verdict(job, HYBRID, {"score": 0})[0] == "clean"
    assert verdict(job, HYBRID, {"abstain": True})[0] == "clean"


def test_suitable_nodes_are_counted_where_no_plainer_reason_stands():
    groups = [{"nodes": 10, "gpus": 4, "memory_gib": 128}, {"nodes": 10, "gpus": 0, "memory_gib": 1024}]
    cluster = {"nodes": 20, "nodes_free": 20, "node_groups": groups}
    job = {"nodes": 5, "gpus_per_node": 2, "memory_gib_per_node": 512}
    assert verdict(job, cluster, {"score": 0.5})[1] == ["suitable_nodes"]


def test_a_cluster_without_gpus_is_said_so():
    assert verdict({"nodes": 4, "gpus_per_node": 1}, {"nodes": 512, "gpus": 0}, {"score": 0.5})[1] == ["no_gpus"]


def test_a_score_outside_nought_and_one_is_never_moved():
    for value in (1.2, -0.1, 85):
        assert verdict({}, {}, {"score": value})[:2] == ("infeasible", ["score_range"])


def test_a_false_statement_is_refuted_in_prose_and_in_fields():
    job, prose = {"type": "storage", "nodes": 42}, "My storage-specialized nodes are well suited."
    assert verdict(job, HYBRID, {"score": 0.83, "reasoning": prose})[0] == "refuted"
    assert verdict(job, HYBRID, {"score": 0.83, "type_match": True}) == ("refuted", [], ["type_match"])
    assert verdict(job, HYBRID, f"{prose} Score: 0.83")[0] == "refuted"


def test_without_facts_nothing_is_refuted():
    reply = {"score": 0.83, "reasoning": "My storage-specialized cluster has 900 free nodes and 8 GPUs per node."}
    assert verdict({}, {}, reply) == ("clean", [], [])


def test_an_unreadable_reply_is_that_and_nothing_else():
    assert verdict({"nodes": 400}, HYBRID, '{"score": 0.83, "reas')[0] == "unreadable"


def test_the_sentence_and_the_fact_are_reported():
    one = Recording(
        "x\x1b[2J", {"type": "ai"}, HYBRID, json.dumps({"score": 0.5, "reasoning": "We are an ai cluster."})
    )
    scored = score(one)
    made = as_json(scored)
    assert made["verdict"] == "refuted"
    assert made["refuted"][0]["sentence"] == "We are an ai cluster."
    assert "hybrid" in made["refuted"][0]["fact"]
    shown = "\n".join(text_lines(scored))
    assert "\x1b" not in shown
    assert "We are an ai cluster." in shown
    assert set(report([scored])["records"][0]) == {"id", "parse", "hard_violations", "refuted", "verdict"}
    assert summary([scored]) == "1 replies: 0 clean, 1 refuted, 0 infeasible, 0 unreadable"


def test_other_clusters_of_a_file_are_known_as_others():
    every = [
        Recording("a", {}, {"id": "A_1", "type": "gpu"}, "0.1"),
        Recording("b", {}, {"id": "B_1", "type": "ai"}, "0.1"),
    ]
    assert [rival.id for rival in rivals(every)] == ["A_1", "B_1"]


def write(tmp_path, *lines):
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def test_a_file_is_read_line_by_line_with_or_without_ids(tmp_path):
    path = write(
        tmp_path, b'\xef\xbb\xbf{"id": 7, "reply": "0.5"}', "", '{"response": {"score": 0.4}}', '{"reply": null}'
    )
    found = list(recordings(path))
    assert [one.id for one in found] == ["7", "line-3", "line-4"]
    assert found[1].reply == '{"score": 0.4}'


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["hello"], "line 1 is no JSON"),
        (['{"reply": "x"}', "[1]"], "line 2 is a JSON list"),
        (['{"id": "x"}'], "line 1 has no reply"),
        (['{"job": "seven", "reply": ""}'], "job is 'seven', not an object"),
        ([b"\xff\xfe\x00"], "not UTF-8"),
        (["", "  "], "holds no record"),
        (["[" * 100_000], "line 1 is no JSON"),
        (["9" * 5_000], "line 1 is"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_the_line(tmp_path, lines, words):
    with pytest.raises(RequestInvalid, match=r"f\.jsonl") as caught:
        list(recordings(write(tmp_path, *lines)))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(RequestInvalid, match="name a JSON Lines file"):
            list(recordings(path))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {
                "messages": [
                    {"role": "user", "content": "bid"},
                    {"role": "assistant", "content": "We own 300 nodes in total."},
                ]
            },
            "300",
        ),
        ({"output": {"choices": [{"message": {"role": "assistant", "content": "We own 300 nodes in total."}}]}}, "300"),
        ({"reply": ['{"score": 0.9, "rationale": "We own 300 nodes in total."}']}, "300"),
        ({"bid": {"score": 0.9, "justification": "We own 300 nodes in total."}}, "300"),
    ],
)
def test_what_a_chat_api_returned_and_a_bid_as_an_object_are_read(given, text):
    line = json.dumps({"cluster_info": {"total_nodes": 280}, "job_details": {"required_nodes": 12}} | given)
    (found,) = score(recording(line.encode(), 1, "log")).refuted
    assert text in found.sentence
