/**
 * What the flags about administration mean: whether a server shows how it is,
 * where, and to whom.
 *
 * @module
 */
import { type Arguments, type Flags, UsageError } from "../../cli/arguments.ts";
import { checkHost, readHost } from "./host.ts";

/** Where administration ports are, unless another address is chosen. */
const defaultAdminHost = "127.0.0.1";

/** Flags about administration. */
export const adminFlags: Flags = {
  admin: {
    help: "show how the server is on its administration port (herd up does)",
  },
  "admin-host": {
    value: "ADDRESS",
    help: `where the administration port listens (${defaultAdminHost})`,
  },
  "admin-names": {
    value: "NAMES",
    help: "other names than loopback ones by which it is asked, with commas",
  },
};

/** How administration ports are served. */
export interface AdminSettings {
  readonly host: string;
  /** Names that a Host header may have, besides the loopback ones. */
  readonly names: readonly string[];
}

/**
 * Reads how administration ports are served; undefined if they are not.
 *
 * @param isAlways Whether they are served without `--admin` too.
 * @throws {UsageError} If a flag is wrong, or lacks `--admin`.
 */
export function readAdmin(
  args: Arguments,
  isAlways: boolean,
): AdminSettings | undefined {
  const { flags } = args;
  if (!isAlways && !flags.has("admin")) {
    const [idle] = ["admin-host", "admin-names"]
      .filter((flag) => flags.has(flag));
    if (idle === undefined) return undefined;
    throw new UsageError(`--${idle} says how to serve what --admin turns on`);
  }
  const host = readHost(args, "admin-host");
  const names = flags.get("admin-names")?.split(",") ?? [];
  return {
    host: host ?? defaultAdminHost,
    names: [
      ...host === undefined ? [] : [host],
      ...names.map((name) => checkHost("admin-names", name)),
    ],
  };
}
