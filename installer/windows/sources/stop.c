/* stop.exe FOLDER: ends every program that runs from that folder or below it, in all sessions; part of the MSI, which runs it before
 * files are replaced or removed. It asks nobody: the agent's records are whole at any moment (docs/decisions/0031). Ends with 0 also where
 * a process could not be ended; Windows Installer then puts the file off to the next start, and says so (3010). */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <tlhelp32.h>

#define MAX_PATH_LENGTH 32767
#define WAIT_MS 5000

static WCHAR folder[MAX_PATH_LENGTH], path[MAX_PATH_LENGTH];

/* The one word that we are given: without quotes, and with a backslash at the end, so that no neighbour's name begins with it. */
static BOOL read_folder(const WCHAR *text)
{
    BOOL quoted = FALSE;
    int length = 0;
    for (; *text && (quoted || *text != L' '); text++)
        if (*text == L'"') quoted = !quoted;
    for (; *text && length < MAX_PATH_LENGTH - 2; text++)
        if (*text != L'"' && (length || *text != L' ')) folder[length++] = *text;
    while (length && (folder[length - 1] == L'\\' || folder[length - 1] == L' ')) length--;
    folder[length] = L'\\';
    folder[length + 1] = 0;
    return length > 3; /* never a whole drive */
}

static BOOL runs_there(HANDLE process)
{
    DWORD length = MAX_PATH_LENGTH, wanted = (DWORD)lstrlenW(folder);
    if (!QueryFullProcessImageNameW(process, 0, path, &length) || length <= wanted) return FALSE;
    return CompareStringOrdinal(path, (int)wanted, folder, (int)wanted, TRUE) == CSTR_EQUAL;
}

/* Whether any was found. */
static BOOL end_all(void)
{
    static PROCESSENTRY32W entry;
    BOOL found = FALSE;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (list == INVALID_HANDLE_VALUE) return FALSE;
    entry.dwSize = sizeof entry;
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry)) {
        HANDLE process;
        if (entry.th32ProcessID == GetCurrentProcessId()) continue;
        process = OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, entry.th32ProcessID);
        if (!process) continue;
        if (runs_there(process)) {
            found = TRUE;
            if (TerminateProcess(process, 1)) WaitForSingleObject(process, WAIT_MS);
        }
        CloseHandle(process);
    }
    CloseHandle(list);
    return found;
}

void start(void)
{
    if (!read_folder(GetCommandLineW())) ExitProcess(1);
    /* Twice: what one of them started while we walked the list is caught by the second walk. */
    if (end_all()) end_all();
    ExitProcess(0);
}
