"""The command line: fast help, one-line errors, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from verb_tree import verbs

from orchestrator import __version__, cli, errors
from orchestrator.keystore import Keystore
from orchestrator.localnet import Chain, Network
from orchestrator.localnet.state import write_state

PASSWORD = "correct horse"


def run(*arguments: str) -> int:
    return cli.run(list(arguments))


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def home(tmp_path: Path, password_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cheap_keystore(monkeypatch)
    assert (
        run("org", "init", "--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file))
        == 0
    )
    return tmp_path / "home"


def cheap_keystore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deriving keys takes its time on purpose; not in a test."""
    real = Keystore.create
    monkeypatch.setattr(Keystore, "create", lambda home, password: real(home, password, scrypt_n=2))


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err.strip()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"loranchor {__version__}\n"


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_help_of_every_verb(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*path, "--help") == 0
    assert "Usage: loranchor" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    heavy = "('web3', 'torch', 'transformers', 'peft', 'hydra', 'brownie', 'matplotlib', 'aiohttp', 'coincurve')"
    code = f"""
import sys, time
started = time.monotonic()
from orchestrator.cli import run
assert run(['--help']) == 0 and run(['--version']) == 0
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "No such command 'nope'"),
        (["doctor", "--nope"], "No such option"),
        (["org", "init"], "--name"),
        (["org", "show", "--home"], "requires an argument"),
        (["doctor", "--home", "/nowhere/at/all"], "there is no organisation in /nowhere/at/all"),
        (["doctor", "experiment=nope"], "there is no experiment 'nope'"),
        (["org", "init", "--name", "Big Name", "--home", "x"], "'Big Name' is no name"),
    ],
)
def test_misuse_is_one_line_and_2(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    line = only_line(capsys)
    assert line.startswith("error: ")
    assert words in line


def test_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json", "chain=nope") == 2
    document = json.loads(only_line(capsys))
    assert document["error"]["code"] == "ConfigurationError"
    assert "'nope'" in document["error"]["message"]
    assert "local" in document["error"]["mend"]
    assert run("doctor", "--json", "--nope") == 2
    assert json.loads(only_line(capsys))["error"]["code"] == "Usage"


def every_error() -> list[type[errors.LoranchorError]]:
    found = [errors.LoranchorError]
    for kind in found:
        found += kind.__subclasses__()
    return [kind for kind in dict.fromkeys(found) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", every_error())
def test_every_error_is_its_line_and_exit_code(
    kind: type[errors.LoranchorError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise kind("it broke\nbadly", mend="mend it")

    monkeypatch.setattr("orchestrator.diagnosis.diagnose", fail)
    assert run("doctor") == kind.exit_code
    assert only_line(capsys) == "error: it broke badly; mend it"


def test_the_exit_codes_of_the_documentation_are_those_of_the_errors() -> None:
    documented = dict(re.findall(r"^ *[├└─│ ]+(\w+) +(\d+)\b", errors.__doc__ or "", re.MULTILINE))
    assert documented == {kind.__name__: str(kind.exit_code) for kind in every_error()[1:]}


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestrator.diagnosis.diagnose", interrupt)
    assert run("doctor") == 130
    assert only_line(capsys) == "error: interrupted"


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    program = f"{sys.executable} -c 'from orchestrator.cli import main; main()'"
    done = subprocess.run(f"{program} --help | true", shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_init_makes_a_home_that_show_and_doctor_read(
    home: Path, password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(path.name for path in home.iterdir()) == ["keystore", "organisation.json"]
    assert home.stat().st_mode & 0o777 == 0o700
    capsys.readouterr()
    assert run("org", "show", "--home", str(home), "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["name"] == "aurora"
    assert shown["effective"]["chain"]["public"]["chain_id"] == 31337
    assert (
        run("doctor", "--home", str(home), "--password-file", str(password_file), "--json", "chain.network=null") == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    assert {"name": "keystore", "status": "ok", "detail": f"opens; delegate {shown['delegate']}", "mend": ""} in report[
        "checks"
    ]


def test_init_keeps_settings(tmp_path: Path, password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_keystore(monkeypatch)
    home = tmp_path / "home"
    home.mkdir()  # an empty folder may be there
    options = ["--name", "aurora", "--home", str(home), "--password-file", str(password_file)]
    given = [
        "--public-url",
        "http://a:1",
        "--ipfs-api",
        "http://c:3",
        "chain.private.url=http://b:2",
        "chain.timeout=5",
    ]
    assert run("org", "init", *options, *given) == 0
    settings = json.loads((home / "organisation.json").read_text())["settings"]
    assert settings == {
        "chain.public.url": "http://a:1",
        "storage.api_url": "http://c:3",
        "chain.private.url": "http://b:2",
        "chain.timeout": 5,
    }


def test_init_never_overwrites(home: Path, password_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (home / "organisation.json").read_bytes()
    capsys.readouterr()
    assert run("org", "init", "--name", "other", "--home", str(home), "--password-file", str(password_file)) == 2
    assert "already exists and is not empty" in only_line(capsys)
    assert (home / "organisation.json").read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [["--name", "UPPER"], ["--name", "aurora", "chain.nope=1"], ["--name", "aurora", "--password-file", "/nowhere/pw"]],
)
def test_a_failed_init_leaves_nothing(arguments: list[str], tmp_path: Path, password_file: Path) -> None:
    options = [] if "--password-file" in arguments else ["--password-file", str(password_file)]
    assert run("org", "init", *arguments, *options, "--home", str(tmp_path / "new" / "home")) != 0
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--public-url", "foo"], "'foo' is no HTTP address of a node; use http://HOST:PORT"),
        (["--private-url", "http://"], "'http://' is no HTTP address of a node"),
        (["--ipfs-api", "foo"], "'foo' is not the address of an IPFS API"),
        (["chain.public.url=foo"], "'foo' is no HTTP address of a node"),
    ],
)
def test_init_takes_no_address_that_is_none(
    tmp_path: Path, password_file: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file)]
    assert run("org", "init", *options, *given) == 2
    assert said in only_line(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def local_network(folder: Path) -> Path:
    """As `network down` leaves it."""
    folder.mkdir()
    chains = {name: Chain(name, "anvil", number, 1) for name, number in (("public", 31337), ("private", 1337))}
    write_state(folder, Network(chains, {}))
    return folder


def doctor(capsys: pytest.CaptureFixture[str], *overrides: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run("doctor", "--json", *overrides)
    return code, {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_doctor_says_that_local_chains_are_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also before anything is deployed on them: nothing can be done with this network until it is up."""
    given = [f"chain.network={local_network(tmp_path / 'network')}", f"chain.deployments={tmp_path / 'deployments'}"]
    code, found = doctor(capsys, *given)
    assert (code, found["public chain"]["status"], found["private chain"]["status"]) == (3, "broken", "broken")
    assert found["public chain"]["detail"] == "the local public chain is stopped"
    assert found["public chain"]["mend"] == "start it with `loranchor network up`"
    assert run("doctor", *given) == 3
    assert "2 broken: public chain, private chain." in capsys.readouterr().out


def test_doctor_knows_brownie_in_an_environment_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "brownie" else object())
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    _, found = doctor(capsys, "chain.network=null")
    assert found["extra contracts"]["status"] == "absent"
    command = tmp_path / "brownie"
    command.write_text("#!/bin/sh\necho 'Brownie v1.22.2 - Python development framework for Ethereum'\n")
    command.chmod(0o755)
    _, found = doctor(capsys, "chain.network=null")
    assert (found["extra contracts"]["status"], found["extra contracts"]["mend"]) == ("ok", "")
    assert found["extra contracts"]["detail"] == f"Brownie v1.22.2 in an environment of its own, behind {command}"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/sh\necho 'brownie: the environments are not there' >&2\nexit 3\n", "the environments are not there"),
        ("#!/nowhere/python\n", "does not run"),
    ],
)
def test_doctor_sees_that_the_other_environment_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], script: str, words: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "brownie" else object())
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "brownie").write_text(script)
    (tmp_path / "brownie").chmod(0o755)
    _, found = doctor(capsys, "chain.network=null")
    assert found["extra contracts"]["status"] == "warning" and words in found["extra contracts"]["detail"]
    assert found["extra contracts"]["mend"] == "run `make setup`"


@pytest.mark.parametrize("made", [False, True])
def test_network_status_ends_with_the_code_of_a_chain_that_is_down(
    tmp_path: Path, made: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = local_network(tmp_path / "network") if made else tmp_path / "network"
    assert run("network", "status", "--run-dir", str(folder)) == errors.ChainError.exit_code


def test_lines_stay_whole_where_nobody_looks(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "from orchestrator.cli import main; main()"]
    folder = tmp_path / ("x" * 120)
    words = ["network", "status", "--run-dir", str(folder)]
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    done = subprocess.run([*program, *words], capture_output=True, text=True, env=environment)
    assert done.stdout.count("\n") == 1 and str(folder) in done.stdout
    done = subprocess.run([*program, "doctor", f"chain.deployments={folder}", "chain.network=null"],
                          capture_output=True, text=True, env=environment, cwd=tmp_path)  # fmt: skip
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert all(line.split()[0] in {"ok", "–", "!", "BROKEN", "check", "Nothing"} for line in lines)
    assert any(line.endswith("or set chain.public.url") and len(line) > 80 for line in lines)


def test_init_that_breaks_half_way_leaves_nothing(
    tmp_path: Path, password_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cheap_keystore(monkeypatch)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestrator.files.write_json", full)
    options = ["--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file)]
    assert run("org", "init", *options) == 2
    assert "No space left on device" in only_line(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_a_password_that_others_can_read(
    tmp_path: Path, password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    password_file.chmod(0o644)
    options = ["--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file)]
    assert run("org", "init", *options) == 6
    assert "chmod 600" in only_line(capsys)


def test_doctor_names_what_is_broken(home: Path, password_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "keystore" / "authority.json").chmod(0o644)
    capsys.readouterr()
    chains = ["chain.public.url=http://127.0.0.1:1", "chain.private.url=not-a-url"]
    assert run("doctor", "--home", str(home), "--json", *chains) == 3
    report = json.loads(capsys.readouterr().out)
    assert not report["ok"]
    found = {check["name"]: check for check in report["checks"]}
    assert found["public chain"]["status"] == "broken"
    assert "no answer from http://127.0.0.1:1" in found["public chain"]["detail"]
    assert found["private chain"]["status"] in ("broken", "absent")
    assert found["keystore"]["status"] == "broken"
    assert "others can read" in found["keystore"]["detail"]
    password_file.write_text("wrong\n")
    (home / "keystore" / "authority.json").chmod(0o600)
    assert run("doctor", "--home", str(home), "--password-file", str(password_file), "chain.network=null") == 3
    assert "wrong password" in " ".join(capsys.readouterr().out.split())


def test_doctor_in_a_bare_place_is_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("doctor") == 0
    shown = capsys.readouterr().out
    assert "Nothing is broken." in shown
    assert "loranchor network up" in " ".join(shown.split())


def test_a_reason_that_looks_like_a_style_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Any member chooses the reason of a request, and all look at the list."""
    from orchestrator.commands import revoke

    row = {"request": "0x" + "ab" * 32, "organisation": "aurora", "reason": "[/b]", "stage": "requested",
           "updates": [], "descendants": None, "receipts": []}  # fmt: skip
    revoke.output.print(revoke._table([row]))
    assert "[/b]" in capsys.readouterr().out
