"""The pages of the documentation: their commands run, and what they say is so."""
