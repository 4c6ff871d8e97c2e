/**
 * `herd status`: requests the servers' status at their administration ports, and
 * prints it as a table or as JSON.
 *
 * @module
 */
import { describeFlags, type Flags, readArguments } from "../cli/arguments.ts";
import { nextSignal, SetupError } from "../cli/exit.ts";
import { createPaint, isColoured } from "../cli/paint.ts";
import { print } from "../cli/print.ts";
import { terminalColumns, terminalRows } from "../cli/progress.ts";
import { sleep, SystemClock } from "../runtime/clock.ts";
import { serverNamed } from "../server/settings/settings.ts";
import { statusVersion } from "../server/status/status.ts";
import { adminPortFlags, readAdminPorts } from "./admin_ports.ts";
import { collectStatus, type StatusCollection } from "./collect_status.ts";
import { drawAgain, formatStatus } from "./status_table.ts";

/** Interval between two tables of `--watch`, in milliseconds. */
const watchEveryMs = 1_000;

const statusFlags: Flags = {
  json: { help: "print JSON, for programs" },
  watch: { help: "repeat every second until Ctrl-C" },
  ...adminPortFlags,
};

const help = `Shows the state of the servers.

Usage: herd status [NAME...] [flags]

Without names it shows every server of the herd. The status comes from the
servers' administration ports, which herd up and --admin open. The exit status
is 1 if a server does not answer.

${describeFlags(statusFlags)}`;

export async function status(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, statusFlags);
  if (parsed.flags.has("help")) return print(help);
  const { require, topology } = await readAdminPorts(parsed);
  const entries = parsed.positionals.length === 0
    ? topology.servers
    : topology.servers.filter((entry) =>
      parsed.positionals.map((word) => serverNamed(topology, word)).includes(
        entry,
      )
    );
  const requests = await require(entries);
  const show = parsed.flags.has("json") ? showJson : createTableView();
  if (parsed.flags.has("watch")) {
    return await poll(() => collectStatus(entries, requests), show);
  }
  const answers = await collectStatus(entries, requests);
  if (answers.servers.length === 0) throw noAnswer(answers);
  show(answers, false);
  if (answers.silent.length > 0) Deno.exitCode = 1;
}

/** Collects and shows the status every second until a signal. */
async function poll(
  collect: () => Promise<StatusCollection>,
  show: (answers: StatusCollection, isWatched: boolean) => void,
): Promise<void> {
  const clock = new SystemClock();
  const end = new AbortController();
  nextSignal().then(() => end.abort());
  while (!end.signal.aborted) {
    show(await collect(), true);
    await sleep(clock, watchEveryMs, end.signal);
  }
}

function noAnswer(
  { silent: [first, ...others] }: StatusCollection,
): SetupError {
  const where = others.length === 0
    ? first.address
    : `${first.address} and ${others.length} more`;
  return new SetupError(
    `${where}: ${first.reason}; the administration port is opened by ` +
      "herd up and by --admin",
  );
}

function showJson(
  { servers, silent, time }: StatusCollection,
  isWatched: boolean,
): void {
  const collection = { version: statusVersion, time, servers, silent };
  // With --watch, each collection is one line.
  print(JSON.stringify(collection, null, isWatched ? undefined : 2));
}

/** Shows tables. With --watch, each has the rates since the one before. */
function createTableView(): (
  answers: StatusCollection,
  isWatched: boolean,
) => void {
  const paint = createPaint(isColoured(Deno.stdout));
  const isTerminal = Deno.stdout.isTerminal();
  let earlier: StatusCollection | undefined;
  return (answers, isWatched) => {
    const width = isTerminal ? terminalColumns() : undefined;
    const table = formatStatus(answers, { earlier, paint, width });
    print(isWatched && isTerminal ? drawAgain(table, terminalRows()) : table);
    if (isWatched && !isTerminal) print();
    if (isWatched) earlier = answers;
  };
}
