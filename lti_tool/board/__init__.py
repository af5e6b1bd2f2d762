"""Questions and answers of a course, and the thanks that settle them."""
