# SPDX-License-Identifier: BSD-3-Clause
"""An installed tree of the library as it was built, in a temporary folder, for tests that use it from outside.

The build says by the environment where things are: WEIR_BUILD, WEIR_PREFIX, WEIR_LIBDIR, WEIR_INCLUDEDIR and
WEIR_BINDIR, the compiler WEIR_CC, and WEIR_SANITIZE, "none" or the sanitizers that the library was built with.
"""
import os
import pathlib
import shlex

import tap


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        tap.run(['meson', 'install', '-C', os.environ['WEIR_BUILD'], '--no-rebuild', '--quiet',
                 '--destdir', self.root])
        self.prefix = self.path(os.environ['WEIR_PREFIX'])
        self.libdir = self.under_prefix('WEIR_LIBDIR')
        self.includedir = self.under_prefix('WEIR_INCLUDEDIR')
        self.bindir = self.under_prefix('WEIR_BINDIR')
        self.sanitizers = os.environ['WEIR_SANITIZE']
        self.cc = shlex.split(os.environ['WEIR_CC'])
        if self.is_sanitized():
            self.cc.append(f'-fsanitize={self.sanitizers}')

    def path(self, absolute):
        return self.root / absolute.lstrip('/')

    def under_prefix(self, variable):
        return self.path(os.path.join(os.environ['WEIR_PREFIX'], os.environ[variable]))

    def is_sanitized(self):
        return self.sanitizers != 'none'

    def environment(self):
        """For programs that are to run on the installed library, those that know nothing of sanitizers included."""
        environment = dict(os.environ, LD_LIBRARY_PATH=str(self.libdir))
        if self.is_sanitized():
            environment['LD_PRELOAD'] = self.address_sanitizer()
            # What such a program leaks is not the library's doing.
            environment['ASAN_OPTIONS'] = 'detect_leaks=0'
        return environment

    def address_sanitizer(self):
        if 'clang' in tap.run([*self.cc, '--version']):
            raise tap.Skip('a library that clang has sanitized needs programs that it has sanitized')
        return str(pathlib.Path(tap.run([*self.cc, '-print-file-name=libasan.so']).strip()).resolve())
