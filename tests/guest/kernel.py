# SPDX-License-Identifier: BSD-3-Clause
"""Debian's own kernel for the guest, kept in a cache folder, and the initial file system that it starts from."""
import fcntl
import gzip
import lzma
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

# What the first steps need: the host's tree (9p, under a writable layer) and a way to report (virtio_console).
FIRST_MODULES = ('virtio_pci', '9p', '9pnet_virtio', 'overlay', 'virtio_console')
XZ_MAGIC = b'\xfd7zXZ\x00'
ELF_MAGIC = b'\x7fELF'


class Unavailable(Exception):
    """There is no kernel to be had here; the text says why."""


class Kernel:
    """An unpacked kernel package."""

    def __init__(self, root):
        self.root = root
        self.version = next((root / 'lib/modules').iterdir()).name
        self.image = root / 'kernel'
        self.modules = root / 'lib/modules'

    def first_modules(self):
        """The files of FIRST_MODULES and what they depend on, in the order in which they can be loaded."""
        files = []
        for module in FIRST_MODULES:
            for line in run('modprobe', '-d', self.root, '-S', self.version, '--show-depends', module).splitlines():
                word, _, path = line.partition(' ')
                if word == 'insmod' and path.strip() not in files:
                    files.append(path.strip())
        return [pathlib.Path(path) for path in files]


def run(*command, **options):
    """What a command prints. One that fails makes the kernel unavailable."""
    environment = dict(os.environ, LC_ALL='C', PATH=os.environ['PATH'] + ':/usr/sbin:/sbin')
    try:
        return subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=environment, **options).stdout
    except FileNotFoundError as error:
        raise Unavailable(f"the program '{command[0]}' is not installed") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or 'no message').splitlines()[-1]
        raise Unavailable(f'{command[0]} fails: {last}') from error


def package_name():
    """linux-image-amd64 depends on the package of the newest kernel."""
    for line in run('apt-cache', 'depends', 'linux-image-amd64').splitlines():
        word, _, name = line.strip().partition(' ')
        if word == 'Depends:' and name.startswith('linux-image-'):
            return name
    raise Unavailable('apt knows no linux-image-amd64 (apt-get update may help)')


def plain_image(packed):
    """The ELF image inside a bzImage, which spares the guest unpacking it; the bzImage if it holds none."""
    start = packed.find(XZ_MAGIC)
    while start != -1:
        try:
            image = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed[start:])
            if image.startswith(ELF_MAGIC):
                return image
        except lzma.LZMAError:
            pass
        start = packed.find(XZ_MAGIC, start + 1)
    return packed


def fetch(cache):
    """Gets and unpacks the package into the cache. A folder has its name only when all is in it."""
    name = package_name()
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        folder = pathlib.Path(folder)
        run('apt-get', 'download', name, cwd=folder)
        run('dpkg-deb', '-x', next(folder.glob('*.deb')), folder / 'root')
        root = folder / 'root'
        if (root / 'usr/lib/modules').is_dir() and not (root / 'lib').exists():
            (root / 'lib').symlink_to('usr/lib')
        run('depmod', '-b', root, next((root / 'lib/modules').iterdir()).name)
        packed = next((root / 'boot').glob('vmlinuz-*'))
        (root / 'kernel').write_bytes(plain_image(packed.read_bytes()))
        shutil.rmtree(root / 'boot')
        root.rename(cache / name)


def get():
    """The newest kernel in the cache; the first time, it is fetched."""
    cache = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'weir' / 'guest'
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with open(cache / 'lock', 'w', encoding='ascii') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not list(cache.glob('linux-image-*')):
                fetch(cache)
        return Kernel(max(cache.glob('linux-image-*'), key=os.path.getmtime))
    except OSError as error:
        raise Unavailable(f'no kernel in {cache}: {error}') from error


def cpio(entries):
    """An archive in the "new ASCII" format of cpio(5) of (name, mode, bytes) entries."""
    parts = []
    for number, (name, mode, data) in enumerate([*entries, ('TRAILER!!!', 0, b'')], 1):
        path = name.encode() + b'\0'
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        header = b'070701' + b''.join(b'%08x' % field for field in fields) + path
        parts += [header, b'\0' * (-len(header) % 4), data, b'\0' * (-len(data) % 4)]
    return b''.join(parts)


def initial_files(kernel, init):
    """The compressed archive with which the kernel starts: busybox, the first modules in order, and init."""
    busybox = shutil.which('busybox')
    if busybox is None:
        raise Unavailable("the program 'busybox' is not installed")
    entries = [(folder, stat.S_IFDIR | 0o755, b'')
               for folder in ('bin', 'modules', 'dev', 'proc', 'sys', 'host', 'layer', 'root')]
    entries.append(('bin/busybox', stat.S_IFREG | 0o755, pathlib.Path(busybox).read_bytes()))
    entries.append(('init', stat.S_IFREG | 0o755, init.read_bytes()))
    for number, path in enumerate(kernel.first_modules()):
        data = path.read_bytes()
        if path.suffix == '.xz':
            data = lzma.decompress(data)
        entries.append((f'modules/{number:02}.ko', stat.S_IFREG | 0o644, data))
    return gzip.compress(cpio(entries), 1)
