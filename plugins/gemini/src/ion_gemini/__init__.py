"""Answers with Google's Gemini models."""
