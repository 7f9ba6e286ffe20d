"""Tokens: which are accepted, which are refused, and what the memory of verified ones may hold."""

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from presence.service.issuers import Issuer, read_issuers
from presence.service.tokens import (
    MAX_TOKEN_LENGTH,
    AccessTokens,
    InvalidTokenError,
    Kind,
    Reason,
    Tokens,
    VerifiedToken,
    configured,
    issue_presence_token,
    verify,
)

NOW = 1_800_000_000
SECRET = b"s" * 32
ACCESS_KEY = "the key that SimpleJWT signs with, long enough"
SHARED = "a secret that two services share, long enough"
WHO = "https://id.example.org/"

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def pem_of(key: Any) -> str:
    public: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public.decode()


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: float = NOW

    def __call__(self) -> float:
        return self.at


def tokens_of(
    clock: Clock, *issuers: Issuer, capacity: int = 100, secrets: Any = (SECRET,)
) -> Tokens:
    return Tokens(
        secrets=secrets,
        access=AccessTokens(key=ACCESS_KEY),
        issuers={each.issuer: each for each in issuers},
        lifetime=timedelta(hours=1),
        capacity=capacity,
        clock=clock,
    )


def issuer_of(**given: Any) -> Issuer:
    return Issuer(**{"issuer": WHO, "audience": "presence", "algorithms": ("HS256",), **given})


def foreign(key: Any, algorithm: str, header: Any = None, **claims: Any) -> str:
    body = {"iss": WHO, "aud": "presence", "sub": "42", "exp": NOW + 60, **claims}
    return jwt.encode(body, key, algorithm=algorithm, headers=header)


def refusal(tokens: Tokens, token: str | bytes) -> Reason:
    with pytest.raises(InvalidTokenError) as caught:
        tokens.verify(token)
    return caught.value.reason


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestOwnTokens:
    def test_a_presence_token_names_its_user_until_it_expires(self, clock: Clock) -> None:
        tokens = tokens_of(clock)
        issued = tokens.issue_presence_token(user="42")
        assert issued.expires_in == 3600
        assert tokens.verify(issued.token) == VerifiedToken(
            user="42", issued_at=NOW * 1000, expires_at=(NOW + 3600) * 1000, kind=Kind.PRESENCE
        )
        clock.at += 3599.9
        assert tokens.verify(issued.token.encode()).user == "42"
        clock.at += 0.1
        assert refusal(tokens, issued.token) is Reason.EXPIRED

    def test_it_says_to_the_millisecond_when_and_to_which_login_it_was_issued(
        self, clock: Clock
    ) -> None:
        tokens = tokens_of(clock)
        clock.at += 0.25
        verified = tokens.verify(tokens.issue_presence_token(user="42", login="abc").token)
        assert (verified.issued_at, verified.login) == (NOW * 1000 + 250, "abc")

    def test_it_is_issued_for_the_instant_that_was_asked_for(self, clock: Clock) -> None:
        tokens = tokens_of(clock)
        early = tokens.issue_presence_token(user="42", now=(NOW - 3600) * 1000)
        assert refusal(tokens, early.token) is Reason.EXPIRED

    def test_nobody_can_be_given_a_token_under_a_malformed_name(self, clock: Clock) -> None:
        with pytest.raises(ValueError, match="a user id is"):
            tokens_of(clock).issue_presence_token(user="a b")

    def test_a_token_signed_before_the_secret_changed_is_good_until_it_expires(
        self, clock: Clock
    ) -> None:
        old = tokens_of(clock, secrets=(b"o" * 32,)).issue_presence_token(user="42").token
        assert tokens_of(clock, secrets=(SECRET, b"o" * 32)).verify(old).user == "42"
        assert refusal(tokens_of(clock), old) is Reason.FORGED

    def test_an_access_token_of_the_pair_is_accepted(self, clock: Clock) -> None:
        claims = {"sub": "7", "token_type": "access", "exp": NOW + 60}
        verified = tokens_of(clock).verify(jwt.encode(claims, ACCESS_KEY, algorithm="HS256"))
        assert (verified.user, verified.kind) == ("7", Kind.ACCESS)

    def test_a_refresh_token_opens_nothing(self, clock: Clock) -> None:
        claims = {"sub": "7", "token_type": "refresh", "exp": NOW + 60}
        assert refusal(tokens_of(clock), jwt.encode(claims, ACCESS_KEY, "HS256")) is Reason.FORGED

    def test_the_key_of_access_tokens_cannot_make_presence_tokens_nor_the_other_way(
        self, clock: Clock
    ) -> None:
        tokens = tokens_of(clock)
        presence = {"sub": "7", "typ": "presence", "exp": NOW + 60}
        access = {"sub": "7", "token_type": "access", "exp": NOW + 60}
        assert refusal(tokens, jwt.encode(presence, ACCESS_KEY, "HS256")) is Reason.FORGED
        assert refusal(tokens, jwt.encode(access, SECRET, "HS256")) is Reason.FORGED


class TestRefusals:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "a.b.c",
            "ä",
            "\x00",
            "eyJhbGciOiJub25lIn0.e30.",
            "." * 50,
            "e" * (MAX_TOKEN_LENGTH + 1),
        ],
    )
    def test_what_is_no_token_is_malformed_or_forged_but_never_an_accident(
        self, clock: Clock, text: str
    ) -> None:
        assert refusal(tokens_of(clock), text) in {Reason.MALFORMED, Reason.FORGED}
        assert refusal(tokens_of(clock), text.encode()) in {Reason.MALFORMED, Reason.FORGED}

    @given(st.binary(max_size=300) | st.text(max_size=300))
    def test_no_bytes_at_all_get_through(self, text: str | bytes) -> None:
        with pytest.raises(InvalidTokenError):
            tokens_of(Clock()).verify(text)

    def test_every_changed_character_of_a_signature_makes_it_a_forgery(self, clock: Clock) -> None:
        tokens = tokens_of(clock)
        head, _, signature = tokens.issue_presence_token(user="42").token.rpartition(".")
        for place in range(len(signature) - 1):
            other = "A" if signature[place] != "A" else "B"
            forged = f"{head}.{signature[:place]}{other}{signature[place + 1 :]}"
            assert refusal(tokens, forged) is Reason.FORGED

    @pytest.mark.parametrize("typ", ["presence", "access"])
    def test_a_token_without_a_signature_is_a_forgery(self, clock: Clock, typ: str) -> None:
        claims = {"sub": "1", "typ": typ, "token_type": typ, "exp": NOW + 60}
        assert refusal(tokens_of(clock), jwt.encode(claims, None, "none")) is Reason.FORGED

    @pytest.mark.parametrize(
        "claims",
        [
            {"sub": "42"},
            {"exp": NOW + 60},
            {"sub": "42", "exp": "tomorrow"},
            {"sub": "42", "exp": True},
            {"sub": "42", "exp": 10**400},
            {"sub": "42", "exp": -1},
            {"sub": "a b", "exp": NOW + 60},
            {"sub": "", "exp": NOW + 60},
            {"sub": "x" * 129, "exp": NOW + 60},
            {"sub": ["42"], "exp": NOW + 60},
            {"sub": True, "exp": NOW + 60},
        ],
    )
    def test_a_well_signed_token_without_a_user_or_an_end_is_malformed(
        self, clock: Clock, claims: dict[str, Any]
    ) -> None:
        body = json.dumps({"typ": "presence", **claims}).encode()
        token = jwt.PyJWS().encode(body, SECRET, "HS256")
        assert refusal(tokens_of(clock), token) is Reason.MALFORMED


class TestExternalIssuers:
    def test_a_shared_secret_proves_its_users(self, clock: Clock) -> None:
        tokens = tokens_of(clock, issuer_of(key=SHARED))
        verified = tokens.verify(foreign(SHARED, "HS256"))
        assert (verified.user, verified.kind) == ("42", Kind.EXTERNAL)

    def test_an_rsa_key_proves_its_users(self, clock: Clock) -> None:
        tokens = tokens_of(clock, issuer_of(key=pem_of(RSA_KEY), algorithms=["RS256"]))
        assert tokens.verify(foreign(RSA_KEY, "RS256")).user == "42"
        assert refusal(tokens, foreign(OTHER_RSA_KEY, "RS256")) is Reason.FORGED

    def test_an_ed25519_key_in_a_file_proves_its_users(self, clock: Clock, tmp_path: Path) -> None:
        (tmp_path / "key.pem").write_text(pem_of(ED_KEY))
        issuer = issuer_of(key_file=str(tmp_path / "key.pem"), algorithms=["EdDSA"])
        assert tokens_of(clock, issuer).verify(foreign(ED_KEY, "EdDSA")).user == "42"

    def test_a_claim_and_a_prefix_say_which_user_it_is(self, clock: Clock) -> None:
        issuer = issuer_of(key=SHARED, user_claim="uid", user_prefix="acme:")
        assert tokens_of(clock, issuer).verify(foreign(SHARED, "HS256", uid=9)).user == "acme:9"

    def test_a_public_key_is_never_taken_for_a_secret(self, clock: Clock) -> None:
        tokens = tokens_of(clock, issuer_of(key=pem_of(RSA_KEY), algorithms=["RS256"]))
        part = [
            base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
            for each in (
                {"alg": "HS256", "typ": "JWT"},
                {"iss": WHO, "aud": "presence", "sub": "1", "exp": NOW + 60},
            )
        ]
        key = pem_of(RSA_KEY).encode()
        signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        signed = signature.sign(b".".join(part), key)
        forged = b".".join([*part, base64.urlsafe_b64encode(signed).rstrip(b"=")])
        assert refusal(tokens, forged) is Reason.FORGED

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
    def test_only_the_algorithms_of_the_settings_count(self, clock: Clock, algorithm: str) -> None:
        tokens = tokens_of(clock, issuer_of(key=SHARED * 2))
        key = None if algorithm == "none" else SHARED * 2
        assert refusal(tokens, foreign(key, algorithm)) is Reason.FORGED

    @pytest.mark.parametrize("claims", [{"aud": "other"}, {"iss": "https://evil.example/"}])
    def test_a_token_for_or_by_somebody_else_is_refused(
        self, clock: Clock, claims: dict[str, str]
    ) -> None:
        tokens = tokens_of(clock, issuer_of(key=SHARED))
        assert refusal(tokens, foreign(SHARED, "HS256", **claims)) is Reason.FORGED

    def test_one_issuer_cannot_speak_for_another(self, clock: Clock) -> None:
        other = issuer_of(issuer="https://b.example/", key=SHARED[::-1])
        tokens = tokens_of(clock, issuer_of(key=SHARED), other)
        assert refusal(tokens, foreign(SHARED, "HS256", iss=other.issuer)) is Reason.FORGED

    def test_the_leeway_bridges_clocks_and_no_more(self, clock: Clock) -> None:
        tokens = tokens_of(clock, issuer_of(key=SHARED, leeway=30))
        assert tokens.verify(foreign(SHARED, "HS256", exp=NOW - 29)).user == "42"
        assert refusal(tokens, foreign(SHARED, "HS256", exp=NOW - 30)) is Reason.EXPIRED
        assert tokens.verify(foreign(SHARED, "HS256", nbf=NOW + 30)).user == "42"
        assert refusal(tokens, foreign(SHARED, "HS256", nbf=NOW + 31)) is Reason.FORGED

    def test_replacing_the_key_set_file_changes_the_keys_without_a_restart(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "jwks.json"
        file.write_text(jwks(old=RSA_KEY))
        tokens = tokens_of(clock, issuer_of(jwks_file=str(file), algorithms=["RS256"]))
        assert tokens.verify(foreign(RSA_KEY, "RS256", {"kid": "old"})).user == "42"
        assert tokens.verify(foreign(RSA_KEY, "RS256", sub="43")).user == "43"  # the only key
        assert refusal(tokens, foreign(OTHER_RSA_KEY, "RS256", {"kid": "new"})) is Reason.FORGED
        replace_file(file, jwks(old=RSA_KEY, new=OTHER_RSA_KEY))
        assert tokens.verify(foreign(OTHER_RSA_KEY, "RS256", {"kid": "new"})).user == "42"
        assert refusal(tokens, foreign(RSA_KEY, "RS256", sub="44")) is Reason.FORGED  # which key?
        replace_file(file, "half a fi")
        assert tokens.verify(foreign(RSA_KEY, "RS256", {"kid": "old"}, sub="45")).user == "45"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"algorithms": ["HS256", "RS256"], "key": SHARED}, "different kinds of keys"),
            ({"algorithms": ["none"], "key": SHARED}, "not among"),
            ({"algorithms": [], "key": SHARED}, "needs issuer"),
            ({"key": "short"}, "the key cannot be used"),
            ({"key": pem_of(RSA_KEY)}, "the key cannot be used"),
            ({"key": "no pem", "algorithms": ["RS256"]}, "the key cannot be used"),
            ({"key_file": "/nonexistent", "algorithms": ["RS256"]}, "the key cannot be used"),
            ({"key": SHARED, "key_file": "x"}, "exactly one"),
            ({}, "exactly one"),
            ({"key": SHARED, "leeway": 3600}, "0 to 300"),
            ({"key": SHARED, "audeince": "x"}, "no audeince"),
        ],
    )
    def test_a_description_that_cannot_work_is_refused_at_start(
        self, given: dict[str, Any], said: str
    ) -> None:
        described = {"issuer": WHO, "audience": "presence", "algorithms": ["HS256"], **given}
        with pytest.raises(ImproperlyConfigured, match=said):
            read_issuers([described])

    def test_two_issuers_of_one_name_are_refused(self) -> None:
        one = {"issuer": WHO, "audience": "presence", "algorithms": ["HS256"], "key": SHARED}
        with pytest.raises(ImproperlyConfigured, match="twice"):
            read_issuers([one, one])


class TestMemory:
    def test_it_is_bounded_and_keeps_what_is_in_use(self, clock: Clock) -> None:
        tokens = tokens_of(clock, capacity=10)
        used = tokens.issue_presence_token(user="used").token
        first = tokens.verify(used)
        for number in range(100):
            tokens.verify(tokens.issue_presence_token(user=f"u{number}").token)
            assert tokens.verify(used) is first
            assert len(tokens._newer) + len(tokens._older) <= 10

    def test_a_token_that_proves_nothing_is_not_remembered(self, clock: Clock) -> None:
        tokens = tokens_of(clock)
        for number in range(20):
            refusal(tokens, f"x{number}")
        assert not tokens._newer


def test_the_settings_of_this_process_issue_and_verify() -> None:
    configured.cache_clear()
    assert verify(issue_presence_token(user="42").token).user == "42"


def jwks(**keys: rsa.RSAPrivateKey) -> str:
    described = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": name}
        for name, key in keys.items()
    ]
    return json.dumps({"keys": described})


def replace_file(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)
