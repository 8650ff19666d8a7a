/* Stands in for python.exe and pythonw.exe. Writes each command line that it gets into C:\\calls.txt (UTF-16), then does what the file
 * behaviour.txt beside it says: a digit is its exit code, anything else is 0. With FAIL in the command line the code is 9, with
 * SLEEP it stays until it is ended. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static WCHAR path[32768];

static HANDLE behaviour_beside(void)
{
    DWORD length = GetModuleFileNameW(NULL, path, 32000);
    while (length && path[length - 1] != L'\\') length--;
    lstrcpyW(path + length, L"behaviour.txt");
    return CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
}

void start(void)
{
    const WCHAR *line = GetCommandLineW();
    char behaviour = 0;
    DWORD count;
    HANDLE file = CreateFileW(L"C:\\calls.txt", FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
    WriteFile(file, line, (DWORD)lstrlenW(line) * 2, &count, NULL);
    WriteFile(file, L"\n", 2, &count, NULL);
    CloseHandle(file);
    file = behaviour_beside();
    if (file != INVALID_HANDLE_VALUE) {
        ReadFile(file, &behaviour, 1, &count, NULL);
        CloseHandle(file);
    }
    for (const WCHAR *at = line; *at; at++)
        if (at[0] == L'F' && at[1] == L'A' && at[2] == L'I' && at[3] == L'L') ExitProcess(9);
        else if (at[0] == L'S' && at[1] == L'L' && at[2] == L'E' && at[3] == L'E' && at[4] == L'P') Sleep(INFINITE);
    ExitProcess(behaviour >= '0' && behaviour <= '9' ? (UINT)(behaviour - '0') : 0);
}
