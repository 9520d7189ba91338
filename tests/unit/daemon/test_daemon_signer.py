"""Which signer, outbox and prices an organisation's settings choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from eth_keys import keys

from orchestrator.chain.fees import FeePolicy
from orchestrator.chain.outbox import SqliteOutbox
from orchestrator.daemon.access import NonceLock, fee_policy
from orchestrator.daemon.signer import holders_of
from orchestrator.errors import ConfigurationError, SignerSilent
from orchestrator.keystore import Keystore
from orchestrator.keystore.remote import RemoteKey
from orchestrator.settings import Settings, compose
from orchestrator.types import Address
from tests.unit.keystore.fake_signer import signer

KEY = keys.PrivateKey(bytes(range(1, 33)))
ADDRESS = Address(KEY.public_key.to_address())
REMOTE = "signer=web3signer"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Keystore.create(tmp_path, "secret", scrypt_n=2, remote_delegate=ADDRESS).close()
    return tmp_path


def with_signer(**values: Any) -> Settings:
    usual = {"kind": "web3signer", "url": "http://signer:9", "timeout": 1, "authorities": None}
    return Settings({"signer": usual | {"certificate": None, "key": None} | values})


def test_the_keystores_key_is_the_usual_one(home: Path) -> None:
    assert holders_of(compose(), home) == {}
    assert holders_of(Settings({}), home) == {}


def test_a_web3signer_holds_the_delegates_key(home: Path) -> None:
    with signer(KEY) as fake:
        found = holders_of(compose([REMOTE, f"signer.url={fake.url}", "signer.timeout=2"]), home)
        (role, holder), *more = found.items()
        assert (role, holder.address, more) == ("delegate", ADDRESS, [])
        holder.check()
    assert isinstance(holder, RemoteKey)
    with pytest.raises(SignerSilent):
        holder.check()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "vault"}, r"signer is none that is known; add signer=keystore\|web3signer"),
        ({"url": None}, "no address is set for the signer"),
        ({"url": "ftp://user:s3cret@host"}, "no HTTP address of a signer"),
        ({"timeout": 0}, "signer.timeout is 0"),
        ({"timeout": "soon"}, "signer.timeout is 'soon'"),
        ({"authorities": "/nowhere"}, "signer.authorities names /nowhere"),
        ({"certificate": "/nowhere"}, "signer.certificate names /nowhere"),
        ({"certificate": __file__}, "belong together"),
        ({"key": __file__}, "belong together"),
    ],
)
def test_half_a_signer_is_refused(home: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        holders_of(with_signer(**values), home)
    assert "s3cret" not in str(caught.value)


def test_certificates_are_files(home: Path) -> None:
    assert holders_of(with_signer(authorities=__file__, certificate=__file__, key=__file__), home)


def test_everybody_who_takes_the_lock_goes_by_the_homes_outbox(tmp_path: Path) -> None:
    assert isinstance(NonceLock(tmp_path, "private-delegate").outbox, SqliteOutbox)
    assert list(tmp_path.iterdir()) == []  # made when it is needed


def test_prices_are_as_the_settings_say() -> None:
    assert fee_policy(compose()) == FeePolicy()
    given = ["chain.fees.cap_gwei=40", "chain.fees.bump_percent=15", "chain.fees.bump_blocks=5"]
    assert fee_policy(compose(given)) == FeePolicy(40 * 10**9, 15.0, 5, 60.0)
    assert fee_policy(Settings({"chain": {}})) == FeePolicy()


@pytest.mark.parametrize(
    ("name", "value"),
    [("cap_gwei", "much"), ("cap_gwei", -1), ("bump_percent", 5), ("bump_blocks", 0), ("resend_seconds", True)],
)
def test_prices_that_make_no_sense_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"chain\.fees\.{name} is"):
        fee_policy(Settings({"chain": {"fees": {name: value}}}))
