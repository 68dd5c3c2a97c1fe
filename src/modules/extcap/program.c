/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds and runs extcap programs. They are code that runs as the user of the library, so a folder or a program that
 * somebody else could have written is passed over, and a program with raised privileges looks in the fixed folders only.
 */
#include "extcap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_VARIABLE "PCAP_EXTCAP_PATH"
#define ANSWER_MAX (256 * 1024) /* bytes; the longest of Wireshark's own is 8 KiB */
#define ANSWER_MILLISECONDS 5000
#define STOP_MILLISECONDS 1000 /* to end by itself after SIGTERM */

extern char **environ;

/* Where Wireshark's packages put their programs. */
static const char fixed_folders[] =
	"/usr/lib/x86_64-linux-gnu/wireshark/extcap:/usr/lib/aarch64-linux-gnu/wireshark/extcap:"
	"/usr/lib64/wireshark/extcap:/usr/lib/wireshark/extcap:/usr/local/lib/wireshark/extcap";

/* Root, who runs this, and whose "/" is: in a user namespace root's files may seem to be nobody's. */
static bool is_trusted(uid_t owner)
{
	struct stat top;

	return owner == 0 || owner == geteuid() || (stat("/", &top) == 0 && owner == top.st_uid);
}

/* Whether only those could have changed it. */
static bool is_safe(const struct stat *file)
{
	return is_trusted(file->st_uid) && (file->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/*
 * Whether nobody else can put something else at a path, without links, before it is used: the same of each folder on the
 * way, where others may have files of their own if they can't remove what is not theirs, as in /tmp.
 */
static bool is_way_safe(const char *real)
{
	char folder[PATH_MAX];
	struct stat stat_buffer;

	for (const char *slash = real; (slash = strchr(slash, '/')) != NULL; slash++) {
		snprintf(folder, sizeof(folder), "%.*s", slash > real ? (int)(slash - real) : 1, real);
		if (stat(folder, &stat_buffer) == -1 || !is_trusted(stat_buffer.st_uid) ||
			((stat_buffer.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(stat_buffer.st_mode & S_ISVTX)))
			return false;
	}
	return true;
}

static int visit_program(const char *folder, const char *name, extcap_visitor visitor, void *context)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat file;

	if (name[0] == '.' || snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return 0;
	if (realpath(path, real) == NULL || stat(real, &file) == -1 || !S_ISREG(file.st_mode) || !is_safe(&file) ||
		!is_way_safe(real) || access(real, X_OK) == -1)
		return 0;
	return visitor(path, context);
}

/* What comes of a folder has the path without links, which somebody could change. */
static int visit_folder(const char *path, extcap_visitor visitor, void *context)
{
	char folder[PATH_MAX];
	struct dirent **names;
	struct stat file;
	int status = 0;

	if (path[0] != '/' || realpath(path, folder) == NULL || stat(folder, &file) == -1 || !is_safe(&file) ||
		!is_way_safe(folder))
		return 0;
	int count = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = visit_program(folder, names[i]->d_name, visitor, context);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return status;
}

static int visit_folders(const char *folders, extcap_visitor visitor, void *context)
{
	char folder[PATH_MAX];
	int status = 0;

	while (*folders != '\0' && status == 0) {
		size_t length = strcspn(folders, ":");
		if (length < sizeof(folder)) {
			memcpy(folder, folders, length);
			folder[length] = '\0';
			status = visit_folder(folder, visitor, context);
		}
		folders += length + (folders[length] == ':');
	}
	return status;
}

int pcapint_extcap_each(bool fixed_too, extcap_visitor visitor, void *context)
{
	const char *folders = secure_getenv(PATH_VARIABLE);
	int status = folders != NULL ? visit_folders(folders, visitor, context) : 0;

	return status != 0 || !fixed_too ? status : visit_folders(fixed_folders, visitor, context);
}

/* ---- Running ---- */

/*
 * What runs a program that captures: it ends the program's group, and removes the FIFO, when descriptor 3 tells that the
 * library has let go. So nothing is left where the library's process is killed, or has given away the right to end the
 * program, as tcpdump does that root has started. Its own tools are not looked for where the user's PATH says, since it may
 * have privileges that the user has not.
 */
static const char keeper[] =
	"fifo=$1\n"
	"shift\n"
	"trap : TERM\n" /* for the program alone; but it must not be ignored there */
	"\"$@\" 3<&- &\n"
	"program=$!\n"
	"{ PATH=/usr/bin:/bin; trap '' TERM; read -r nothing; kill -TERM 0; sleep 1; rm -f \"$fifo\"; "
	"rmdir \"${fifo%/*}\"; kill -KILL 0; } <&3 3<&- >/dev/null 2>&1 &\n"
	"exec 3<&-\n"
	"wait $program\n"
	"status=$?\n"
	"while kill -0 $program 2>/dev/null; do wait $program; status=$?; done\n"
	"exit $status\n";

#define LEASH_OF_KEEPER 3

/* In a process group of its own, so that what it starts ends with it; with no input. leash: -1 for none. */
static int spawn(
	struct extcap_process *process, char *const arguments[], int output, int output_of_child, int leash)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, output_of_child);
	if (leash != -1)
		posix_spawn_file_actions_adddup2(&actions, leash, LEASH_OF_KEEPER);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(&process->pid, arguments[0], &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -error;
}

/* A pipe whose ends are both past the three standard ones, which the child's are opened over; 0, or -1 with errno set. */
static int make_pipe(int ends[2])
{
	int made[2];

	if (pipe2(made, O_CLOEXEC) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(made[i], F_DUPFD_CLOEXEC, LEASH_OF_KEEPER + 1);
		close(made[i]);
	}
	if (ends[0] != -1 && ends[1] != -1)
		return 0;
	for (int i = 0; i < 2; i++)
		if (ends[i] != -1)
			close(ends[i]);
	return -1;
}

static void close_pipe(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Starts the child, with the writing end of a pipe as its standard output or error; the reading end is ours. */
static int start(struct extcap_process *process, char *const arguments[], int output_of_child, int leash)
{
	int output[2], error;

	if (make_pipe(output) == -1)
		return -errno;
	error = spawn(process, arguments, output[1], output_of_child, leash);
	if (error != 0) {
		close_pipe(output);
		process->pid = -1;
		return error;
	}
	close(output[1]);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	process->output = output[0];
	return 0;
}

int pcapint_extcap_start(struct extcap_process *process, char *const arguments[], const char *fifo)
{
	const char *all[EXTCAP_ARGUMENTS_MAX + 6] = {"/bin/sh", "-c", keeper, "sh", fifo};
	int leash[2], error;

	*process = (struct extcap_process){.pid = -1, .leash = -1, .output = -1};
	for (size_t i = 0; i < EXTCAP_ARGUMENTS_MAX && arguments[i] != NULL; i++)
		all[5 + i] = arguments[i];
	if (make_pipe(leash) == -1)
		return -errno;
	error = start(process, (char *const *)all, STDERR_FILENO, leash[0]);
	if (error != 0) {
		close_pipe(leash);
		return error;
	}
	close(leash[0]);
	process->leash = leash[1];
	return 0;
}

int64_t pcapint_extcap_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads to the end; the bytes, or -1 with errno set. */
static ssize_t read_answer(int fd, char *answer)
{
	int64_t until = pcapint_extcap_milliseconds() + ANSWER_MILLISECONDS;
	size_t size = 0;

	while (size < ANSWER_MAX) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int64_t left = until - pcapint_extcap_milliseconds();
		ssize_t bytes;

		if (left <= 0 || poll(&ready, 1, (int)left) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		bytes = read(fd, answer + size, ANSWER_MAX - size);
		if (bytes == 0)
			return (ssize_t)size;
		if (bytes == -1 && errno != EINTR && errno != EAGAIN)
			return -1;
		size += bytes > 0 ? bytes : 0;
	}
	errno = EMSGSIZE;
	return -1;
}

char *pcapint_extcap_ask(char *const arguments[])
{
	struct extcap_process process = {.pid = -1, .leash = -1, .output = -1};
	char *answer = malloc(ANSWER_MAX + 1);
	ssize_t size = -1;
	int error;

	if (answer == NULL)
		return NULL;
	error = -start(&process, arguments, STDOUT_FILENO, -1);
	if (error == 0) {
		size = read_answer(process.output, answer);
		error = errno;
		pcapint_extcap_stop(&process);
	}
	if (size >= 0) {
		answer[size] = '\0';
		/* Text that ends at a NUL byte is as good as any. */
		return answer;
	}
	free(answer);
	errno = error;
	return NULL;
}

/*
 * What Wireshark's own programs say begins with " ** (NAME:PID) TIME [DOMAIN LEVEL] FILE:LINE -- FUNCTION(): ", which would
 * leave no room for the rest.
 */
static const char *without_log_prefix(const char *line)
{
	const char *at = strncmp(line, " ** (", 5) == 0 ? strstr(line, " -- ") : NULL;
	const char *message = at != NULL ? strstr(at, "(): ") : NULL;

	return message != NULL ? message + strlen("(): ") : line;
}

/* Ends the line, and keeps it if it says something. */
static void keep_line(struct extcap_process *process)
{
	const char *message;

	process->line[process->line_length] = '\0';
	message = without_log_prefix(process->line);
	if (message[strspn(message, " ")] != '\0')
		strcpy(process->words, message);
	process->line_length = 0;
}

static void add_character(struct extcap_process *process, char c)
{
	if (c == '\n' || c == '\r')
		keep_line(process);
	else if (process->line_length < sizeof(process->line) - 1)
		/* Nothing that a terminal would take for a command. */
		process->line[process->line_length++] = (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

void pcapint_extcap_read_words(struct extcap_process *process)
{
	char text[4096];
	ssize_t bytes = 1;

	/* No more at a time than a pipe holds, so that one that never ends does not keep the caller. */
	for (int i = 0; i < 16 && bytes > 0 && process->output != -1; i++) {
		bytes = read(process->output, text, sizeof(text));
		for (ssize_t at = 0; at < bytes; at++)
			add_character(process, text[at]);
		if (bytes == 0) {
			keep_line(process);
			close(process->output);
			process->output = -1;
		}
	}
}

bool pcapint_extcap_has_ended(const struct extcap_process *process)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid != 0;
}

void pcapint_extcap_stop(struct extcap_process *process)
{
	int64_t until = pcapint_extcap_milliseconds() + STOP_MILLISECONDS;
	const struct timespec moment = {.tv_nsec = 2000000};

	if (process->output != -1)
		close(process->output);
	if (process->leash != -1)
		close(process->leash);
	process->output = process->leash = -1;
	if (process->pid == -1)
		return;
	kill(-process->pid, SIGTERM);
	while (!pcapint_extcap_has_ended(process) && pcapint_extcap_milliseconds() < until)
		nanosleep(&moment, NULL);
	/* And what it has started; before it is waited for, as after that the number may be another's. */
	kill(-process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) == -1 && errno == EINTR)
		;
	process->pid = -1;
}
