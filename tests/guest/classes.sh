#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Inside the guest: runs one script after the other, each with what lib.sh offers, and makes one TAP output of what
# they report. A script that stops before it says "end", fails, or takes longer than it may, fails as a test.
#
# usage: classes.sh SCRIPT...
set -u
patience=${WEIR_CLASS_TIMEOUT-120} # seconds
here=$(dirname "$0")
number=0
failures=0

report() {
  number=$((number + 1))
  case $1 in
  not*) failures=$((failures + 1)) ;;
  esac
  echo "$1 $number - $2"
}

for script; do
  class=$(basename "$script" .sh)
  echo "# $class: $(cut -d' ' -f1 /proc/uptime) s after the start"
  folder=/run/$class
  mkdir "$folder"
  (
    cd "$folder" || exit 1
    # shellcheck disable=SC2016 # for the inner shell
    timeout "$patience" sh -c '. "$0" && . "$1" && end' "$here/lib.sh" "$script"
  ) >/run/output 2>&1 </dev/null
  status=$?
  while IFS= read -r line; do
    case $line in
    'ok - '*) report ok "$class: ${line#ok - }" ;;
    'not ok - '*) report 'not ok' "$class: ${line#not ok - }" ;;
    end) ended=$class ;;
    *) echo "# $line" ;;
    esac
  done </run/output
  [ "${ended-}" = "$class" ] && [ $status -eq 0 ] ||
    report 'not ok' "$class: the script ended with status $status (124: after $patience seconds)"
done
echo "1..$number"
[ $failures -eq 0 ]
