from quorate.market.claims import terse_rules


def full(pattern, tags):
    return pattern.fullmatch(" " + tags, 1) is not None


def test_a_rule_covers_a_whole_segment_or_nothing():
    assert full(terse_rules.SPARED, "NO PENALTY ")
    assert not full(terse_rules.SPARED, "NO PENALTY C:because TYPEN SAME ")
    assert full(terse_rules.ALL_FREE, "ALL FREE ")
    assert not full(terse_rules.ALL_FREE, "ALL FREE NODE REQ ")


def test_every_rule_of_a_figure_names_the_figure():
    assert all("n" in pattern.groupindex for pattern, _ in terse_rules.NUMBERS)
