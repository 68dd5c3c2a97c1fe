#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the author of a module is given: `weir module new` in each language, built, checked and captured from with an
installed tree and with the build folder; what it refuses; `weir module bench`; and the example of weir-module(1)."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE_ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(SOURCE_ROOT / 'tests/lib'))
sys.path.insert(0, str(SOURCE_ROOT / 'tests/doc'))
import tap
from pages import Page, unescape
from tap import Skip, check, run, try_run
from tree import Tree

COMPILERS = {'c': 'cc', 'c++': 'c++', 'rust': 'rustc'}
SOURCES = {'c': 'pcap-{}.c', 'c++': 'pcap-{}.cc', 'rust': 'pcap-{}.rs'}


def has(text, *parts):
    for part in parts:
        check(part in text, f'"{part}" is not in: {text}')


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f'{program} is not installed')


class Kit:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.base.chmod(0o755)
        self.tree = Tree(self.base / 'root')
        self.relocate()
        self.weir = self.tree.bindir / 'weir'
        self.modules = {}
        self.checks = {}

    def relocate(self):
        """Makes the tree what an installation with its path as the prefix is."""
        package = self.tree.libdir / 'pkgconfig/libpcap.pc'
        package.write_text(re.sub('^prefix=.*$', f'prefix={self.tree.prefix}', package.read_text(), flags=re.MULTILINE))

    def environment(self, *folders):
        """As the README of a new module says."""
        environment = dict(self.tree.environment(), PCAP_MODULE_PATH=':'.join(map(str, folders)), LC_ALL='C',
                           PKG_CONFIG_PATH=str(self.tree.libdir / 'pkgconfig'),
                           PATH=f'{self.tree.bindir}:{os.environ["PATH"]}')
        environment.pop('PKG_CONFIG_SYSROOT_DIR', None)
        return environment

    def new(self, *words, folder=None):
        return run([self.weir, 'module', 'new', *words], cwd=folder or self.base, env=self.environment())

    def is_refused(self, *words, text, folder=None):
        result = try_run([self.weir, 'module', 'new', *words], cwd=folder or self.base, env=self.environment())
        check(result.returncode in (1, 2), f'{words}: exit status {result.returncode}')
        has(result.stderr, text)

    def module(self, language):
        """A module as `weir module new` writes it, built once."""
        if language not in self.modules:
            need(COMPILERS[language], 'make', 'pkg-config')
            if self.tree.is_sanitized() and language == 'rust':
                raise Skip('rustc knows nothing of the sanitizers of the C compiler')
            name = 'ticks_' + re.sub(r'\+', 'p', language)
            self.new('--lang', language, '--prefix', name.replace('_', '-'), name)
            folder = self.base / f'pcap-{name}'
            flags = [f'{flag}=-Werror {self.sanitize()}' for flag in ('CFLAGS', 'CXXFLAGS')] + ['RUSTFLAGS=-D warnings']
            run(['make', *flags], cwd=folder, env=self.build_environment())
            self.modules[language] = (name, folder)
        return self.modules[language]

    def sanitize(self):
        return f'-fsanitize={self.tree.sanitizers}' if self.tree.is_sanitized() else ''

    def build_environment(self):
        """Compilers do not run on a sanitized library."""
        environment = self.environment()
        environment.pop('LD_PRELOAD', None)
        return environment

    # What it writes

    def is_captured_from(self, language):
        name, folder = self.module(language)
        device = name.replace('_', '-')
        listed = json.loads(run([self.weir, 'modules', '--json'], env=self.environment(folder)))
        ours = [module for module in listed if module['name'] == name]
        check(len(ours) == 1 and 'problem' not in ours[0] and ours[0]['prefixes'] == [device], ours)
        devices = run([self.weir, 'devices', '--json'], env=self.environment(folder))
        has(devices, f'"name":"{device}0","module":"{name}"', f'"name":"{device}1"')
        printed = run([self.weir, 'capture', '--json', '-i', f'{device}1', '-c', '5', 'ether', 'proto', '0x88b5'],
                      env=self.environment(folder))
        check(printed.count('"captured":60,"length":60,"link_type":"EN10MB"') == 5, printed)
        has(printed, '5 packets captured')
        for bad in (f'{device}2', device, f'{device}x', f'{device}0x'):
            result = try_run([self.weir, 'capture', '-i', bad, '-c', '1'], env=self.environment(folder))
            check(result.returncode == 3, f'{bad}: {result.stdout}{result.stderr}')

    def passes_its_test(self, language):
        name, _ = self.module(language)
        has(self.begin_checks()[language].result(), ' 0 broken', f'pcap-{name}: all well')

    def begin_checks(self):
        """Of all languages at once: a check mostly waits."""
        if not self.checks:
            pool = concurrent.futures.ThreadPoolExecutor(len(COMPILERS))
            for language in COMPILERS:
                try:
                    _, folder = self.module(language)
                except Skip:
                    continue
                self.checks[language] = pool.submit(run, ['make', 'check'], cwd=folder, env=self.environment(), timeout=400)
        return self.checks

    def rust_layouts_are_those_of_the_header(self):
        """Sizes, offsets and constants that pcap_module.rs declares, each as C has it."""
        need('rustc')
        rust = (SOURCE_ROOT / 'tools/module/templates/pcap_module.rs.in').read_text()
        structs = re.findall(r'^pub struct (\w+) \{\n(.*?)^\}', rust, re.MULTILINE | re.DOTALL)
        constants = re.findall(r'^pub const (\w+): (?:u32|u64|usize|c_int) =', rust, re.MULTILINE)
        check(len(structs) >= 9 and len(constants) >= 12, f'only {structs} {constants}')
        in_rust, in_c = [], []
        for name, body in structs:
            in_rust.append(f'("{name}".into(), std::mem::size_of::<{name}>() as i64)')
            in_c.append(f'{{"{name}", sizeof(struct {name})}}')
            for member in re.findall(r'^    pub (\w+):', body, re.MULTILINE):
                of_c = 'priv' if member == 'private' else member
                in_rust += [f'("{name}.{member}".into(), std::mem::offset_of!({name}, {member}) as i64)',
                            f'("of {name}.{member}".into(), size(|value: &{name}| &value.{member}))']
                in_c += [f'{{"{name}.{member}", offsetof(struct {name}, {of_c})}}',
                         f'{{"of {name}.{member}", sizeof(((struct {name} *)0)->{of_c})}}']
        in_rust += [f'("{name}".into(), {name} as i64)' for name in constants]
        in_c += [f'{{"{name}", {name}}}' for name in constants]
        folder = self.base / 'layouts'
        folder.mkdir()
        (folder / 'pcap_module.rs').write_text(rust.replace('#[link(name = "pcap")]', ''))
        (folder / 'layouts.rs').write_text(
            '#[path = "pcap_module.rs"]\nmod interface;\nuse interface::*;\n'
            'fn size<T, M>(_: fn(&T) -> &M) -> i64 { std::mem::size_of::<M>() as i64 }\nfn main() {\n'
            f'    let rows: Vec<(String, i64)> = vec![{", ".join(in_rust)}];\n'
            '    for (name, value) in rows { println!("{name} {value}"); }\n}\n')
        (folder / 'layouts.c').write_text(
            '#include <pcap-int.h>\n#include <stdio.h>\nint main(void)\n{\n'
            f'struct {{ const char *name; long long value; }} rows[] = {{{", ".join(in_c)}}};\n'
            'for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)\n'
            'printf("%s %lld\\n", rows[i].name, rows[i].value);\n}\n')
        run([*self.tree.cc, f'-I{self.tree.includedir}', folder / 'layouts.c', '-o', folder / 'in-c'])
        built = try_run(['rustc', '--edition', '2021', folder / 'layouts.rs', '-o', folder / 'in-rust'])
        if 'find macro' in built.stderr or 'could not find `offset_of`' in built.stderr:
            raise Skip('this rustc has no offset_of!')
        check(built.returncode == 0, built.stderr)
        theirs, ours = run([folder / 'in-c']).split('\n'), run([folder / 'in-rust']).split('\n')
        check(theirs == ours, f'C and Rust differ: {[pair for pair in zip(theirs, ours) if pair[0] != pair[1]]}')

    def rust_note_is_that_of_c(self):
        """As far as the two modules do not differ themselves."""
        notes = []
        for language in ('c', 'rust'):
            name, folder = self.module(language)
            image = (folder / f'pcap-{name}.so').read_bytes()
            at = image.index(b'\1\0\0\0Weir\0\0\0\0') - 8
            owner_size, text_size = struct.unpack_from('=II', image, at)
            version, *texts = image[at + 20:at + 24], *image[at + 24:at + 20 + text_size].rstrip(b'\0').split(b'\0')
            check(texts[:2] == [name.encode(), name.replace('_', '-').encode()], texts)
            notes.append((owner_size, text_size - sum(len(text) + 1 for text in texts) in range(4, 8), version, texts[2]))
        check(notes[0] == notes[1] and notes[0][1], notes)

    def is_installed(self):
        name, folder = self.module('c')
        run(['make', 'install', f'DESTDIR={self.base}/destination'], cwd=folder, env=self.build_environment())
        installed = self.base / 'destination' / str(self.tree.libdir / 'pcap/modules').lstrip('/') / f'pcap-{name}.so'
        check(installed.stat().st_mode & 0o777 == 0o644, f'{installed} has another mode')

    def builds_with_meson(self, language):
        need('meson', 'pkg-config', COMPILERS[language])
        name, folder = self.module(language)
        build = folder / 'build'
        options = [f'-Db_sanitize={self.tree.sanitizers}', '-Db_lundef=false']
        run(['meson', 'setup', '-Dwerror=true', *options, build, folder], env=self.build_environment())
        run(['meson', 'compile', '-C', build], env=self.build_environment())
        device = name.replace('_', '-')
        has(run([self.weir, 'capture', '-i', f'{device}0', '-c', '1'], env=self.environment(build)), '1 packet captured')

    def builds_in_the_build_folder(self):
        """With a library that is not installed, by what the README says."""
        need('make', 'pkg-config')
        weir = pathlib.Path(os.environ['WEIR_BUILD']) / 'tools/weir'
        folder = self.base / 'uninstalled'
        folder.mkdir()
        environment = dict(os.environ, LD_LIBRARY_PATH=os.environ['WEIR_BUILD'])
        run([weir, 'module', 'new', 'ticks'], cwd=folder, env=environment)
        folder /= 'pcap-ticks'
        exports = re.findall('^    export (.*)$', (folder / 'README.md').read_text(), re.MULTILINE)
        check(len(exports) == 3, exports)
        script = ''.join(f'export {line}\n' for line in exports)
        run(['sh', '-ec', f'{script} make CFLAGS={self.sanitize()}\n PCAP_MODULE_PATH=$PWD weir capture -i ticks0 -c 1'],
            cwd=folder, env=self.build_environment())

    def texts_are_filled_in(self):
        """No word is left that stands for another one, and no name of the template's."""
        for language, source in SOURCES.items():
            folder = self.base / f'texts-{len(language)}'
            folder.mkdir()
            printed = self.new('--lang', language, '--dir', folder, '--prefix', 'beat', 'drum_2')
            has(printed, f'{folder}/pcap-drum_2', source.format('drum_2'), 'make check')
            files = {path.name: path.read_text() for path in (folder / 'pcap-drum_2').iterdir()}
            for name in (source.format('drum_2'), 'Makefile', 'README.md', 'test.sh'):
                check(name in files, f'{language}: there is no {name}: {list(files)}')
            for name, text in files.items():
                check(not re.search('@[A-Z]+@', text), f'{name}: {text}')
            has(files['README.md'], 'beat0', str(self.tree.libdir), str(self.tree.bindir))
            has(files[source.format('drum_2')], '"beat"', 'drum_2')

    def modes_do_not_depend_on_the_umask(self):
        """A module that others may write to is not loaded: the mode of its folder counts as well."""
        old = os.umask(0)
        try:
            self.new('open')
        finally:
            os.umask(old)
        folder = self.base / 'pcap-open'
        check(folder.stat().st_mode & 0o777 == 0o755, 'the folder has another mode')
        check((folder / 'pcap-open.c').stat().st_mode & 0o777 == 0o644, 'the source has another mode')

    # What it refuses

    def bad_names(self):
        for name in ('', 'Ticks', '9x', '_x', 'a-b', 'a b', 'a/b', '../x', 'x' * 32, 'ä'):
            self.is_refused(name, text="can't be called")
        for prefix in ('', 'x1', '9x', 'X', 'a b', '-x', 'x' * 32):
            self.is_refused('--prefix', prefix, 'good', text="can't begin with")
        self.is_refused('ticks2', text='--prefix gives another')
        self.is_refused(text='name is missing')
        self.is_refused('a', 'b', text='one name too many')
        self.is_refused('--lang', 'ruts', 'good', text='did you mean rust')
        check(not (self.base / 'pcap-good').exists(), 'a folder was made')

    def taken_names(self):
        self.is_refused('linux', text='there is a module linux already (built in)')
        self.is_refused('--prefix', 'any', 'good', text='network interface any')
        self.is_refused('--prefix', 'lo', 'good', text='network interface lo')
        listed = json.loads(run([self.weir, 'modules', '--json'], env=self.environment()))
        for module in listed:
            for prefix in module['prefixes']:
                self.is_refused('--prefix', prefix, 'good', text=f'the module {module["name"]} has the prefix {prefix}')
        name, folder = self.module('c')
        result = try_run([self.weir, 'module', 'new', name], cwd=self.base, env=self.environment(folder))
        has(result.stderr, f'there is a module {name} already ({folder}/pcap-{name}.so)')

    def nothing_is_overwritten(self):
        self.new('twice')
        source = self.base / 'pcap-twice/pcap-twice.c'
        source.write_text('mine')
        self.is_refused('twice', text='pcap-twice is there already')
        check(source.read_text() == 'mine', 'it was written over')
        self.is_refused('--dir', self.base / 'nowhere', 'twice', text='No such file or directory')
        (self.base / 'file').write_text('')
        self.is_refused('--dir', self.base / 'file', 'twice', text='Not a directory')

    def what_cant_be_written_is_taken_back(self):
        limited = f'trap "" XFSZ; ulimit -f 5; exec {self.weir} module new large'
        result = try_run(['sh', '-c', limited], cwd=self.base, env=self.environment())
        check(result.returncode == 1, f'exit status {result.returncode}')
        has(result.stderr, 'File too large')
        check(not (self.base / 'pcap-large').exists(), 'half a module is there')


    # The example of the manual

    def example_leads_to_packets(self):
        """The commands of weir-module(1), as they are there, but for where the library is: fewer than ten, and a stock
        tcpdump shows packets of a module that was not there before."""
        need('make', 'pkg-config', 'tcpdump', 'cc')
        if self.tree.is_sanitized():
            raise Skip('stock programs do not run on a sanitized library as they are')
        page = Page(SOURCE_ROOT / 'doc/man/man1/weir-module.1').section_lines('EXAMPLES')
        lines = [unescape(line) for line in page[page.index('.EX') + 1:page.index('.EE')]]
        check(4 < len(lines) < 10, lines)
        tcpdump = next(line for line in lines if ' tcpdump ' in line)
        script = '\n'.join(lines).replace('/opt/weir/lib', str(self.tree.libdir)).replace('/opt/weir', str(self.tree.prefix))
        folder = self.base / 'example'
        folder.mkdir()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(('LD_', 'PCAP_', 'PKG_'))}
        printed = run(['sh', '-exc', script], cwd=folder, env=dict(environment, LC_ALL='C'), timeout=240)
        count = int(re.search(r'-c (\d+)', tcpdump).group(1))
        has(printed, ' 0 broken', 'pcap-ticks: all well', 'listening on ticks0, link-type EN10MB (Ethernet)', f'\n{count} packets captured')
        check(printed.count('ethertype Unknown (0x88b5), length 60') == count, printed)
        has(printed, 'ticks0: module ticks, EN10MB', 'pcap_next_batch')

    # What weir module bench tells

    def bench(self, *words, folders=(), status=0):
        result = try_run([self.weir, 'module', 'bench', '--seconds', '0.2', *words], env=self.environment(*folders))
        check(result.returncode == status, f'{words}: exit status {result.returncode}: {result.stdout}{result.stderr}')
        return result.stdout if status == 0 else result.stderr

    def bench_json(self, *words, **options):
        return json.loads(self.bench('--json', *words, **options))

    def null_folder(self):
        """With the packet generator as a module in a file."""
        folder = self.base / 'null'
        if not folder.exists():
            folder.mkdir()
            self.link(folder, 'null', SOURCE_ROOT / 'src/modules/pcap-null.c', 'pcap_null')
        return folder

    def link(self, folder, name, source, routines):
        row = self.base / f'{name}-module.c'
        row.write_text(f'#include <pcap-module.h>\n'
                       f'PCAP_MODULE({name}, "for a test", "{name}", {routines}_findalldevs, {routines}_create)\n')
        module = folder / f'pcap-{name}.so'
        run([*self.tree.cc, '-D_DEFAULT_SOURCE', '-O2', '-shared', '-fPIC', '-Wl,-Bsymbolic', f'-I{self.tree.includedir}',
             '-o', module, source, row, f'-L{self.tree.libdir}', '-lpcap'])
        module.chmod(0o644)
        return module

    def bench_measures_all_ways(self):
        told = self.bench_json('null0:size=100', folders=[self.null_folder()])
        check((told['device'], told['module'], told['link_type']) == ('null0:size=100', 'null', 'EN10MB'), told)
        opens = told['opens']
        check(opens['count'] > 0 and 0 < opens['mean'] and 0 < opens['p99'] and opens['per_second'] > 0, opens)
        ways = [(reading['call'], reading['filter']) for reading in told['reads']]
        check(ways == [('pcap_dispatch', 'no filter'), ('pcap_dispatch', 'all pass'), ('pcap_dispatch', 'none passes'),
                       ('pcap_next_ex', 'no filter'), ('pcap_next_batch', 'no filter')], ways)
        for reading in told['reads']:
            check(reading['nanoseconds'] >= 200000000 and reading['dropped'] == 0, reading)
            check('problem' not in reading and reading['cpu_user'] + reading['cpu_system'] > 0, reading)
            if reading['filter'] == 'none passes':
                check(reading['packets'] == 0 and 'cpu_per_packet' not in reading, reading)
            else:
                check(reading['packets'] > 100 and reading['bytes'] == 100 * reading['packets'], reading)
                # The device is always ready, so that nothing but the reader bounds the rate.
                check(not reading['paced_by_device'], reading)
        check(told['latency']['packets'] > 100 and told['latency']['p50'] <= told['latency']['p99'], told['latency'])
        check(not told['traffic_ended'], told)

    def bench_tells_who_sets_the_pace(self):
        name, folder = self.module('c')
        told = self.bench_json(folder / f'pcap-{name}.so')
        check(told['device'] == name.replace('_', '-') + '0' and told['module'] == name, told)
        for reading in told['reads']:
            check(reading['paced_by_device'], reading)
            check('dropped' in reading, reading)
        has(self.bench(folder / f'pcap-{name}.so'), '* The device sets the pace', 'pcap_next_batch', 'Time stamp to callback: p50')

    def bench_says_what_it_could_not_measure(self):
        folder = self.null_folder()
        printed = self.bench('faults:drop=100+null0:rate=1000', folders=[folder])
        has(printed, 'pcap_dispatch (no filter): no packet came: --traffic', 'pcap_next_ex (no filter): no packet came',
            'Time stamp to callback: not measured: no packet came')
        told = self.bench_json('faults:drop=100+null0:rate=1000', '--traffic', 'exit 3', folders=[folder])
        check(told['traffic_ended'] and told['latency']['problem'] == 'no packet came', told)
        check('p50' not in told['latency'], told)
        has(self.bench('nothing0', status=3), 'nothing0: no such device')
        has(self.bench(self.base / 'pcap-none.so', status=3), 'No such file')
        has(self.bench(self.null_folder() / '../null-module.c', status=3), 'its name must be pcap-NAME.so')
        has(self.bench(status=2), 'a device is missing')
        has(self.bench('a', 'b', status=2), 'one device too many')

    def bench_takes_only_what_programs_would_load(self):
        folder = self.base / 'unsafe'
        folder.mkdir()
        module = folder / 'pcap-null.so'
        shutil.copy(self.null_folder() / 'pcap-null.so', module)
        module.chmod(0o666)
        has(self.bench(module, status=3), 'not used: others may write')
        module.chmod(0o644)
        shutil.copy(module, folder / 'other.so')
        has(self.bench(folder / 'other.so', status=3), 'its name must be pcap-NAME.so')
        folder.chmod(0o777)
        has(self.bench(module, status=3), f'{folder}: not used: others may write')

    def bench_has_traffic(self):
        """Which it ends, with all that it has started."""
        mark, socket = self.base / 'traffic', self.base / 'socket'
        folder = self.base / 'dgram'
        folder.mkdir()
        module = self.link(folder, 'dgram', HERE.parent / 'third-party/pcap-dgram.c', 'dgram')
        sender = (f'import socket, time\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\nwhile True:\n'
                  f'    try: s.sendto(bytes(60), "{socket}")\n    except OSError: time.sleep(0.001)\n')
        program = self.base / 'sender.py'
        program.write_text(sender)
        environment = dict(self.environment(module.parent), DGRAM_SOCKET=str(socket))
        result = run([self.weir, 'module', 'bench', '--json', '--seconds', '1', 'dgram', '--traffic',
                      f'sleep 1000 & echo $$ $! >{mark}; env -u LD_LIBRARY_PATH -u LD_PRELOAD {sys.executable} {program}'],
                     env=environment)
        told = json.loads(result)
        check(not told['traffic_ended'], told)
        check(sum(reading['packets'] for reading in told['reads']) > 0, told)
        for pid in mark.read_text().split():
            end = time.monotonic() + 20
            while self.is_running(pid):
                check(time.monotonic() < end, f'process {pid} of the traffic goes on')
                time.sleep(0.01)
        # One that heeds no SIGTERM.
        self.bench('--seconds', '0.01', 'null0', '--traffic', "trap '' TERM; while :; do sleep 1; done",
                   folders=[self.null_folder()])

    def is_running(self, pid):
        try:
            return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] not in 'ZX'
        except OSError:
            return False

    def bench_gives_up_a_read_that_hangs(self):
        source = self.base / 'hangs.c'
        source.write_text(HANGS)
        folder = self.base / 'hanging'
        folder.mkdir()
        module = self.link(folder, 'hangs', source, 'hangs')
        has(self.bench(module, status=4), 'hangs0: a read does not come back after pcap_breakloop()')


# A module whose read heeds neither the time-out nor a break.
HANGS = '''
#include <pcap-int.h>
#include <unistd.h>
int hangs_findalldevs(pcap_if_list_t *list, char *errbuf);
pcap_t *hangs_create(const char *device, char *errbuf);
static int hangs_read(pcap_t *p _U_, int cnt _U_, pcap_handler callback _U_, u_char *user _U_)
{
	for (;;)
		pause();
}
static int hangs_activate(pcap_t *p)
{
	p->linktype = DLT_EN10MB;
	p->snapshot = MAXIMUM_SNAPLEN;
	p->read_op = hangs_read;
	return 0;
}
int hangs_findalldevs(pcap_if_list_t *list, char *errbuf)
{
	return pcapint_add_dev(list, "hangs0", PCAP_IF_UP, NULL, errbuf) != NULL ? 0 : PCAP_ERROR;
}
pcap_t *hangs_create(const char *device _U_, char *errbuf)
{
	pcap_t *p = PCAP_CREATE_COMMON(errbuf, char);
	if (p != NULL)
		p->activate_op = hangs_activate;
	return p;
}
'''


def main():
    with tempfile.TemporaryDirectory(prefix='weir-kit-') as name:
        kit = Kit(name)
        cases = []
        for language in COMPILERS:
            cases += [
                (f'a new module in {language} is captured from', lambda language=language: kit.is_captured_from(language)),
                (f'a new module in {language} passes its test', lambda language=language: kit.passes_its_test(language)),
            ]
        cases += [
            ('the module interface in Rust is that of the header', kit.rust_layouts_are_those_of_the_header),
            ('the note of a module in Rust is that of one in C', kit.rust_note_is_that_of_c),
            ('a new module is installed', kit.is_installed),
            ('a new module in c builds with Meson', lambda: kit.builds_with_meson('c')),
            ('a new module in c++ builds with Meson', lambda: kit.builds_with_meson('c++')),
            ('a new module builds with a library that is not installed', kit.builds_in_the_build_folder),
            ('its texts are filled in', kit.texts_are_filled_in),
            ('its modes do not depend on the umask', kit.modes_do_not_depend_on_the_umask),
            ('names that are none', kit.bad_names),
            ('names that are taken', kit.taken_names),
            ('nothing is overwritten', kit.nothing_is_overwritten),
            ('what can\'t be written is taken back', kit.what_cant_be_written_is_taken_back),
            ('the example of the manual leads to packets', kit.example_leads_to_packets),
            ('bench measures all ways to read', kit.bench_measures_all_ways),
            ('bench tells who sets the pace', kit.bench_tells_who_sets_the_pace),
            ('bench says what it could not measure', kit.bench_says_what_it_could_not_measure),
            ('bench takes only what programs would load', kit.bench_takes_only_what_programs_would_load),
            ('bench has traffic, and ends it', kit.bench_has_traffic),
            ('bench gives up a read that hangs', kit.bench_gives_up_a_read_that_hangs),
        ]
        return tap.main(cases)


if __name__ == '__main__':
    sys.exit(main())
