"""What browsers need: which pages may call the host, and the pages of its documentation."""
