/* What Finder starts: opens the agent's own window. The agent itself is started by launchd. */

#include <stdio.h>
#include <unistd.h>

#define PROGRAM "/Applications/Qalamsap.app/Contents/Resources/runtime/bin/qalamsap-agent"

int main(void) {
    char *const words[] = {PROGRAM, "-I", "-m", "agent", "open", NULL};
    execv(PROGRAM, words);
    perror(PROGRAM);
    return 127;
}
