/**
 * Asks the servers of a herd how they are.
 *
 * @module
 */
import type { ServerEntry } from "../peers/topology.ts";
import { secondsOf, SystemClock } from "../runtime/clock.ts";
import { readStatus, StatusError } from "../server/status/read_status.ts";
import type { ServerStatus } from "../server/status/status.ts";

/** A server that has not answered after this is not asked any longer. */
const answerTimeoutMs = 2_000;

/** What the herd's servers say at one moment. */
export interface StatusCollection {
  /** POSIX seconds. */
  readonly time: number;
  /** In the order of the herd file. */
  readonly servers: readonly ServerStatus[];
  /** Those that did not answer. */
  readonly silent: readonly SilentServer[];
}

/** A server that did not answer, and why. */
export interface SilentServer {
  readonly name: string;
  /** Where it was asked. */
  readonly address: string;
  readonly reason: string;
}

/**
 * Asks the servers at their administration ports. Those of one process all
 * answer at any of its ports, so one that has answered for others spares them
 * the question.
 */
export async function collectStatus(
  entries: readonly ServerEntry[],
  addressOf: (entry: ServerEntry) => string,
): Promise<StatusCollection> {
  const found = new Map<string, ServerStatus>();
  const silent: SilentServer[] = [];
  const ask = async (entry: ServerEntry) => {
    const address = addressOf(entry);
    try {
      const servers = await fetchStatus(address);
      for (const server of servers) found.set(server.name, server);
      if (found.has(entry.name)) return;
      const names = servers.map(({ name }) => name).join(", ");
      throw new StatusError(`there it is ${names} that answers`);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      silent.push({ name: entry.name, address, reason: error.message });
    }
  };
  const [first, ...others] = entries;
  await ask(first);
  await Promise.all(others.filter(({ name }) => !found.has(name)).map(ask));
  return {
    time: secondsOf(new SystemClock()),
    servers: entries.flatMap(({ name }) => found.get(name) ?? []),
    silent: silent.filter(({ name }) => !found.has(name)),
  };
}

async function fetchStatus(address: string): Promise<readonly ServerStatus[]> {
  let text;
  try {
    const response = await fetch(`http://${address}/status.json`, {
      signal: AbortSignal.timeout(answerTimeoutMs),
      redirect: "error",
    });
    text = await response.text();
    if (!response.ok) {
      throw new StatusError(`it answers ${response.status}: ${text.trim()}`);
    }
  } catch (error) {
    if (error instanceof StatusError || !(error instanceof Error)) throw error;
    throw new StatusError(describe(error));
  }
  return readStatus(text).servers;
}

function describe(error: Error): string {
  if (error.name === "TimeoutError") {
    return `no answer in ${answerTimeoutMs} ms`;
  }
  return /client error \(Connect\)/.test(String(error.cause))
    ? "nobody answers"
    : "what answers there is no administration port";
}
