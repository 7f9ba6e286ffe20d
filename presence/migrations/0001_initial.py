"""The tables of who sees whom and of what users chose."""

import django.db.models.functions.datetime
from django.db import migrations, models

import presence.models.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", presence.models.fields.UserIdField(db_collation="C", max_length=128, validators=[presence.models.fields.validate_user])),
                ("other", presence.models.fields.UserIdField(db_collation="C", max_length=128, validators=[presence.models.fields.validate_user])),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "presence_block",
                "indexes": [models.Index(fields=["other", "owner"], name="presence_block_by_other")],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "other"), name="presence_block_once"),
                    models.CheckConstraint(
                        condition=models.Q(("owner", models.F("other")), _negated=True),
                        name="presence_block_not_oneself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", presence.models.fields.UserIdField(db_collation="C", max_length=128, validators=[presence.models.fields.validate_user])),
                ("other", presence.models.fields.UserIdField(db_collation="C", max_length=128, validators=[presence.models.fields.validate_user])),
                ("state", models.CharField(choices=[("requested", "Requested"), ("declined", "Declined"), ("accepted", "Accepted")], max_length=16)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "presence_contact",
                "indexes": [models.Index(fields=["other", "owner"], name="presence_contact_by_other")],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "other"), name="presence_contact_once"),
                    models.CheckConstraint(
                        condition=models.Q(("owner", models.F("other")), _negated=True),
                        name="presence_contact_not_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["requested", "declined", "accepted"])),
                        name="presence_contact_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRule",
            fields=[
                ("user", presence.models.fields.UserIdField(db_collation="C", max_length=128, primary_key=True, serialize=False, validators=[presence.models.fields.validate_user])),
                ("status", models.CharField(choices=[("everyone", "Everyone"), ("contacts", "Contacts"), ("nobody", "Nobody")], max_length=16)),
                ("last_seen", models.CharField(choices=[("everyone", "Everyone"), ("contacts", "Contacts"), ("nobody", "Nobody")], max_length=16)),
                ("precision", models.CharField(choices=[("exact", "Exact"), ("hour", "Hour"), ("day", "Day"), ("hidden", "Hidden")], max_length=16)),
            ],
            options={
                "db_table": "presence_privacy_rule",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["everyone", "contacts", "nobody"])),
                        name="presence_privacy_rule_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_seen__in", ["everyone", "contacts", "nobody"])),
                        name="presence_privacy_rule_last_seen_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("precision__in", ["exact", "hour", "day", "hidden"])),
                        name="presence_privacy_rule_precision_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("user", presence.models.fields.UserIdField(db_collation="C", max_length=128, primary_key=True, serialize=False, validators=[presence.models.fields.validate_user])),
                ("availability", models.CharField(choices=[("auto", "Auto"), ("away", "Away"), ("busy", "Busy"), ("invisible", "Invisible")], default="auto", max_length=16)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("message_text", models.CharField(blank=True, max_length=140)),
                ("message_emoji", models.CharField(blank=True, max_length=16)),
                ("message_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "presence_standing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("availability__in", ["auto", "away", "busy", "invisible"])),
                        name="presence_standing_availability_known",
                    )
                ],
            },
        ),
    ]
