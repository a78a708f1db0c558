"""The browser's door: `make app`, or `streamlit run app.py` in the environment that make builds."""

from serving import AppEngine
from ui.shell import show

show(AppEngine)
