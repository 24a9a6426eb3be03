"""Everything that can go wrong with a request, and how either API version words it."""
