#!/bin/sh
# Tells a server of the herd where a client is, and prints what is near it:
#
#     sh examples/track.sh kiwi +34.068930-118.445127 127.0.0.1 8000
#
# The exit status is 0 when the server has answered, 1 when it has not, and 2
# when the command line is wrong. Needs nc as OpenBSD has it (Debian's package
# netcat-openbsd), whose -N says that nothing more will come.
set -eu

fail() { # fail STATUS MESSAGE
  echo "track: $2" >&2
  exit "$1"
}

[ $# -ge 2 ] && [ $# -le 4 ] ||
  fail 2 'usage: track.sh CLIENT POSITION [HOST [PORT]]'
client=$1 position=$2 host=${3:-127.0.0.1} port=${4:-8000}
case $client$position in
*[[:space:]]*) fail 2 'CLIENT and POSITION are one word each' ;;
esac

# Prints what the server answers. A server may take 10 s to hear from Google
# what is near; after 15 s of silence nc leaves.
ask() {
  printf 'IAMAT %s %s %s\nWHATSAT %s 10 5\n' \
    "$client" "$position" "$(date +%s)" "$client" |
    nc -N -w 15 "$host" "$port"
}

# The shell takes newlines off the end, and those say that the answer is whole.
answer=$(ask || :; echo .)
case $answer in
'AT '*'}

.') ;;
'?'*) fail 1 "the server answered ${answer%%
*}" ;;
*) fail 1 "no answer from $host $port" ;;
esac

server=${answer#AT }
echo "$client was heard by ${server%% *}"
# Google and the gazetteer print each name on a line of its own. Whoever wants
# more than names should have a parser of JSON.
printf '%s\n' "$answer" |
  sed -n 's/^ *"name" : "\(.*\)",\{0,1\}$/\1/p'
