/**
 * Finds other ports for servers whose own are in use.
 *
 * @module
 */
import { findServer } from "../peers/topology.ts";
import { isGranted } from "../runtime/permissions.ts";
import type { Network } from "../runtime/network.ts";
import { type PortInUseError, UsageError } from "../runtime/setup_error.ts";
import { portsOf, type ServerPort } from "./settings/ports.ts";
import { readSettings, type Settings } from "./settings/settings.ts";

/** Base ports to try, at this distance from each other. */
const step = 1_000;

/** The lowest and the highest of them. */
const [lowest, highest] = [2_000, 64_000];

/** Servers on other ports. */
export interface OtherPorts {
  readonly settings: Settings;
  /** The flags that choose them, to replace the same flags of the command. */
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Settings with which the servers use other ports, and folders that no server
 * of the same names uses. Undefined if `--base-port` does not move the
 * port that is in use.
 *
 * @param flags The flags of `settings`.
 */
export async function findOtherPorts(
  { hostname, port }: PortInUseError,
  settings: Settings,
  names: readonly string[],
  network: Network,
  flags: ReadonlyMap<string, string>,
): Promise<OtherPorts | undefined> {
  const { clientPort } = settings.topology.servers[0];
  const { dataDirectory, logDirectory } = settings;
  for (const basePort of basePortsFrom(clientPort)) {
    const others = new Map([
      ["base-port", `${basePort}`] as const,
      ["log-dir", `${logDirectory}/${basePort}`] as const,
      ...dataDirectory === undefined
        ? []
        : [["data-dir", `${dataDirectory}/${basePort}`] as const],
    ]);
    let moved;
    try {
      const all = new Map([...flags, ...others]);
      moved = await readSettings({ flags: all }, {
        admin: settings.admin !== undefined,
        http: settings.http,
        mqtt: settings.mqtt,
      });
    } catch (error) {
      // Some port would be too high.
      if (error instanceof UsageError) continue;
      throw error;
    }
    const ports = names.flatMap((name) =>
      portsOf(moved, findServer(moved.topology, name)!)
    );
    const isFixed = ports.some((other) =>
      other.hostname === hostname && other.port === port
    );
    if (isFixed) return undefined;
    const areFree = await Promise.all(ports.map((one) => isFree(one, network)));
    if (areFree.every(Boolean)) return { settings: moved, flags: others };
  }
}

/** Base ports, first those above this port. */
function basePortsFrom(port: number): number[] {
  const all = Array.from(
    { length: (highest - lowest) / step + 1 },
    (_, index) => lowest + index * step,
  ).filter((base) => Math.abs(base - port) >= step / 2);
  return [
    ...all.filter((base) => base > port),
    ...all.filter((base) => base < port),
  ];
}

/** Whether a port can be opened, or may not be tried. */
async function isFree(
  { address, hostname, port }: ServerPort,
  network: Network,
): Promise<boolean> {
  if (!await isGranted({ name: "net", host: address })) return true;
  try {
    network.listen(hostname, port).close();
    return true;
  } catch {
    return false;
  }
}
