/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Native code: has it emitted, puts it into memory that is never writable and executable at once, and shares it among
 * handles with the same program. Where something is in the way, there is no native code, and the interpreter serves.
 */
#include "bpf/native.h"

#include "bpf/program.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A line of the processor's caches. */
#define LINE 64

bool pcapint_native_is_allowed(void)
{
	const char *setting = getenv("WEIR_NATIVE_FILTER");

	return setting == NULL || (strcmp(setting, "off") != 0 && strcmp(setting, "0") != 0);
}

/* ---- Emitting ---- */

void pcapint_emit_bytes(struct emitter *e, uint64_t bytes, u_int size)
{
	if (e->room - e->used < sizeof(bytes)) {
		size_t room = e->room * 2 + 256;
		uint8_t *code = realloc(e->code, room);
		if (code == NULL) {
			e->failed = true;
			return;
		}
		e->code = code;
		e->room = room;
	}
	for (u_int i = 0; i < size; i++)
		e->code[e->used++] = (uint8_t)(bytes >> 8 * i);
}

u_int pcapint_scratch_in_use(const struct bpf_ops *ops, uint8_t words[BPF_MEMWORDS])
{
	uint32_t uses[BPF_MEMWORDS] = {0};
	u_int count = 0;

	for (uint32_t i = 0; i < ops->count; i++) {
		uint32_t used = pcapint_op_reads(&ops->ops[i]) | pcapint_op_writes(&ops->ops[i]);
		for (u_int word = 0; word < BPF_MEMWORDS && (used & (LIVE_A - 1)) != 0; word++)
			uses[word] += (used & LIVE_SCRATCH(word)) != 0;
	}
	for (u_int word = 0; word < BPF_MEMWORDS; word++) {
		u_int at = count;
		if (uses[word] == 0)
			continue;
		for (; at > 0 && uses[words[at - 1]] < uses[word]; at--)
			words[at] = words[at - 1];
		words[at] = (uint8_t)word;
		count++;
	}
	return count;
}

bool pcapint_is_next(const struct emitter *e, uint32_t i, uint32_t target)
{
	if (target <= i)
		return false;
	while (++i < target)
		if (e->ops->facts[i].reached)
			return false;
	return true;
}

void pcapint_go_on(struct emitter *e, uint32_t i, uint32_t target)
{
	const struct bpf_op *op = &e->ops->ops[target];

	if (pcapint_is_next(e, i, target))
		return;
	if (op->code < OP_GO && BPF_CLASS(op->code) == BPF_RET)
		pcapint_emit_return(e, op);
	else
		pcapint_emit_jump(e, i, target);
}

static bool compares(const struct bpf_op *op)
{
	return op_is_test(op) && BPF_OP(op->code) != BPF_JSET;
}

bool pcapint_is_compared(const struct bpf_ops *ops, uint32_t i)
{
	const struct bpf_op *op = &ops->ops[i];
	uint32_t source = ops->facts[i].source;

	if (source == NO_SOURCE || !compares(op) || !compares(&ops->ops[source]))
		return false;
	return BPF_SRC(op->code) == BPF_SRC(ops->ops[source].code) &&
	       (BPF_SRC(op->code) == BPF_X || op->k == ops->ops[source].k);
}

bool pcapint_is_tested_in_place(const struct bpf_ops *ops, uint32_t i)
{
	const struct bpf_op *load = &ops->ops[i], *test = &ops->ops[load->yes];
	const struct bpf_facts *facts = &ops->facts[load->yes];
	u_int size = pcapint_op_load_size(load);

	if (size == 0 || BPF_CLASS(load->code) != BPF_LD ||
		(BPF_MODE(load->code) == BPF_IND && !pcapint_op_is_bounded(load, &ops->facts[i])))
		return false;
	if (!op_is_test(test) || BPF_SRC(test->code) != BPF_K || facts->source != i)
		return false;
	return (size == 1 || facts->raw_a == size) && test->k <= UINT32_MAX >> (32 - 8 * size) &&
	       !((ops->facts[test->yes].live | ops->facts[test->no].live) & LIVE_A);
}

bool pcapint_is_test_in_place(const struct bpf_ops *ops, uint32_t i)
{
	uint32_t source = ops->facts[i].source;
	return source != NO_SOURCE && pcapint_is_tested_in_place(ops, source);
}

/* Ops after which the one at "yes" always follows, and to which they do not jump themselves. */
static bool goes_on(const struct bpf_op *op)
{
	return op->code != OP_BACK && !op_is_test(op) && (op->code >= OP_GO || BPF_CLASS(op->code) != BPF_RET);
}

static void emit_op(struct emitter *e, uint32_t i)
{
	const struct bpf_op *op = &e->ops->ops[i];
	const struct emit_row *row = &pcapint_emit_rows[op->code];
	uint32_t writes = pcapint_op_writes(op);

	/* What nobody reads need not be written; but a load and a division have to say no. */
	bool matters = writes == 0 || pcapint_op_can_fail(op) || (writes & e->ops->facts[op->yes].live);
	if (row->emit != NULL && matters)
		row->emit(e, i, row->how);
	if (goes_on(op))
		pcapint_go_on(e, i, op->yes);
}

static void emit_pass(struct emitter *e, uint32_t *at)
{
	const struct bpf_ops *ops = e->ops;

	e->used = 0;
	pcapint_emit_start(e);
	for (uint32_t i = 0; i < ops->count && !e->failed; i++) {
		at[i] = (uint32_t)e->used;
		if (ops->facts[i].reached)
			emit_op(e, i);
	}
	at[ops->count] = (uint32_t)e->used;
}

static void find_uses(struct emitter *e)
{
	uint32_t in_use = 0;

	for (uint32_t i = 0; i < e->ops->count; i++) {
		uint16_t code = e->ops->ops[i].code;
		in_use |= pcapint_op_reads(&e->ops->ops[i]);
		e->uses_beside |= code > OP_BACK;
		e->uses_wire_length |= code == (BPF_LD | BPF_W | BPF_LEN) || code == (BPF_LDX | BPF_W | BPF_LEN);
	}
	e->zeroed = e->ops->facts[0].live & in_use;
}

static bool emit(struct emitter *e)
{
	size_t size = (e->ops->count + 1) * sizeof(uint32_t);
	uint32_t *now = malloc(size);

	e->first = calloc(1, size);
	e->at = calloc(1, size);
	e->failed = now == NULL || e->first == NULL || e->at == NULL;
	find_uses(e);
	for (e->pass = PASS_LONG; e->pass < PASSES && !e->failed; e->pass++) {
		emit_pass(e, now);
		memcpy(e->at, now, size);
		if (e->pass == PASS_LONG)
			memcpy(e->first, now, size);
	}
	free(now);
	free(e->first);
	free(e->at);
	return !e->failed;
}

/*
 * Where code begins in its pages, given how much room is left there: for each in another line, since code that begins
 * in the same line of different pages would have to share a few places of the processor's caches. The first line is
 * never code.
 */
static size_t choose_start(const char *memory, size_t page, size_t left)
{
	return LINE + (uintptr_t)memory / page % (left / LINE + 1) * LINE;
}

/*
 * Code in memory of its own: written first, then made executable and no longer writable. What is not code traps. There
 * is some of that before it, where compilers' checks of calls look for a function's type.
 */
static bool map_code(struct bpf_native *native, const uint8_t *code, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (LINE + size + page - 1) / page * page;
	char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	size_t start = choose_start(memory, page, room - size - LINE);
	memset(memory, pcapint_native_trap, room);
	memcpy(memory + start, code, size);
	__builtin___clear_cache(memory, memory + room);
	if (mprotect(memory, room, PROT_READ | PROT_EXEC) != 0) {
		munmap(memory, room);
		return false;
	}
	native->run = (bpf_native_t)(memory + start);
	native->size = size;
	native->memory = memory;
	native->room = room;
	return true;
}

bool pcapint_native_make(struct bpf_native *native, struct bpf_ops *ops)
{
	struct emitter e = {.ops = ops};
	bool made = pcapint_has_native && ops->count <= NATIVE_MOST_OPS &&
		    (ops->facts != NULL || pcapint_find_facts(ops) == 0) && emit(&e) &&
		    map_code(native, e.code, e.used);

	free(e.code);
	return made;
}

void pcapint_native_free(struct bpf_native *native)
{
	munmap(native->memory, native->room);
}

/* ---- Sharing ---- */

struct shared_native {
	struct bpf_native native; /* first: what others point to */
	struct shared_native *next;
	u_int users;
	u_int len;
	struct bpf_insn program[];
};

/*
 * All native code that is in use. It is state of the whole process, since handles know nothing of each other, and
 * programs that open hundreds of them for one filter would have as many copies in the processor's caches. The lock is
 * held for no more than a walk along the list, when a filter is set or freed; never while packets are filtered.
 */
static struct {
	pthread_mutex_t lock;
	struct shared_native *first;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* With the lock held. */
static struct shared_native *find_shared(const struct bpf_insn *program, u_int len)
{
	struct shared_native *entry = shared.first;

	while (entry != NULL && (entry->len != len || memcmp(entry->program, program, len * sizeof(*program)) != 0))
		entry = entry->next;
	if (entry != NULL)
		entry->users++;
	return entry;
}

static struct shared_native *make_entry(const struct bpf_insn *program, u_int len)
{
	struct shared_native *entry = malloc(sizeof(*entry) + len * sizeof(*program));
	struct bpf_ops ops;

	if (entry == NULL)
		return NULL;
	entry->users = 1;
	entry->len = len;
	memcpy(entry->program, program, len * sizeof(*program));
	/* Once more, since this copy is what counts, and its owner may have changed the program since. */
	if (pcapint_validate_filter(entry->program, len, BPF_TARGET_USERLAND, NULL) == 0 &&
		pcapint_decode_ops(&ops, entry->program, len) == 0) {
		bool made = pcapint_native_make(&entry->native, &ops);
		pcapint_free_ops(&ops);
		if (made)
			return entry;
	}
	free(entry);
	return NULL;
}

const struct bpf_native *pcapint_native_get(const struct bpf_insn *program, u_int len)
{
	if (!pcapint_has_native || len >= NATIVE_MOST_OPS)
		return NULL;
	pthread_mutex_lock(&shared.lock);
	struct shared_native *entry = find_shared(program, len);
	pthread_mutex_unlock(&shared.lock);
	if (entry != NULL)
		return &entry->native;
	struct shared_native *made = make_entry(program, len);
	if (made == NULL)
		return NULL;
	/* Another thread may have made the same meanwhile. */
	pthread_mutex_lock(&shared.lock);
	entry = find_shared(program, len);
	if (entry == NULL) {
		entry = made;
		made->next = shared.first;
		shared.first = made;
	}
	pthread_mutex_unlock(&shared.lock);
	if (entry != made) {
		pcapint_native_free(&made->native);
		free(made);
	}
	return &entry->native;
}

void pcapint_native_put(const struct bpf_native *native)
{
	struct shared_native *entry = (struct shared_native *)native, **link = &shared.first;

	if (entry == NULL)
		return;
	pthread_mutex_lock(&shared.lock);
	bool last = --entry->users == 0;
	if (last) {
		while (*link != entry)
			link = &(*link)->next;
		*link = entry->next;
	}
	pthread_mutex_unlock(&shared.lock);
	if (last) {
		pcapint_native_free(&entry->native);
		free(entry);
	}
}
