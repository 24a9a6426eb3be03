"""From a request to its answer: how endpoints are declared, decoded, run and encoded."""
