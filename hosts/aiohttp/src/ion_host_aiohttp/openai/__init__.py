"""The protocol of OpenAI's chat completions, for clients that know no other."""
