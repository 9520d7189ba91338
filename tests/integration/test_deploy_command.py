"""`brownie run deploy` and `brownie run verify` as a user meets them: what they print, ask and refuse."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_nodes import anvil, fund
from deploy_command import BROWNIE, CONSORTIUM_ID, DEPLOYER, IDS, PASSWORD, Place
from etherscan_fake import TOKEN, etherscan
from rpc_proxy import Proxy, proxy

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.types import Address
from tools.setup.paths import ROOT

ETHER = 10**18
NEEDS = f"account {DEPLOYER} has 0 ETH on chain {IDS['public']} and needs 0.0"


@pytest.fixture(scope="module")
def node() -> Iterator[Connection]:
    with anvil(chain_id=IDS["public"]) as chain:
        yield chain


@pytest.fixture
def between(node: Connection) -> Iterator[Proxy]:
    snapshot = node.request("evm_snapshot", [])
    with proxy(node.url) as found:
        yield found
    node.request("evm_revert", [snapshot])


@pytest.fixture
def place(between: Proxy, tmp_path: Path) -> Place:
    """An empty account before a chain that says it is Sepolia."""
    return Place(tmp_path, "sepolia", between.url)


def fails(done: tuple[int, str, str], code: int, says: str) -> None:
    """One line, the right number, no traceback."""
    assert done[0] == code, done
    assert done[2].startswith(("deploy: ", "verify: ")) and done[2].count("\n") == 1, done
    assert says in done[2], done
    assert "Traceback" not in done[1] and "File " not in done[1]


def test_a_dry_run_tells_all_and_sends_nothing(place: Place, between: Proxy, node: Connection) -> None:
    """It needs no password."""
    fund(node, Address(DEPLOYER), 20)
    no_password = {"LORANCHOR_DEPLOYER_PASSWORD_FILE": ""}
    code, out, errors = place.run("--dry-run", **no_password)
    assert (code, errors) == (0, ""), out
    assert between.sends == 0 and not list(place.files.glob("*.json"))
    rows = {line.split()[0]: line for line in out.splitlines() if line}
    for name in d.ORDER["public"]:
        assert " deploy " in rows[name] and "ETH" in rows[name]
    assert "once the other chain is there" in rows["Consortium.bind"]
    assert "20 ETH" in out and "gwei" in out and "nothing was sent" in out
    assert "at a block every 12 s" in out and "awards.window_blocks 7,200: 1 day to object to awards" in out
    assert "awards.vesting_blocks 50,400: 7 days" in out and "step_blocks" not in out

    code, out, errors = place.run()
    assert (code, errors) == (0, ""), out
    sends = between.sends
    spent = 20 * ETHER - node.balance(Address(DEPLOYER))
    block = node.request("eth_getBlockByNumber", ["latest", True])
    assert sends == len(d.ORDER["public"]) and spent > 0 and block["transactions"]
    told = int(rows["all"].split()[1].replace(",", ""))
    used = sum(
        int(node.request("eth_getTransactionReceipt", [entry["transaction"]])["gasUsed"], 16)
        for name, entry in place.record("public")["contracts"].items()
        if name != "ContributionToken"
    )
    assert abs(told - 113_503 - used) < 2_000  # what the binding will use is in it too


@pytest.mark.slow
def test_when_all_is_done_neither_run_needs_money_or_a_password(place: Place, between: Proxy, node: Connection) -> None:
    deployed_with_its_pair(place, node)
    node.request("anvil_setBalance", [DEPLOYER, "0x0"])
    sends = between.sends
    for words, says in ((("--dry-run",), "nothing: is bound"), ((), "transactions sent: 0")):
        code, out, errors = place.run(*words, LORANCHOR_DEPLOYER_PASSWORD_FILE="")
        assert (code, errors) == (0, "") and says in out
    assert between.sends == sends


def test_an_account_without_money_is_told_before_anything_is_asked_or_sent(place: Place, between: Proxy) -> None:
    place.write_password("wrong, but nobody gets that far")
    fails(place.run(), 4, NEEDS)
    assert between.sends == 0


@pytest.mark.slow
def test_a_dry_run_tells_that_the_account_has_too_little(place: Place, between: Proxy) -> None:
    code, out, errors = place.run("--dry-run")
    fails((code, "", errors), 4, NEEDS)
    assert f"missing: account {DEPLOYER}" in out and "CheckpointAnchor" in out
    assert between.sends == 0


@pytest.mark.slow
def test_without_an_account_a_dry_run_still_tells_the_cost(place: Place, between: Proxy) -> None:
    code, out, errors = place.run("--dry-run", LORANCHOR_DEPLOYER="")
    assert code == 2 and "no account to deploy from" in errors and "missing: no account" in out
    assert "AwardDistributor" in out and "ETH" in out
    fails(place.run(LORANCHOR_DEPLOYER=""), 2, "name an encrypted one in LORANCHOR_DEPLOYER")
    fails(place.run(LORANCHOR_DEPLOYER="nobody"), 2, "there is no account nobody (there are: deployer)")


def test_a_wrong_password_is_one_line_and_nothing_is_sent(place: Place, between: Proxy, node: Connection) -> None:
    fund(node, Address(DEPLOYER), 20)
    place.write_password("cow")
    fails(place.run(), 6, "the password of account deployer is wrong")
    assert between.sends == 0


@pytest.mark.slow
def test_a_password_that_cannot_be_had_is_one_line(place: Place, between: Proxy, node: Connection) -> None:
    fund(node, Address(DEPLOYER), 20)
    fails(place.run(LORANCHOR_DEPLOYER_PASSWORD_FILE=""), 6, "there is no terminal to ask for the password at")
    (place.folder / "password").chmod(0o644)
    fails(place.run(), 6, "has mode 0644, so others can read it")
    assert between.sends == 0


def test_the_password_is_asked_for_at_the_terminal(place: Place, node: Connection) -> None:
    """Typed once, not shown, and never in the environment."""
    fund(node, Address(DEPLOYER), 20)
    write_other_side(place)
    environment = place.environment(LORANCHOR_DEPLOYER_PASSWORD_FILE="")
    assert PASSWORD not in "".join(environment.values())
    main, terminal = pty.openpty()
    command = ["setsid", "--ctty", "--wait", str(BROWNIE), "run", "deploy", "--network", "sepolia"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        seen = until(main, "Password of account deployer:")
        os.write(main, f"{PASSWORD}\n".encode())
        seen += until(main, None)
        assert process.wait() == 0, seen
    os.close(main)
    assert PASSWORD not in seen and "Consortium.bind: in block" in seen
    assert seen.count("Password") == 1


def until(terminal: int, words: str | None) -> str:
    """What a terminal shows until these words, or until its end."""
    seen, stop = b"", time.monotonic() + 120
    while words is None or words.encode() not in seen:
        assert time.monotonic() < stop, seen
        if select.select([terminal], [], [], 1.0)[0]:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # Linux's end of a terminal
                break
            if not data:
                break
            seen += data
    return seen.decode(errors="replace")


@pytest.mark.slow
def test_what_is_wrong_with_settings_is_one_line(place: Place, between: Proxy, node: Connection) -> None:
    fund(node, Address(DEPLOYER), 20)
    fails(place.run(LORANCHOR_CONSORTIUM=""), 2, "is not a local one; name a consortium file in LORANCHOR_CONSORTIUM")
    fails(place.run(LORANCHOR_CONSORTIUM=str(place.folder / "none")), 2, "cannot read the consortium file")
    fails(place.run(LORANCHOR_CONFIRMATIONS="many"), 2, "LORANCHOR_CONFIRMATIONS is 'many'")
    (place.folder / "file").write_text("")
    fails(place.run(LORANCHOR_DEPLOYMENTS=str(place.folder / "file" / "in")), 2, "cannot write into the folder")
    del place.consortium["awards"]
    place.write_consortium()
    fails(place.run(), 2, "awards.window_blocks and awards.vesting_blocks are not set, and on chain 11155111")
    place.consortium["awards"] = {"window_blocks": 7200, "vesting_blocks": 0}
    place.consortium["chains"] = {"public": 5, "private": 6}
    place.write_consortium()
    fails(place.run(), 4, "network sepolia has chain id 11155111; the consortium's chains are 5 (public) and 6")
    assert between.sends == 0


@pytest.mark.slow
@pytest.mark.parametrize("count", [90, 160])
def test_more_founders_than_a_transaction_takes_are_told_before_anything_is_sent(
    place: Place, between: Proxy, node: Connection, count: int
) -> None:
    fund(node, Address(DEPLOYER), 20)
    place.consortium["members"] = [
        {"organisation": f"m-{at}", "authority": f"0x{at + 1000:040x}", "delegate": f"0x{at + 2000:040x}"}
        for at in range(count)
    ]
    place.consortium["quorum"] = count // 2 + 1
    place.write_consortium()
    for words in ((), ("--dry-run",)):
        code, out, errors = place.run(*words)
        fails(
            (code, "", errors), 2, "gas, and one transaction may have 16,777,216 there; found the consortium with fewer"
        )
        assert ("missing: Consortium on chain 11155111 needs" in out) == bool(words)
    assert between.sends == 0


@pytest.mark.slow
def test_a_record_of_another_chain_of_this_id_is_never_overwritten(
    place: Place, between: Proxy, node: Connection
) -> None:
    """Anvil that poses as Sepolia is no local chain: no code where the file has it is an error."""
    fund(node, Address(DEPLOYER), 20)
    entry = d.ContractRecord("0x" + "e1" * 20, 1, "0x" + "00" * 32, (), "0x" + "00" * 32)
    record = d.DeploymentRecord(IDS["public"], "public", CONSORTIUM_ID, {"Consortium": entry})
    d.write_record(place.files, record)
    before = (place.files / "11155111.json").read_bytes()
    for words in ((), ("--dry-run",)):
        fails(place.run(*words), 4, "there is no code of Consortium at 0xe1")
    assert between.sends == 0 and (place.files / "11155111.json").read_bytes() == before


def deployed_with_its_pair(place: Place, node: Connection) -> str:
    """Deploy beside the other chain's file; gives what was printed."""
    fund(node, Address(DEPLOYER), 20)
    write_other_side(place)
    code, out, errors = place.run()
    assert (code, errors) == (0, ""), out
    return out


def write_other_side(place: Place, consortium_id: str = CONSORTIUM_ID) -> None:
    entry = d.ContractRecord("0x" + "e1" * 20, 1, "0x" + "00" * 32, place.founding(), "0x" + "00" * 32)
    d.write_record(place.files, d.DeploymentRecord(IDS["private"], "private", consortium_id, {"Consortium": entry}))


def test_verifying_agrees_and_writes_what_services_take(place: Place, node: Connection) -> None:
    out = deployed_with_its_pair(place, node)
    assert "Consortium.bind" in out and "next: bind the private chain's Consortium" in out
    code, out, errors = place.run(script="verify")
    assert (code, errors) == (0, ""), out
    assert "all 5 contracts are what these sources compile to" in out
    folder = ROOT / "build" / "verify" / "11155111"
    address = place.record("public")["contracts"]["Consortium"]["address"]
    assert f"/v2/verify/11155111/{address}" in out and "build/verify/11155111/Consortium/sourcify.json" in out
    assert sorted(path.name for path in folder.iterdir()) == sorted(place.record("public")["contracts"])


@pytest.mark.slow
def test_verifying_publishes_with_a_token_and_nothing_that_is_wrong(place: Place, node: Connection) -> None:
    fails(place.run(script="verify"), 3, "there is no deployment file")
    deployed_with_its_pair(place, node)
    with etherscan() as fake:
        fake.waits = {}
        explorer = {"ETHERSCAN_TOKEN": TOKEN, "LORANCHOR_ETHERSCAN_URL": fake.url}
        code, out, errors = place.run(script="verify", **explorer)
        assert (code, errors) == (0, ""), out
        assert TOKEN not in out and out.count("Pass - Verified") == 5
        handed = {form["contractname"].partition(":")[2]: form for form in fake.forms}
        assert set(handed) == set(place.record("public")["contracts"])
        written = (ROOT / "build" / "verify" / "11155111" / "Consortium" / "standard-input.json").read_text()
        assert json.loads(handed["Consortium"]["sourceCode"]) == json.loads(written)
        fails(place.run(script="verify", **{**explorer, "ETHERSCAN_TOKEN": "SECRET"}), 2, "refuses the token")

        before = len(fake.forms)
        node.request("anvil_setCode", [place.record("public")["contracts"]["Consortium"]["address"], "0xfe"])
        done = place.run(script="verify", **explorer)
        fails(done, 8, "1 of 5 contracts are not as they should be: Consortium")
        assert "Consortium, code: other code: 1 bytes" in done[1] and len(fake.forms) == before


@pytest.mark.slow
def test_the_pair_of_two_consortia_is_never_bound(place: Place, node: Connection) -> None:
    deployed_with_its_pair(place, node)
    write_other_side(place, "0x" + "c0" * 32)
    fails(place.run(), 2, "11155111.json and 2018.json are of two consortia")
    place.consortium["quorum"] = 3
    write_other_side(place)
    place.consortium["quorum"] = 2
    fails(place.run(), 2, "have Consortium contracts that were made with other quorum; a binding is for ever")
