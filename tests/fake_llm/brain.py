"""What the pretended model says: the tool that is asked for, an object of the schema that is asked for, or a bid.

It understands nothing. It fills a JSON schema with values taken from the question where it can (the unicode name
between quotes, a number), so that the client libraries' own standard tests can pass against it.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from tests.fake_llm.dialect import GOOD_BID, Body

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: text, or the arguments of one tool."""

    text: str
    finish: str | None = "stop"
    tool: str = ""
    arguments: str = ""

    def saying(self, raw: str, finish: str | None) -> "Said":
        """Return the same kind of answer with other words."""
        if self.tool:
            return replace(self, arguments=raw, finish="tool_calls" if finish == "stop" else finish)
        return replace(self, text=raw, finish=finish)

    def message(self) -> Body:
        """Return the wire's message."""
        if not self.tool:
            return {"role": "assistant", "content": self.text}
        call = {"id": "call_1", "type": "function", "function": {"name": self.tool, "arguments": self.arguments}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}


def answer(body: Body) -> Said:
    """Answer a request as a good model would."""
    messages = body.get("messages") or []
    last = messages[-1] if messages else {}
    tools = body.get("tools") or []
    if tools and last.get("role") != "tool" and body.get("tool_choice") != "none":
        return _call(_chosen(tools, body.get("tool_choice")), _words(last))
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema = form["json_schema"]["schema"]
        return Said(GOOD_BID if _is_bid(schema) else json.dumps(_fill(schema, _words(last)), ensure_ascii=False))
    if form.get("type") == "json_object" and "punchline" in _words(last):
        return Said('{"setup": "Why did the cat sit on the laptop?", "punchline": "To watch the mouse."}')
    return Said(GOOD_BID)


def _chosen(tools: list[Body], choice: object) -> Body:
    wanted = choice["function"]["name"] if isinstance(choice, dict) else None
    functions = [tool["function"] for tool in tools]
    return next((function for function in functions if function["name"] == wanted), functions[0])


def _call(function: Body, question: str) -> Said:
    schema = function.get("parameters") or {}
    arguments = GOOD_BID if _is_bid(schema) else json.dumps(_fill(schema, question), ensure_ascii=False)
    return Said("", "tool_calls", function["name"], arguments)


def _is_bid(schema: Schema) -> bool:
    return {"score", "reasoning"} <= set(schema.get("properties") or {})


def _words(message: Body) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def _fill(schema: Schema, question: str) -> Any:
    quoted = re.search(r"'([^']+)'", question)
    number = re.search(r"\d+", question)
    match schema.get("type"):
        case "object" | None if "anyOf" in schema:
            return _fill(schema["anyOf"][0], question)
        case "object" | None:
            return {name: _fill(part, question) for name, part in (schema.get("properties") or {}).items()}
        case "integer" | "number":
            return int(number.group()) if number else 3
        case "boolean":
            return True
        case "array":
            return []
        case _:
            return quoted.group(1) if quoted else "a word"
