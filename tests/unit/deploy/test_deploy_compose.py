"""The compose file, as far as it can be checked without an engine: shape, separation, and commands that there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from unit.deploy.words import check_words

from tools.setup.paths import ROOT

FOLDER = ROOT / "deploy" / "compose"
TEXT = (FOLDER / "compose.yaml").read_text("utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
DAEMONS = [name for name, service in SERVICES.items() if service["image"] == "loranchor"]
NODES = [name for name in SERVICES if name.startswith("ipfs-")]
CHAINS = ["public", "private"]


def words_of(service: dict[str, Any]) -> list[str]:
    return [str(re.sub(r"\$\{\w+:-(\w*)\}", r"\1", str(word))) for word in service["command"]]


def test_two_chains_a_node_and_a_daemon_for_each() -> None:
    assert len(DAEMONS) == len(NODES) >= 3 and set(SERVICES) == {*CHAINS, *DAEMONS, *NODES}


@pytest.mark.parametrize("name", DAEMONS)
def test_daemons_start_a_verb_that_there_is(name: str) -> None:
    words = words_of(SERVICES[name])
    check_words(words)
    assert words[words.index("--home") + 1] == f"/var/lib/loranchor/{name}"
    assert words[words.index("--password-file") + 1] == f"/run/secrets/{name}" and SERVICES[name]["secrets"] == [name]
    assert f"storage.api_url=http://ipfs-{name}:5001" in words


@pytest.mark.parametrize("name", DAEMONS)
def test_daemons_have_little_to_misuse(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"] and service["ulimits"] == {"core": 0}
    assert "ports" not in service and "privileged" not in service
    assert service["volumes"][-1].endswith(":ro")


def test_nobody_reaches_another_members_ipfs_api() -> None:
    for name in DAEMONS:
        assert set(SERVICES[name]["networks"]) == {"chains", name}
        assert set(SERVICES[f"ipfs-{name}"]["networks"]) == {"swarm", name}
        assert "ports" not in SERVICES[f"ipfs-{name}"]


def test_chains_listen_on_this_machine_only_and_have_their_ids() -> None:
    for name, chain_id in (("public", "31337"), ("private", "1337")):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])
        words = words_of(SERVICES[name])
        assert words[words.index("--chain-id") + 1] == chain_id


def test_whatever_is_named_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service["networks"]) <= set(DOCUMENT["networks"])
        assert set(service.get("depends_on", ())) <= set(SERVICES)
        secrets = [item if isinstance(item, str) else item["source"] for item in service.get("secrets", ())]
        assert set(secrets) <= set(DOCUMENT["secrets"])
        named = [volume.split(":")[0] for volume in service["volumes"]]
        assert {volume for volume in named if not volume.startswith(".")} <= set(DOCUMENT["volumes"])


def test_images_are_named_by_their_user() -> None:
    """A tag can be moved, and which versions are current nobody knows who only has this file."""
    assert {SERVICES[name]["image"].split(":?")[0] for name in (*CHAINS, *NODES)} == {"${FOUNDRY_IMAGE", "${KUBO_IMAGE"}


def test_secrets_are_files_and_never_in_the_environment() -> None:
    assert all(set(secret) == {"file"} for secret in DOCUMENT["secrets"].values())
    for service in SERVICES.values():
        assert not [key for key in service.get("environment", {}) if re.search("PASSWORD|SECRET|TOKEN", key)]


def test_the_health_check_is_python() -> None:
    (program,) = {SERVICES[name]["healthcheck"]["test"][-1] for name in DAEMONS}
    compile(program, "healthcheck", "exec")
    assert "/healthz" in program


def test_the_image_takes_what_there_is() -> None:
    text = (FOLDER / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert "USER loranchor" in text and 'ENTRYPOINT ["loranchor"]' in text
    wanted = set((FOLDER / "Dockerfile.dockerignore").read_text("utf-8").split())
    assert {"*", "!orchestrator", "!pyproject.toml", "!requirements/loranchor.lock"} <= wanted
