"""Reads a message's resonance in Korean and English, offline, and routes it by affinity."""
