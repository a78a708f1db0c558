from quorate.domain.clusters import CLUSTER_TYPES
from quorate.market.claims.words import COMPATIBLE, LEXICON


def test_every_phrase_is_in_lower_case_with_single_blanks():
    assert all(phrase == " ".join(phrase.lower().split()) for phrase in LEXICON)


def test_every_mention_of_a_type_may_be_said_of_some_type():
    mentions = {tag.removeprefix("T:") for tag in LEXICON.values() if tag.startswith("T:")}
    assert mentions == set(COMPATIBLE)
    assert all(types and types <= set(CLUSTER_TYPES) for types in COMPATIBLE.values())
