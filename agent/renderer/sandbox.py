"""What a renderer takes away from itself before it reads a document: after `enter` it can compute, hear, answer and end.

Linux: a filter on system calls that lets through a short list and refuses all else (seccomp, of our own making, for x86-64 and arm64), no
new privileges, not traced, and it ends with its parent. There is no way back. No descriptor is left but the two pipes, and none can be opened: no file,
no socket, no display, no other process. Nothing is executed that was not in memory before. Where the system lacks the
filter, SandboxMissing says so, and nobody should go on.

macOS: the system's own profile for pure computation, written from its documentation and untested. Elsewhere there are limits only. Everywhere with
POSIX: memory and processor time are bounded, and the environment is empty.
"""

import contextlib
import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from agent import hardening

if sys.platform != "win32":
    import resource

MEMORY_BYTES = 1024 * 1024 * 1024  # beyond what the program and the document need
PROCESSOR_S = 600
HEARS, SAYS = 0, 1  # the descriptors that are left; 2 leads nowhere


class SandboxMissing(Exception):
    """This system has no sandbox for a renderer, or did not let it be entered."""


@dataclass(frozen=True, slots=True)
class Machine:
    """How a kind of processor numbers the system calls of Linux (asm/unistd.h)."""

    audit_arch: int  # linux/audit.h
    allowed: frozenset[int]
    opening: frozenset[int]  # files by name: refused as one that may not be opened
    mapping: frozenset[int]  # mmap, mprotect: allowed, unless for memory that can be executed
    too_high: int  # numbers from here on belong to another way of calling


MACHINES = MappingProxyType({
    "x86_64": Machine(
        audit_arch=0xC000003E,
        allowed=frozenset({
            0, 1, 3,  # read, write, close
            5, 8,  # fstat, lseek
            11, 12,  # munmap, brk
            13, 14, 15,  # rt_sigaction, rt_sigprocmask, rt_sigreturn
            19, 20,  # readv, writev
            24, 25, 28, 35, 38,  # sched_yield, mremap, madvise, nanosleep, setitimer
            39, 60,  # getpid, exit
            96, 131, 186, 202, 219,  # gettimeofday, sigaltstack, gettid, futex, restart_syscall
            228, 229, 230, 231,  # clock_gettime, clock_getres, clock_nanosleep, exit_group
            273, 318, 324, 334,  # set_robust_list, getrandom, membarrier, rseq
        }),
        opening=frozenset({2, 85, 257, 437}),  # open, creat, openat, openat2
        mapping=frozenset({9, 10}),
        too_high=0x40000000,  # x32
    ),
    "aarch64": Machine(
        audit_arch=0xC00000B7,
        allowed=frozenset({
            57, 62, 63, 64, 65, 66,  # close, lseek, read, write, readv, writev
            80, 93, 94,  # fstat, exit, exit_group
            98, 99, 101, 103,  # futex, set_robust_list, nanosleep, setitimer
            113, 114, 115,  # clock_gettime, clock_getres, clock_nanosleep
            124, 128,  # sched_yield, restart_syscall
            132, 134, 135, 139,  # sigaltstack, rt_sigaction, rt_sigprocmask, rt_sigreturn
            169, 172, 178,  # gettimeofday, getpid, gettid
            214, 215, 216, 233,  # brk, munmap, mremap, madvise
            278, 283, 293,  # getrandom, membarrier, rseq
        }),
        opening=frozenset({56, 437}),  # openat, openat2
        mapping=frozenset({222, 226}),
        too_high=0x40000000,
    ),
})  # fmt: skip

# linux/prctl.h, linux/seccomp.h, linux/bpf_common.h, asm-generic/errno-base.h
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_LOAD, _IF_EQUAL, _IF_NOT_LESS, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _EACCES = 1, 13
_PROT_EXEC = 4
# struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]. Both processors have the lower half first.
_AT_NUMBER, _AT_ARCH, _AT_PROTECTION = 0, 4, 16 + 2 * 8

_INSTRUCTION = struct.Struct("<HBBI")  # struct sock_filter


def enter(parent: int, document_bytes: int) -> None:
    """From here on this process can do nothing but compute, read from HEARS, write to SAYS, and end.

    For a process with one thread, whose parent has the number `parent`; it ends if that is gone already. Raises SandboxMissing.
    """
    hardening.protect()
    hardening.die_with_parent()
    if os.getppid() != parent:
        os._exit(0)
    os.environ.clear()
    try:
        _close_all_but_the_first(3)
        _limit(document_bytes)
    except (OSError, ValueError) as error:
        raise SandboxMissing("descriptors or limits are not as on other systems") from error
    if sys.platform == "linux":
        _filter_calls()
    elif sys.platform == "darwin":
        _compute_only()


def program(machine: Machine) -> bytes:
    """The filter, as instructions of BPF.

    Each test either returns or goes on to the next instruction, so that the order of reading is the order of running.
    """
    code = [
        (_LOAD, 0, 0, _AT_ARCH),
        (_IF_EQUAL, 1, 0, machine.audit_arch),
        (_RETURN, 0, 0, _KILL),  # 32-bit calls have other numbers
        (_LOAD, 0, 0, _AT_NUMBER),
        (_IF_NOT_LESS, 0, 1, machine.too_high),
        (_RETURN, 0, 0, _KILL),
    ]
    for verdict, numbers in ((_ALLOW, machine.allowed), (_ERROR | _EACCES, machine.opening)):
        for number in sorted(numbers):
            code += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, verdict)]
    for number in sorted(machine.mapping):
        code += [
            (_IF_EQUAL, 0, 4, number),
            (_LOAD, 0, 0, _AT_PROTECTION),
            (_IF_ANY_BIT, 0, 1, _PROT_EXEC),
            (_RETURN, 0, 0, _ERROR | _EPERM),
            (_RETURN, 0, 0, _ALLOW),
        ]
    code.append((_RETURN, 0, 0, _ERROR | _EPERM))
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in code)


def _filter_calls() -> None:
    """Raises SandboxMissing."""
    machine = MACHINES.get(platform.machine())
    if machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise SandboxMissing(f"no filter for {platform.machine()}")
    instructions = program(machine)
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    # struct sock_fprog: unsigned short len; struct sock_filter *filter
    head = struct.pack("@HP", len(instructions) // _INSTRUCTION.size, ctypes.addressof(buffer))
    fprog = ctypes.create_string_buffer(head, len(head))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(fprog))


def _prctl(option: int, *values: int) -> None:
    """Raises SandboxMissing."""
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)][:4]
    if libc.prctl(option, *arguments) != 0:
        raise SandboxMissing(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _compute_only() -> None:
    """macOS: sandbox_init with the profile for pure computation. Untested. Raises SandboxMissing."""
    library = ctypes.CDLL("/usr/lib/libsandbox.1.dylib")
    complaint = ctypes.c_char_p()
    if library.sandbox_init(b"pure-computation", ctypes.c_uint64(1), ctypes.byref(complaint)) != 0:
        raise SandboxMissing("sandbox_init refused")


def _limit(document_bytes: int) -> None:
    if sys.platform == "win32":
        return
    for limit, most in (
        (resource.RLIMIT_AS, _mapped_bytes() + MEMORY_BYTES + 4 * document_bytes),
        (resource.RLIMIT_CPU, PROCESSOR_S),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (getattr(resource, "RLIMIT_NPROC", None), 0),
    ):
        if limit is None:
            continue
        hard = resource.getrlimit(limit)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(limit, (least, least))
        except (OSError, ValueError):
            if sys.platform == "linux":
                raise
            # macOS knows the name of the limit on memory, and often not the limit.


def _mapped_bytes() -> int:
    """The address space that this program has taken already."""
    if sys.platform != "linux":
        return 4 * MEMORY_BYTES  # macOS maps that much before a program begins
    return int(Path("/proc/self/statm").read_bytes().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _close_all_but_the_first(count: int) -> None:
    if sys.platform == "linux":  # by name: the limit on their number may be a billion
        for place in list(Path("/proc/self/fd").iterdir()):
            if int(place.name) >= count:
                with contextlib.suppress(OSError):  # that of the listing is closed already
                    os.close(int(place.name))
    else:
        os.closerange(count, 65_536)
