"""The field names of every answer of API v2, as the original's clients know them."""

from __future__ import annotations

import pytest

ROUTING = {"primary_persona", "secondary_persona", "confidence", "scores", "reasoning"}
ENVELOPE = {
    "success", "content", "persona_used", "resonance_key", "routing", "confidence", "performance",
    "metadata", "timestamp", "request_id", "_cache_status",
}  # fmt: skip
CAPABILITIES = {
    "name", "traits", "strengths", "best_for_tones", "best_for_paces", "best_for_intents",
}  # fmt: skip
CACHE = {
    "total_requests", "cache_hits", "cache_misses", "hit_rate", "avg_time_ms", "total_time_ms",
    "cache_details", "summarizer_stats",
}  # fmt: skip
ERROR = {"success", "error", "errors", "request_id", "timestamp"}
PROBLEM = {"type", "title", "status", "detail", "instance"}

# (method, path, body, status, fields by the path of the object that has them)
ANSWERS = {
    "process": (
        "POST", "/api/v2/process", {"user_input": "hi", "prompt_mode": "summary_light"}, 200,
        {
            "": ENVELOPE,
            "routing": ROUTING,
            "performance": {"execution_time_ms", "cache_hit", "cache_key"},
            "metadata": {
                "routing_result", "cached", "cache_key", "user_provided_metadata", "prompt_mode",
                "running_summary",
            },
            "metadata.routing_result": {"secondary_persona", "all_scores", "reasoning"},
            "metadata.running_summary": {"running_summary_len", "running_summary_bullets"},
        },
    ),
    "multi-persona": (
        "POST", "/api/v2/chat/multi-persona", {"user_input": "hi", "force_multi": True}, 200,
        {
            "": ENVELOPE,
            "metadata": {
                "complexity", "execution_mode", "merge_strategy", "individual_personas",
                "reasoning",
            },
        },
    ),
    "recommend": (
        "POST", "/api/v2/recommend", {"scenario": "team"}, 200,
        {
            "": {"recommended_persona", "scores", "capabilities", "reasoning", "timestamp"},
            "capabilities": CAPABILITIES,
        },
    ),
    "bulk-process": (
        "POST", "/api/v2/bulk-process", {"requests": [{"user_input": "hi"}, {}]}, 200,
        {
            "": {"success", "total", "successful", "failed", "results", "errors", "timestamp"},
            "results.0": ENVELOPE,
            "errors.0": {"index", "code", "message", "field"},
        },
    ),
    "personas": (
        "GET", "/api/v2/personas", None, 200,
        {"": {"total", "personas", "timestamp"}, "personas.0": CAPABILITIES},
    ),
    "persona": (
        "GET", "/api/v2/personas/LUA", None, 200, {"": {*CAPABILITIES, "timestamp"}},
    ),
    "cache-stats": (
        "GET", "/api/v2/cache-stats", None, 200,
        {
            "": CACHE,
            "cache_details": {"l1", "l2", "total_hits", "total_misses"},
            "cache_details.l1": {
                "cache_type", "size", "max_size", "hits", "misses", "hit_rate", "entries",
            },
            "cache_details.l2": {
                "cache_type", "available", "mode", "memory_used", "connected_clients",
                "total_commands",
            },
            "summarizer_stats": {
                "initialized", "realtime_summaries", "session_summaries_queued",
                "session_summaries_completed", "session_summaries_failed", "queue_size",
                "success_rate", "storage",
            },
        },
    ),
    "cache clear": (
        "POST", "/api/v2/cache/clear", None, 200, {"": {"success", "message", "timestamp"}},
    ),
    "cache invalidate": (
        "POST", "/api/v2/cache/invalidate?pattern=persona:*", None, 200,
        {"": {"success", "pattern", "deleted_count", "timestamp"}},
    ),
    "health": (
        "GET", "/api/v2/health", None, 200,
        {
            "": {"healthy", "service_status", "dependencies", "timestamp"},
            "service_status": {
                "status", "version", "timestamp", "uptime_ms", "cached_requests", "error_rate",
            },
            "dependencies": {"pipeline", "cache", "redis", "pipeline_cache"},
        },
    ),
    "status": (
        "GET", "/api/v2/status", None, 200,
        {"": {"version", "status", "cache_stats", "timestamp"}, "cache_stats": CACHE},
    ),
    "business error": (
        "POST", "/api/v2/process", {"user_input": ""}, 400,
        {"": ERROR | PROBLEM, "error": {"code", "message", "field", "details"}},
    ),
    "schema error": (
        "POST", "/api/v2/process", {}, 422,
        {"": ERROR | PROBLEM, "errors.0": {"pointer", "detail", "type"}},
    ),
    "unknown persona": (
        "GET", "/api/v2/personas/nobody", None, 404, {"": ERROR | PROBLEM},
    ),
    "batch too large": (
        "POST", "/api/v2/bulk-process", {"requests": [{}] * 101}, 413, {"": ERROR | PROBLEM},
    ),
}  # fmt: skip


def at(document, path):
    """The object at a path of names and indices."""
    for step in filter(None, path.split(".")):
        document = document[int(step) if step.isdigit() else step]
    return document


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
async def test_fields(hosting, case):
    """An answer has the original's status and every field that its clients read."""
    method, path, body, status, fields = case
    async with hosting() as host:
        response = await host.session.request(method, path, json=body)
        document = await response.json()

    assert response.status == status
    for place, names in fields.items():
        assert names <= set(at(document, place)), place
