"""A filter of requests: patterns of attacks where they would do harm, judged apart from chat."""
