"""Right with every platform: invitations, runs, topics, sections, merged people"""

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"


FILLED = [
    ("context", "history", sa.JSON()),
    ("context", "is_concluded", sa.Boolean()),
    ("context", "run", sa.Integer()),
    (
        "context",
        "sections",
        sa.Enum(
            "automatic", "together", "apart", name="sectionspolicy", native_enum=False, length=32
        ),
    ),
    ("credit_entry", "run", sa.Integer()),
    ("credit_entry", "topic_key", sa.String()),
    ("grade_column", "topic_key", sa.String()),
    ("grade_column", "label", sa.String()),
    ("question", "run", sa.Integer()),
    ("question", "topic_key", sa.String()),
    ("resource_link", "topic_key", sa.String()),
]
"""New columns that rows from before get a value in; afterwards the program always gives one."""


def upgrade() -> None:
    op.create_table(
        "invite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("registration_public_id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registering_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_hash", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_invite_registration_id_registration"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint(
            "registration_public_id", name=op.f("uq_invite_registration_public_id")
        ),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invite_secret_hash")),
    )
    op.create_index("ix_invite_registration_id", "invite", ["registration_id"])
    op.create_table(
        "person_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("old_user_id", sa.Integer(), nullable=False),
        sa.Column("new_user_id", sa.Integer(), nullable=False),
        sa.Column("journal", sa.JSON(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("split_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["new_user_id"], ["user.id"], name=op.f("fk_person_merge_new_user_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["old_user_id"], ["user.id"], name=op.f("fk_person_merge_old_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merge")),
        sa.UniqueConstraint("public_id", name=op.f("uq_person_merge_public_id")),
    )
    op.create_index("ix_person_merge_new_user_id", "person_merge", ["new_user_id"])
    op.create_index("ix_person_merge_old_user_id", "person_merge", ["old_user_id"])

    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_topic_context_id_context")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("context_id", "key", name=op.f("uq_topic_context_id_key")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_run_context_id_context")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["membership.id"], name=op.f("fk_run_ended_by_id_membership")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("context_id", "number", name=op.f("uq_run_context_id_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_run_public_id")),
    )
    op.create_index("ix_run_ended_by_id", "run", ["ended_by_id"])
    op.create_table(
        "section_member",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["membership.id"], name=op.f("fk_section_member_member_id_membership")
        ),
        sa.PrimaryKeyConstraint("member_id", "section", name=op.f("pk_section_member")),
    )
    op.create_table(
        "deep_link_request",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name=op.f("fk_deep_link_request_visit_id_visit")
        ),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_deep_link_request")),
    )
    with op.batch_alter_table("context", schema=None) as batch_op:
        batch_op.add_column(sa.Column("history", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("copied_from_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("copy_settled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("is_concluded", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(
            sa.Column(
                "sections",
                sa.Enum(
                    "automatic",
                    "together",
                    "apart",
                    name="sectionspolicy",
                    native_enum=False,
                    length=32,
                ),
                nullable=False,
                server_default="automatic",
            )
        )
        batch_op.create_index("ix_context_copied_from_id", ["copied_from_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_context_copied_from_id_context"), "context", ["copied_from_id"], ["id"]
        )

    with op.batch_alter_table("credit_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("topic_key", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("grade_column", schema=None) as batch_op:
        batch_op.add_column(sa.Column("topic_key", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("label", sa.String(), nullable=False, server_default="Good Turn")
        )
        batch_op.drop_constraint(batch_op.f("uq_grade_column_context_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_grade_column_context_id_topic_key"), ["context_id", "topic_key"]
        )

    with op.batch_alter_table("login_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proof_hash", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("refused", sa.String(), nullable=True))

    with op.batch_alter_table("pending_launch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proof_hash", sa.String(), nullable=True))

    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("topic_key", sa.String(), nullable=False, server_default=""))
        batch_op.drop_index(batch_op.f("ix_question_board"))
        batch_op.create_index(
            "ix_question_board", ["context_id", "run", "private_to_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_question_topic", ["context_id", "run", "topic_key", "id"], unique=False
        )

    with op.batch_alter_table("resource_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("topic_key", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("roster_sweep", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turned_over_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_index("ix_user_merged_into_id", ["merged_into_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_user_merged_into_id_user"), "user", ["merged_into_id"], ["id"]
        )

    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.alter_column("link_id", existing_type=sa.INTEGER(), nullable=True)

    for table, column, kind in FILLED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column(column, existing_type=kind, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.alter_column("link_id", existing_type=sa.INTEGER(), nullable=False)

    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_user_merged_into_id_user"), type_="foreignkey")
        batch_op.drop_index("ix_user_merged_into_id")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("time_zone")

    with op.batch_alter_table("roster_sweep", schema=None) as batch_op:
        batch_op.drop_column("turned_over_at")

    with op.batch_alter_table("resource_link", schema=None) as batch_op:
        batch_op.drop_column("topic_key")

    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index("ix_question_topic")
        batch_op.drop_index("ix_question_board")
        batch_op.create_index(
            batch_op.f("ix_question_board"), ["context_id", "private_to_id", "id"], unique=False
        )
        batch_op.drop_column("topic_key")
        batch_op.drop_column("run")

    with op.batch_alter_table("pending_launch", schema=None) as batch_op:
        batch_op.drop_column("proof_hash")

    with op.batch_alter_table("login_state", schema=None) as batch_op:
        batch_op.drop_column("refused")
        batch_op.drop_column("proof_hash")

    with op.batch_alter_table("grade_column", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_grade_column_context_id_topic_key"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_grade_column_context_id"), ["context_id"])
        batch_op.drop_column("label")
        batch_op.drop_column("topic_key")

    with op.batch_alter_table("credit_entry", schema=None) as batch_op:
        batch_op.drop_column("topic_key")
        batch_op.drop_column("run")

    with op.batch_alter_table("context", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_context_copied_from_id_context"), type_="foreignkey"
        )
        batch_op.drop_index("ix_context_copied_from_id")
        batch_op.drop_column("sections")
        batch_op.drop_column("run")
        batch_op.drop_column("is_concluded")
        batch_op.drop_column("ends_at")
        batch_op.drop_column("copy_settled_at")
        batch_op.drop_column("copied_from_id")
        batch_op.drop_column("history")

    op.drop_table("deep_link_request")
    op.drop_table("section_member")
    op.drop_table("run")
    op.drop_table("topic")
    op.drop_table("person_merge")
    op.drop_table("invite")
