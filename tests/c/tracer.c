/* Runs a program and interferes with its work on the files of one folder.
 *
 *   tracer LOG FOLDER MODE STEP ERRNO PROGRAM [ARGUMENT...]
 *
 * A step is a system call that changes, opens, locks or syncs something in FOLDER. MODE is "count" (steps are only
 * logged), "kill" (SIGKILL just before step STEP), "torn" (half of what step STEP writes is written, then SIGKILL) or
 * "fail" (step STEP is not carried out and fails with ERRNO).
 *
 * LOG gets a line per step: its number, the call, the path, and a second path where there is one, with tabs between.
 * Connections and what is sent on sockets are logged too, with the number 0. The result is the program's exit code,
 * 128 and the signal's number if it was killed, 77 if the system does not permit all this, or 78 after a mistake.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_PERMITTED = 77, MISTAKE = 78, MAX_THREADS = 64 };

/* Where a call has its paths and descriptors. */
enum shape { PATH, AT, PATH_PATH, AT_AT, DESCRIPTOR, SOCKET };

static const struct call {
    long number;
    const char *name;
    enum shape shape;
} CALLS[] = {
#ifdef __NR_open
    {__NR_open, "open", PATH},
#endif
#ifdef __NR_creat
    {__NR_creat, "creat", PATH},
#endif
#ifdef __NR_mkdir
    {__NR_mkdir, "mkdir", PATH},
#endif
#ifdef __NR_unlink
    {__NR_unlink, "unlink", PATH},
#endif
#ifdef __NR_chmod
    {__NR_chmod, "chmod", PATH},
#endif
#ifdef __NR_rename
    {__NR_rename, "rename", PATH_PATH},
#endif
#ifdef __NR_link
    {__NR_link, "link", PATH_PATH},
#endif
#ifdef __NR_renameat
    {__NR_renameat, "rename", AT_AT},
#endif
    {__NR_openat, "open", AT},
    {__NR_mkdirat, "mkdir", AT},
    {__NR_unlinkat, "unlink", AT},
    {__NR_fchmodat, "chmod", AT},
    {__NR_fchownat, "chown", AT},
    {__NR_renameat2, "rename", AT_AT},
    {__NR_linkat, "link", AT_AT},
    {__NR_write, "write", DESCRIPTOR},
    {__NR_pwrite64, "write", DESCRIPTOR},
    {__NR_fsync, "fsync", DESCRIPTOR},
    {__NR_fdatasync, "fsync", DESCRIPTOR},
    {__NR_ftruncate, "ftruncate", DESCRIPTOR},
    {__NR_fchmod, "chmod", DESCRIPTOR},
    {__NR_fchown, "chown", DESCRIPTOR},
    {__NR_flock, "flock", DESCRIPTOR},
    {__NR_connect, "connect", SOCKET},
    {__NR_sendto, "send", SOCKET},
    {__NR_sendmsg, "send", SOCKET},
};

static FILE *log_file;
static const char *folder;
static const char *mode;
static long wanted;
static long error_number;
static long steps;
static pid_t program;

/* What is to happen when a thread's call returns. */
static struct pending {
    pid_t thread;
    bool kill;
    bool fail;
} pendings[MAX_THREADS];

static void stop(int code, const char *what)
{
    fprintf(stderr, "tracer: %s: %s\n", what, strerror(errno));
    exit(code);
}

/* The registers that PTRACE_GET_SYSCALL_INFO only shows. False where nobody has said how to change them. */
static bool replace_call(pid_t thread, bool skip, long length, bool fail)
{
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) != 0)
        return false;
    if (skip)
        registers.orig_rax = (unsigned long long)-1;
    if (length >= 0)
        registers.rdx = (unsigned long long)length;
    if (fail)
        registers.rax = (unsigned long long)-error_number;
    return ptrace(PTRACE_SETREGS, thread, NULL, &registers) == 0;
#elif defined(__aarch64__)
    struct user_regs_struct registers;
    struct iovec all = {&registers, sizeof registers};
    int none = -1;
    struct iovec number = {&none, sizeof none};
    if (skip && ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &number) != 0)
        return false;
    if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &all) != 0)
        return false;
    if (length >= 0)
        registers.regs[2] = (unsigned long long)length;
    if (fail)
        registers.regs[0] = (unsigned long long)-error_number;
    return ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &all) == 0;
#else
    (void)thread;
    (void)skip;
    (void)length;
    (void)fail;
    errno = ENOSYS;
    return false;
#endif
}

static struct pending *pending_of(pid_t thread)
{
    struct pending *unused = NULL;
    for (struct pending *one = pendings; one < pendings + MAX_THREADS; one++) {
        if (one->thread == thread)
            return one;
        if (one->thread == 0 && unused == NULL)
            unused = one;
    }
    if (unused == NULL)
        stop(MISTAKE, "too many threads");
    unused->thread = thread;
    return unused;
}

/* Copies a text out of the program, page by page, as what follows it may not be readable. */
static void read_text(pid_t thread, unsigned long long address, char out[PATH_MAX])
{
    size_t length = 0;
    const size_t page = 4096;
    while (length < PATH_MAX - 1) {
        size_t part = page - (address + length) % page;
        if (part > PATH_MAX - 1 - length)
            part = PATH_MAX - 1 - length;
        struct iovec local = {out + length, part};
        struct iovec remote = {(void *)(size_t)(address + length), part};
        ssize_t got = process_vm_readv(thread, &local, 1, &remote, 1, 0);
        if (got <= 0)
            break;
        if (memchr(out + length, 0, (size_t)got) != NULL)
            return;
        length += (size_t)got;
    }
    out[length] = 0;
}

/* What a descriptor of the program is; "cwd" is its folder. */
static void read_descriptor(pid_t thread, const char *descriptor, char out[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/%s", (int)thread, descriptor);
    ssize_t length = readlink(link, out, PATH_MAX - 1);
    out[length > 0 ? length : 0] = 0;
}

static void read_numbered(pid_t thread, unsigned long long descriptor, char out[PATH_MAX])
{
    char name[32];
    snprintf(name, sizeof name, "fd/%d", (int)descriptor);
    read_descriptor(thread, name, out);
}

static void read_path(pid_t thread, int at, unsigned long long address, char out[PATH_MAX])
{
    char base[PATH_MAX], path[PATH_MAX];
    read_text(thread, address, path);
    if (path[0] == '/') {
        memcpy(out, path, PATH_MAX);
        return;
    }
    if (at == AT_FDCWD)
        read_descriptor(thread, "cwd", base);
    else
        read_numbered(thread, (unsigned long long)at, base);
    if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX)
        stop(MISTAKE, "a path too long");
}

static bool within(const char *path)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static const struct call *find(unsigned long long number)
{
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
        if (CALLS[i].number == (long)number)
            return &CALLS[i];
    return NULL;
}

static void interfere(pid_t thread, const struct call *call, unsigned long long length)
{
    struct pending *pending = pending_of(thread);
    if (strcmp(mode, "kill") == 0) {
        kill(program, SIGKILL);
    } else if (strcmp(mode, "torn") == 0) {
        if (strcmp(call->name, "write") != 0)
            kill(program, SIGKILL);
        else if (!replace_call(thread, false, (long)(length / 2), false))
            stop(NOT_PERMITTED, "shortening a write");
        pending->kill = true;
    } else if (strcmp(mode, "fail") == 0) {
        if (!replace_call(thread, true, -1, false))
            stop(NOT_PERMITTED, "leaving out a call");
        pending->fail = true;
    }
}

static void on_entry(pid_t thread, const struct __ptrace_syscall_info *info)
{
    const struct call *call = find(info->entry.nr);
    const uint64_t *args = info->entry.args;
    char first[PATH_MAX] = "", second[PATH_MAX] = "";
    if (call == NULL)
        return;
    switch (call->shape) {
    case PATH:
        read_path(thread, AT_FDCWD, args[0], first);
        break;
    case AT:
        read_path(thread, (int)args[0], args[1], first);
        break;
    case PATH_PATH:
        read_path(thread, AT_FDCWD, args[0], first);
        read_path(thread, AT_FDCWD, args[1], second);
        break;
    case AT_AT:
        read_path(thread, (int)args[0], args[1], first);
        read_path(thread, (int)args[2], args[3], second);
        break;
    case DESCRIPTOR:
        read_numbered(thread, args[0], first);
        break;
    case SOCKET:
        fprintf(log_file, "0\t%s\tsocket\t\n", call->name);
        return;
    }
    if (strncmp(first, "socket:", 7) == 0) {
        fprintf(log_file, "0\tsend\tsocket\t\n");
        return;
    }
    if (!within(first) && !within(second))
        return;
    steps++;
    fprintf(log_file, "%ld\t%s\t%s\t%s\n", steps, call->name, first, second);
    if (steps == wanted)
        interfere(thread, call, args[2]);
}

static void on_exit_of_call(pid_t thread)
{
    struct pending *pending = pending_of(thread);
    if (pending->kill)
        kill(program, SIGKILL);
    if (pending->fail && !replace_call(thread, false, -1, true))
        stop(NOT_PERMITTED, "failing a call");
    pending->kill = false;
    pending->fail = false;
}

static void on_call(pid_t thread)
{
    struct __ptrace_syscall_info info;
    memset(&info, 0, sizeof info);
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) <= 0) {
        if (errno == ESRCH)
            return;
        stop(NOT_PERMITTED, "PTRACE_GET_SYSCALL_INFO");
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        on_entry(thread, &info);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        on_exit_of_call(thread);
}

/* Starts the program, held until it is traced. */
static void start(char **arguments)
{
    int gate[2];
    char byte = 0;
    if (pipe2(gate, O_CLOEXEC) != 0)
        stop(MISTAKE, "pipe");
    program = fork();
    if (program < 0)
        stop(MISTAKE, "fork");
    if (program == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) == 1)
            execv(arguments[0], arguments);
        _exit(MISTAKE);
    }
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    int status;
    if (ptrace(PTRACE_SEIZE, program, NULL, (void *)options) != 0)
        stop(NOT_PERMITTED, "PTRACE_SEIZE");
    if (ptrace(PTRACE_INTERRUPT, program, NULL, NULL) != 0 || waitpid(program, &status, __WALL) != program)
        stop(NOT_PERMITTED, "PTRACE_INTERRUPT");
    if (ptrace(PTRACE_SYSCALL, program, NULL, NULL) != 0)
        stop(NOT_PERMITTED, "PTRACE_SYSCALL");
    if (write(gate[1], &byte, 1) != 1)
        stop(MISTAKE, "write");
    close(gate[0]);
    close(gate[1]);
}

/* Traces until the program ends; the result is how it did. */
static int trace(void)
{
    for (;;) {
        int status;
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0)
            stop(MISTAKE, "waitpid");
        if (!WIFSTOPPED(status)) {
            if (thread == program)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80)) {
            on_call(thread);
            signal = 0;
        } else if (status >> 16 != 0) {
            signal = 0;
        }
        /* Fails only if the thread was killed meanwhile, of which waitpid tells. */
        ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(long)signal);
    }
}

int main(int count, char **arguments)
{
    if (count < 7) {
        fprintf(stderr, "usage: tracer LOG FOLDER MODE STEP ERRNO PROGRAM [ARGUMENT...]\n");
        return MISTAKE;
    }
    log_file = fopen(arguments[1], "we");
    if (log_file == NULL)
        stop(MISTAKE, arguments[1]);
    folder = arguments[2];
    mode = arguments[3];
    wanted = atol(arguments[4]);
    error_number = atol(arguments[5]);
    start(arguments + 6);
    int result = trace();
    if (fclose(log_file) != 0)
        stop(MISTAKE, arguments[1]);
    return result;
}
