"""The tables of the database: held together, within the limits of their columns, and in an order that Windows Installer can follow."""

import re
from pathlib import PurePosixPath

import pytest

from agent.peers import windows_service
from agent.policy import registry as policy_registry
from agent.settings import DEFAULT_HTTPS_API_PORT, DEFAULT_PORT, SETTINGS
from agent.system_log import windows_events
from installer.windows import native, package, properties, tables
from installer.windows.tables import PackedFile

FILES = [
    PackedFile(PurePosixPath("qalamsapw.exe"), 4096, "0.1.0.0"),
    PackedFile(PurePosixPath("qalamsap.exe"), 4096, "0.1.0.0"),
    PackedFile(PurePosixPath("packages/agent/__init__.py"), 10),
    PackedFile(PurePosixPath("packages/agent/a module with a long name.py"), 0),
    PackedFile(PurePosixPath("packages/LICENSE"), 1),
    PackedFile(PurePosixPath("qalamsap-broker.exe"), 4096),
]
SCOPES = pytest.mark.parametrize("scope", ["machine", "user"])
DEFERRED, ROLLBACK, NOT_AS_PERSON, GO_ON = 1024, 256, 2048, 64


def made(scope: str, version: str = "0.1.0", content: str = "c") -> dict[str, list[tuple]]:
    return {name: list(rows) for name, rows in tables.package(scope, version, FILES, content).tables.items()}


def column(rows: list[tuple], number: int = 0) -> list:
    return [row[number] for row in rows]


@SCOPES
def test_every_row_fits_its_table_and_every_key_stands_once(scope) -> None:
    for name, rows in made(scope).items():
        package.idt_file(name, rows)  # refuses texts that are too long
        keys = [row[: tables.KEYS.get(name, 1)] for row in rows]
        assert len(set(keys)) == len(keys), name


@SCOPES
def test_what_one_table_names_stands_in_another(scope) -> None:
    found = made(scope)
    folders, components = set(column(found["Directory"])), set(column(found["Component"]))
    assert set(column(found["Directory"], 1)) - {None} <= folders
    assert set(column(found["Component"], 2)) <= folders
    for table, number in (("File", 1), ("Registry", 5), ("Shortcut", 3), ("FeatureComponents", 1)):
        assert set(column(found[table], number)) <= components, table
    assert set(column(found["FeatureComponents"], 1)) == components, (
        "a component in no feature is never installed"
    )
    keys = set(column(found["File"])) | set(column(found["Registry"]))
    assert set(column(found["Component"], 5)) <= keys
    assert set(column(found["AppSearch"], 1)) == set(column(found["RegLocator"]))
    for _, kind, source, _, _ in found["CustomAction"]:
        where = {2: "Binary", 18: "File", 34: "Directory"}.get(kind & 0x3F)
        assert kind & 0x3F == 51 or source in column(found[where])
    actions = set(column(found["CustomAction"]))
    assert actions <= set(column(found["InstallExecuteSequence"])), "an action that nobody calls"


@SCOPES
def test_sequences_have_no_two_actions_at_one_place_and_keep_to_windows_installer_s_order(scope) -> None:
    found = made(scope)
    order = {row[0]: row[2] for row in found["InstallExecuteSequence"]}
    assert len(set(order.values())) == len(order)
    words = [
        "FindRelatedProducts", "AppSearch", "Keep_AUTOSTART", "Forget_AUTOSTART", "Default_AUTOSTART", "LaunchConditions", "CostInitialize",
        "CostFinalize", "InstallValidate", "InstallInitialize", "RemoveExistingProducts", "StopAgents", "RemoveTrust", "RemoveFiles",
        "InstallFiles", "WriteRegistryValues", "UndoTrust", "Trust", "InstallFinalize",
    ]  # fmt: skip
    assert [order[word] for word in words] == sorted(order[word] for word in words)
    settled = [number for name, number in order.items() if name.startswith(("Keep", "Forget_", "Default_"))]
    assert order["AppSearch"] < min(settled) < max(settled) < order["LaunchConditions"]


def test_who_runs_what() -> None:
    """What changes the machine runs as the system, what is a person's as the person; undoing stands before what it undoes."""
    machine = {row[0]: row for row in made("machine")["CustomAction"]}
    user = {row[0]: row for row in made("user")["CustomAction"]}
    for name in (
        "StopAgents",
        "Trust",
        "UndoTrust",
        "RemoveTrust",
        "TakeTrustBack",
        "RemoveTask",
    ):
        assert machine[name][1] & (DEFERRED | NOT_AS_PERSON) == DEFERRED | NOT_AS_PERSON, name
    for name in ("StopAgents", "Trust", "UndoTrust", "RemoveTrust"):
        assert user[name][1] & NOT_AS_PERSON == 0, name
    assert machine["UndoTrust"][1] & ROLLBACK
    assert not machine["Trust"][1] & GO_ON, "that trust can't be given must be seen"
    assert "RemoveTask" not in user


@SCOPES
def test_an_upgrade_takes_no_trust_back(scope) -> None:
    """Windows Installer sets UPGRADINGPRODUCTCODE in the removal of the old version."""
    conditions = {row[0]: row[1] for row in made(scope)["InstallExecuteSequence"]}
    assert conditions["RemoveTrust"] == 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE'
    assert conditions["UndoTrust"] == f'TRUST = "{scope}" AND NOT Installed AND NOT OLDERVERSION'
    if scope == "machine":
        assert conditions["RemoveTask"].startswith(f"({conditions['RemoveTrust']}) OR ")


def test_words_with_a_path_never_end_in_a_backslash_before_their_quote() -> None:
    """C's rule for command lines would take the quote for a letter of the path. Our own stop.exe has a rule of its own."""
    for name, _, _, target, _ in made("machine")["CustomAction"]:
        if name != "StopAgents":
            assert '[INSTALLDIR]"' not in (target or ""), name


def test_the_task_of_renewal_is_the_programs_own_and_goes_in_any_case() -> None:
    """One that is made here, too, would take the place of the program's, which makes up for a run that was missed."""
    targets = {row[0]: row[3] for row in made("machine")["CustomAction"] if "schtasks" in (row[3] or "")}
    assert targets == {"RemoveTask": '"[System64Folder]schtasks.exe" /Delete /F /TN "Qalamsap trust renewal"'}


def test_every_setting_goes_where_its_reader_looks_in_the_form_that_it_reads() -> None:
    found = made("machine")
    rows = {(row[2], row[3]): row for row in found["Registry"]}
    conditions = {row[0]: row[4] for row in found["Component"]}
    for name, setting in SETTINGS.items():
        if setting.kind == "table":
            continue
        value = f"#[{name.upper()}]" if setting.kind in ("boolean", "number") else f"[{name.upper()}]"
        policy = rows[policy_registry.POLICIES, name]
        assert policy[4] == value
        if setting.is_policy_only:
            assert (policy_registry.DEFAULTS, name) not in rows
            assert conditions[policy[5]] == name.upper()
        else:
            default = rows[policy_registry.DEFAULTS, name]
            assert default[4] == value
            assert conditions[policy[5]] == f'{name.upper()} AND LOCK = "1"'
            assert conditions[default[5]] == f'{name.upper()} AND LOCK <> "1"'


def test_a_person_s_package_writes_nothing_for_the_machine() -> None:
    found = made("user")
    assert set(column(found["Registry"], 1)) == {tables.HKCU}
    assert "Environment" not in found
    assert "ALLUSERS" not in column(found["Property"])
    assert not any(
        row[2] in (policy_registry.POLICIES, windows_events.REGISTRY_KEY) for row in found["Registry"]
    )


@SCOPES
def test_what_is_said_on_the_command_line_reaches_an_elevated_installer_and_is_remembered(scope) -> None:
    found = made(scope)
    secure = dict(found["Property"])["SecureCustomProperties"].split(";")
    remembered = {row[3]: row[4] for row in found["Registry"] if row[2] == tables.SETUP}
    for prop in properties.public(scope):
        assert prop.name in secure
        assert remembered[prop.name] == f"[{prop.name}]"
        assert f"{prop.name}_KEPT" in column(found["AppSearch"])


def test_a_proxy_with_a_password_stays_out_of_logs() -> None:
    assert "PROXY" in dict(made("machine")["Property"])["MsiHiddenProperties"].split(";")


def test_codes_go_by_what_is_packed_and_codes_of_upgrades_never_change() -> None:
    def codes(*words: str) -> tuple[str, ...]:
        found = made(*words)
        named = dict(found["Property"])
        return named["ProductCode"], named["UpgradeCode"], found["Component"][0][1]

    first = codes("machine", "0.1.0", "c")
    assert first == codes("machine", "0.1.0", "c")
    assert first[0] != codes("machine", "0.1.0", "d")[0], "two different products under one code"
    others = codes("machine", "0.2.0", "c")
    assert (first[0] != others[0], first[1] == others[1], first[2] != others[2]) == (True, True, True)
    assert first[1] == "{4D0D8E57-93B4-5B0C-8F0E-6C5F6E4F3A11}"
    assert codes("user")[1] == "{B7E0A3C2-18D5-5A67-9C44-2F1D7E90B3C6}"
    assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", first[0])


@SCOPES
def test_names_of_files_are_short_and_long_and_unlike_in_a_folder(scope) -> None:
    found = made(scope)
    seen = set()
    for key, component, name, *_ in found["File"]:
        short, long = name.split("|")
        assert re.fullmatch(r"[A-Z0-9]{1,8}(\.[A-Z0-9]{1,3})?", short), name
        assert (component, short) not in seen
        seen.add((component, short))
        assert long in {each.path.name for each in FILES}
        assert key == key.lower()
    assert [row[7] for row in found["File"]] == [1, 2, 3, 4, 5, 6]


def test_a_payload_without_a_launcher_is_no_package() -> None:
    with pytest.raises(AssertionError, match="no launcher"):
        tables.package("machine", "0.1.0", FILES[1:], "c")


def test_the_launcher_is_what_windows_starts() -> None:
    found = made("machine")
    key = next(row[0] for row in found["File"] if row[2].endswith(f"|{native.LAUNCHER}"))
    assert [row[4] for row in found["Registry"] if row[3] == "Qalamsap"] == [f'"[#{key}]" autostart start']
    assert found["Shortcut"][0][4:6] == (f"[#{key}]", "open")


# --- the broker's service ---------------------------------------------------------------------------------------


def test_the_service_is_the_first_file_of_a_component_of_its_own_that_is_there_only_where_it_is_wanted() -> (
    None
):
    found = made("machine")
    ((_, name, _, kind, start, _, _, _, account, password, arguments, component, _),) = found[
        "ServiceInstall"
    ]
    assert (name, kind, start, account, password) == (
        windows_service.NAME, 0x10, 2, r"NT AUTHORITY\LocalService", None,
    )  # fmt: skip
    ((_, _, folder, attributes, condition, key),) = [row for row in found["Component"] if row[0] == component]
    assert (folder, attributes & 64, condition) == ("INSTALLDIR", 64, 'BROKER = "on"')
    assert [row[2].partition("|")[2] for row in found["File"] if row[1] == component] == [
        "qalamsap-broker.exe"
    ]
    assert [row[0] for row in found["File"] if row[1] == component] == [key]
    interpreter, module, words = arguments.partition(" -m agent.broker ")
    assert (interpreter, module.strip(), words) == ("-I", "-m agent.broker", "[BROKER_WORDS]")
    assert "qalamsap-broker.exe" in {row[2].partition("|")[2] for row in made("user")["File"]}
    assert not {"ServiceInstall", "ServiceControl"} & made("user").keys()
    with pytest.raises(AssertionError, match="no broker"):
        tables.package("machine", "0.1.0", FILES[:-1], "c")


def test_the_service_is_stopped_before_programs_are_ended_and_started_when_it_is_whole() -> None:
    """Else the service control manager starts it anew while its files are replaced, or it runs without its identity."""
    found = made("machine")
    order = {row[0]: row[2] for row in found["InstallExecuteSequence"]}
    words = [
        "RemoveExistingProducts", "StopServices", "StopAgents", "DeleteServices", "RemoveFiles", "InstallFiles", "BrokerUsualWords",
        "InstallServices", "BrokerIdentity", "BrokerRights", "BrokerRestart", "BrokerRestartAlways", "BrokerStart", "InstallFinalize",
    ]  # fmt: skip
    assert [order[word] for word in words] == sorted(order[word] for word in words)
    # Stopping is waited for, for its file goes. Starting is no action of Windows Installer's, which would take everything back.
    assert {row[0]: (row[2], row[4]) for row in found["ServiceControl"]} == {
        "BrokerStop": (0x2 | 0x20 | 0x80, 1)
    }
    assert "StartServices" not in order
    assert {row[1] for row in found["ServiceControl"]} == {windows_service.NAME}
    assert {row[5] for row in found["ServiceControl"]} == {"Broker"}


def test_the_service_has_the_identity_that_agents_let_in_and_is_started_again() -> None:
    found = made("machine")
    conditions = {row[0]: row[1] for row in found["InstallExecuteSequence"]}
    actions = {row[0]: row[1] for row in found["CustomAction"]}
    said = {
        row[0]: row[3]
        for row in found["CustomAction"]
        if "sc.exe" in (row[3] or "") and not row[1] & ROLLBACK
    }
    assert said == {
        "BrokerIdentity": '"[System64Folder]sc.exe" sidtype QalamsapBroker unrestricted',
        "BrokerRights": '"[System64Folder]sc.exe" privs QalamsapBroker SeChangeNotifyPrivilege',
        "BrokerRestart": '"[System64Folder]sc.exe" failure QalamsapBroker reset= 3600 actions= restart/1000/restart/5000/restart/60000',
        "BrokerRestartAlways": '"[System64Folder]sc.exe" failureflag QalamsapBroker 1',
        "BrokerStart": '"[System64Folder]sc.exe" start QalamsapBroker',
    }
    kinds = DEFERRED | NOT_AS_PERSON | GO_ON
    assert all(actions[name] & kinds == kinds for name in said)
    assert {conditions[name] for name in said} == {'BROKER = "on" AND NOT REMOVE'}


def test_the_port_at_which_agents_register_is_no_port_of_pages() -> None:
    """The service could never have it twice, and would be started anew for ever."""
    said = [row[0] for row in made("machine")["LaunchCondition"] if "BROKER" in row[0] and "PORT" in row[0]]
    door = windows_service.DOOR_PORT
    assert said == [f'Installed OR NOT BROKER = "on" OR (PORT <> "{door}" AND HTTPS_API_PORT <> "{door}")']
    assert not [row[0] for row in made("user")["LaunchCondition"] if "BROKER" in row[0]]


def test_a_removal_that_is_taken_back_leaves_the_service_as_it_was() -> None:
    """Windows Installer makes it again, without identity and restarts: agents would be told that it has no right to serve them."""
    found = made("machine")
    order = {row[0]: (row[2], row[1]) for row in found["InstallExecuteSequence"]}
    actions = {row[0]: row for row in found["CustomAction"]}
    given = [name for name, row in actions.items() if "sc.exe" in (row[3] or "") and not row[1] & ROLLBACK]
    again = sorted((name for name in actions if name.endswith("Again")), key=lambda name: order[name][0])
    # Backwards, and after the service is made, which is what taking DeleteServices back does.
    assert [name.removesuffix("Again") for name in reversed(again)] == sorted(given, key=order.__getitem__)
    assert order["StopAgents"][0] < order[again[0]][0]
    assert order[again[-1]][0] < order["DeleteServices"][0]
    for name in again:
        assert actions[name][3] == actions[name.removesuffix("Again")][3]
        assert actions[name][1] == actions[name.removesuffix("Again")][1] | ROLLBACK
        assert order[name][1] == 'BROKER = "on" AND REMOVE = "ALL"'


def test_an_install_that_is_taken_back_stops_its_service_before_it_is_deleted() -> None:
    found = made("machine")
    order = {row[0]: row[2] for row in found["InstallExecuteSequence"]}
    ((_, kind, _, words, _),) = [row for row in found["CustomAction"] if row[0] == "UndoBrokerStart"]
    assert kind & (DEFERRED | ROLLBACK | GO_ON) == DEFERRED | ROLLBACK | GO_ON
    assert words == '"[System64Folder]net.exe" stop QalamsapBroker'
    assert order["InstallServices"] < order["UndoBrokerStart"] < order["BrokerStart"]


def test_the_service_owns_the_ports_that_agents_are_told_to_use() -> None:
    found = made("machine")
    order = {row[0]: (row[2], row[1]) for row in found["InstallExecuteSequence"]}
    said = sorted((*order[row[0]], row[3]) for row in found["CustomAction"] if row[2] == "BROKER_WORDS")
    assert [row[1:] for row in said] == [
        ('PORT AND PORT <> "0"', "--port [PORT]"),
        ('NOT PORT OR PORT = "0"', f"--port {DEFAULT_PORT}"),
        ('HTTPS_API = "1" AND HTTPS_API_PORT AND HTTPS_API_PORT <> "0"', "[BROKER_WORDS] --port [HTTPS_API_PORT]"),
        ('HTTPS_API = "1" AND NOT HTTPS_API_PORT', f"[BROKER_WORDS] --port {DEFAULT_HTTPS_API_PORT}"),
    ]  # fmt: skip
