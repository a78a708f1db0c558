from tests.ui.screen import heading, page, text


def test_the_chain_is_checked_and_said_so(real):
    app = page("ledger", real)
    assert not app.exception
    assert heading(app).endswith("chain intact")
    assert "class B · height 21, job_007 · reputation 1.000 → 0.600" in text(app)


def test_a_filter_keeps_what_it_names(real):
    app = page("ledger", real)
    app.selectbox(key="kind").set_value("reveal").run()
    assert set(app.dataframe[0].value["Kind"]) == {"reveal"}


def test_a_run_without_a_ledger_proves_nothing_and_says_so(kinds):
    assert "nothing in it can be proven here" in text(page("ledger", kinds))


def test_a_broken_chain_names_its_last_good_height(real, tmp_path):
    (tmp_path / "bad").mkdir()
    lines = (real / "demo" / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "bad" / "ledger.jsonl").write_bytes(b"".join([*lines[:9], *lines[10:]]))
    assert heading(page("ledger", tmp_path)).startswith("Chain intact up to height 8; then: ")
