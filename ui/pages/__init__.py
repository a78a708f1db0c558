"""One module a page; each draws what the folds in `ui.viewmodel` return."""
