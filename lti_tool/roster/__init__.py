"""Who is here: the people of a course, as launches and the platform's roster tell."""
