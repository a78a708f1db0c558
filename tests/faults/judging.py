"""An independent judge: from genesis and the signed statements on a ledger it works out who had to win, and objects.

It shares no code with the ledger, the consensus or the market: bytes are read as JSON, signatures are checked with
PyNaCl over bytes laid out by hand, facts, scores (`appraising`), ranking and reputations are computed anew from
docs/protocol.md. Only the rule's tables of preferences are taken from the library: they are choices, not logic.
"""

import json
import struct
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import blake2b

import rfc8785
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from tests.faults.appraising import Facts, by_rule, loss

KINDS = {"propose": 2, "notarize": 3, "nullify": 4, "finalize": 5}
ORDER = ["declare", "endorse", "report", "start", "refuse", "end", "receipt", "submit", "commit", "reveal", "assess"]
OVERDUE_END_S = 3_600
PAST, RIPE, REPORTS = 8, 3, 4
"""P-23: heights that can be judged, when an omission is ripe, and how many reports of one member may wait."""
STATE = (
    "members", "reputation", "jailed", "sequences", "calls", "waiting", "running", "ended", "known", "answered",
    "parent", "previous", "powers_before", "reported", "guilty",
)  # fmt: skip
OMITS = "leaves out what it owes"


def hash_(data):
    return blake2b(data, digest_size=32).hexdigest()


def signed(key, message, signature):
    try:
        VerifyKey(bytes.fromhex(key)).verify(message, bytes.fromhex(signature))
    except BadSignatureError:
        return False
    return True


def statement(chain, kind, height, round_, value, parent, reason, ext):
    """P-3: what a vote signs."""
    head = b"QRT1" + blake2b(chain.encode(), digest_size=32).digest() + bytes([KINDS[kind]])
    held = blake2b(bytes.fromhex(ext), digest_size=32).digest() if kind == "finalize" else bytes(32)
    body = struct.pack(">QI32siB", height, round_, bytes.fromhex(value or "00" * 32), parent, reason)
    return head + body + held


def item_statement(chain, sender, seq, payload_digest):
    """P-3: what an item signs."""
    head = b"QRT1" + blake2b(chain.encode(), digest_size=32).digest() + b"\x01"
    return head + struct.pack(">HQ32s", sender, seq, bytes.fromhex(payload_digest))


def item_bytes(item):
    """P-9: what the digest of an item is made over."""
    sender, seq, signature, payload = item
    return struct.pack(">HQ", sender, seq) + bytes.fromhex(signature) + rfc8785.dumps(payload)


# -- the ledger, played anew -----------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What the judge found."""

    violations: list = field(default_factory=list)
    landed: dict = field(default_factory=dict)
    """Job -> the cluster that had to get it."""
    refused: dict = field(default_factory=dict)
    """Job -> why nobody could."""
    findings: Counter = field(default_factory=Counter)
    """(cluster, class) -> how often, as the judge counts."""
    reputation: dict = field(default_factory=dict)
    jailed: set = field(default_factory=set)
    heights: int = 0
    waiting: dict = field(default_factory=dict)
    """Job -> why it still waits: some cluster has such nodes, none has them free."""
    certified: dict = field(default_factory=dict)
    """Height -> seats in its certificate."""
    items: dict = field(default_factory=dict)
    """Height -> {seat: (how many items the block holds, how many it owes)}."""


class Judge:
    """One ledger from genesis on."""

    def __init__(self, lines, liars=()):
        genesis = json.loads(lines[0])
        self.liars, self.verdict = set(liars), Verdict()
        self.chain = hash_(lines[0].rstrip(b"\n"))
        self.members, self.rules = genesis["members"], genesis["parameters"]
        self.ids = [member["cluster"]["id"] for member in self.members]
        n = len(self.members)
        self.reputation, self.jailed, self.sequences = [1_000] * n, [False] * n, [0] * n
        self.calls, self.waiting, self.running, self.ended = {}, {}, {}, {}
        self.known, self.answered, self.parent, self.previous, self.powers_before = set(), [], self.chain, None, None
        self.reported, self.guilty, self.pasts, self.bodies = [], set(), {}, {}
        for number, line in enumerate(lines[1:], 1):
            self.height(number, json.loads(line))
        self.verdict.heights = len(lines) - 1
        self.verdict.reputation = dict(zip(self.ids, self.reputation, strict=True))
        self.verdict.jailed = {name for name, jailed in zip(self.ids, self.jailed, strict=True) if jailed}
        self.finally_()

    def object(self, text):
        self.verdict.violations.append(text)

    def powers(self):
        return [0 if j else min(1_000, max(500, r)) for r, j in zip(self.reputation, self.jailed, strict=True)]

    def facts(self, seat):
        jobs = [0] * len(self.members[seat]["cluster"]["groups"])
        for held in self.running.values():
            if held["seat"] == seat:
                jobs = [a + b for a, b in zip(jobs, held["nodes"], strict=True)]
        return Facts(self.members[seat]["cluster"], jobs, self.members[seat]["background"])

    def height(self, number, entry):
        self.pasts[number] = deepcopy({name: getattr(self, name) for name in STATE})
        self.pasts.pop(number - PAST - 1, None)
        block, self.now, self.number = entry["block"], entry["block"]["at_s"], number
        self.before, self.active = list(self.reputation), [s for s, p in enumerate(self.powers()) if p]
        self.power_before, self.found = self.powers(), Counter()
        self.opened, self.closed, self.awards = [], [], []
        if (block["height"], block["parent"], block["chain"]) != (number, self.parent, self.chain):
            self.object(f"height {number} does not follow")
        value = hash_(rfc8785.dumps(block))
        if entry["certificate"] is not None:
            self.verdict.certified[number] = [vote[0] for vote in entry["certificate"]["votes"]]
            self.certificate(entry["certificate"], value, number)
            self.bodies[number] = entry["items"]
        due = self.owed(block["previous"])
        acts = self.items(number, entry["items"], due)
        for seat in self.answered:
            if block["previous"] and seat in [vote[0] for vote in block["previous"]["votes"]]:
                self.reputation[seat] = min(1_000, self.reputation[seat] + 2)
        self.answered, self.punished = [], set()
        self.trials()
        for _, seat, seq, act in sorted(acts, key=lambda e: e[:3]):
            getattr(self, f"do_{act['act']}")(seat, seq, act, due)
        self.overdue()
        self.close()
        self.decide()
        self.reopen()
        self.compare(number, block["results"])
        self.over_committed(number)
        self.powers_before, self.parent, self.previous = self.power_before, value, entry["certificate"]

    def certificate(self, certificate, value, number):
        powers, seats = self.power_before, [vote[0] for vote in certificate["votes"]]
        if certificate["kind"] != "finalize" or certificate["value"] != value or seats != sorted(set(seats)):
            self.object(f"height {number}: no FINALIZE certificate of its block")
        for seat, place, reason, signature in certificate["votes"]:
            ext = certificate["exts"][place]
            message = statement(self.chain, "finalize", number, certificate["round"], value, -1, reason, ext)
            if not powers[seat] or not signed(self.members[seat]["public_key"], message, signature):
                self.object(f"height {number}: seat {seat} did not sign")
        active, weight = sum(1 for power in powers if power), sum(powers[seat] for seat in seats)
        if 3 * len(seats) < 2 * active or 3 * weight < 2 * sum(powers):
            self.object(f"height {number}: {len(seats)} of {active} seats with {weight} of {sum(powers)} are no quorum")

    def owed(self, previous):
        due = list(self.sequences)
        if previous is None:
            return due
        for seat in range(len(due)):
            reports = []
            for voter, place, _, _ in previous["votes"]:
                held = struct.unpack_from(">I", bytes.fromhex(previous["exts"][place]), 4 * seat)[0]
                reports.append((held, self.powers_before[voter]))
            weight = 0
            for held, power in sorted(reports, reverse=True):
                weight += power
                if 3 * weight > sum(self.powers_before):
                    due[seat] = max(due[seat], held)
                    break
        return due

    def items(self, number, items, due):
        acts, start = [], list(self.sequences)
        for sender, seq, signature, payload in items:
            message = item_statement(self.chain, sender, seq, hash_(rfc8785.dumps(payload)))
            if not signed(self.members[sender]["public_key"], message, signature):
                self.object(f"height {number}: item {seq} of seat {sender} is not signed by it")
            if seq != self.sequences[sender] + 1:
                self.object(f"height {number}: seat {sender} is at {self.sequences[sender]}, the block has {seq}")
            self.sequences[sender] = seq
            acts.extend((ORDER.index(act["act"]), sender, seq, act) for act in payload)
        self.verdict.items[number] = {
            seat: (self.sequences[seat] - start[seat], last - start[seat]) for seat, last in enumerate(due)
        }
        lacking = {seat: last for seat, last in enumerate(due) if last > self.sequences[seat]}
        if lacking:
            self.object(f"height {number} {OMITS}: {lacking}")
        return acts

    # -- acts

    def do_declare(self, seat, _seq, act, _due):
        self.members[seat]["background"] = act["background"]

    def do_endorse(self, *_):
        self.object("these runs have no motions")

    def do_attest(self, *_):
        self.object("in these runs every false block fits an item")

    def do_report(self, seat, _seq, act, _due):
        evidence = json.loads(act["evidence"])
        if "block" in evidence:
            mine = [report for report in self.reported if report[0] == seat]
            if len(mine) < REPORTS and all(report[1] != act["evidence"] for report in self.reported):
                self.reported.append((seat, act["evidence"], self.number))
            return
        accused, pair = evidence["seat"], [evidence["first"], evidence["second"]]
        if not all(self.says(accused, one) for one in pair) or not contradict(*pair):
            self.fault(seat, "B")
        elif not self.jailed[accused]:
            self.jailed[accused] = True
            self.count(accused, "A")

    # -- reports of blocks (P-23)

    def trials(self):
        """Judge what the last height reported of blocks."""
        waiting, self.reported = self.reported, []
        for reporter, text, since in waiting:
            charge = json.loads(text)
            height, seats = charge["block"]["height"], [vote["seat"] for vote in charge["votes"]]
            outcome = "void" if {(seat, height) for seat in seats} <= self.guilty else self.trial(charge, height, since)
            if outcome == "later":
                self.reported.append((reporter, text, since))
            elif outcome == "false":
                self.fault(reporter, "B")
            for seat in seats if outcome == "upheld" else ():
                if (seat, height) not in self.guilty and not self.jailed[seat]:
                    self.guilty.add((seat, height))
                    self.fault(seat, "A'")

    def trial(self, charge, height, since):
        block, past = charge["block"], self.pasts.get(height)
        old = past is None or (height > 1 and height - 1 not in self.pasts) or height >= self.number
        if old or (block["chain"], block["parent"]) != (self.chain, past["parent"]):
            return "void"
        again = self.again(past)
        if not all(again.vouches(vote, block) for vote in charge["votes"]):
            return "false"
        again.previous_(block, past["powers_before"])
        known = {hash_(item_bytes(item)): item for n in self.bodies if n >= height for item in self.bodies[n]}
        known.update({hash_(item_bytes(item)): item for item in charge["items"]})
        if again.verdict.violations:
            return "upheld"
        if not all(name in known for name in block["items"]):
            return "void"
        again.height(height, {"block": block, "certificate": None, "items": [known[name] for name in block["items"]]})
        return self.weigh(again.verdict.violations, max(height, since))

    def weigh(self, objections, shown):
        """Return what follows from the objections to a block: an omission must be ripe before it counts."""
        omission = next((said for said in objections if OMITS in said), None)
        if omission is None:
            return "upheld" if objections else "false"
        return "later" if self.number < shown + RIPE else "upheld"

    def again(self, past):
        """A judge who stands before a past height; whoever it finds guilty is no matter."""
        judge = object.__new__(Judge)
        judge.verdict, judge.liars, judge.chain, judge.ids = Verdict(), set(self.ids), self.chain, self.ids
        judge.rules, judge.pasts, judge.bodies = self.rules, dict(self.pasts), self.bodies
        for name, value in deepcopy(past).items():
            setattr(judge, name, value)
        return judge

    def vouches(self, vote, block):
        fresh = vote["kind"] in ("propose", "notarize") and vote["parent"] == -1 and self.powers()[vote["seat"]] > 0
        of_it = (vote["height"], vote["value"]) == (block["height"], hash_(rfc8785.dumps(block)))
        return fresh and of_it and self.says(vote["seat"], vote)

    def previous_(self, block, powers):
        """Object to a parent's certificate, or a time, that cannot stand."""
        if (block["previous"] is None) != (block["height"] == 1):
            self.object("it lacks its parent's certificate")
        elif block["previous"] is not None:
            self.power_before = powers
            self.certificate(block["previous"], block["parent"], block["height"] - 1)

    def says(self, seat, one):
        key = self.members[seat]["public_key"]
        if one["kind"] == "item":
            message = item_statement(self.chain, one["sender"], one["seq"], one["payload"])
            return one["sender"] == seat and signed(key, message, one["signature"])
        message = statement(
            self.chain, one["kind"], one["height"], one["round"], one["value"], one["parent"], one["reason"], one["ext"]
        )
        return one["seat"] == seat and signed(key, message, one["signature"])

    def do_start(self, seat, _seq, act, _due):
        held = self.running.get(act["job"])
        if held and held["seat"] == seat and held["started"] is None:
            held["started"] = self.now

    def do_refuse(self, seat, _seq, act, _due):
        held = self.running.get(act["job"])
        if held and held["seat"] == seat and held["started"] is None:
            self.wait_without(act["job"])

    def do_end(self, seat, _seq, act, _due):
        held = self.running.get(act["job"])
        if held and held["seat"] == seat and held["started"] is not None:
            self.end(act["job"], act["run_s"], act["succeeded"])

    def do_receipt(self, _seat, _seq, act, _due):
        over = self.ended.get(act["job"])
        message = b"quorate/1/receipt\x00" + rfc8785.dumps([self.chain, act["job"], act["run_s"], act["succeeded"]])
        if over is None or not signed(over["job"]["submitter_key"], message, act["signature"]):
            return
        del self.ended[act["job"]]
        agrees = (over["run_s"], over["succeeded"]) == (act["run_s"], act["succeeded"])
        if (
            not agrees
            or not over["contested"]
            or not act["succeeded"]
            or over["job"]["submitter"] == self.ids[over["seat"]]
        ):
            return
        args = (over["started"] - over["awarded"], over["run_s"], over["succeeded"], over["job"]["walltime_s"])
        mine, base = loss(over["forecast"], *args), loss(by_rule(over["job"]), *args)
        gain = base - mine
        points = min(10, abs(gain) * 10 // max(1, base)) * (1 if gain >= 0 else -1)
        self.reputation[over["seat"]] = max(0, min(1_000, self.reputation[over["seat"]] + 10 + points))

    def do_submit(self, _seat, _seq, act, _due):
        job = act["job"]
        message = b"quorate/1/submission\x00" + rfc8785.dumps([self.chain, job])
        if job["id"] in self.known or not signed(job["submitter_key"], message, act["signature"]):
            return
        self.known.add(job["id"])
        self.open(job, frozenset())

    def do_commit(self, seat, seq, act, due):
        call = self.calls.get(act["job"])
        if call is None or call["opened"] != act["opened"] or seat in call["seals"] or call["opened"] == self.number:
            return
        late = call["closed"] is not None and call["closed"] + 1 == self.number and seq <= due[seat]
        if call["closed"] is None or late:
            call["seals"][seat] = act["seal"]

    def do_reveal(self, seat, _seq, act, _due):
        call, answer = self.calls.get(act["job"]), act["answer"]
        if call is None or call["opened"] != act["opened"] or seat in call["answers"] or seat in call["broken"]:
            return
        if (answer["job"], answer["cluster"]) != (act["job"], self.ids[seat]):
            return
        if call["closed"] is None or call["closed"] >= self.number:
            return
        seal = hash_(rfc8785.dumps([act["job"], self.ids[seat], answer, act["salt"]]))
        if call["seals"].get(seat) == seal:
            call["answers"][seat] = answer
        elif seat in call["seals"]:
            call["broken"].add(seat)
            self.fault(seat, "B")

    def do_assess(self, seat, _seq, act, _due):
        call, whose = self.calls.get(act["job"]), self.ids.index(act["cluster"])
        if not self.rules.get("assessments") or call is None or call["opened"] != act["opened"] or whose == seat:
            return
        if call["answers"].get(whose, {}).get("kind") == "bid" and seat in self.active:
            call["thoughts"].setdefault((whose, seat), act["score_bp"])

    def worth(self, call, bids, trust, seat):
        """A bid's score after its rivals' opinions: what is at the least weighted distance from all of them."""
        own = bids[seat]["score_bp"]
        says = [
            (call["thoughts"].get((seat, other), own), min(1_000, max(500, trust[other])))
            for other in range(len(self.ids))
            if other != seat and trust[other]
        ]
        if not says:
            return own
        far = {at: sum(weight * abs(at - score) for score, weight in says) for at, _ in [*says, (own, 0)]}
        best = min(far.values())
        at = min((at for at in far if far[at] == best), key=lambda at: abs(at - own))
        return min(10_000, max(own - own // 10, min(own + own // 10, at)))

    # -- what follows

    def count(self, seat, class_):
        self.found[seat, class_] += 1
        self.punished.add(seat)
        name = self.ids[seat]
        self.verdict.findings[name, class_] += 1
        if name not in self.liars and class_ != "absence":
            self.object(f"height {self.number}: {name} is honest and found guilty of {class_}")

    def fault(self, seat, class_):
        self.count(seat, class_)
        if class_ in ("B", "A'"):
            self.reputation[seat] = self.reputation[seat] * 600 // 1_000
        elif self.reputation[seat] > 800:
            self.reputation[seat] = max(800, self.reputation[seat] - 10)

    def open(self, job, excluded):
        self.waiting.pop(job["id"], None)
        self.calls[job["id"]] = {
            "job": job, "opened": self.number, "at": self.now, "draw": self.parent, "excluded": excluded, "seals": {},
            "answers": {}, "broken": set(), "closed": None, "closed_at": 0, "thoughts": {},
            "facts": [self.facts(seat) for seat in range(len(self.ids))],
        }  # fmt: skip
        self.opened.append(job["id"])

    def end(self, job, run_s, succeeded):
        self.ended[job] = {**self.running.pop(job), "run_s": run_s, "succeeded": succeeded, "over": self.now}

    def wait_without(self, job):
        held = self.running.pop(job)
        self.waiting[job] = (held["job"], held["excluded"] | {held["seat"]})

    def overdue(self):
        for job, held in list(self.running.items()):
            if held["started"] is None:
                if self.now >= held["awarded"] + self.rules["start_window_s"]:
                    self.fault(held["seat"], "B")
                    self.wait_without(job)
            elif self.now >= held["started"] + held["job"]["walltime_s"] + OVERDUE_END_S:
                self.fault(held["seat"], "absence")
                self.end(job, held["job"]["walltime_s"], False)
        window = self.rules["receipt_window_s"]
        self.ended = {job: over for job, over in self.ended.items() if self.now < over["over"] + window}

    def close(self):
        for job, call in self.calls.items():
            full = set(self.active) <= set(call["seals"])
            time = self.now >= call["at"] + self.rules["bid_window_s"]
            if call["closed"] is None and call["opened"] < self.number and (full or time):
                call["closed"], call["closed_at"] = self.number, self.now
                self.closed.append(job)

    def decide(self):
        for job, call in sorted(self.calls.items(), key=lambda pair: (pair[1]["opened"], pair[0])):
            if call["closed"] is None or call["closed"] >= self.number:
                continue
            shown = set(call["seals"]) <= set(call["answers"]) | call["broken"]
            over = self.now >= call["closed_at"] + self.rules["reveal_window_s"]
            if shown or (self.number > call["closed"] + 1 and over):
                self.judge(job, call)
                del self.calls[job]
        self.answered = sorted(set(self.answered) - self.punished)

    def judge(self, name, call):
        job, seats, interval = call["job"], range(len(self.ids)), self.rules["interval_bp"]
        bids = {seat: answer for seat, answer in call["answers"].items() if answer["kind"] == "bid"}
        void = {seat for seat, bid in bids.items() if call["facts"][seat].refuted(job, bid, interval)}
        trust = {seat: self.before[seat] if seat in self.active else 0 for seat in seats}
        valid = [seat for seat in bids if seat not in void and seat not in call["excluded"] and trust[seat] > 0]

        def merit(seat):
            draw = blake2b(f"{call['draw']}|{name}|{self.ids[seat]}".encode(), digest_size=32).digest()
            worth = self.worth(call, bids, trust, seat)
            return (-(worth * trust[seat] // 1_000), -worth, draw)

        ranking = sorted(valid, key=merit)
        winner = next((seat for seat in ranking if self.facts(seat).place(job) is not None), None)
        if winner is not None:
            self.running[name] = {
                "job": job, "seat": winner, "nodes": self.facts(winner).place(job), "awarded": self.now,
                "started": None, "forecast": bids[winner]["forecast"], "contested": len(ranking) >= 2,
                "excluded": call["excluded"],
            }  # fmt: skip
            self.awards.append([name, "allocated", winner])
            self.verdict.landed[name] = self.ids[winner]
            self.verdict.refused.pop(name, None)
        else:
            self.without_winner(name, call, ranking, trust)
        for seat in seats:
            if seat in call["broken"]:
                continue
            if seat in void or (seat in call["seals"] and seat not in call["answers"]):
                self.fault(seat, "B")
            elif seat not in call["seals"] and seat in self.active:
                self.fault(seat, "absence")
            elif seat in call["answers"]:
                self.answered.append(seat)

    def without_winner(self, name, call, ranking, trust):
        job = call["job"]
        able = [s for s in range(len(self.ids)) if trust[s] > 0 and s not in call["excluded"]]
        now = [s for s in able if call["facts"][s].can_now(job)]
        later = [s for s in able if call["facts"][s].can_ever(job)]
        if ranking or (later and not now):
            self.waiting[name] = (job, call["excluded"])
            self.awards.append([name, "waiting", None])
            return
        self.awards.append([name, "unallocated", None])
        self.verdict.refused[name] = "no cluster has such nodes" if not later else "whoever could run it did not bid"
        honest = [self.ids[s] for s in now if self.ids[s] not in self.liars and s in self.active]
        if honest:
            self.object(f"height {self.number}: {name} is refused though {honest} can run it now")

    def reopen(self):
        for job, excluded in list(self.waiting.values()):
            able = [s for s, p in enumerate(self.powers()) if p and self.reputation[s] > 0 and s not in excluded]
            facts = [self.facts(seat) for seat in able]
            if any(f.can_now(job) for f in facts) or not any(f.can_ever(job) for f in facts):
                self.open(job, excluded)

    # -- objections

    def compare(self, number, results):
        mine = {
            "opened": self.opened, "closed": self.closed, "awards": self.awards, "powers": self.powers(),
            "findings": [[s, c, k, self.reputation[s]] for (s, c), k in sorted(self.found.items())],
        }  # fmt: skip
        for name, value in mine.items():
            if results[name] != value:
                self.object(f"height {number}: the block claims {name} {results[name]}, the judge finds {value}")

    def over_committed(self, number):
        for seat, member in enumerate(self.members):
            facts = self.facts(seat)
            if min(facts.free) < 0 or any(
                n > g["nodes"] for n, g in zip(facts.jobs, member["cluster"]["groups"], strict=True)
            ):
                self.object(f"height {number}: {self.ids[seat]} is over-committed")

    def finally_(self):
        for name, (job, excluded) in self.waiting.items():
            able = [s for s, p in enumerate(self.powers()) if p and s not in excluded]
            if any(self.facts(seat).can_now(job) for seat in able):
                self.object(f"{name} waits though it could run")
            self.verdict.waiting[name] = "no cluster that has such nodes has them free"
        for seat, name in enumerate(self.ids):
            if name not in self.liars and (self.jailed[seat] or self.reputation[seat] < 800):
                self.object(f"{name} is honest and stands at {self.reputation[seat]}")


def contradict(first, second):
    """P-16: say whether no honest seat signs both."""
    if "item" in (first["kind"], second["kind"]):
        same = first["kind"] == second["kind"] and first["seq"] == second["seq"]
        return same and first["payload"] != second["payload"]
    if (first["height"], first["round"]) != (second["height"], second["round"]):
        return False
    if first["kind"] == second["kind"]:
        differ = any(first[name] != second[name] for name in ("value", "parent", "ext"))
        return first["kind"] != "nullify" and differ
    return {first["kind"], second["kind"]} == {"finalize", "nullify"}


def judged(lines, report, jobs, liars=()):
    """Judge a run: its ledger, what its report says of it, and whether every job that was asked for has its answer."""
    verdict = Judge(lines, liars).verdict
    refused = {**verdict.refused, **verdict.waiting}
    for decision in report["decisions"]:
        name = decision["job"]["id"]
        if decision["outcome"] == "allocated":
            said = decision["cluster"]
            if verdict.landed.get(name) != said:
                verdict.violations.append(f"{name}: the report says {said}, the ledger {verdict.landed.get(name)}")
        elif decision["outcome"] != "unallocated" or not decision["reasons"] or name not in refused:
            verdict.violations.append(f"{name}: {decision['outcome']} without a reason on the ledger")
    answered = {decision["job"]["id"] for decision in report["decisions"]}
    for name in jobs:
        done = name in answered and (name in verdict.landed or name in verdict.refused)
        if not done and name not in verdict.waiting:
            verdict.violations.append(f"{name} was never answered")
    return verdict
