"""The demo's people and course, as plain data that anybody may read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Player:
    """Somebody in the demo course."""

    name: str
    role: str
    section: str
    about: str = ""

    @property
    def given(self) -> str:
        """The first name."""
        return self.name.partition(" ")[0]

    @property
    def family(self) -> str:
        """Everything after the first name."""
        return self.name.partition(" ")[2]

    @property
    def username(self) -> str:
        """The name to log in with, plain letters only."""
        return SPELLED.get(self.given, self.given).lower()

    @property
    def email(self) -> str:
        """An address that leads nowhere (RFC 2606)."""
        return f"{self.username}@students.example"


SPELLED = {
    "Åsa": "Asa",
    "Chloé": "Chloe",
    "Zoë": "Zoe",
    "Jürgen": "Juergen",
    "Łukasz": "Lukasz",
    "María": "Maria",
    "Nguyệt": "Nguyet",
    "Seán": "Sean",
    "Íñigo": "Inigo",
    "O'Neal": "ONeal",
    "Tomás": "Tomas",
}
TUESDAY, THURSDAY = "Lab group Tuesday", "Lab group Thursday"

COURSE_TITLE = "Introduction to Programming"
COURSE_LABEL = "CS 101"
COURSE_ZONE = "Europe/Madrid"
TOPICS = (
    "Variables and types",
    "Loops",
    "Functions",
    "Lab 3: Recursion",
    "Lab 4: Pointers",
    "Testing and debugging",
)
OUTLINE = {
    "Week 1 – Variables and types": "What a name stands for, and what it can hold.",
    "Week 2 – Loops": "Doing it again, and knowing when to stop.",
    "Week 3 – Functions": "Giving a name to a piece of work. Lab 2 is due on Friday.",
    "Week 4 – Recursion": "A function that asks itself. Lab 3 is due on Sunday at 23:59.",
    "Week 5 – Pointers": "Where things are, as opposed to what they are.",
}

TEACHER = Player("Ivy Lindqvist", "teacher", "", "teaches the course")
ASSISTANT = Player("Tomás Abebe", "ta", "", "runs the labs")
STUDENTS = (
    Player("Ana Ruiz", "student", TUESDAY, "stuck on recursion, Thursday 22:10"),
    Player("Ben Okafor", "student", TUESDAY, "got unstuck on the same lab yesterday"),
    Player("Chen Wei", "student", THURSDAY, "answers when asked by name"),
    Player("Dilnoza Karimova", "student", TUESDAY),
    Player("Emeka Nwosu", "student", THURSDAY),
    Player("Fatima Zahra Bennani", "student", TUESDAY),
    Player("Gabriel Moreau-Petit", "student", THURSDAY),
    Player("Hana Kobayashi", "student", TUESDAY),
    Player("Íñigo Etxeberria", "student", THURSDAY),
    Player("Jürgen Brandt", "student", TUESDAY),
    Player("Kavya Raghunathan", "student", THURSDAY),
    Player("Łukasz Wiśniewski", "student", TUESDAY),
    Player("María José Peña", "student", THURSDAY),
    Player("Nguyệt Trần", "student", TUESDAY),
    Player("O'Neal Baptiste", "student", THURSDAY),
    Player("Priya D'Souza", "student", TUESDAY),
    Player("Quentin Achterberg", "student", THURSDAY),
    Player("Rosalind Kwarteng", "student", TUESDAY),
    Player("Seán Ó Briain", "student", THURSDAY),
    Player("Tevita Faleolo", "student", TUESDAY),
    Player("Uma Castellanos", "student", THURSDAY),
    Player("Viktor Dragomirov", "student", TUESDAY),
    Player("Wanjiru Kamau", "student", THURSDAY),
    Player("Ximena Solís", "student", TUESDAY),
    Player("Yusuf Demir", "student", THURSDAY),
    Player("Zoë van der Merwe", "student", TUESDAY),
    Player("Åsa Nordström", "student", THURSDAY),
    Player("Billie Huang", "student", TUESDAY),
    Player("Chloé Tremblay", "student", THURSDAY),
    Player("Ben Adeyemi", "student", TUESDAY, "shares a first name with another Ben"),
)
ADMINISTRATOR = Player("Noor Haddad", "admin", "", "looks after the LMS")
LARGE_TITLE, LARGE_LABEL, LARGE_SIZE = "Statistics for Everyone", "ST 210", 300
GIVEN = (
    "Adaeze", "Bjørn", "Carmen", "Dev", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jamal",
    "Kenji", "Lina", "Malik", "Nadia", "Omar", "Paula", "Quynh", "Rafael", "Sofia", "Tariq",
)  # fmt: skip
FAMILY = (
    "Abbott", "Baker", "Costa", "Dahl", "Evans", "Farouk", "Garcia", "Hoang", "Ivanova",
    "Jensen", "Kaya", "Lopes", "Meyer", "Novak", "Osei",
)  # fmt: skip
CROWD = tuple(
    Player(f"{GIVEN[n % 20]} {FAMILY[n // 20]}", "student", (TUESDAY, THURSDAY)[n % 2])
    for n in range(LARGE_SIZE)
)
"""A lecture hall: enough for rosters that come in pages."""
EVERYBODY = (TEACHER, ASSISTANT, *STUDENTS)
