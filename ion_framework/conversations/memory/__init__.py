"""What a conversation is about, drawn from what was said in it: topics, names and wishes."""
