"""The permission of applications that may claim statuses."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("presence", "0002_history"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="standing",
            options={
                "permissions": (
                    ("claim_status", "Can claim statuses for users, as an application"),
                )
            },
        ),
    ]
