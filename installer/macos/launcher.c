/* What Finder starts: opens the agent's own window. The agent itself is started by launchd, and its programs
 * lie where only root writes: nothing in /Applications is run by anybody but who opens it there. */

#include <stdio.h>
#include <unistd.h>

#define PROGRAM "/Library/Application Support/qalamsap/runtime/bin/qalamsap-agent"

int main(void) {
    char *const words[] = {PROGRAM, "-I", "-m", "agent", "open", NULL};
    execv(PROGRAM, words);
    perror(PROGRAM);
    return 127;
}
