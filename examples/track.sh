#!/bin/sh
# Reports the position of a client to a server, and prints what is near it:
#
#     sh examples/track.sh kiwi +34.068930-118.445127 127.0.0.1 8000
#
# The exit status is 0 if the server has answered, 1 if it has not, and 2 if the
# command line is wrong. Needs the nc of OpenBSD (Debian's package
# netcat-openbsd), whose -N closes its side of the connection after the input.
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

# Sends a report and a query, and prints the answers. A server may wait 10 s for
# an answer from Google; after 15 s without data nc closes the connection.
request() {
  printf 'IAMAT %s %s %s\nWHATSAT %s 10 5\n' \
    "$client" "$position" "$(date +%s)" "$client" |
    nc -N -w 15 "$host" "$port"
}

# The shell removes newlines at the end of the output, but an answer is complete
# only with them. The dot preserves them.
answer=$(request || :; echo .)
case $answer in
'AT '*'}

.') ;;
'?'*) fail 1 "the server answered ${answer%%
*}" ;;
*) fail 1 "no answer from $host $port" ;;
esac

server=${answer#AT }
echo "${server%% *} received the report of $client"
# Google and the gazetteer print each name on its own line. Use a JSON parser for
# anything other than names.
printf '%s\n' "$answer" |
  sed -n 's/^ *"name" : "\(.*\)",\{0,1\}$/\1/p'
