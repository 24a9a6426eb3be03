"""Nana, a persona that is all data: manifest and prompts beside this file say everything."""
