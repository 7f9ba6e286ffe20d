"""Issuer: somebody else who may say who a request comes from, and the keys that prove it.

Flow: settings `PRESENCE["ISSUERS"]` -> **issuers** -> tokens.

A site that already gives its users JWTs names their issuer here and needs no second login. Every issuer
is pinned to its audience, its algorithms and its keys; what a token says of itself only chooses which
of the configured issuers and keys has to prove it, never how. `none` does not exist, and one issuer
cannot mix shared secrets with public keys: that mixture is how a public key gets used as a secret.
Nothing is fetched over the network: a JWKS is a file, which whatever rotates the keys replaces.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import jwt
from django.core.exceptions import ImproperlyConfigured
from jwt.algorithms import get_default_algorithms

log = logging.getLogger(__name__)

_FAMILIES = {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_SUPPORTED = frozenset(
    {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"}
)
# Clocks that keep time by NTP differ by far less; a configured hour would make `exp` meaningless.
_MAX_LEEWAY = 300


class UnknownKeyError(Exception):
    """The token names a key that its issuer does not have."""


@dataclass(slots=True, kw_only=True)
class Issuer:
    """One external issuer.

    `key` is a shared secret or a PEM public key, `key_file` a file with one, `jwks_file` a file with a
    JSON Web Key Set; exactly one of them is given. `user_claim` says which claim names the user, and
    `user_prefix` is put before it, so that two issuers' users cannot be taken for each other.

    Raises:
        ImproperlyConfigured: the description contradicts itself, or the keys cannot be read.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    key: str = ""
    key_file: str = ""
    jwks_file: str = ""
    user_claim: str = "sub"
    user_prefix: str = ""
    leeway: int = 30
    _keys: Mapping[str | None, jwt.PyJWK | str] = field(default_factory=dict, init=False)
    _stamp: tuple[int, int] = field(default=(0, 0), init=False)

    def __post_init__(self) -> None:
        """Refuse what cannot work, and read the keys."""
        self.algorithms = tuple(self.algorithms)
        if not (self.issuer and self.audience and self.algorithms):
            raise self._wrong("needs issuer, audience and algorithms")
        if unknown := set(self.algorithms) - _SUPPORTED:
            raise self._wrong(
                f"algorithms {sorted(unknown)} are not among {', '.join(sorted(_SUPPORTED))}"
            )
        if len({_FAMILIES[name[:2]] for name in self.algorithms}) > 1:
            raise self._wrong("algorithms of different kinds of keys; describe two issuers")
        if sum(map(bool, (self.key, self.key_file, self.jwks_file))) != 1:
            raise self._wrong("needs exactly one of key, key_file and jwks_file")
        if not 0 <= self.leeway <= _MAX_LEEWAY:
            raise self._wrong(f"leeway ({self.leeway}) must be 0 to {_MAX_LEEWAY} seconds")
        try:
            self._load()
        except (OSError, ValueError, TypeError, KeyError, jwt.PyJWTError) as error:
            raise self._wrong(f"the key cannot be used: {error}") from None

    def key_for(self, header: Mapping[str, Any]) -> jwt.PyJWK | str:
        """Return the key that has to prove a token with that header.

        Raises:
            UnknownKeyError: the issuer has no such key.
        """
        if self.jwks_file:
            self._reload_if_replaced()
            name = header.get("kid")
            if name is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if not isinstance(name, str) or name not in self._keys:
                raise UnknownKeyError
            return self._keys[name]
        return self._keys[None]

    def _load(self) -> None:
        if not self.jwks_file:
            text = self.key or Path(self.key_file).read_text().strip()
            self._check_strength(self.algorithms[0], text)
            self._keys = {None: text}
            return
        self._stamp = self._stamp_of_file()
        document = json.loads(Path(self.jwks_file).read_text())
        keys = {jwk.get("kid"): self._usable(jwk) for jwk in document["keys"] if self._fits(jwk)}
        if not keys:
            raise ValueError(f"no key for {', '.join(self.algorithms)} in {self.jwks_file}")
        self._keys = keys

    def _reload_if_replaced(self) -> None:
        # One stat (about 2 us) per token that is not in the cache yet.
        try:
            if self._stamp_of_file() != self._stamp:
                self._load()
        except (OSError, ValueError, TypeError, KeyError, jwt.PyJWTError) as error:
            # Half-written or gone: the keys that were good a moment ago go on serving.
            log.warning("keys of %s not reloaded: %s", self.issuer, error)

    def _stamp_of_file(self) -> tuple[int, int]:
        stat = Path(self.jwks_file).stat()
        return stat.st_mtime_ns, stat.st_ino

    def _fits(self, jwk: Mapping[str, Any]) -> bool:
        family = _FAMILIES[self.algorithms[0][:2]]
        wanted = jwk.get("alg", self.algorithms[0]) in self.algorithms
        return jwk.get("kty") == family and jwk.get("use", "sig") == "sig" and wanted

    def _usable(self, jwk: Mapping[str, Any]) -> jwt.PyJWK:
        key = jwt.PyJWK(dict(jwk), jwk.get("alg", self.algorithms[0]))
        self._check_strength(key.algorithm_name, key.key)
        return key

    def _check_strength(self, algorithm: str, key: object) -> None:
        handler = get_default_algorithms()[algorithm]
        # For HS* this refuses a PEM as a secret; for the others it parses the PEM.
        if weakness := handler.check_key_length(handler.prepare_key(key)):
            raise ValueError(weakness)

    def _wrong(self, what: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"PRESENCE ISSUERS, {self.issuer or 'unnamed'}: {what}")


def read_issuers(described: Iterable[Mapping[str, Any]]) -> dict[str, Issuer]:
    """Return the issuers of the settings by the name that their tokens carry in `iss`.

    Raises:
        ImproperlyConfigured: a description is unusable, or two have one name.
    """
    known = {each.name for each in fields(Issuer) if each.init}
    issuers: dict[str, Issuer] = {}
    for given in described:
        if not isinstance(given, Mapping):
            raise ImproperlyConfigured("PRESENCE ISSUERS is a list of objects")
        if unknown := sorted(set(given) - known):
            raise ImproperlyConfigured(
                f"PRESENCE ISSUERS has no {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
        if missing := sorted({"issuer", "audience", "algorithms"} - set(given)):
            raise ImproperlyConfigured(f"PRESENCE ISSUERS: {', '.join(missing)} is missing")
        issuer = Issuer(**given)
        if issuer.issuer in issuers:
            raise ImproperlyConfigured(f"PRESENCE ISSUERS names {issuer.issuer} twice")
        issuers[issuer.issuer] = issuer
    return issuers
