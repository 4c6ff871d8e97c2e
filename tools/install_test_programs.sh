#!/bin/sh
# Installs the programs that tests need besides Deno, on Debian and Ubuntu:
#
#     sh tools/install_test_programs.sh
#     sh tools/install_test_programs.sh --missing [PROGRAM...]
#
# With --missing it installs nothing. It prints the names of the missing programs,
# one a line: of the named ones, or of all. The exit status is 0 on success, 1 if
# a program cannot be installed, and 2 if the command line is wrong.
set -eu

fail() { # fail STATUS MESSAGE
  echo "install_test_programs: $2" >&2
  exit "$1"
}

install=yes
case ${1-} in
--missing) install=no && shift ;;
?*) fail 2 'usage: install_test_programs.sh [--missing [PROGRAM...]]' ;;
esac
wanted=$* known='' missing='' packages=''

program() { # program NAME PACKAGE CONDITION: CONDITION succeeds if NAME is there
  known="$known $1"
  case " ${wanted:-$1} " in
  *" $1 "*) ;;
  *) return 0 ;;
  esac
  if sh -c "$3" >/dev/null 2>&1 </dev/null; then return 0; fi
  missing="$missing $1" packages="$packages $2"
}

program node nodejs 'command -v node'
program npx npm 'command -v npx'
program python3 python3 'command -v python3'
program curl curl 'command -v curl'
program dash dash 'command -v dash'
program chromium chromium \
  'command -v chromium || command -v chromium-browser || command -v google-chrome'
program systemd-analyze systemd 'command -v systemd-analyze'
program pdftotext poppler-utils 'command -v pdftotext'
# Only the script of util-linux takes the flags that tests use.
program script bsdutils 'script --version'
# Only the nc of OpenBSD has -N.
program nc netcat-openbsd 'nc -h 2>&1 | grep -q -e -N'
# Tests need the compiler too, which some Java packages lack.
program java default-jdk-headless 'java --list-modules | grep -q jdk.compiler'
program mypy mypy 'command -v mypy'
program uvloop python3-uvloop \
  'python3 -c "import uvloop" || /usr/bin/python3 -c "import uvloop"'
program mosquitto_pub mosquitto-clients 'command -v mosquitto_pub'
program mosquitto_sub mosquitto-clients 'command -v mosquitto_sub'
# It signs with -CA since version 3.
program openssl openssl 'openssl version | grep -q "^OpenSSL [3-9]"'
program ps procps 'command -v ps'
# Debian has it in a folder of its version.
program postgres postgresql \
  'ls /usr/lib/postgresql/*/bin/postgres || command -v postgres'
# Debian's python has it; another python that comes first may not.
program paho python3-paho-mqtt '/usr/bin/python3 -c "import paho.mqtt.client"'

for name in $wanted; do
  case " $known " in
  *" $name "*) ;;
  *) fail 2 "unknown program $name; there are$known" ;;
  esac
done

if [ $install = no ]; then
  # shellcheck disable=SC2086 # One word for each name.
  [ -z "$missing" ] || printf '%s\n' $missing
  exit
fi
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null ||
  fail 1 "there is no apt-get; install these with your system's tool:$missing"
if [ "$(id -u)" = 0 ]; then sudo() { "$@"; }; fi
echo "installing$packages"
sudo apt-get update -qq
# shellcheck disable=SC2086 # One word for each package.
sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages \
  >/dev/null
left=$(sh "$0" --missing | tr '\n' ' ')
[ -z "$left" ] || fail 1 "these are still missing: $left"
