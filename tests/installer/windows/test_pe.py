"""What programs say of themselves, on programs that were made for the test."""

import pytest

from installer.windows import pe


@pytest.mark.parametrize("octets", [b"", b"MZ", b"MZ" + bytes(100), b"\x7fELF" + bytes(100)])
def test_what_is_no_program_loads_nothing_and_has_no_version(octets) -> None:
    assert pe.imports(octets) == frozenset()
    assert pe.version(octets) == ""


@pytest.mark.slow
def test_our_programs_load_what_is_there_and_nothing_else(workshop) -> None:
    def of(name: str) -> frozenset[str]:
        return pe.imports((workshop.own / name).read_bytes())

    assert of("qalamsap.exe") == of("qalamsapw.exe") == of("stop.exe") == {"kernel32.dll"}
    assert of("qalamsap-events.dll") == frozenset()
    assert of("_native.pyd") == {"python3.dll", "vcruntime140.dll", "api-ms-win-crt-string-l1-1-0.dll"}
    assert pe.version((workshop.own / "qalamsap.exe").read_bytes()) == "0.1.0.0"
    assert pe.version((workshop.own / "_native.pyd").read_bytes()) == ""
