"""Sends every stage of a turn as spans to an OpenTelemetry collector."""
