"""Opens a page in Streamlit's own test runner and reads what stands on it."""

import html
import re

from streamlit.testing.v1 import AppTest

TIMEOUT_S = 60
"""The first page of a process imports pandas and Altair; a slow shared machine takes its time."""


def page(name: str, root: object, **query: str) -> AppTest:
    """Return a page, drawn once."""
    app = AppTest.from_string(
        f"from tests.ui.harness import show\nshow({name!r}, {str(root)!r})", default_timeout=TIMEOUT_S
    )
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def bodies(app: AppTest) -> list[str]:
    """Return every piece of HTML on a page but the style sheet."""
    return [element.proto.body for element in app.get("html")]


def text(app: AppTest) -> str:
    """Return what a person reads: text of HTML, labels of badges and metrics, one piece a line."""
    pieces = [html.unescape(re.sub(r"<[^>]+>", " ", body)) for body in bodies(app)]
    pieces += [re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", str(element.value)) for element in app.markdown]
    return "\n".join(" ".join(piece.split()) for piece in pieces)


def heading(app: AppTest) -> str:
    """Return the page's only first heading."""
    found = [re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL) for body in bodies(app)]
    heads = [html.unescape(match[1]) for match in found if match]
    assert len(heads) == 1, f"{len(heads)} first headings: {heads}"
    return heads[0]


def tiles(app: AppTest) -> list[tuple[str, ...]]:
    """Return the figures at the top of a page: label, value, second line."""
    cells = [cell for body in bodies(app) for cell in re.findall(r"<div[^>]*><dt.*?</div>", body)]
    return [tuple(html.unescape(part) for part in re.findall(r"<d[td][^>]*>(.*?)</d[td]>", cell)) for cell in cells]
