"""Runs that the screen tests share: one real run of the demonstration, one of every kind of decision."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

import carrying
import wiring
from tests.ui import factory, harness


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(autouse=True)
def _closed_services() -> Iterator[None]:
    yield
    for service in harness.SERVICES.values():
        service.close()
    harness.SERVICES.clear()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run of the demonstration, made as the app makes it."""
    root = tmp_path_factory.mktemp("real")
    settings = wiring.read_settings(None)
    asked = wiring.request(settings, faults=wiring.REFERENCE_FAULTS, profile="rule", seed=42, name="demo")
    asyncio.run(carrying.carry_out(settings, asked, wiring.Places(root / "demo"), wiring.Options()))
    return root


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run that holds every kind of decision."""
    root = tmp_path_factory.mktemp("kinds")
    shown = factory.report()
    factory.write(root, shown, factory.events(shown))
    return root
