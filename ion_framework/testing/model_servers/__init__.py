"""Model services on real sockets that play every fault: Gemini, and the OpenAI protocol."""
