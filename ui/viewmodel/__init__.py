"""Pure folds from a run's report, ledger and trace to what each page draws; a page computes nothing."""
