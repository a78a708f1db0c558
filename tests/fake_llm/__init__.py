"""A local server that speaks SambaNova's dialect of chat completions, with the world's faults on demand."""

from tests.fake_llm.faults import FAULTS, Fault
from tests.fake_llm.server import FakeLLM, Recorded

__all__ = ["FAULTS", "FakeLLM", "Fault", "Recorded"]
