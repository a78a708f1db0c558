"""The hands that ask language models: settings, providers, limits, parsing, recordings, bidders and voters."""
