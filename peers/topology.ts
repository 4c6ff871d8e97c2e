/**
 * The servers of a herd, their addresses and their links, as a herd file gives
 * them. The whole file is checked when it is read; a topology never changes.
 *
 * @module
 */
import { portKinds, type ServerPorts } from "./port_kinds.ts";

/** One server of the herd. */
export interface ServerEntry extends ServerPorts {
  /** Its name, as it appears in AT lines and log file names. */
  readonly name: string;
  /** The address where it listens and where its neighbours dial it. */
  readonly host: string;
}

/** A herd. Links go both ways. Their graph need not be connected. */
export interface Topology {
  /** In the order of the file. */
  readonly servers: readonly ServerEntry[];
  /** The neighbours of each server, by its name. */
  readonly neighbours: ReadonlyMap<string, readonly ServerEntry[]>;
}

/** The content of a herd file, or the same made by a program. */
export interface HerdFile {
  /** The host of servers that name none; 127.0.0.1 by default. */
  readonly host?: string;
  /** The first client port; 8000 by default. */
  readonly basePort?: number;
  /**
   * The servers. By default, a port is the base port plus the server's index
   * plus the offset of its kind; see `portKinds`.
   */
  readonly servers: readonly HerdFileServer[];
  /** Pairs of names of servers that are neighbours. */
  readonly links?: readonly (readonly string[])[];
  /**
   * Settings of all servers, by the names in docs/CONFIGURATION.md. They are
   * checked when a server starts.
   */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** One server in a herd file. */
export interface HerdFileServer extends Partial<ServerPorts> {
  /** Its name: 1 to 64 letters, digits, dots, hyphens or underscores. */
  readonly name: string;
  /** Its host; the herd's host by default. */
  readonly host?: string;
}

/** A herd file is invalid. The message is one line that names the entry. */
export class TopologyError extends Error {
  /** Always `TopologyError`. */
  override readonly name = "TopologyError";
}

const defaultHost = "127.0.0.1";
const defaultBasePort = 8000;

const portFields = portKinds.map(({ field }) => field);

/** A name is used as a field of AT lines and in file names. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Reads a herd from parsed JSON that should be a `HerdFile`.
 *
 * @param basePort Overrides the file's base port, but not the ports that
 * entries name.
 * @throws {TopologyError} If the file is invalid.
 */
export function parseTopology(json: unknown, basePort?: number): Topology {
  const file = expectObject(json, "the herd file");
  refuseUnknownKeys(
    file,
    ["host", "basePort", "servers", "links", "settings"],
    "the herd file",
  );
  if (file.settings !== undefined) expectObject(file.settings, "settings");
  const host = expectHost(file.host ?? defaultHost, "host");
  const base = basePort ??
    expectPort(file.basePort ?? defaultBasePort, "basePort");
  const servers = expectArray(file.servers, "servers").map((entry, index) =>
    readServer(entry, index, host, base)
  );
  if (servers.length === 0) {
    throw new TopologyError("servers: the list is empty");
  }
  refuseDuplicates(servers);
  const neighbours = new Map<string, ServerEntry[]>(
    servers.map((server) => [server.name, []]),
  );
  expectArray(file.links ?? [], "links").forEach((link, index) => {
    const [one, other] = readLink(link, index, servers);
    if (neighbours.get(one.name)!.includes(other)) {
      throw new TopologyError(
        `links[${index}]: ${one.name} and ${other.name} are already linked`,
      );
    }
    neighbours.get(one.name)!.push(other);
    neighbours.get(other.name)!.push(one);
  });
  return { servers, neighbours };
}

/** The server with this name; undefined if there is none. */
export function findServer(
  topology: Topology,
  name: string,
): ServerEntry | undefined {
  return topology.servers.find((server) => server.name === name);
}

/**
 * The parts of a herd that no link connects with each other, as the names of
 * their servers. A herd that is whole has one part.
 */
export function connectedParts({ neighbours, servers }: Topology): string[][] {
  const parts: string[][] = [];
  const seen = new Set<string>();
  for (const { name } of servers) {
    if (seen.has(name)) continue;
    const part = [name];
    seen.add(name);
    for (const member of part) {
      for (const { name: other } of neighbours.get(member) ?? []) {
        if (seen.has(other)) continue;
        seen.add(other);
        part.push(other);
      }
    }
    parts.push(part);
  }
  return parts;
}

function readServer(
  entry: unknown,
  index: number,
  host: string,
  basePort: number,
): ServerEntry {
  const where = `servers[${index}]`;
  const fields = expectObject(entry, where);
  refuseUnknownKeys(fields, ["name", "host", ...portFields], where);
  const { name } = fields;
  if (typeof name !== "string" || !namePattern.test(name)) {
    throw new TopologyError(
      `${where}.name: expected 1 to 64 letters, digits, dots, hyphens or ` +
        `underscores, found ${JSON.stringify(name)}`,
    );
  }
  const ports = portKinds.map(({ field, offset }) => [
    field,
    expectPort(
      fields[field] ?? basePort + index + offset,
      `${name}'s ${field}`,
    ),
  ]);
  return {
    name,
    host: expectHost(fields.host ?? host, `${name}'s host`),
    ...Object.fromEntries(ports) as ServerPorts,
  };
}

function refuseDuplicates(servers: readonly ServerEntry[]): void {
  const names = new Set<string>();
  const ports = new Map<string, string>();
  for (const server of servers) {
    // Each server has a log file, and some file systems ignore case.
    const name = server.name.toLowerCase();
    if (names.has(name)) {
      throw new TopologyError(`servers: the name ${server.name} appears twice`);
    }
    names.add(name);
    for (const key of portFields) {
      const address = `${server.host}:${server[key]}`;
      const owner = ports.get(address);
      if (owner !== undefined) {
        throw new TopologyError(
          `${server.name}'s ${key}: ${address} is already ${owner}`,
        );
      }
      ports.set(address, `${server.name}'s ${key}`);
    }
  }
}

function readLink(
  link: unknown,
  index: number,
  servers: readonly ServerEntry[],
): [ServerEntry, ServerEntry] {
  const where = `links[${index}]`;
  const names = expectArray(link, where);
  if (names.length !== 2) {
    throw new TopologyError(
      `${where}: expected two names, found ${JSON.stringify(link)}`,
    );
  }
  const [one, other] = names.map((name) => {
    const server = servers.find((entry) => entry.name === name);
    if (server !== undefined) return server;
    throw new TopologyError(
      `${where}: no server is called ${JSON.stringify(name)}; servers are ` +
        servers.map((entry) => entry.name).join(", "),
    );
  });
  if (one === other) {
    throw new TopologyError(`${where}: links ${one.name} to itself`);
  }
  return [one, other];
}

function expectObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new TopologyError(
    `${where}: expected an object, found ${describe(value)}`,
  );
}

function expectArray(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TopologyError(
    `${where}: expected a list, found ${describe(value)}`,
  );
}

function refuseUnknownKeys(
  fields: Record<string, unknown>,
  known: readonly string[],
  where: string,
): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new TopologyError(
    `${where}: unknown key ${JSON.stringify(unknown)}; known keys are ` +
      known.join(", "),
  );
}

/** Whether the text has only characters of host names and addresses. */
export function isHost(text: string): boolean {
  return /^[0-9A-Za-z.:_-]+$/.test(text);
}

function expectHost(value: unknown, where: string): string {
  if (typeof value === "string" && isHost(value)) return value;
  throw new TopologyError(
    `${where}: expected a host name or address, found ${describe(value)}`,
  );
}

function expectPort(value: unknown, where: string): number {
  if (
    typeof value === "number" && Number.isInteger(value) &&
    value >= 1 && value <= 65_535
  ) return value;
  throw new TopologyError(
    `${where}: expected a port from 1 to 65535, found ${describe(value)}`,
  );
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
