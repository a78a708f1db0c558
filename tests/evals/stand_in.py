"""A stand-in for a model: it reads the facts of the live prompt and bids well or badly, as the test wants."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from quorate.market.rule import MATCH
from tests.fake_llm.brain import Said
from tests.fake_llm.dialect import Body

FACT = re.compile(r"^- (\w+) = (.+?)  \(", re.MULTILINE)
NEED = re.compile(r"^- (type of cluster it suits best|nodes): (\w+)$", re.MULTILINE)


def _bid(score: float, known: Mapping[str, object]) -> str:
    evidence = [{"fact": name, "value": known[name]} for name in ("type", "nodes_free")]
    told = f"{known['nodes_free']} of {known['nodes']} nodes are free."
    return json.dumps({"score": round(score, 4), "reasoning": told, "evidence": evidence, "forecast": None})


def _weighed(known: Mapping[str, object], asked: Mapping[str, str]) -> float:
    free, suitable, nodes = (int(str(known[name])) for name in ("nodes_suitable_free", "nodes_suitable", "nodes"))
    wanted = int(asked["nodes"])
    match = MATCH[known["type"]][asked["type of cluster it suits best"]] / 10_000  # type: ignore[index]
    link = min(1.0, int(str(known["link_gbps"])) / 150)
    room = max(0, free - wanted) / max(1, free)
    return 0.45 * match + 0.15 * free / max(1, suitable) + 0.1 * room + 0.05 * (1 - wanted / nodes) + 0.1 * link + 0.08


def answering(weighs: Callable[[str], bool]) -> Callable[[Body], Said]:
    """Return what answers a request: by weighing the facts where `weighs(prompt)`, else always 0.85."""

    def answer(body: Body) -> Said:
        prompt = "\n".join(str(message["content"]) for message in body["messages"])
        known = {name: json.loads(value) for name, value in FACT.findall(prompt)}
        return Said(_bid(_weighed(known, dict(NEED.findall(prompt))) if weighs(prompt) else 0.85, known))

    return answer


def configuration(path: Path, url: str) -> Path:
    """Write a configuration whose profile `local` asks the stand-in; return its path."""
    path.write_text(
        '[llm.profiles.local]\nprovider = "openai"\nmodel = "stand-in"\nstructured = "text"\n'
        f'base_url = "{url}"\nmax_inflight = 6\nprices = {{ input_usd = 0.6, output_usd = 1.2 }}\n',
        "utf-8",
    )
    return path
