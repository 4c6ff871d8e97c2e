/**
 * Collects the status of a herd's servers.
 *
 * @module
 */
import type { ServerEntry } from "../peers/topology.ts";
import { secondsOf, SystemClock } from "../runtime/clock.ts";
import type { AdminRequests } from "./admin_ports.ts";
import { readStatus, StatusError } from "../server/status/read_status.ts";
import type { ServerStatus } from "../server/status/status.ts";

/** Longest wait for a server's answer, in milliseconds. */
const answerTimeoutMs = 2_000;

/** The status of a herd's servers at one time. */
export interface StatusCollection {
  /** POSIX seconds. */
  readonly time: number;
  /** The same moment by `Clock.elapsedMs`. */
  readonly elapsedMs: number;
  /** In the order of the herd file. */
  readonly servers: readonly ServerStatus[];
  /** The servers that did not answer. */
  readonly silent: readonly SilentServer[];
}

export interface SilentServer {
  readonly name: string;
  /** Its administration port, as `host:port`. */
  readonly address: string;
  /** Why there is no answer, as a phrase. */
  readonly reason: string;
}

/**
 * Requests the status at the servers' administration ports. Each port answers
 * for all servers of its process, so servers that are known already are not
 * requested again.
 */
export async function collectStatus(
  entries: readonly ServerEntry[],
  requests: AdminRequests,
): Promise<StatusCollection> {
  const found = new Map<string, ServerStatus>();
  const silent: SilentServer[] = [];
  const request = async (entry: ServerEntry) => {
    const address = requests.addressOf(entry);
    try {
      const servers = await fetchStatus(requests, entry);
      for (const server of servers) found.set(server.name, server);
      if (found.has(entry.name)) return;
      const names = servers.map(({ name }) => name).join(", ");
      throw new StatusError(`another server answers: ${names}`);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      silent.push({ name: entry.name, address, reason: error.message });
    }
  };
  const [first, ...others] = entries;
  await request(first);
  await Promise.all(others.filter(({ name }) => !found.has(name)).map(request));
  const clock = new SystemClock();
  return {
    time: secondsOf(clock),
    elapsedMs: clock.elapsedMs(),
    servers: entries.flatMap(({ name }) => found.get(name) ?? []),
    silent: silent.filter(({ name }) => !found.has(name)),
  };
}

async function fetchStatus(
  requests: AdminRequests,
  entry: ServerEntry,
): Promise<readonly ServerStatus[]> {
  let text;
  try {
    const response = await requests.fetch(entry, "/status.json", {
      signal: AbortSignal.timeout(answerTimeoutMs),
      redirect: "error",
    });
    text = await response.text();
    if (!response.ok) {
      throw new StatusError(`answered ${response.status}: ${text.trim()}`);
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
    ? "cannot connect"
    : "is not an administration port";
}
