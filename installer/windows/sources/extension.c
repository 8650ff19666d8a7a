/* What a DLL of ours needs when it is linked without the C library's start-up code: an entry that does nothing, and the probe that
 * the compiler calls in functions with more than a page of local variables, so that the guard page of the stack is never jumped
 * over. The rest (memcpy and its like) comes from vcruntime140.dll, which lies beside the interpreter. */
int start(void *module, unsigned long reason, void *reserved)
{
    (void)module, (void)reason, (void)reserved;
    return 1;
}

/* In: rax, how much; every register is kept. Touches a word of each page, from the top down. */
__asm__(".text\n"
        ".globl ___chkstk_ms\n"
        "___chkstk_ms:\n"
        "    pushq %rcx\n"
        "    pushq %rax\n"
        "    leaq 24(%rsp), %rcx\n"
        "    cmpq $0x1000, %rax\n"
        "    jb 2f\n"
        "1:  subq $0x1000, %rcx\n"
        "    testq %rcx, (%rcx)\n"
        "    subq $0x1000, %rax\n"
        "    cmpq $0x1000, %rax\n"
        "    ja 1b\n"
        "2:  subq %rax, %rcx\n"
        "    testq %rcx, (%rcx)\n"
        "    popq %rax\n"
        "    popq %rcx\n"
        "    ret\n");
