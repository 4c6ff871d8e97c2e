/**
 * A program that stores reports in a data folder until it is killed, for
 * `kills.ts`. It prints what it has restored, and then what it has stored.
 *
 *     kept_replica.ts FOLDER FIRST
 *
 * Reports are numbered from FIRST on. The number says the client and the time.
 *
 * @module
 */
import { ServerNames } from "../../peers/server_names.ts";
import { makeReport } from "../../protocol/report.ts";
import { Settling } from "../../replica/settling.ts";
import { SystemClock } from "../../runtime/clock.ts";
import { Turns } from "../../runtime/turns.ts";
import { openStorage } from "../../storage/open.ts";
import { forgetSeconds, openReplica } from "./open_storage.ts";

/** How many clients there are. */
export const clientCount = 200;

/** Reports that are stored together. */
const batch = 50;

/** The part of an AT line that says its number. */
export function textOf(number: number): string {
  const client = number % clientCount;
  return `client${client} +${number % 90}-118 ${1_000_000 + number}`;
}

async function main(path: string, first: number): Promise<void> {
  const clock = new SystemClock();
  const replica = openReplica(clock);
  await openStorage({
    path,
    server: "Hill",
    records: replica.records,
    clock,
    emit: (level, _from, event, fields) => {
      if (level === "error") console.log("error", event, fields);
    },
    turns: new Turns(clock),
    syncMs: 200,
    minTailBytes: 200_000,
    forgetSeconds,
    findServer: new ServerNames(["Hill"]).find,
  });
  const restored = Array.from(
    { length: clientCount },
    (_, client) => replica.find(`client${client}`) ?? "none",
  );
  console.log(`restored ${restored.join(";")}`);
  const settling = new Settling();
  let number = first;
  while (true) {
    for (let left = batch; left > 0; left--, number++) {
      const [client, position, time] = textOf(number).split(" ");
      const iamat = { verb: "IAMAT", client, position, time } as const;
      replica.put(makeReport("Hill", clock.now(), iamat), settling);
    }
    console.log(`stored ${number - 1}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

if (import.meta.main) await main(Deno.args[0], Number(Deno.args[1]));
