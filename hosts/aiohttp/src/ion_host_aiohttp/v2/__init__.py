"""API v2, under ``/api/v2``: the original's paths and fields, one error envelope."""
