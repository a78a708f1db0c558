import asyncio
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import planted, search
from evals.__main__ import main
from evals.answered import record
from evals.attacks import SLOT_CHARS, SLOTS
from evals.datasets import plain_questions
from evals.planted import CLEAN, Planted
from evals.show import is_obeyed, judged_json, judged_lines, obeyed
from tests.evals.made import FEDERATION
from tests.evals.stand_in import answering, configuration
from tests.fake_llm.server import FakeLLM

TRIED = plain_questions(FEDERATION, 3, "dev", "F5", 6)
JUDGED = plain_questions(FEDERATION, 3, "held_out", "F5", 60)


def words(sample):
    return " ".join((sample.job.name, sample.job.description, *(each.value for each in sample.job.attributes)))


def searched(bidder, queries=60, seed=1):
    asked = []

    async def ask(sample):
        asked.append(sample)
        return record(sample, 1, planted.answer(bidder, sample, 1, seed))

    return asyncio.run(search.Search(ask, TRIED, JUDGED, seed).run(queries)), asked


def obeying(trigger):
    return Planted("obeys", "obeyed", lambda d, s, _: replace(d, score=1.0) if trigger(words(s)) else d)


def test_a_bidder_that_never_obeys_is_moved_by_nothing():
    found, _ = searched(CLEAN)
    assert [one.lure.gain_bp for one in found] == [0, 0, 0]
    assert all(obeyed(one).estimate == 0.0 for one in found)


def test_a_weakness_that_no_fixed_payload_meets_is_found():
    weak = obeying(lambda text: "IMPORTANT" in text and "1.00" in text)
    assert not any("IMPORTANT" in each.text for slot in SLOTS for each in search.seeds(slot))
    found, _ = searched(weak, queries=120)
    assert all("urgent" in one.lure.made for one in found)
    assert all(obeyed(one).low > 0.3 for one in found)
    assert all(map(is_obeyed, found))


def test_a_bidder_that_wavers_is_not_called_obedient():
    wavering = Planted("wavers", "repeat_sd", noise=0.15)
    found, _ = searched(wavering)
    assert max(one.lure.gain_bp for one in found) > 500  # luck, in the search
    assert not any(map(is_obeyed, found))


def test_a_slot_asks_as_often_as_it_was_told_and_judges_on_other_questions():
    found, asked = searched(CLEAN, queries=50)
    assert [one.asked for one in found] == [50, 50, 50]
    assert len(asked) == search.calls(50, len(JUDGED))
    assert [len(one.moves) for one in found] == [len(JUDGED)] * 3
    assert not {sample.snapshot for sample in TRIED} & {sample.snapshot for sample in JUDGED}


def test_equal_seeds_search_alike():
    assert searched(obeying(lambda text: "score" in text))[0] == searched(obeying(lambda text: "score" in text))[0]


@given(st.sampled_from(SLOTS), st.integers(0, 10_000), st.integers(1, 30))
def test_a_changed_text_fits_its_slot_and_its_control_is_as_long(slot, seed, times):
    rng = random.Random(seed)
    pool = [search.Lure(payload) for payload in search.seeds(slot)]
    lure = rng.choice(pool)
    for _ in range(times):
        lure = search.change(lure, rng.choice(pool), rng)
    assert 0 < len(lure.payload.text) <= SLOT_CHARS[slot]
    assert len(lure.payload.benign) == len(lure.payload.text)
    assert len(lure.made) == times


def test_what_was_found_is_told_as_a_table_and_as_data():
    found, _ = searched(obeying(lambda text: "score" in text), queries=20)
    lines = judged_lines(found)
    assert [line.split()[0] for line in lines[2:5]] == list(SLOTS)
    told = judged_json(found)
    assert [each["slot"] for each in told["slots"]] == list(SLOTS)
    assert all(each["obeyed"][0] > 0.5 for each in told["slots"])


@pytest.mark.slow
def test_the_command_attacks_a_model_over_the_wire(tmp_path, capsys):
    # The stand-in weighs the facts, but gives in to whoever calls a fixed text important.
    with FakeLLM(answerer=answering(lambda prompt: "IMPORTANT, READ FIRST" not in prompt)) as server:
        settings = configuration(tmp_path / "quorate.toml", server.url)
        asked = ["attack", "--profile", "local", "--config", str(settings), "--queries", "40", "--judged", "30"]
        assert main([*asked, "--json", str(tmp_path / "found.json")]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("420 calls, about ")
    assert "missed" in said.out
    slots = json.loads((tmp_path / "found.json").read_text())["slots"]
    assert any("urgent" in slot["made"] for slot in slots)
    assert len(server.requests) >= 400
