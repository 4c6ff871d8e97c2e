/**
 * A rival of the herd: one server in plain JavaScript on node:net, without
 * packages.
 *
 *     node node_net.mjs NAME CLIENT_PORT PEER_PORT LOG_FILE [NEIGHBOUR_PORT...]
 *
 * It answers IAMAT, keeps the newest report of each client, floods it to its
 * neighbours and logs every line. It does less than a server of the herd: it has
 * no WHATSAT, neighbours do not authenticate, and a neighbour that was away does
 * not catch up. README.md has the details.
 */
import { createWriteStream } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";

const host = "127.0.0.1";
const redialDelayMs = 200;
const flushIntervalMs = 100;
const maxWaitingLogBytes = 128 * 1024;
const maxLineBytes = 64 * 1024;

const [serverName, clientPort, peerPort, logFile, ...neighbourPorts] = process
  .argv.slice(2);

// ---- The language ----------------------------------------------------------

// Not \s, which matches U+00A0 too: here that is a byte of an ID.
const space = String.raw`[ \t\v\f\r]`;
const word = String.raw`[^ \t\v\f\r]+`;
const latitude = String.raw`[+-]0*(?:90(?:\.0+)?|[0-8]?\d(?:\.\d+)?)`;
const longitude = String.raw`[+-]0*(?:180(?:\.0+)?|(?:1[0-7]|\d)?\d(?:\.\d+)?)`;
// Fifteen digits of seconds are exact in a double.
const time = String.raw`(\d{1,15})(?:\.(\d+))?`;

const iamat = new RegExp(
  `^${space}*IAMAT${space}+(${word})${space}+(${latitude}${longitude})` +
    `${space}+(${time})${space}*$`,
);
const at = new RegExp(
  String.raw`^AT ${word} [+-]\d+\.\d{9} (${word}) ${word} ${time}$`,
);

/** The time in whole microseconds. A double cannot be more precise. */
function now() {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

/** The server's clock minus the client's time: a sign and nine decimals. */
function clockDifference(nowMicroseconds, secondsDigits, fractionDigits) {
  const nowSeconds = Math.floor(nowMicroseconds / 1e6);
  let seconds = nowSeconds - Number(secondsDigits);
  let nanoseconds = (nowMicroseconds - nowSeconds * 1e6) * 1000 -
    Number(fractionDigits.slice(0, 9).padEnd(9, "0"));
  const isNegative = seconds < 0 || (seconds === 0 && nanoseconds < 0);
  if (isNegative) {
    seconds = -seconds;
    nanoseconds = -nanoseconds;
  }
  if (nanoseconds < 0) {
    seconds -= 1;
    nanoseconds += 1e9;
  }
  const sign = isNegative ? "-" : "+";
  return `${sign}${seconds}.${String(nanoseconds).padStart(9, "0")}`;
}

// ---- The newest reports ----------------------------------------------------

/** From a client's ID to its newest report. */
const reports = new Map();

function isNewer(report, known) {
  if (report.seconds !== known.seconds) return report.seconds > known.seconds;
  // A text is less than its continuations, so only this one needs zeros.
  return report.fraction >
    known.fraction.padEnd(report.fraction.length, "0");
}

/** Stores a report if it is the newest of its client. Returns whether it is. */
function keep(client, secondsDigits, fraction, line) {
  const report = { seconds: Number(secondsDigits), fraction, line };
  const known = reports.get(client);
  if (known !== undefined && !isNewer(report, known)) return false;
  reports.set(client, report);
  return true;
}

// ---- The log ---------------------------------------------------------------

const logStream = createWriteStream(logFile, { flags: "a" });
let waitingLog = "";
let stampMicroseconds = NaN;
let stamp = "";
let stampMs = NaN;
let stampToMs = "";

function formatStamp(microseconds) {
  // A line and its replies have the same time.
  if (microseconds === stampMicroseconds) return stamp;
  const ms = Math.floor(microseconds / 1000);
  if (ms !== stampMs) {
    stampMs = ms;
    stampToMs = new Date(ms).toISOString().slice(0, -1);
  }
  stampMicroseconds = microseconds;
  stamp = `${stampToMs}${String(microseconds - ms * 1000).padStart(3, "0")}Z`;
  return stamp;
}

/** Escapes a text, so that no client can forge a record. */
function escape(text) {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(text)) return text;
  return text.replace(
    /[^\x20-\x5b\x5d-\x7e]/g,
    (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function log(microseconds, connection, direction, text) {
  waitingLog += `${formatStamp(microseconds)} ${connection} ${direction} ${
    escape(text)
  }\n`;
  if (waitingLog.length >= maxWaitingLogBytes) flushLog();
}

function flushLog() {
  if (waitingLog === "") return;
  logStream.write(waitingLog, "latin1");
  waitingLog = "";
}

setInterval(flushLog, flushIntervalMs);

process.on("SIGTERM", () => {
  flushLog();
  logStream.end(() => process.exit(0));
});

// ---- Connections -----------------------------------------------------------

/** Calls back with the complete lines of each chunk. */
function onLines(socket, take) {
  let rest = "";
  // Each byte is one character.
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    take(lines);
    if (rest.length > maxLineBytes) socket.destroy();
  });
}

/** The linked neighbours: each a socket and its name in the log. */
const peers = new Set();
let peerCount = 0;
let clientCount = 0;

/** Logs a line that is sent to all neighbours except the one it came from. */
function logFlood(microseconds, line, source) {
  for (const peer of peers) {
    if (peer !== source) log(microseconds, peer.name, "->", line);
  }
}

function flood(lines, source) {
  if (lines === "") return;
  for (const peer of peers) {
    if (peer !== source) peer.socket.write(lines, "latin1");
  }
}

function serveClient(socket) {
  const name = `client/${++clientCount}`;
  onLines(socket, (lines) => {
    let news = "";
    let replies = "";
    for (const line of lines) {
      const microseconds = now();
      log(microseconds, name, "<-", line);
      const match = iamat.exec(line);
      let reply;
      if (match === null) {
        reply = `? ${line}`;
      } else {
        const [, client, position, time, seconds, fraction = ""] = match;
        const difference = clockDifference(microseconds, seconds, fraction);
        reply = `AT ${serverName} ${difference} ${client} ${position} ${time}`;
        if (keep(client, seconds, fraction, reply)) {
          logFlood(microseconds, reply, undefined);
          news += `${reply}\n`;
        }
      }
      log(microseconds, name, "->", reply);
      replies += `${reply}\n`;
    }
    flood(news, undefined);
    // A client that does not read its replies is not read.
    if (replies !== "" && !socket.write(replies, "latin1")) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
  // A broken connection is closed by the runtime.
  socket.on("error", () => {});
}

function servePeer(socket) {
  const peer = { name: `peer/${++peerCount}`, socket };
  peers.add(peer);
  onLines(socket, (lines) => {
    let news = "";
    for (const line of lines) {
      const microseconds = now();
      log(microseconds, peer.name, "<-", line);
      const match = at.exec(line);
      if (match === null) continue;
      const [, client, seconds, fraction = ""] = match;
      if (keep(client, seconds, fraction, line)) {
        logFlood(microseconds, line, peer);
        news += `${line}\n`;
      }
    }
    flood(news, peer);
  });
  socket.on("error", () => {});
  socket.on("close", () => peers.delete(peer));
}

function dial(port) {
  const socket = connect({ host, port, noDelay: true });
  const redial = () => setTimeout(dial, redialDelayMs, port);
  socket.once("error", redial);
  socket.once("connect", () => {
    socket.off("error", redial);
    servePeer(socket);
  });
}

function listen(port, serve) {
  return new Promise((resolve) => {
    createServer({ noDelay: true }, serve).listen({ host, port }, resolve);
  });
}

await Promise.all([
  listen(clientPort, serveClient),
  listen(peerPort, servePeer),
]);
console.log("ready");
neighbourPorts.forEach(dial);
