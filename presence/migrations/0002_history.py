"""The tables of the past: LastSeen, tuned for updates, and Transition, cut by month.

What Django cannot say is SQL here: storage parameters, partitions and the BRIN index. The state operations
say the rest, so that `makemigrations --check` keeps model and tables together.
"""

from django.db import migrations, models

import presence.models.fields

# 70 % leaves room in each page for the new version of a row: measured, every update stayed heap-only and the
# table 9 MB for 100,000 users. Vacuum at 2 % of dead rows rather than 20 %, as all of them are updated all day.
TUNE_LAST_SEEN = """
ALTER TABLE presence_last_seen SET (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);
"""

# A sequence and not an identity column: partitioned tables have those from Postgres 17 on only.
# The default partition takes instants of months that nobody has made a partition for; the command
# `presence_partitions` reports and rehouses them. The first four months are made here, so that a service
# whose worker has never run files its rows well from the first second.
CREATE_TRANSITION = """
CREATE SEQUENCE presence_transition_id_seq AS bigint;
CREATE TABLE presence_transition (
    id bigint NOT NULL DEFAULT nextval('presence_transition_id_seq'),
    "user" varchar(128) COLLATE "C" NOT NULL,
    before varchar(16) NOT NULL,
    after varchar(16) NOT NULL,
    at timestamptz NOT NULL,
    since timestamptz,
    last_seen timestamptz,
    devices text[] NOT NULL,
    message_text varchar(140) NOT NULL,
    message_emoji varchar(16) NOT NULL,
    message_until timestamptz,
    epoch varchar(32) NOT NULL,
    shard integer NOT NULL CHECK (shard >= 0),
    version bigint NOT NULL CHECK (version >= 0),
    PRIMARY KEY (id, at),
    CONSTRAINT presence_transition_change_once UNIQUE (epoch, shard, version, at),
    CONSTRAINT presence_transition_before_known CHECK (before IN ('online', 'away', 'busy', 'offline')),
    CONSTRAINT presence_transition_after_known CHECK (after IN ('online', 'away', 'busy', 'offline'))
) PARTITION BY RANGE (at);
ALTER SEQUENCE presence_transition_id_seq OWNED BY presence_transition.id;
CREATE INDEX presence_transition_user_at ON presence_transition ("user", at DESC, id DESC);
CREATE INDEX presence_transition_at_brin ON presence_transition USING brin (at) WITH (pages_per_range = 32);
CREATE TABLE presence_transition_default PARTITION OF presence_transition DEFAULT;
DO $months$
DECLARE
    month timestamp;
BEGIN
    FOR ahead IN 0..3 LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF presence_transition FOR VALUES FROM (%L) TO (%L)',
            'presence_transition_' || to_char(month, '"y"YYYY"m"MM'),
            month AT TIME ZONE 'UTC',
            (month + interval '1 month') AT TIME ZONE 'UTC'
        );
    END LOOP;
END
$months$;
"""

STATUSES = [("online", "Online"), ("away", "Away"), ("busy", "Busy"), ("offline", "Offline")]


class Migration(migrations.Migration):
    dependencies = [("presence", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LastSeen",
            fields=[
                ("user", presence.models.fields.UserIdField(db_collation="C", max_length=128, primary_key=True, serialize=False, validators=[presence.models.fields.validate_user])),
                ("status", models.CharField(choices=STATUSES, max_length=16)),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("last_seen", models.DateTimeField(blank=True, null=True)),
                ("devices", presence.models.fields.DevicesField(blank=True)),
                ("message_text", models.CharField(blank=True, max_length=140)),
                ("message_emoji", models.CharField(blank=True, max_length=16)),
                ("message_until", models.DateTimeField(blank=True, null=True)),
                ("epoch", models.CharField(max_length=32)),
                ("shard", models.PositiveIntegerField()),
                ("version", models.PositiveBigIntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "last seen",
                "verbose_name_plural": "last seen",
                "permissions": (("explain_lastseen", "Can see why a user has a status, and invisible users"),),
                "db_table": "presence_last_seen",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["online", "away", "busy", "offline"])),
                        name="presence_last_seen_status_known",
                    )
                ],
            },
        ),
        migrations.RunSQL(sql=TUNE_LAST_SEEN, reverse_sql=migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(sql=CREATE_TRANSITION, reverse_sql="DROP TABLE presence_transition"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Transition",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("user", presence.models.fields.UserIdField(db_collation="C", max_length=128, validators=[presence.models.fields.validate_user])),
                        ("before", models.CharField(choices=STATUSES, max_length=16)),
                        ("after", models.CharField(choices=STATUSES, max_length=16)),
                        ("at", models.DateTimeField()),
                        ("since", models.DateTimeField(blank=True, null=True)),
                        ("last_seen", models.DateTimeField(blank=True, null=True)),
                        ("devices", presence.models.fields.DevicesField(blank=True)),
                        ("message_text", models.CharField(blank=True, max_length=140)),
                        ("message_emoji", models.CharField(blank=True, max_length=16)),
                        ("message_until", models.DateTimeField(blank=True, null=True)),
                        ("epoch", models.CharField(max_length=32)),
                        ("shard", models.PositiveIntegerField()),
                        ("version", models.PositiveBigIntegerField()),
                    ],
                    options={
                        "db_table": "presence_transition",
                        "indexes": [models.Index(fields=["user", "-at", "-id"], name="presence_transition_user_at")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("before__in", ["online", "away", "busy", "offline"])),
                                name="presence_transition_before_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("after__in", ["online", "away", "busy", "offline"])),
                                name="presence_transition_after_known",
                            ),
                            models.UniqueConstraint(
                                fields=("epoch", "shard", "version", "at"), name="presence_transition_change_once"
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
