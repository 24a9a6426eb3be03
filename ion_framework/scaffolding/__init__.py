"""Writing packages of new personas and plugins: templates, what they say, and where they go."""
