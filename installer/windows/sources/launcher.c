/* qalamsap.exe and qalamsapw.exe: start the interpreter that lies beside them with `-I -m agent` and the words that they were given.
 *
 *   qalamsap.exe   (console)    python.exe; waits for it, ends with its exit code, and takes it along when it is ended itself
 *   qalamsapw.exe  (WINDOWS)    qalamsap-agent.exe, which is pythonw.exe under our name; no console appears. Does not wait, unless
 *                               the first word is --wait
 *
 * Without the C library: a few kilobytes, and nothing of it but kernel32 to load. The words are handed on as they stand, so
 * that quoting stays what the caller meant. Exit codes of their own: 9009 where the interpreter can't be started, as cmd.exe
 * has it for a program that is not there. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define NOT_STARTED 9009
#define MAX_LINE 32767 /* of CreateProcessW, with the zero */

#ifdef WINDOWS
#define INTERPRETER L"qalamsap-agent.exe"
#else
#define INTERPRETER L"python.exe"
#endif

static WCHAR own_path[MAX_LINE];
static WCHAR line[MAX_LINE];

/* Appends, and says whether there was room. */
static BOOL append(WCHAR *text, const WCHAR *more)
{
    int length = lstrlenW(text), added = lstrlenW(more);
    if (length + added >= MAX_LINE) return FALSE;
    for (int i = 0; i <= added; i++) text[length + i] = more[i];
    return TRUE;
}

static const WCHAR *after_blanks(const WCHAR *text)
{
    while (*text == L' ' || *text == L'\t') text++;
    return text;
}

/* The command line without its first word, by the rule that the C library has for that word: quotes toggle, nothing escapes. */
static const WCHAR *own_words(const WCHAR *text)
{
    BOOL quoted = FALSE;
    for (; *text && (quoted || (*text != L' ' && *text != L'\t')); text++)
        if (*text == L'"') quoted = !quoted;
    return after_blanks(text);
}

/* What stands behind `word` if the text begins with it, else NULL. */
static const WCHAR *behind(const WCHAR *text, const WCHAR *word)
{
    for (; *word; word++, text++)
        if (*text != *word) return NULL;
    return *text && *text != L' ' && *text != L'\t' ? NULL : after_blanks(text);
}

#ifndef WINDOWS
static BOOL WINAPI stay(DWORD kind)
{
    (void)kind; /* Ctrl+C reaches the interpreter, too, and it decides */
    return TRUE;
}
#endif

/* So that the interpreter does not outlive us; what it starts itself does as it likes. */
static void tie(HANDLE process)
{
    static JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    if (!job) return;
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
    if (SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        AssignProcessToJobObject(job, process); /* the handle of the job stays open until we end */
}

static DWORD launch(void)
{
    static STARTUPINFOW startup;
    PROCESS_INFORMATION started;
    const WCHAR *words = own_words(GetCommandLineW());
    BOOL waits = TRUE;
    DWORD code = NOT_STARTED, length = GetModuleFileNameW(NULL, own_path, MAX_LINE);
#ifdef WINDOWS
    const WCHAR *rest = behind(words, L"--wait");
    waits = rest != NULL;
    if (rest) words = rest;
#else
    (void)behind;
    SetConsoleCtrlHandler(stay, TRUE);
#endif
    if (!length || length >= MAX_LINE - 1) return NOT_STARTED;
    while (length && own_path[length - 1] != L'\\') length--;
    own_path[length] = 0;
    if (!append(own_path, INTERPRETER) || !append(line, L"\"") || !append(line, own_path) ||
        !append(line, L"\" -I -m agent ") || !append(line, words))
        return NOT_STARTED;
    GetStartupInfoW(&startup); /* handed on: how the window is to be shown, and where input and output go */
    if (!CreateProcessW(own_path, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &started)) return NOT_STARTED;
    if (waits) tie(started.hProcess);
    ResumeThread(started.hThread);
    CloseHandle(started.hThread);
    if (!waits) return 0;
    if (WaitForSingleObject(started.hProcess, INFINITE) != WAIT_OBJECT_0 || !GetExitCodeProcess(started.hProcess, &code))
        return NOT_STARTED;
    return code;
}

void start(void)
{
    ExitProcess(launch());
}
