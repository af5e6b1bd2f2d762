"""A course in time: its runs, topics, sections and zone, and the page where staff look after it."""
