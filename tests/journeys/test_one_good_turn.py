"""The story that must always work: ask, answer, thanks, and the point is in the gradebook."""

import re


def test_one_good_turn_reaches_the_gradebook(app, course, visit, run_chores):
    ivy = visit(course, course.ivy)
    ivy.send("credit/settings", mode="gradebook", full_marks_at="10")
    run_chores(app)
    ana, ben = visit(course, course.ana), visit(course, course.ben)

    asked = ana.send("ask", title="Why does it never stop?", body="My factorial runs for ever.")
    question = asked.headers["Location"].removeprefix(ana.home)
    ben.send(f"{question}/answers", _from=question, body="What is factorial(0)? Return there.")
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(question).text)[1]
    ana.send(f"answers/{answer}/thanks", _from=question, note="The base case!")
    run_chores(app)

    cell = course.site.gradebook(course.lms)["Good Turn"][course.ben.sub]
    assert (cell.score, cell.maximum) == (1.0, 10.0)
    assert "This got Ana unstuck" in ben.page(question).text
