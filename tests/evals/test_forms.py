import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.datasets import dataset
from evals.forms import FORM_NAMES, FORMS, in_form, spreads
from evals.planted import CLEAN, Planted, run
from evals.runs import finished_run
from evals.scorers import measure
from evals.show import form_lines
from prompts import load, versions
from tests.evals.made import FEDERATION, made_run
from tests.evals.stand_in import answering, configuration
from tests.fake_llm.server import FakeLLM

ROOT = Path(__file__).parents[2]

RELEASED = [load("bid", version) for version in versions("bid")]


def words(text):
    return re.findall(r"\$?\w+", text.casefold())


@pytest.mark.parametrize("prompt", RELEASED, ids=lambda prompt: f"v{prompt.ref.version}")
@pytest.mark.parametrize("form", FORM_NAMES[1:])
def test_a_form_keeps_every_word_and_every_place_to_fill(prompt, form):
    formed = in_form(prompt, form)
    before, after = (words(p.system + "\n" + p.user) for p in (prompt, formed))
    assert after == before
    assert (formed.system, formed.user) != (prompt.system, prompt.user)
    filled = dict.fromkeys(prompt.head.inputs, "x")
    assert "$" not in "".join(formed.render(filled))


@pytest.mark.parametrize("form", FORM_NAMES)
@given(text=st.text(max_size=300))
def test_a_form_never_fails(form, text):
    FORMS[form](text)


def test_another_form_is_another_text_and_says_so():
    hashes = {in_form(RELEASED[-1], form).ref.sha256 for form in FORM_NAMES}
    assert len(hashes) == len(FORM_NAMES)
    assert in_form(RELEASED[-1], "released") is RELEASED[-1]


def test_a_spread_is_the_largest_less_the_smallest():
    samples = dataset("quick", FEDERATION)
    clean = measure(run(CLEAN, samples, 1, 1))
    noisy = measure(run(Planted("wavers", "repeat_sd", noise=0.2), samples, 1, 1))
    by_name = {each.metric: each for each in spreads({"released": clean, "flowing": noisy})}
    tau = by_name["tau"]
    assert tau.width == tau.by_form["released"] - tau.by_form["flowing"] > 0


def test_one_form_alone_has_no_spread(tmp_path):
    assert form_lines([finished_run(made_run(tmp_path / "a"))]) == []


@pytest.mark.slow
def test_a_bidder_that_hangs_on_form_is_seen_over_the_wire(tmp_path):
    pytest.importorskip("inspect_ai", reason="runs need Inspect: make eval")
    # The stand-in weighs the facts only where names stand in backquotes, as in the released form.
    with FakeLLM(answerer=answering(lambda prompt: "`score`" in prompt)) as server:
        settings = configuration(tmp_path / "quorate.toml", server.url)
        asked = ["run", "--profile", "local", "--config", settings, "--forms", "--out", tmp_path / "runs"]
        done = subprocess.run(
            [sys.executable, "-m", "evals", *asked], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    tau = next(line for line in done.stdout.splitlines()[::-1] if line.startswith("tau"))
    released, flowing, shouting, width = map(float, tau.split()[1:])
    assert released == flowing
    assert width == pytest.approx(released - shouting, abs=0.0015)
    assert width > 0.3
    assert len({path.name.split("-bid")[1] for path in (tmp_path / "runs").glob("*-quick")}) == len(FORM_NAMES)
