"""The nervous system: one LangGraph state graph that carries a job from its call to its nodes. No rule lives here."""
