"""Every entry point has its test file, and every error that one can raise has a test there."""

from __future__ import annotations

import pytest
from inventory import CONTRACTS, FOLDER, changing, errors, file_of, raised, refused_in, snake

from orchestrator.chain.abi import artifact

ELSEWHERE = ("CallersNotAnAccount",)  # test_callers.py has it for every entry point at once

CONSTANT = "OpenZeppelin checks the length before; no name here is stored otherwise than as a short string"
DAMAGED = "reads names that the constructor wrote: they cannot be longer than a word"
MINTS = "minting takes from nobody, whose balance is not looked at"
SENDER = "a transaction's sender is never the zero address"
FIRST = "no phase comes before the one that takes submissions"
LAST = "what comes after waiting to be closed is over, and says RoundLedgerNotOpen"
OPEN = "the ledger asks before whether that round is open and its phases are not over"

UNREACHABLE = {
    ("Consortium", "constructor", "ConsortiumNameTaken"): "nobody has left yet",
    ("CheckpointAnchor", "constructor", "StringTooLong"): CONSTANT,
    ("CheckpointAnchor", "eip712Domain", "InvalidShortString"): DAMAGED,
    ("AwardDistributor", "constructor", "StringTooLong"): CONSTANT,
    ("AwardDistributor", "eip712Domain", "InvalidShortString"): DAMAGED,
    ("AwardDistributor", "setPayoutCap", "AwardDistributorDecisionSpent"): (
        "the nonce in the decision has moved on with it: the same signatures are then over other content"
    ),
    (
        "AwardDistributor",
        "claim",
        "ContributionTokenNotMinter",
    ): "the distributor is the minter of the token it deploys",
    ("AwardDistributor", "claim", "ERC20InsufficientBalance"): MINTS,
    ("AwardDistributor", "claimBatch", "ContributionTokenNotMinter"): "as for claim",
    ("AwardDistributor", "claimBatch", "ERC20InsufficientBalance"): MINTS,
    ("ContributionToken", "constructor", "StringTooLong"): CONSTANT,
    ("ContributionToken", "eip712Domain", "InvalidShortString"): DAMAGED,
    ("ContributionToken", "mint", "ERC20InsufficientBalance"): MINTS,
    ("ContributionToken", "approve", "ERC20InvalidApprover"): SENDER,
    ("ContributionToken", "transfer", "ERC20InvalidSender"): SENDER,
    ("ContributionToken", "transferFrom", "ERC20InvalidSender"): "the allowance comes first: ERC20InvalidApprover",
    ("ContributionToken", "transferFrom", "ERC20InvalidSpender"): SENDER,
    ("ContributionToken", "permit", "ERC20InvalidApprover"): "the owner is who signed, never the zero address",
    ("ContributionToken", "permit", "ECDSAInvalidSignatureLength"): "takes the parts of a signature, not its bytes",
    ("RoundLedger", "submitUpdate", "RoundLedgerTooEarly"): FIRST,
    ("RoundLedger", "passRound", "RoundLedgerTooEarly"): FIRST,
    ("RoundLedger", "releaseUpdate", "RoundLedgerUnknownRound"): "the round is that of a recorded update",
    ("RoundLedger", "closeRound", "RoundLedgerTooLate"): LAST,
    ("RevocationLedger", "constructor", "StringTooLong"): CONSTANT,
    ("RevocationLedger", "eip712Domain", "InvalidShortString"): DAMAGED,
    **{
        ("RevocationLedger", function, error): OPEN
        for function in ("request", "support", "settle")
        for error in ("RoundLedgerNotOpen", "RoundLedgerUnknownRound")
    },
}
"""What the syntax trees lead to and no transaction can, with the reason."""

RAISED_BY_NOTHING = ("InvalidAccountNonce",)  # declared by OpenZeppelin for functions that the token does not have


@pytest.fixture(autouse=True)
def isolate():
    """Nothing here looks at the chain."""


def asked(contract: str, function: str) -> frozenset[str]:
    path = file_of(contract, function)
    if not path.is_file():
        return frozenset()
    return refused_in(path, function if path.stem.endswith("_views") else None)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_entry_point_has_its_file(contract):
    assert [name for name in changing(contract) if not file_of(contract, name).is_file()] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_file_of_a_folder_is_named_after_its_contract(contract):
    folder = FOLDER / snake(contract)
    assert [path.name for path in folder.glob("test_*.py") if not path.stem.startswith(f"test_{folder.name}_")] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_error_of_a_function_is_asked_for(contract):
    lacking = [
        (function, error)
        for function, found in raised(contract).items()
        for error in found - {*ELSEWHERE} - asked(contract, function)
        if (contract, function, error) not in UNREACHABLE
    ]
    assert lacking == []


@pytest.mark.parametrize(("contract", "function", "error"), UNREACHABLE)
def test_what_is_listed_as_unreachable_is_led_to_and_asked_for_nowhere(contract, function, error):
    assert error in raised(contract)[function], "nothing leads there: take it out of the list"
    assert error not in asked(contract, function), "a test has it: take it out of the list"


def test_every_error_of_an_abi_is_raised_by_something():
    found = {error for contract in CONTRACTS for names in raised(contract).values() for error in names}
    assert sorted(errors() - found) == sorted(RAISED_BY_NOTHING)
    for contract in CONTRACTS:
        named = {entry["name"] for entry in artifact(contract).errors.values()} - {*RAISED_BY_NOTHING}
        assert named <= frozenset().union(*raised(contract).values()), contract


def test_an_error_that_nothing_has_refused_is_not_asked_for(tmp_path):
    path = tmp_path / "test_example.py"
    path.write_text(
        'def test_a():\n    refuses("ECDSAInvalidSignature: 1", one.bind)\ndef test_b():\n    "StringTooLong"\n'
    )
    assert refused_in(path) == refused_in(path, "bind") == {"ECDSAInvalidSignature"}
    assert refused_in(path, "claim") == frozenset()
