import json

import pytest

from tests.ui import factory
from ui import charts, words
from ui.viewmodel.agents import fallen, levels
from ui.viewmodel.decision import Step, bid_bars
from ui.viewmodel.run import moments_of_report, types_of

REPORT = factory.report()
NAMES, TYPES = words.names_of(REPORT), types_of(REPORT)


def test_no_chart_names_a_colour_of_its_own():
    taken = moments_of_report(REPORT)[0].taken["nodes"]
    specs = [
        json.dumps(charts.occupancy(taken, NAMES, TYPES, "nodes")),
        charts.bids(bid_bars(REPORT.decisions[4], NAMES, TYPES)).to_json(),
        charts.waterfall([Step("a", 5), Step("b", -5)]).to_json(),
        charts.reputation(levels(REPORT), fallen(REPORT), NAMES, 3_600).to_json(),
    ]
    assert not any("#" in spec for spec in specs)


def test_occupancy_is_drawn_in_shares_and_labelled_in_whole_nodes():
    option = charts.occupancy(moments_of_report(REPORT)[0].taken["nodes"], NAMES, TYPES, "nodes")
    for row in range(6):
        parts = [series["data"][row] for series in option["series"] if series["data"]]
        assert sum(part["value"] for part in parts) == pytest.approx(100, abs=0.01)
        counts = [int(part["label"]["formatter"].replace(",", "") or 0) for part in parts]
        assert sum(counts) == REPORT.federation.clusters[row].nodes


def test_a_cluster_without_gpus_is_no_division_by_zero():
    option = charts.occupancy(moments_of_report(REPORT)[0].taken["GPUs"], NAMES, TYPES, "GPUs")
    assert [part["value"] for part in option["series"][0]["data"]][2] == 0


def test_the_takeaway_of_the_bids_is_the_leader():
    assert charts.bids_words(bid_bars(REPORT.decisions[0], NAMES, TYPES)) == "Bids: R03 hybrid leads with 0.91"
    assert charts.bids_words(bid_bars(REPORT.decisions[9], NAMES, TYPES)) == "Bids and abstentions; nobody won"
