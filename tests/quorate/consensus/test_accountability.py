"""P-24, by brute force on an abstract model: however colluders fork a height, a third of the seats signed a pair.

Members that keep the rules are modelled by the rules alone (P-11, P-12): each is given the messages of a random
subset of the others and signs whatever it may; colluders sign everything for everybody who asks. No code of the core
decides here, only its judgement of pairs (`incompatible`).
"""

from collections import defaultdict
from itertools import combinations
from random import Random

import pytest

from quorate.consensus.evidence import incompatible
from quorate.domain.deciding import Kind, Vote

BLOCKS = ("aa" * 32, "bb" * 32)


def vote(kind, round_, seat, value=None, parent=-1):
    return Vote(kind, 1, round_, seat, value, parent, 0, b"", b"")


class World:
    """One height of `n` equal seats; the last `liars` of them collude."""

    def __init__(self, n, liars, rounds, rng):
        self.n, self.rng, self.rounds = n, rng, rounds
        self.honest, self.liars = range(n - liars), range(n - liars, n)
        self.said = defaultdict(set)
        """(kind, round, value, parent) -> seats that keep the rules and said so."""
        self.shut = {seat: {} for seat in self.honest}
        """Per seat and round: which of FINALIZE and NULLIFY it gave."""
        self.voted = {seat: set() for seat in self.honest}

    def quorum(self, *said):
        """Whether a certificate can be shown to somebody: colluders sign whatever completes it."""
        return 3 * (len(self.said[said]) + len(self.liars)) >= 2 * self.n

    def may_notarize(self, seat, round_, value, parent):
        if round_ in self.voted[seat]:
            return False
        between = all(self.quorum(Kind.NULLIFY, number, None, -1) for number in range(parent + 1, round_))
        rests = parent < 0 or any(self.quorum(Kind.NOTARIZE, parent, value, older) for older in range(-1, parent))
        return between and rests

    def step(self):
        """One seat does one thing that it may do."""
        seat, round_, value = self.rng.choice(self.honest), self.rng.randrange(self.rounds), self.rng.choice(BLOCKS)
        parent = self.rng.randrange(-1, round_) if round_ else -1
        act = self.rng.random()
        if act < 0.5 and self.may_notarize(seat, round_, value, parent):
            self.voted[seat].add(round_)
            self.said[Kind.NOTARIZE, round_, value, parent].add(seat)
        elif round_ in self.shut[seat]:
            return
        elif act < 0.85 and any(self.quorum(Kind.NOTARIZE, round_, value, p) for p in range(-1, round_)):
            self.shut[seat][round_] = Kind.FINALIZE
            self.said[Kind.FINALIZE, round_, value, -1].add(seat)
        elif act >= 0.85:
            self.shut[seat][round_] = Kind.NULLIFY
            self.said[Kind.NULLIFY, round_, None, -1].add(seat)

    def decided(self):
        return {
            value
            for (kind, round_, value, _), seats in list(self.said.items())
            if kind is Kind.FINALIZE and seats and self.quorum(kind, round_, value, -1)
        }

    def votes(self):
        """Every vote that a certificate somebody holds contains."""
        out = defaultdict(list)
        for (kind, round_, value, parent), seats in list(self.said.items()):
            if seats:
                signers = [*seats, *(self.liars if self.quorum(kind, round_, value, parent) else ())]
                for seat in signers:
                    out[seat].append(vote(kind, round_, seat, value, parent))
        return out

    def guilty(self):
        return {
            seat for seat, votes in self.votes().items() if any(incompatible(a, b) for a, b in combinations(votes, 2))
        }


def played(n, liars, rounds, seed, steps=260):
    world = World(n, liars, rounds, Random(seed))
    for _ in range(steps):
        world.step()
    return world


@pytest.mark.parametrize(("n", "liars"), [(4, 2), (6, 2), (6, 3), (7, 3)])
def test_every_fork_convicts_a_third_and_nobody_who_keeps_the_rules(n, liars):
    forks = later = 0
    for seed in range(400):
        world = played(n, liars, 3, seed)
        guilty = world.guilty()
        assert guilty <= set(world.liars), f"seed {seed}"
        if len(world.decided()) > 1:
            forks += 1
            assert 3 * len(guilty) >= n, f"seed {seed}"
            rounds = {value: r for (kind, r, value, _), seats in world.said.items() if kind is Kind.FINALIZE and seats}
            later += len(set(rounds.values())) > 1
    assert forks >= 20, "the model never forks: it proves nothing"
    assert later, "no fork spans rounds: the harder half of the argument was not met"


@pytest.mark.parametrize(("n", "liars"), [(4, 1), (6, 1), (7, 2)])
def test_below_a_third_no_height_forks(n, liars):
    for seed in range(200):
        assert len(played(n, liars, 3, seed).decided()) <= 1
