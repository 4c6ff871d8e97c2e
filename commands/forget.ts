/**
 * `herd forget CLIENT`: lets the servers of this machine delete what was heard
 * about a client, by their administration ports. The servers tell the others.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { SetupError } from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { formatTable } from "../cli/table.ts";
import { isTime } from "../protocol/time.ts";
import type { ServerEntry } from "../peers/topology.ts";
import { serverNamed } from "../server/settings/settings.ts";
import {
  adminPortFlags,
  type AdminRequests,
  readAdminPorts,
} from "./admin_ports.ts";

/** Longest wait for a server's answer, in milliseconds. */
const answerTimeoutMs = 2_000;

const forgetFlags: Flags = {
  server: { value: "NAME", help: "only this server is asked (all)" },
  at: {
    value: "TIME",
    help: "delete what was heard until then, POSIX seconds or ISO 8601 (now)",
  },
  ...adminPortFlags,
};

const help = `Deletes what was heard about a client, on every server.

Usage: herd forget CLIENT [flags]

  herd forget kiwi.cs.ucla.edu
  herd forget kiwi.cs.ucla.edu --at 2026-12-01T12:00:00Z
  herd forget -- -an-id-that-begins-with-a-dash

CLIENT is an ID as the log writes it. Servers accept this command at their
administration ports, which herd up and --admin open: with --token-key-file from
a token with the role operator, and otherwise only from their own machine. One
server is enough, because it tells the others. Log files are not changed:
docs/OPERATIONS.md says how long they are kept. The exit status is 1 if no
server has accepted it.

${describeFlags(forgetFlags)}`;

/** What one server has answered. */
type Answer =
  | {
    readonly isDone: true;
    /** POSIX seconds. */
    readonly until: string;
    readonly removed: boolean;
    /** Null if the deletion goes on; undefined if the server has no history. */
    readonly historyRecords: number | null | undefined;
    readonly linked: readonly string[];
  }
  | { readonly isDone: false; readonly reason: string };

export async function forget(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, forgetFlags, "an ID that begins with -");
  if (parsed.flags.has("help")) return print(help);
  const client = readClient(parsed);
  let until = readTime(parsed.flags.get("at"));
  const { require, topology } = await readAdminPorts(parsed);
  const name = parsed.flags.get("server");
  const entries = name === undefined
    ? topology.servers
    : [serverNamed(topology, name)];
  const requests = await require(entries);
  const rows: string[][] = [];
  const reasons: string[] = [];
  for (const entry of entries) {
    const answer = await ask(requests, entry, client, until);
    // All of them are asked for the same deletion.
    if (answer.isDone) until = answer.until;
    else reasons.push(`${requests.addressOf(entry)}: ${answer.reason}`);
    rows.push([entry.name, describe(answer)]);
  }
  if (reasons.length === entries.length) throw new SetupError(reasons[0]);
  print(
    `What was heard of ${client} until ${showTime(until!)} is forgotten.\n`,
  );
  print(formatTable([{ title: "" }, { title: "" }], rows, {
    indentation: "  ",
  }));
}

function readClient({ positionals }: Arguments): string {
  const [client, ...others] = positionals;
  if (client === undefined || client === "") {
    throw new UsageError("expected a client's ID");
  }
  if (others.length > 0) {
    throw new UsageError(`expected one client's ID, found ${others[0]} too`);
  }
  return client;
}

/** A time as POSIX seconds; undefined if none is given. */
function readTime(text: string | undefined): string | undefined {
  if (text === undefined || isTime(text)) return text;
  // Without a time zone, it would depend on this machine's.
  const hasZone = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text);
  const ms = hasZone ? Date.parse(text) : NaN;
  if (ms >= 0) return (ms / 1000).toFixed(3);
  throw new UsageError(
    "--at: expected POSIX seconds such as 1520023934.9, or a time such as " +
      `2026-12-01T12:00:00Z, found ${text}`,
  );
}

function showTime(until: string): string {
  const instant = new Date(Number(until) * 1000);
  return Number.isNaN(instant.getTime())
    ? until
    : `${until} (${instant.toISOString()})`;
}

async function ask(
  requests: AdminRequests,
  entry: ServerEntry,
  client: string,
  until: string | undefined,
): Promise<Answer> {
  const time = until === undefined ? "" : `until=${until}&`;
  const path = `/forget?${time}id=${encodeURIComponent(client)}`;
  try {
    const response = await requests.fetch(entry, path, {
      method: "POST",
      headers: { "herd-request": "forget" },
      redirect: "error",
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    const text = await response.text();
    return response.ok
      ? readAnswer(text, entry.name)
      : { isDone: false, reason: text.trim() || `status ${response.status}` };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { isDone: false, reason: describeError(error) };
  }
}

function readAnswer(text: string, name: string): Answer {
  const { historyRecords, linked, removed, server, until } = JSON.parse(text);
  if (server !== name) {
    return { isDone: false, reason: `another server answers: ${server}` };
  }
  return {
    isDone: true,
    until: String(until),
    removed: removed === true,
    historyRecords: historyRecords === null || historyRecords === undefined
      ? historyRecords
      : Number(historyRecords),
    linked: Array.isArray(linked) ? linked.map(String) : [],
  };
}

function describe(answer: Answer): string {
  if (!answer.isDone) return `not asked: ${answer.reason}`;
  const { historyRecords } = answer;
  const report = answer.removed
    ? "its report is deleted"
    : "it has no such report";
  const done = historyRecords === undefined
    ? report
    : historyRecords === null
    ? `${report}, and its history is being searched`
    : `${report}, and ${historyRecords} records of its history`;
  return answer.linked.length === 0
    ? `${done}; it has no link, so it has told no other server`
    : done;
}

function describeError(error: Error): string {
  if (error.name === "TimeoutError") {
    return `no answer in ${answerTimeoutMs} ms`;
  }
  return /client error \(Connect\)/.test(String(error.cause))
    ? "cannot connect; the administration port is opened by herd up and by --admin"
    : "is not an administration port";
}
