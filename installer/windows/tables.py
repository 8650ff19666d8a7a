"""What Windows Installer is told, as the tables of its database: columns and rows, nothing else. Pure.

The tables and their columns are those of "Windows Installer Database Reference" on learn.microsoft.com. A major upgrade takes the
old version out inside the transaction of the new one (RemoveExistingProducts after InstallInitialize): if the new one fails, the
old one is there again. As no two versions share a component, its codes are made of version and path, and the same twice.
"""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeAlias

from agent import programs
from agent.peers import windows_service
from agent.policy import registry as policy_registry
from agent.settings import DEFAULT_HTTPS_API_PORT, DEFAULT_PORT
from agent.system_log import windows_events
from installer.windows import native, properties
from installer.windows.properties import FORGET, Property, Scope

Value: TypeAlias = str | int | None
Row: TypeAlias = tuple[Value, ...]

NAME, MANUFACTURER = "Qalamsap", "Qalamsap"
# Never to be changed: by these two an upgrade finds what is there.
UPGRADE_CODES: dict[Scope, str] = {
    "machine": "{4D0D8E57-93B4-5B0C-8F0E-6C5F6E4F3A11}",
    "user": "{B7E0A3C2-18D5-5A67-9C44-2F1D7E90B3C6}",
}
_NAMESPACE = uuid.UUID("0f6a2f0e-5d5c-5c0b-9d0a-7c2f4e1b8a63")
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
_RUN_VALUE = "Qalamsap"
TASK = "Qalamsap trust renewal"
OURS = r"Software\Qalamsap"
SETUP = rf"{OURS}\Setup"
_WINDOWS_10 = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"

HKCU, HKLM = 1, 2
_DEFAULT_ATTRIBUTES = 256  # msidbComponentAttributes64bit
_REGISTRY_KEY_PATH, _TRANSITIVE = 4, 64
_LOCATOR_RAW_64 = 2 + 16
_ON_REMOVAL = 2
# Custom actions: where the program comes from, and when and as whom it runs.
_SET, _FROM_BINARY, _INSTALLED_FILE, _FOLDER = 51, 2, 18, 34
_GO_ON, _DEFERRED, _ROLLBACK, _NOT_AS_PERSON, _DONT_WAIT = 64, 1024, 256, 2048, 128

_BROKER = PurePosixPath(f"{programs.LAUNCHER}-broker.exe")
_HAS_BROKER = 'BROKER = "on"'
_OWN_PROCESS, _AT_START, _ERROR_NORMAL = 0x10, 2, 1
_STOP_ALWAYS, _DELETE_ON_REMOVAL = 0x2 | 0x20, 0x80

# Columns as msibuild reads them: s text, l text that may be translated, i number, v stream; capitals where nothing may stand.
SCHEMA: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Property": (("Property", "s72"), ("Value", "l0")),
    "Directory": (("Directory", "s72"), ("Directory_Parent", "S72"), ("DefaultDir", "l255")),
    "Component": (
        ("Component", "s72"), ("ComponentId", "S38"), ("Directory_", "s72"), ("Attributes", "i2"), ("Condition", "S255"), ("KeyPath", "S72"),
    ),
    "Feature": (
        ("Feature", "s38"), ("Feature_Parent", "S38"), ("Title", "L64"), ("Description", "L255"), ("Display", "I2"), ("Level", "i2"),
        ("Directory_", "S72"), ("Attributes", "i2"),
    ),
    "FeatureComponents": (("Feature_", "s38"), ("Component_", "s72")),
    "File": (
        ("File", "s72"), ("Component_", "s72"), ("FileName", "l255"), ("FileSize", "i4"), ("Version", "S72"), ("Language", "S20"),
        ("Attributes", "I2"), ("Sequence", "i4"),
    ),
    "Media": (
        ("DiskId", "i2"), ("LastSequence", "i4"), ("DiskPrompt", "L64"), ("Cabinet", "S255"), ("VolumeLabel", "S32"), ("Source", "S72"),
    ),
    "Registry": (
        ("Registry", "s72"), ("Root", "i2"), ("Key", "l255"), ("Name", "L255"), ("Value", "L0"), ("Component_", "s72"),
    ),
    "Shortcut": (
        ("Shortcut", "s72"), ("Directory_", "s72"), ("Name", "l128"), ("Component_", "s72"), ("Target", "s72"), ("Arguments", "S255"),
        ("Description", "L255"), ("Hotkey", "I2"), ("Icon_", "S72"), ("IconIndex", "I2"), ("ShowCmd", "I2"), ("WkDir", "S72"),
    ),
    "RemoveFile": (
        ("FileKey", "s72"), ("Component_", "s72"), ("FileName", "L255"), ("DirProperty", "s72"), ("InstallMode", "i2"),
    ),
    "ServiceInstall": (
        ("ServiceInstall", "s72"), ("Name", "s255"), ("DisplayName", "L255"), ("ServiceType", "i4"), ("StartType", "i4"),
        ("ErrorControl", "i4"), ("LoadOrderGroup", "S255"), ("Dependencies", "S255"), ("StartName", "S255"), ("Password", "S255"),
        ("Arguments", "S255"), ("Component_", "s72"), ("Description", "L255"),
    ),
    "ServiceControl": (
        ("ServiceControl", "s72"), ("Name", "l255"), ("Event", "i2"), ("Arguments", "S255"), ("Wait", "I2"), ("Component_", "s72"),
    ),
    "Environment": (("Environment", "s72"), ("Name", "l255"), ("Value", "L255"), ("Component_", "s72")),
    "Upgrade": (
        ("UpgradeCode", "s38"), ("VersionMin", "S20"), ("VersionMax", "S20"), ("Language", "S255"), ("Attributes", "i4"), ("Remove", "S255"),
        ("ActionProperty", "s72"),
    ),
    "LaunchCondition": (("Condition", "s255"), ("Description", "l255")),
    "AppSearch": (("Property", "s72"), ("Signature_", "s72")),
    "RegLocator": (("Signature_", "s72"), ("Root", "i2"), ("Key", "s255"), ("Name", "S255"), ("Type", "I2")),
    "CustomAction": (("Action", "s72"), ("Type", "i2"), ("Source", "S72"), ("Target", "S255"), ("ExtendedType", "I4")),
    "Binary": (("Name", "s72"), ("Data", "v0")),
    "Icon": (("Name", "s72"), ("Data", "v0")),
    "InstallExecuteSequence": (("Action", "s72"), ("Condition", "S255"), ("Sequence", "I2")),
    "InstallUISequence": (("Action", "s72"), ("Condition", "S255"), ("Sequence", "I2")),
    "AdminExecuteSequence": (("Action", "s72"), ("Condition", "S255"), ("Sequence", "I2")),
    "AdminUISequence": (("Action", "s72"), ("Condition", "S255"), ("Sequence", "I2")),
    "AdvtExecuteSequence": (("Action", "s72"), ("Condition", "S255"), ("Sequence", "I2")),
}  # fmt: skip
KEYS: Mapping[str, int] = {"FeatureComponents": 2, "Upgrade": 5, "AppSearch": 2}
"""How many of the first columns are the key, where it is more than one."""

_COSTING = (("CostInitialize", 800), ("FileCost", 900), ("CostFinalize", 1000))
_INSTALLATION = (
    ("FindRelatedProducts", 25), ("AppSearch", 50), ("LaunchConditions", 400), ("ValidateProductID", 700), *_COSTING,
    ("MigrateFeatureStates", 1200), ("InstallValidate", 1400), ("InstallInitialize", 1500), ("RemoveExistingProducts", 1501),
    ("ProcessComponents", 1600), ("UnpublishFeatures", 1800), ("RemoveRegistryValues", 2600), ("RemoveShortcuts", 3200),
    ("RemoveEnvironmentStrings", 3300), ("RemoveFiles", 3500), ("RemoveFolders", 3600), ("CreateFolders", 3700), ("InstallFiles", 4000),
    ("CreateShortcuts", 4500), ("WriteRegistryValues", 5000), ("WriteEnvironmentStrings", 5200), ("RegisterUser", 6000),
    ("RegisterProduct", 6100), ("PublishFeatures", 6300), ("PublishProduct", 6400), ("InstallFinalize", 6600),
)  # fmt: skip
# Only where there is a service: before StopAgents, or it would be started anew while its files are replaced.
_SERVICES = (("StopServices", 1502), ("DeleteServices", 2000), ("InstallServices", 5800))
_KEEP_FROM, _DEFAULT_FROM = 100, 300  # numbers in the sequence of the actions that settle the properties


@dataclasses.dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the payload. `path` is below its folder, with slashes."""

    path: PurePosixPath
    size: int
    version: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Package:
    """All that the tables hold. `files` stands in the order of the cabinet: a file's key is `file_key` of its place."""

    tables: Mapping[str, Sequence[Row]]
    product_code: str
    files: tuple[PackedFile, ...]


def code(*words: str) -> str:
    """A GUID made of words: the same words, the same GUID."""
    return f"{{{uuid.uuid5(_NAMESPACE, chr(0).join(words))}}}".upper()


def file_key(number: int) -> str:
    return f"f{number:05}"


def package(scope: Scope, version: str, files: Iterable[PackedFile], content_sha256: str) -> Package:
    """The whole database of one package. The product's code goes by what is in it: another build of one version is another product,
    and takes the first one's place."""
    ordered = tuple(sorted(files, key=lambda each: each.path))
    product = code("product", scope, version, content_sha256)
    builder = _Builder(scope, version, product)
    builder.put_files(ordered)
    builder.put_properties()
    builder.put_start()
    if scope == "machine":
        builder.put_settings()
        builder.put_event_source()
        builder.put_machine_state()
        builder.put_broker()
    builder.put_conditions()
    builder.put_actions()
    return Package(builder.finished(), product, ordered)


class _Builder:
    def __init__(self, scope: Scope, version: str, product: str) -> None:
        self.scope, self.version, self.product = scope, version, product
        self.root = HKLM if scope == "machine" else HKCU
        self.public = properties.public(scope)
        self.rows: dict[str, list[Row]] = {name: [] for name in SCHEMA}
        self.launcher = ""
        self.broker = ""
        self._folders: dict[PurePosixPath, str] = {PurePosixPath(): "INSTALLDIR"}
        self.rows["Feature"].append(("Everything", None, NAME, None, 1, 1, "INSTALLDIR", 0))

    def finished(self) -> dict[str, list[Row]]:
        return {name: rows for name, rows in self.rows.items() if rows}

    def add(self, table: str, *row: Value) -> None:
        assert len(row) == len(SCHEMA[table]), table
        self.rows[table].append(row)

    def component(
        self,
        name: str,
        key_path: str | None,
        *,
        folder: str = "INSTALLDIR",
        attributes: int = 0,
        condition: str | None = None,
    ) -> str:
        self.add(
            "Component", name, code("component", self.scope, self.version, name), folder, _DEFAULT_ATTRIBUTES | attributes,
            condition, key_path,
        )  # fmt: skip
        self.add("FeatureComponents", "Everything", name)
        return name

    def registry_component(
        self, name: str, root: int, key: str, values: Mapping[str, str], condition: str | None = None
    ) -> None:
        """Values that come and go together. Looked at again by a repair, for the condition may have changed."""
        names = [f"{name}_{number}" for number in range(len(values))]
        attributes = _REGISTRY_KEY_PATH | (_TRANSITIVE if condition else 0)
        self.component(name, names[0], attributes=attributes, condition=condition)
        for row, (value, data) in zip(names, values.items(), strict=True):
            self.add("Registry", row, root, key, value, data, name)

    # --- files ------------------------------------------------------------------------------------------------

    def put_files(self, files: Sequence[PackedFile]) -> None:
        self.add("Directory", "TARGETDIR", None, "SourceDir")
        if self.scope == "machine":
            self.add("Directory", "ProgramFiles64Folder", "TARGETDIR", ".")
            self.add("Directory", "INSTALLDIR", "ProgramFiles64Folder", NAME)
            self.add("Directory", "System64Folder", "TARGETDIR", ".")
        else:
            self.add("Directory", "LocalAppDataFolder", "TARGETDIR", ".")
            self.add("Directory", "ProgramsFolder", "LocalAppDataFolder", "Programs")
            self.add("Directory", "INSTALLDIR", "ProgramsFolder", NAME)
        self.add("Directory", "ProgramMenuFolder", "TARGETDIR", ".")
        components: dict[PurePosixPath, str] = {}
        for number, file in enumerate(files, start=1):
            folder, key = file.path.parent, file_key(number)
            component = components.get(folder)
            if file.path == _BROKER and self.scope == "machine":
                # A service is the first file of its component, and comes and goes with it.
                component = self.broker = self.component(
                    "Broker", key, attributes=_TRANSITIVE, condition=_HAS_BROKER
                )
            elif component is None:
                # A component for each folder, and its first file is how Windows Installer knows that it is there.
                component = components[folder] = self.component(
                    f"c{len(components):04}", key, folder=self._folder(folder)
                )
            name = _installer_name(file.path.name, key)
            language = "1033" if file.version else None
            self.add("File", key, component, name, file.size, file.version or None, language, 512, number)
            if file.path == PurePosixPath(native.LAUNCHER):
                self.launcher = key
        self.add("Media", 1, len(files), None, "#files.cab", None, None)
        assert self.launcher, "the payload has no launcher"

    def _folder(self, path: PurePosixPath) -> str:
        if path not in self._folders:
            parent = self._folder(path.parent)
            key = f"d{len(self._folders):04}"
            self._folders[path] = key
            self.add("Directory", key, parent, _installer_name(path.name, key))
        return self._folders[path]

    # --- properties -------------------------------------------------------------------------------------------

    def put_properties(self) -> None:
        names = [prop.name for prop in self.public]
        fixed = {
            "ProductName": NAME, "ProductCode": self.product, "ProductVersion": self.version, "ProductLanguage": "1033",
            "Manufacturer": MANUFACTURER, "UpgradeCode": UPGRADE_CODES[self.scope], "ARPPRODUCTICON": "qalamsap.ico", "ARPNOMODIFY": "1",
            # What is there is replaced whatever its version says, in a repair, too.
            "REINSTALLMODE": "amus",
            # Agents have no window that Windows could close; we end them ourselves, in all sessions.
            "MSIRESTARTMANAGERCONTROL": "Disable",
            "SecureCustomProperties": ";".join([*names, "INSTALLDIR", "OLDERVERSION", "NEWERVERSION"]),
        }  # fmt: skip
        if self.scope == "machine":
            # A proxy may have a password in it, which has no business in logs.
            fixed |= {"ALLUSERS": "1", "MsiHiddenProperties": "PROXY;PROXY_KEPT"}
        for name, value in fixed.items():
            self.add("Property", name, value)
        self.add("Icon", "qalamsap.ico", "qalamsap.ico")
        self._keep_folder()
        for number, prop in enumerate(self.public):
            self._keep(prop, number)
        kept = {prop.name: f"[{prop.name}]" for prop in self.public}
        self.registry_component(
            "Setup", self.root, SETUP, {"Version": self.version, "Folder": "[INSTALLDIR]", **kept}
        )
        # With the last file all of ours goes, also what the program itself may have put there.
        self.add("Registry", "Ours", self.root, OURS, "-", None, "Setup")

    def _keep_folder(self) -> None:
        self.add("AppSearch", "INSTALLDIR_KEPT", "s_INSTALLDIR")
        self.add("RegLocator", "s_INSTALLDIR", self.root, SETUP, "Folder", _LOCATOR_RAW_64)
        self._set(
            "KeepFolder",
            "INSTALLDIR",
            "[INSTALLDIR_KEPT]",
            "NOT INSTALLDIR AND INSTALLDIR_KEPT",
            _KEEP_FROM - 1,
        )

    def _keep(self, prop: Property, number: int) -> None:
        """What was said at an earlier time holds where nothing is said now; a hyphen forgets it."""
        kept = f"{prop.name}_KEPT"
        self.add("AppSearch", kept, f"s_{prop.name}")
        self.add("RegLocator", f"s_{prop.name}", self.root, SETUP, prop.name, _LOCATOR_RAW_64)
        at = _KEEP_FROM + 2 * number
        self._set(f"Keep_{prop.name}", prop.name, f"[{kept}]", f"NOT {prop.name} AND {kept}", at)
        self._set(f"Forget_{prop.name}", prop.name, "{}", f'{prop.name} = "{FORGET}"', at + 1)
        if prop.default:
            self._set(
                f"Default_{prop.name}", prop.name, prop.default, f"NOT {prop.name}", _DEFAULT_FROM + number
            )

    def _set(self, action: str, name: str, value: str, condition: str, sequence: int) -> None:
        self.add("CustomAction", action, _SET, name, value, None)
        for table in ("InstallUISequence", "InstallExecuteSequence"):
            self.add(table, action, condition, sequence)

    # --- registry ---------------------------------------------------------------------------------------------

    def put_start(self) -> None:
        # Not "run": who switched it off for themselves has switched it off (agent.autostart).
        command = f'"[#{self.launcher}]" autostart start'
        self.registry_component("Autostart", self.root, _RUN_KEY, {_RUN_VALUE: command}, 'AUTOSTART = "1"')
        condition = 'SHORTCUT = "1"'
        self.registry_component("StartMenu", self.root, rf"{OURS}\StartMenu", {"Installed": "#1"}, condition)
        self.add(
            "Shortcut", "StartMenu", "ProgramMenuFolder", NAME, "StartMenu", f"[#{self.launcher}]", "open", None, None,
            "qalamsap.ico", 0, None, "INSTALLDIR",
        )  # fmt: skip
        if self.scope == "machine":
            self.registry_component(
                "SearchPath", HKLM, rf"{OURS}\SearchPath", {"Added": "#1"}, 'ADD_TO_PATH = "1"'
            )
            self.add("Environment", "SearchPath", "=-*Path", "[~];[INSTALLDIR]", "SearchPath")

    def put_settings(self) -> None:
        for prop in self.public:
            if prop.setting is None:
                continue
            setting = prop.setting
            value = f"#[{prop.name}]" if setting.kind in ("boolean", "number") else f"[{prop.name}]"
            is_policy = "" if setting.is_policy_only else ' AND LOCK = "1"'
            self.registry_component(
                f"Policy_{setting.name}",
                HKLM,
                policy_registry.POLICIES,
                {setting.name: value},
                f"{prop.name}{is_policy}",
            )
            if not setting.is_policy_only:
                self.registry_component(
                    f"Default_{setting.name}", HKLM, policy_registry.DEFAULTS, {setting.name: value},
                    f'{prop.name} AND LOCK <> "1"',
                )  # fmt: skip

    def put_machine_state(self) -> None:
        """The folder of the machine's TLS identity. `trust remove` empties it; what is left of it goes with the program. An upgrade
        takes away nothing but the lock, for a folder that holds something stays."""
        self.add("Directory", "MACHINE", "INSTALLDIR", "machine")
        self.add("Directory", "MACHINETLS", "MACHINE", "tls")
        self.add("RemoveFile", "lock", "Setup", "trust.lock", "MACHINE", _ON_REMOVAL)
        self.add("RemoveFile", "tls", "Setup", None, "MACHINETLS", _ON_REMOVAL)
        self.add("RemoveFile", "machine", "Setup", None, "MACHINE", _ON_REMOVAL)
        self.add("RemoveFile", "folder", "Setup", None, "INSTALLDIR", _ON_REMOVAL)

    def put_broker(self) -> None:
        """The service, of the account that has the fewest rights of those that need no setting up. What Windows Installer has for an
        identity of its own and for starting it again counts from the next start of the computer on, or is refused with error 1939
        (MsiServiceConfig, MsiServiceConfigFailureActions); sc.exe does both at once. It starts the service, too: where StartServices can't,
        Windows Installer takes everything back, and who has the port just now must not keep the program from being installed."""
        assert self.broker, "the payload has no broker"
        name = windows_service.NAME
        self.add(
            "ServiceInstall", "Broker", name, "Qalamsap broker", _OWN_PROCESS, _AT_START, _ERROR_NORMAL, None, None,
            r"NT AUTHORITY\LocalService", None, "-I -m agent.broker [BROKER_WORDS]", self.broker,
            "Hands each connection of a page to the signing agent of the session that it comes from.",
        )  # fmt: skip
        self.add(
            "ServiceControl", "BrokerStop", name, _STOP_ALWAYS | _DELETE_ON_REMOVAL, None, 1, self.broker
        )
        usual, more = "--port [PORT]", "[BROKER_WORDS] --port"
        for number, (action, words, when) in enumerate((
            ("BrokerWords", usual, 'PORT AND PORT <> "0"'),
            ("BrokerUsualWords", f"--port {DEFAULT_PORT}", 'NOT PORT OR PORT = "0"'),
            ("BrokerMoreWords", f"{more} [HTTPS_API_PORT]", 'HTTPS_API = "1" AND HTTPS_API_PORT AND HTTPS_API_PORT <> "0"'),
            ("BrokerMoreUsualWords", f"{more} {DEFAULT_HTTPS_API_PORT}", 'HTTPS_API = "1" AND NOT HTTPS_API_PORT'),
        )):  # fmt: skip
            self.add("CustomAction", action, _SET, "BROKER_WORDS", words, None)
            self.add("InstallExecuteSequence", action, when, 5790 + number)
        kind, stays = _FOLDER | _GO_ON | _NOT_AS_PERSON, f"{_HAS_BROKER} AND NOT REMOVE"
        # "net" waits for the end. A service that runs while it is taken back would be in the way of the one that was there before.
        self._run(
            "UndoBrokerStart", kind | _ROLLBACK, "System64Folder", f'"[System64Folder]net.exe" stop {name}', when=stays, at=5849
        )  # fmt: skip
        for number, (action, words) in enumerate((
            ("BrokerIdentity", f"sidtype {name} unrestricted"),
            ("BrokerRights", f"privs {name} SeChangeNotifyPrivilege"),
            ("BrokerRestart", f"failure {name} reset= 3600 actions= restart/1000/restart/5000/restart/60000"),
            ("BrokerRestartAlways", f"failureflag {name} 1"),
            ("BrokerStart", f"start {name}"),
        )):  # fmt: skip
            command = f'"[System64Folder]sc.exe" {words}'
            self._run(action, kind, "System64Folder", command, when=stays, at=5850 + number)
            # Where a removal is taken back, that of an upgrade above all, Windows Installer makes the service again, and knows of none of
            # this. What is taken back goes backwards: these follow when the service is there (DeleteServices), the start last of them.
            self._run(
                f"{action}Again", kind | _ROLLBACK, "System64Folder", command, when=f'{_HAS_BROKER} AND REMOVE = "ALL"', at=1508 - number
            )  # fmt: skip
        for action, number in _SERVICES:
            self.add("InstallExecuteSequence", action, None, number)

    def put_event_source(self) -> None:
        values = {"EventMessageFile": f"#%[INSTALLDIR]{native.EVENTS}", "TypesSupported": "#7"}
        self.registry_component("EventSource", HKLM, windows_events.REGISTRY_KEY, values)

    # --- conditions and actions -------------------------------------------------------------------------------

    def put_conditions(self) -> None:
        self.add("AppSearch", "WINDOWS_10", "s_WINDOWS_10")
        self.add(
            "RegLocator", "s_WINDOWS_10", HKLM, _WINDOWS_10, "CurrentMajorVersionNumber", _LOCATOR_RAW_64
        )
        conditions = {
            "Installed OR WINDOWS_10": "Qalamsap needs Windows 10 or later.",
            "Installed OR NOT NEWERVERSION": "A newer version of Qalamsap is installed.",
        }
        if self.scope == "machine":
            conditions["Installed OR Privileged"] = (
                "This package is for everybody on the computer and takes an administrator."
            )
            door = windows_service.DOOR_PORT
            conditions[
                f'Installed OR NOT {_HAS_BROKER} OR (PORT <> "{door}" AND HTTPS_API_PORT <> "{door}")'
            ] = f"With BROKER=on agents register at port {door}: choose another PORT and HTTPS_API_PORT."
        else:
            self.add("AppSearch", "FOR_EVERYBODY", "s_FOR_EVERYBODY")
            self.add("RegLocator", "s_FOR_EVERYBODY", HKLM, SETUP, "Version", _LOCATOR_RAW_64)
            conditions["Installed OR NOT FOR_EVERYBODY"] = (
                "Qalamsap is installed for everybody on this computer already."
            )
        for prop in self.public:
            if (text := properties.condition(prop)) is not None:
                conditions[text] = properties.expectation(prop)
        for text, words in conditions.items():
            self.add("LaunchCondition", text, words)
        code_ = UPGRADE_CODES[self.scope]
        # 512: this version itself counts as older, so that a second build of it replaces the first. 2: only look.
        self.add("Upgrade", code_, None, self.version, None, 512, None, "OLDERVERSION")
        self.add("Upgrade", code_, self.version, None, None, 2, None, "NEWERVERSION")

    def put_actions(self) -> None:
        self.add("Binary", native.STOP, native.STOP)
        as_whom = _NOT_AS_PERSON if self.scope == "machine" else 0
        self._run(
            "StopAgents", _FROM_BINARY | _GO_ON | as_whom, native.STOP, '"[INSTALLDIR]"', when=None, at=1503
        )
        words = {"machine": "--machine --shared", "user": "--user"}[self.scope]
        chosen = f'TRUST = "{self.scope}"'
        # Below the program's folder, where only administrators write and everybody reads (docs/decisions/0031).
        state = ' --state-dir "[INSTALLDIR]machine"' if self.scope == "machine" else ""
        install, remove = f"--wait trust install {words}{state}", f"--wait trust remove{state}"
        run = _INSTALLED_FILE | as_whom
        if self.scope == "machine":
            self.add("CustomAction", "TrustWords", _SET, "TRUST_WORDS", ' --origin "[ORIGINS]"', None)
            self.add("InstallExecuteSequence", "TrustWords", "ORIGINS", 5301)
            self.add("CustomAction", "NoTrustWords", _SET, "TRUST_WORDS", " --no-origins", None)
            self.add("InstallExecuteSequence", "NoTrustWords", "NOT ORIGINS AND ORIGINS_KEPT", 5302)
            install += "[TRUST_WORDS]"
        is_new = "NOT Installed AND NOT OLDERVERSION"
        self._run(
            "UndoTrust", run | _GO_ON | _ROLLBACK, self.launcher, remove, when=f"{chosen} AND {is_new}", at=5303
        )  # fmt: skip
        self._run("Trust", run, self.launcher, install, when=f"{chosen} AND NOT REMOVE", at=5304)
        no_more = f'NOT REMOVE AND TRUST = "none" AND TRUST_KEPT = "{self.scope}"'
        self._run("TakeTrustBack", run | _GO_ON, self.launcher, remove, when=no_more, at=5305)
        gone = 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE'
        self._run("RemoveTrust", run | _GO_ON, self.launcher, remove, when=gone, at=1510)
        if self.scope == "machine":
            self._put_end_of_task(f"({gone}) OR ({no_more})")
        if self.scope == "user":
            self.add(
                "CustomAction",
                "Start",
                _FOLDER | _GO_ON | _DONT_WAIT,
                "INSTALLDIR",
                f'"[#{self.launcher}]" run',
                None,
            )
            self.add("InstallExecuteSequence", "Start", 'START = "1" AND NOT REMOVE', 6601)
        for name, number in _INSTALLATION:
            self.add("InstallExecuteSequence", name, None, number)
        for name, number in (*_INSTALLATION[:3], *_COSTING, ("ExecuteAction", 1300)):
            self.add("InstallUISequence", name, None, number)
        for table in ("AdminExecuteSequence", "AdminUISequence"):
            for name, number in _COSTING:
                self.add(table, name, None, number)
        for name, number in (("InstallValidate", 1400), ("InstallInitialize", 1500), ("InstallAdminPackage", 3900),
                             ("InstallFiles", 4000), ("InstallFinalize", 6600)):  # fmt: skip
            self.add("AdminExecuteSequence", name, None, number)
        self.add("AdminUISequence", "ExecuteAction", None, 1300)
        for name, number in (("CostInitialize", 800), ("CostFinalize", 1000), ("InstallValidate", 1400), ("InstallInitialize", 1500),
                             ("PublishFeatures", 6300), ("PublishProduct", 6400), ("InstallFinalize", 6600)):  # fmt: skip
            self.add("AdvtExecuteSequence", name, None, number)

    def _put_end_of_task(self, gone: str) -> None:
        """The task that renews the certificate comes and goes with the trust, by the program (agent.localhost.renewal_task). Where the
        trust could not be taken back, it goes all the same: what it starts will not be there."""
        delete = f'"[System64Folder]schtasks.exe" /Delete /F /TN "{TASK}"'
        kind = _FOLDER | _GO_ON | _NOT_AS_PERSON
        self._run("RemoveTask", kind, "System64Folder", delete, when=gone, at=1511)

    def _run(self, action: str, kind: int, source: str, target: str, *, when: str | None, at: int) -> None:
        self.add("CustomAction", action, kind | _DEFERRED, source, target, None)
        self.add("InstallExecuteSequence", action, when, at)


def _installer_name(name: str, key: str) -> str:
    """Short and long name, as Windows Installer wants both; the short one is our key, which no other in the folder has."""
    stem, _, ending = name.rpartition(".")
    short = f"{key}.{_plain(ending)}" if stem and _plain(ending) else key
    return f"{short.upper()}|{name}"


def _plain(ending: str) -> str:
    return "".join(letter for letter in ending if letter.isascii() and letter.isalnum())[:3]
