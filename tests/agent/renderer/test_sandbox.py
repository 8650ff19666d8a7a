"""The sandbox, tried from inside: each thing that a renderer taken over would want to do. And its filter, read instruction by instruction."""

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from agent.renderer import sandbox
from tests.conftest import NEEDS_TOOL

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox that is tested is Linux's")

# --- from inside ----------------------------------------------------------------------------------------------------

INSIDE = r"""
import ctypes, errno, json, mmap, os, resource, select, signal, socket, sys, threading, time
from agent.renderer import sandbox

folder, other = sys.argv[1], int(sys.argv[2])
MACHINE = os.uname().machine
libc = ctypes.CDLL(None, use_errno=True)
left_open = os.dup(0)
os.set_inheritable(left_open, True)
page = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))

def call(name, *arguments):
    # A function of the C library that gives -1, or NULL where it maps memory, for an error.
    function = getattr(libc, name)
    function.restype = ctypes.c_long
    ctypes.set_errno(0)
    result = function(*[ctypes.c_long(each) if isinstance(each, int) else each for each in arguments])
    if result in (-1, 0xFFFFFFFF):  # of int, in a long
        raise OSError(ctypes.get_errno(), name)
    return result

def connect(family, place):
    with socket.socket(family) as peer:
        peer.connect(place)

def in_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()

def take_memory():
    try:
        return len(bytearray(8 << 30))
    except MemoryError:
        raise OSError(errno.ENOMEM, "memory") from None

def environment():
    if os.environ or os.environb:
        return dict(os.environ)
    raise OSError(errno.ENOENT, "environment")

def many_descriptors():
    open_ones = []
    for number in range(3, 4096):
        try:
            os.read(number, 0)
            open_ones.append(number)
        except OSError as error:
            if error.errno != errno.EBADF:
                open_ones.append(number)
    if open_ones:
        return open_ones
    raise OSError(errno.EBADF, "descriptors")

ATTEMPTS = {
    "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "read a file of the person": lambda: open(folder + "/secret").read(),
    "read its own program": lambda: open(sandbox.__file__).read(),
    "write a file": lambda: os.open(folder + "/new", os.O_WRONLY | os.O_CREAT),
    "write over a file": lambda: os.open(folder + "/secret", os.O_WRONLY | os.O_TRUNC),
    "open by a folder": lambda: os.open("/etc/passwd", os.O_RDONLY, dir_fd=0),
    "list a folder": lambda: os.listdir(folder),
    "see whether a file is there": lambda: os.stat(folder + "/secret"),
    "read a link": lambda: os.readlink("/proc/self/exe"),
    "remove a file": lambda: os.unlink(folder + "/secret"),
    "rename a file": lambda: os.rename(folder + "/secret", folder + "/open"),
    "make a folder": lambda: os.mkdir(folder + "/new"),
    "make a link": lambda: os.symlink("/etc/passwd", folder + "/new"),
    "change rights": lambda: os.chmod(folder + "/secret", 0o777),
    "change the folder": lambda: os.chdir("/"),
    "a file in memory": lambda: os.memfd_create("x"),
    "read /proc": lambda: os.open("/proc/self/environ", os.O_RDONLY),
    "read memory by /proc": lambda: os.open("/proc/self/mem", os.O_RDWR),
    "read another's /proc": lambda: os.open(f"/proc/{other}/environ", os.O_RDONLY),
    "read the environment": environment,
    "read DISPLAY": lambda: os.environ["DISPLAY"] if "DISPLAY" in os.environ else environment(),
    "connect by TCP": lambda: connect(socket.AF_INET, ("127.0.0.1", 9)),
    "connect by TCP over IPv6": lambda: connect(socket.AF_INET6, ("::1", 9)),
    "connect to the display": lambda: connect(socket.AF_UNIX, "/tmp/.X11-unix/X0"),
    "connect to the session bus": lambda: connect(socket.AF_UNIX, "\0bus"),
    "ask the DNS": lambda: socket.getaddrinfo(b"example.com", 443),
    "a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "a raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "a pair of sockets": socket.socketpair,
    "a pipe": os.pipe,
    "copy a descriptor": lambda: os.dup(0),
    "a descriptor left open": lambda: os.read(left_open, 0),
    "any descriptor": many_descriptors,
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "start a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "divide": os.fork,
    "start a thread": in_thread,
    "end another process": lambda: os.kill(other, signal.SIGKILL),
    "look for another process": lambda: os.kill(other, 0),
    "signal by descriptor": lambda: os.pidfd_open(other),
    "trace another process": lambda: call("ptrace", 16, other, 0, 0),
    "be traced": lambda: call("ptrace", 0, 0, 0, 0),
    "read another's memory": lambda: call("process_vm_readv", other, address, 1, address, 1, 0),
    "write another's memory": lambda: call("process_vm_writev", other, address, 1, address, 1, 0),
    "outlive its parent": lambda: call("prctl", 1, 0, 0, 0, 0),
    "let others look in": lambda: call("prctl", 4, 1, 0, 0, 0),
    "another filter": lambda: call("prctl", 22, 2, address, 0, 0),
    "memory to execute": lambda: call("mmap", 0, 4096, 7, 0x22, -1, 0),
    "make memory executable": lambda: call("mprotect", address, 4096, 5),
    "become another user": lambda: os.setuid(65534),
    "leave the group": os.setsid,
    "a namespace": lambda: call("unshare", 0x10000000),
    "mount": lambda: call("mount", b"none", folder.encode(), b"tmpfs", 0, 0),
    "change the root": lambda: os.chroot("/"),
    "shared memory": lambda: call("shmget", 1, 4096, 0o1600),
    "a queue of messages": lambda: call("msgget", 1, 0o1600),
    "terminal's input": lambda: call("ioctl", 0, 0x5412, address),
    "raise its limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    "lock memory": lambda: call("mlock", address, 4096),
    "more memory": take_memory,
    "change the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "wait for another's events": lambda: select.epoll(),
    "watch files": lambda: call("inotify_init"),
    "io_uring": lambda: call("syscall", 425, 1, address),
    "bpf": lambda: call("syscall", 321 if MACHINE == "x86_64" else 280, 0, address, 0),
    "keys of the kernel": lambda: call("syscall", 250 if MACHINE == "x86_64" else 219, 0, 0, 0),
}
parent = os.getppid()
sandbox.enter(parent, 1000)
results = {}
for name, attempt in ATTEMPTS.items():
    try:
        results[name] = ["done", repr(attempt())[:100]]
    except socket.gaierror as error:
        names = [each for each in dir(socket) if each.startswith("EAI_") and getattr(socket, each) == error.errno]
        results[name] = ["refused", names[0]]
    except OSError as error:
        results[name] = ["refused", errno.errorcode.get(error.errno, str(error.errno))]
    except (ImportError, RuntimeError, LookupError, ValueError) as error:
        results[name] = ["refused", type(error).__name__]
octets = bytearray(100 << 20)  # what it may do, it does
octets[::4096] = b"x" * len(octets[::4096])
del octets
os.urandom(8)
results["clock"] = ["may", time.monotonic() > 0]
try:
    os.write(2, b"lost")
    results["say"] = ["may", True]
except OSError as error:
    results["say"] = ["may", repr(error)]
os.write(1, json.dumps(results).encode())
"""


OTHER_REFUSALS = {
    "read the environment": {"ENOENT"},
    "read DISPLAY": {"ENOENT"},
    "ask the DNS": {"EAI_AGAIN", "EAI_NONAME", "EAI_SYSTEM"},
    "a descriptor left open": {"EBADF"},
    "any descriptor": {"EBADF"},
    "start a thread": {"RuntimeError"},
    "raise its limits": {"ValueError"},  # Python's word for EPERM
    "more memory": {"ENOMEM"},
}


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What came of each attempt."""
    folder = tmp_path_factory.mktemp("person")
    (folder / "secret").write_text("secret", encoding="utf-8")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        ended = subprocess.run(
            [sys.executable, "-c", INSIDE, str(folder), str(other.pid)],
            input=b"",
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, "DISPLAY": ":0", "SECRET": "secret"},
        )
        assert other.poll() is None
        other.kill()
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stderr == b"lost"
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert (folder / "secret").read_text(encoding="utf-8") == "secret"
    found: dict[str, list[str]] = json.loads(ended.stdout)
    return found


NAMES = re.findall(r'^    "(.+?)": ', INSIDE, re.MULTILINE)


@linux_only
@pytest.mark.process
@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_computing_is_possible(name: str, attempts: dict[str, list[str]]) -> None:
    outcome, detail = attempts[name]
    assert outcome == "refused", detail
    # Not for another reason: an address that nobody listens at, a file that is not there.
    assert detail in OTHER_REFUSALS.get(name, {"EPERM", "EACCES"})


@linux_only
@pytest.mark.process
def test_files_are_refused_as_such_and_all_else_as_not_permitted(attempts: dict[str, list[str]]) -> None:
    assert attempts["read a file"][1] == "EACCES"
    assert attempts["read /proc"][1] == "EACCES"
    assert attempts["connect by TCP"][1] == "EPERM"
    assert attempts["divide"][1] == "EPERM"
    assert attempts["execute"][1] == "EPERM"
    assert attempts["a descriptor left open"][1] == "EBADF"
    assert attempts["more memory"][1] == "ENOMEM"


@linux_only
@pytest.mark.process
def test_what_it_needs_it_may_do(attempts: dict[str, list[str]]) -> None:
    assert attempts["clock"] == ["may", True]
    assert attempts["say"] == ["may", True]


@linux_only
@pytest.mark.process
def test_it_does_not_begin_after_its_parent_has_gone() -> None:
    program = "import os; from agent.renderer import sandbox; sandbox.enter(os.getppid() + 1, 1); print('on')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert ended.stdout == b""


@linux_only
@pytest.mark.process
def test_a_processor_that_is_not_known_has_no_sandbox() -> None:
    program = (
        "import os, platform; from agent.renderer import sandbox; platform.machine = lambda: 'riscv64'\n"
        "try: sandbox.enter(os.getppid(), 1)\n"
        "except sandbox.SandboxMissing as missing: os.write(1, str(missing).encode())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert ended.stdout == b"no filter for riscv64"


# --- the filter -----------------------------------------------------------------------------------------------------

ALLOW, KILL, EPERM, EACCES = 0x7FFF0000, 0x80000000, 0x00050001, 0x0005000D


def run(program: bytes, number: int, arch: int, protection: int = 0) -> int:
    """What the filter says to a call: BPF as linux/bpf_common.h has it, as far as it is used."""
    data = struct.pack("<IIQ6Q", number, arch, 0, 0, 0, protection, 0, 0, 0)
    code = list(struct.iter_unpack("<HBBI", program))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, value = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x45:
                at += if_true if accumulator & value else if_false
            case 0x06:
                return value
            case _:
                raise AssertionError(hex(operation))


@pytest.mark.parametrize("name", sandbox.MACHINES)
def test_the_filter_lets_through_what_is_listed_and_nothing_else(name: str) -> None:
    machine = sandbox.MACHINES[name]
    program = sandbox.program(machine)
    assert len(program) // 8 < 4096  # BPF_MAXINSNS
    for number in [*range(600), 0x3FFFFFFF]:
        if number in machine.allowed or number in machine.mapping:
            expected = ALLOW
        else:
            expected = EACCES if number in machine.opening else EPERM
        assert run(program, number, machine.audit_arch) == expected, number
    for number in machine.mapping:
        for protection in range(8):
            expected = EPERM if protection & 4 else ALLOW
            assert run(program, number, machine.audit_arch, protection) == expected


@pytest.mark.parametrize("name", sandbox.MACHINES)
def test_other_ways_of_calling_end_the_process(name: str) -> None:
    machine = sandbox.MACHINES[name]
    program = sandbox.program(machine)
    for arch in (0x40000003, 0x40000028, 0):  # i386, arm
        assert run(program, 1, arch) == KILL
    assert run(program, 0x40000001, machine.audit_arch) == KILL
    assert run(program, 0xFFFFFFFF, machine.audit_arch) == KILL


COMMON = [
    "read",
    "write",
    "close",
    "fstat",
    "lseek",
    "munmap",
    "brk",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "readv",
    "writev",
    "sched_yield",
    "mremap",
    "madvise",
    "nanosleep",
    "setitimer",
    "getpid",
    "exit",
    "gettimeofday",
    "sigaltstack",
    "gettid",
    "futex",
    "restart_syscall",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "exit_group",
    "set_robust_list",
    "getrandom",
    "membarrier",
    "rseq",
]


@linux_only
@pytest.mark.parametrize(
    ("name", "headers", "opening"),
    [
        ("x86_64", ("x86_64-linux-gnu/asm/unistd_64.h", "asm/unistd_64.h"), "open creat openat openat2"),
        ("aarch64", ("asm-generic/unistd.h", "aarch64-linux-gnu/asm/unistd_64.h"), "openat openat2"),
    ],
)
def test_numbers_are_those_of_the_kernel(name: str, headers: tuple[str, ...], opening: str) -> None:
    paths = [path for header in headers if (path := Path("/usr/include", header)).is_file()]
    if not paths:
        pytest.skip(f"{NEEDS_TOOL}: headers of Linux (linux-libc-dev)")
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    numbers = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text))
    machine = sandbox.MACHINES[name]
    assert machine.allowed == {int(numbers[each]) for each in COMMON}
    assert machine.opening == {int(numbers[each]) for each in opening.split()}
    assert machine.mapping == {int(numbers[each]) for each in ("mmap", "mprotect")}
