/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `weir module new`: writes a capture module that works, with its build files and its test, for an author to change. The
 * files are those of tools/module/templates/.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/weir.h>

#include "command.h"
#include "module/template.h"

/* pcap-module(7) has the rules. */
#define SMALL_LETTERS "abcdefghijklmnopqrstuvwxyz"
#define NAME_MAX_LENGTH 31
#define MOST_KEYS 16

struct new_settings {
	const char *prefix;
	const char *folder; /* in which that of the module is made */
	const char *language;
};

static const struct option_row new_options[] = {
	{0, "prefix", "PREFIX", "what the names of its devices begin with; without it, the module's name",
		option_text, offsetof(struct new_settings, prefix)},
	{0, "dir", "DIR", "make the module's folder in this one", option_text,
		offsetof(struct new_settings, folder)},
	{0, "lang", "LANGUAGE", "c, c++ or rust; without it, c", option_text,
		offsetof(struct new_settings, language)},
	{0},
};

/* A file of a new module: the template, and what it is called, with keys in it as in the text. */
struct file_row {
	const char *template;
	const char *path;
	mode_t mode;
};

#define MOST_FILES 8

struct language_row {
	const char *name;
	struct file_row files[MOST_FILES]; /* the first is the one that an author changes */
	const char *sources;               /* for the Makefile: the first is what is compiled */
	const char *compile;               /* a line of the Makefile */
	const char *meson_name;
	const char *notes; /* for the README */
};

#define COMMON_FILES                                                                                               \
	{"Makefile", "Makefile", 0644}, {"test.sh", "test.sh", 0755},                                              \
	{                                                                                                          \
		"README.md", "README.md", 0644                                                                     \
	}

static const struct language_row languages[] = {
	{
		.name = "c",
		.files = {{"module.c", "pcap-@NAME@.c", 0644}, COMMON_FILES, {"meson.build", "meson.build", 0644}},
		.sources = "pcap-@NAME@.c",
		.compile = "$(CC) -O2 -g -Wall -Wextra $(CFLAGS) -shared -fPIC -fvisibility=hidden -Wl,-Bsymbolic "
			   "-o $@ $< $(LIBPCAP)",
		.meson_name = "c",
		.notes = "",
	},
	{
		.name = "c++",
		.files = {{"module.cc", "pcap-@NAME@.cc", 0644}, COMMON_FILES,
			{"meson.build", "meson.build", 0644}},
		.sources = "pcap-@NAME@.cc",
		.compile = "$(CXX) -O2 -g -Wall -Wextra $(CXXFLAGS) -shared -fPIC -fvisibility=hidden "
			   "-Wl,-Bsymbolic -o $@ $< $(LIBPCAP)",
		.meson_name = "cpp",
		.notes = "",
	},
	{
		.name = "rust",
		.files = {{"module.rs", "pcap-@NAME@.rs", 0644}, COMMON_FILES,
			{"pcap_module.rs", "pcap_module.rs", 0644}},
		.sources = "pcap-@NAME@.rs pcap_module.rs",
		.compile = "rustc --edition 2021 -O -g --crate-type cdylib $(RUSTFLAGS) -C link-arg=-Wl,-Bsymbolic "
			   "$(filter -L%,$(LIBPCAP)) -o $@ $<",
		.meson_name = "rust",
		.notes = "\n`pcap_module.rs` is the module interface in Rust, without any crate.\n",
	},
};

#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))

/* What a word of a template stands for. */
struct key {
	const char *word; /* with its @s */
	const char *value;
};

struct new_module {
	const struct language_row *language;
	const char *name;
	const char *prefix;
	char main_file[NAME_MAX_LENGTH + 16];
	char folder[PATH_MAX];       /* of the module */
	char library[PATH_MAX];      /* the folder of the library that this command runs on */
	char package_path[PATH_MAX]; /* where pkg-config finds it */
	char command[PATH_MAX];      /* the folder of this command */
	struct key keys[MOST_KEYS];  /* up to one whose word is NULL */
	const struct file_row *written[MOST_FILES];
	size_t written_count;
};

/* ---- Names ---- */

static bool check_name(const char *name)
{
	if (*name != '\0' && strchr(SMALL_LETTERS, name[0]) != NULL && strlen(name) <= NAME_MAX_LENGTH &&
		name[strspn(name, SMALL_LETTERS "0123456789_")] == '\0')
		return true;
	complain("a module can't be called '%s': a name has lower-case letters, digits and _, a letter first, and "
		 "at "
		 "most %d of them",
		name, NAME_MAX_LENGTH);
	return false;
}

static bool check_prefix(const char *prefix, bool given)
{
	size_t length = strlen(prefix);

	if (length > 0 && length <= NAME_MAX_LENGTH && strchr(SMALL_LETTERS, prefix[0]) != NULL &&
		strchr(SMALL_LETTERS, prefix[length - 1]) != NULL &&
		prefix[strspn(prefix, SMALL_LETTERS "0123456789-_")] == '\0')
		return true;
	complain("the names of devices can't begin with '%s': a prefix has lower-case letters, digits, - and _, a "
		 "letter first and last, and at most %d of them%s",
		prefix, NAME_MAX_LENGTH, given ? "" : " (--prefix gives another one than the module's name)");
	return false;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (words != NULL && *words != '\0') {
		size_t size = strcspn(words, " ");
		if (size == length && strncmp(words, word, length) == 0)
			return true;
		words += size + strspn(words + size, " ");
	}
	return false;
}

/* Whether a module that the library knows has the name or the prefix. */
static bool is_known(const char *name, const char *prefix)
{
	struct pcap_module_info info;

	for (size_t i = 0; pcap_get_module(i, &info, sizeof(info)) == 1; i++) {
		bool same_name = strcmp(info.name, name) == 0;

		if (!same_name && !has_word(info.prefixes, prefix))
			continue;
		if (same_name)
			complain("there is a module %s already (%s): choose another name", name,
				info.file != NULL ? info.file : "built in");
		else
			complain("the module %s has the prefix %s already: choose another one with --prefix",
				info.name, prefix);
		return true;
	}
	return false;
}

/* Modules are asked before the network interfaces are: one with the prefix "eth" would stand before eth0. */
static bool hides_interface(const char *prefix)
{
	struct if_nameindex *interfaces = if_nameindex();
	size_t length = strlen(prefix);
	bool hides = strcmp(prefix, "any") == 0;
	char name[IF_NAMESIZE] = "any";

	for (size_t i = 0; interfaces != NULL && interfaces[i].if_index != 0 && !hides; i++) {
		snprintf(name, sizeof(name), "%s", interfaces[i].if_name);
		hides = strncmp(name, prefix, length) == 0 && strchr(SMALL_LETTERS, name[length] | ' ') == NULL;
	}
	if (interfaces != NULL)
		if_freenameindex(interfaces);
	if (hides)
		complain("with the prefix %s the module would be asked for the network interface %s: choose "
			 "another one "
			 "with --prefix",
			prefix, name);
	return hides;
}

static const struct language_row *find_language(const char *name)
{
	const char *names[LANGUAGES + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < LANGUAGES; i++) {
		names[i] = languages[i].name;
		if (strcmp(name, names[i]) == 0)
			return &languages[i];
	}
	near = near_miss(name, names);
	complain("there is no template in the language '%s'; there are c, c++ and rust%s%s%s", name,
		near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
	return NULL;
}

/* ---- What stands in the files ---- */

static void cut_to_folder(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* Where this command and its library are, for the README. */
static void find_places(struct new_module *module)
{
	ssize_t length = readlink("/proc/self/exe", module->command, sizeof(module->command) - 1);
	Dl_info library;
	struct stat stat_buffer;

	module->command[length > 0 ? length : 0] = '\0';
	cut_to_folder(module->command);
	if (dladdr((const void *)pcap_lib_version, &library) == 0 ||
		realpath(library.dli_fname, module->library) == NULL)
		module->library[0] = '\0';
	cut_to_folder(module->library);
	snprintf(module->package_path, sizeof(module->package_path), "%s/pkgconfig", module->library);
	/* Not installed: the folder that Meson makes for this. */
	if (stat(module->package_path, &stat_buffer) < 0)
		snprintf(module->package_path, sizeof(module->package_path), "%s/meson-uninstalled",
			module->library);
}

static void set_keys(struct new_module *module)
{
	const struct key keys[] = {
		{"@NAME@", module->name},
		{"@PREFIX@", module->prefix},
		{"@COMPILE@", module->language->compile},
		{"@SOURCES@", module->language->sources},
		{"@LANGUAGE@", module->language->meson_name},
		{"@NOTES@", module->language->notes},
		{"@MAIN@", module->language->files[0].path},
		{"@LIBRARY@", module->library},
		{"@PKGCONFIG@", module->package_path},
		{"@COMMAND@", module->command},
	};

	memcpy(module->keys, keys, sizeof(keys));
}

/* Writes text with the words of the keys replaced, those in their values as well. */
static void fill_in(FILE *out, const struct key *keys, const char *text)
{
	while (*text != '\0') {
		const struct key *key = keys;

		while (key->word != NULL && strncmp(text, key->word, strlen(key->word)) != 0)
			key++;
		if (key->word == NULL) {
			fputc(*text++, out);
			continue;
		}
		fill_in(out, keys, key->value);
		text += strlen(key->word);
	}
}

/* The same into a buffer. */
static void fill_in_path(char *path, size_t size, const struct key *keys, const char *text)
{
	FILE *out = fmemopen(path, size, "w");

	path[0] = '\0';
	if (out == NULL)
		return;
	fill_in(out, keys, text);
	fclose(out);
	path[size - 1] = '\0';
}

/* ---- Writing them ---- */

static const char *template_text(const char *name)
{
	const struct module_template *template = module_templates;

	while (strcmp(template->name, name) != 0)
		template ++;
	return template->text;
}

static bool write_file(struct new_module *module, const struct file_row *row)
{
	char name[NAME_MAX], path[PATH_MAX];
	FILE *out = NULL;
	int fd, length;

	fill_in_path(name, sizeof(name), module->keys, row->path);
	length = snprintf(path, sizeof(path), "%s/%s", module->folder, name);
	errno = ENAMETOOLONG;
	fd = length < (int)sizeof(path) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, row->mode) : -1;
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (out != NULL) {
		module->written[module->written_count++] = row;
		fill_in(out, module->keys, template_text(row->template));
		if (fclose(out) == 0)
			return true;
	}
	complain("%s: %s", path, strerror(errno));
	return false;
}

/* Takes away what was written so far: there is a whole module, or none. */
static void take_back(const struct new_module *module)
{
	char name[NAME_MAX], path[PATH_MAX];

	for (size_t i = 0; i < module->written_count; i++) {
		fill_in_path(name, sizeof(name), module->keys, module->written[i]->path);
		if (snprintf(path, sizeof(path), "%s/%s", module->folder, name) < (int)sizeof(path))
			unlink(path);
	}
	rmdir(module->folder);
}

static bool write_files(struct new_module *module)
{
	const struct file_row *files = module->language->files;

	if (mkdir(module->folder, 0755) < 0) {
		if (errno == EEXIST)
			complain("%s is there already: choose another name, or remove it", module->folder);
		else
			complain("%s: %s", module->folder, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < MOST_FILES && files[i].template != NULL; i++)
		if (!write_file(module, &files[i])) {
			take_back(module);
			return false;
		}
	return true;
}

static int tell(const struct new_module *module)
{
	printf("%s has the module %s, for the devices %s0 and %s1: %s is to be changed, README.md says how.\n",
		module->folder, module->name, module->prefix, module->prefix, module->main_file);
	printf("Next: cd %s && make check\n", module->folder);
	return finish_stdout(STATUS_OK);
}

static int make_module(const struct new_settings *settings, const char *name)
{
	struct new_module module = {.name = name, .prefix = settings->prefix != NULL ? settings->prefix : name};
	int length = snprintf(module.folder, sizeof(module.folder), "%s%spcap-%s", settings->folder,
		strcmp(settings->folder, "") != 0 ? "/" : "", name);

	module.language = find_language(settings->language);
	if (module.language == NULL || !check_name(name) ||
		!check_prefix(module.prefix, settings->prefix != NULL) || is_known(name, module.prefix) ||
		hides_interface(module.prefix))
		return STATUS_USAGE;
	if (length >= (int)sizeof(module.folder)) {
		complain("%s: %s", settings->folder, strerror(ENAMETOOLONG));
		return STATUS_ERROR;
	}
	find_places(&module);
	set_keys(&module);
	fill_in_path(module.main_file, sizeof(module.main_file), module.keys, module.language->files[0].path);
	return write_files(&module) ? tell(&module) : STATUS_ERROR;
}

static int run_new(const struct command *command, int argc, char **argv)
{
	struct new_settings settings = {.folder = "", .language = "c"};
	int first = options_parse(command, argc, argv, &settings);

	if (first < 0)
		return first == OPTIONS_HELP ? finish_stdout(STATUS_OK) : STATUS_USAGE;
	if (first == argc)
		return wrong_usage(command, "the module's name is missing", NULL);
	if (first + 1 < argc)
		return wrong_usage(command, "there is one name too many", argv[first + 1]);
	return make_module(&settings, argv[first]);
}

const struct command module_new_command = {
	.name = "module new",
	.help = "Write a capture module that works, with its build files and a test.",
	.synopsis = "[--prefix PREFIX] [--dir DIR] [--lang c|c++|rust] NAME",
	.options = new_options,
	.run = run_new,
};
