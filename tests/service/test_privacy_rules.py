"""What users let others see, and whom they block."""

import pytest

from presence.domain.visibility import Audience, Precision, Privacy
from presence.models import Block, PrivacyRule
from presence.service.errors import NotFound, Refused
from presence.service.privacy_rules import block, blocks_of, privacy_of, set_privacy, unblock
from presence.service.rule_changed import UNCHANGED, RuleChanged
from tests.service.configured import configured

pytestmark = pytest.mark.django_db

CLOSED = Privacy(status=Audience.CONTACTS, last_seen=Audience.NOBODY, precision=Precision.DAY)
BOTH = RuleChanged(users=frozenset({"ana", "ben"}))


def test_until_one_chooses_the_sites_default_holds(settings):
    assert privacy_of("ana") == Privacy()
    with configured(settings, STATUS_AUDIENCE="contacts", LAST_SEEN_PRECISION="hour"):
        assert privacy_of("ana") == Privacy(status=Audience.CONTACTS, precision=Precision.HOUR)


def test_what_one_chose_holds_whatever_the_default(settings):
    assert set_privacy(user="ana", privacy=CLOSED) == RuleChanged(users=frozenset({"ana"}))
    with configured(settings, STATUS_AUDIENCE="nobody"):
        assert privacy_of("ana") == CLOSED
    set_privacy(user="ana", privacy=Privacy())
    assert privacy_of("ana") == Privacy()


def test_choosing_the_same_again_changes_nothing():
    set_privacy(user="ana", privacy=CLOSED)
    assert set_privacy(user="ana", privacy=CLOSED) == UNCHANGED


def test_choosing_what_is_the_default_today_keeps_it_when_the_default_changes(settings):
    set_privacy(user="ana", privacy=Privacy())
    assert PrivacyRule.objects.filter(user="ana").exists()


def test_blocking_and_unblocking_concern_both():
    assert block(owner="ana", other="ben") == BOTH
    assert block(owner="ana", other="ben") == UNCHANGED
    assert [view.user for view in blocks_of("ana")] == ["ben"]
    assert blocks_of("ben") == []
    assert unblock(owner="ana", other="ben") == BOTH
    assert blocks_of("ana") == []


def test_who_is_not_blocked_cannot_be_unblocked():
    block(owner="ana", other="ben")
    with pytest.raises(NotFound):
        unblock(owner="ben", other="ana")


@pytest.mark.parametrize("other", ["ana", "", "a b", "x" * 129])
def test_what_is_no_other_user_cannot_be_blocked(other):
    with pytest.raises(Refused) as refusal:
        block(owner="ana", other=other)
    assert refusal.value.field == "user"
    assert not Block.objects.exists()


def test_blocks_are_shown_by_name(django_user_model):
    zoe = django_user_model.objects.create_user(username="Zoe")
    for other in (str(zoe.pk), "carl", "007"):
        block(owner="ana", other=other)
    assert [view.name for view in blocks_of("ana")] == ["007", "carl", "Zoe"]
