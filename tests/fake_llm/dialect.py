"""Bodies as SambaNova Cloud writes them: completions, chunks, errors, the model list.

Shapes follow the provider's API reference and the response models of the `sambanova` SDK 1.13: OpenAI chat
completions whose `usage` also carries time to first token and speeds, and errors as
`{"error": {message, type, param, code}, "request_id"}`.
"""

import json
from collections.abc import Iterator
from typing import Any

Body = dict[str, Any]
"""A JSON object on the wire, as some client or server wrote it."""

CHUNK_CHARS = 24
"""Characters in one streamed piece: small, so that a reply is always cut somewhere inside its JSON."""

GOOD_BID = (
    '{"score": 0.71, "reasoning": "Enough suitable nodes are free for this job.", "evidence": [], "forecast": null}'
)
"""What a well-behaved model answers when a test names nothing else."""


def usage(prompt: str, answer: str) -> Body:
    """Return the usage block; tokens are counted as a quarter of the characters."""
    tokens_in, tokens_out = max(1, len(prompt) // 4), max(1, len(answer) // 4)
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
        "time_to_first_token": 0.05,
        "total_latency": 0.09,
        "completion_tokens_per_sec": 420.0,
        "total_tokens_per_sec": 640.0,
        "start_time": 1759254758.71,
        "end_time": 1759254758.80,
        "is_last_response": True,
        "stop_reason": "stop",
    }


def completion(model: str, message: Body, finish: str | None, used: Body | None) -> Body:
    """Return one whole chat completion."""
    body: Body = {
        "id": "cmpl-1",
        "object": "chat.completion",
        "created": 1759254758,
        "model": model,
        "system_fingerprint": "fastcoe",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
    }
    return body | ({"usage": used} if used is not None else {})


def error(message: str, kind: str, code: str | None = None, param: str | None = None) -> Body:
    """Return an error body."""
    return {
        "error": {"message": message, "type": kind, "param": param, "code": code},
        "request_id": "8f0c8f7e-1f5b-4a52-9c3b-2d1f2a6f7c11",
    }


def _chunk(model: str, delta: Body, finish: str | None) -> Body:
    return {
        "id": "cmpl-1",
        "object": "chat.completion.chunk",
        "created": 1759254758,
        "model": model,
        "system_fingerprint": "fastcoe",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}],
    }


def _pieces(text: str) -> list[str]:
    return [text[at : at + CHUNK_CHARS] for at in range(0, len(text), CHUNK_CHARS)]


def chunks(model: str, message: Body, finish: str | None, used: Body | None) -> Iterator[Body]:
    """Yield the same completion as stream chunks; usage comes last, with no choices, as `include_usage` asks."""
    yield _chunk(model, {"role": "assistant", "content": ""}, None)
    for piece in _pieces(message.get("content") or ""):
        yield _chunk(model, {"content": piece}, None)
    for index, call in enumerate(message.get("tool_calls") or ()):
        name = {"index": index, "id": call["id"], "type": "function"}
        yield _chunk(
            model, {"tool_calls": [name | {"function": {"name": call["function"]["name"], "arguments": ""}}]}, None
        )
        for piece in _pieces(call["function"]["arguments"]):
            yield _chunk(model, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None)
    yield _chunk(model, {}, finish)
    if used is not None:
        yield _chunk(model, {}, None) | {"choices": [], "usage": used}


def event(body: Body | str) -> bytes:
    """Return one server-sent event."""
    return b"data: " + (body if isinstance(body, str) else json.dumps(body)).encode() + b"\n\n"


def model_entry(name: str) -> Body:
    """Return one entry of GET /models, with the limits and the price per token that the cloud lists."""
    return {
        "id": name,
        "object": "model",
        "owned_by": "no-reply@sambanova.ai",
        "context_length": 131072,
        "max_completion_tokens": 3072,
        "pricing": {"prompt": "0.00000060", "completion": "0.00000120", "duration_sec": "0.00"},
        "sn_metadata": {},
    }
