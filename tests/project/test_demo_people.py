import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command

from presence.models import Contact

PEOPLE = ["ana", "ben", "chloe", "dan", "eve", "finn", "gus", "hana", "ivan", "jo"]


@pytest.fixture
def people(db):
    call_command("demo_people", verbosity=0)


def test_everybody_can_log_in(people):
    for name in [*PEOPLE, "admin"]:
        assert authenticate(username=name, password="presence-demo") is not None
    assert get_user_model().objects.get(username="admin").is_superuser


def test_all_of_them_are_contacts_of_each_other(people):
    ids = {str(user.pk) for user in get_user_model().objects.filter(username__in=PEOPLE)}
    pairs = set(Contact.objects.filter(state="accepted").values_list("owner", "other"))
    assert pairs == {(owner, other) for owner in ids for other in ids if owner != other}


def test_a_second_time_changes_nothing(people):
    ana = get_user_model().objects.get(username="ana")
    ana.set_password("her own")
    ana.save()
    call_command("demo_people", verbosity=0)
    assert authenticate(username="ana", password="her own") == ana
    assert Contact.objects.count() == 90


def test_production_has_no_people_with_a_known_password(db, settings):
    settings.MODE = "production"
    with pytest.raises(CommandError):
        call_command("demo_people")
    assert not get_user_model().objects.exists()
