/**
 * What the flags about clients' limits mean. Those that a program embeds a
 * server with are held to the same bounds.
 *
 * @module
 */
import {
  type Arguments,
  type Flags,
  wholeNumber,
} from "../../cli/arguments.ts";
import {
  type Bounds,
  idleMsBounds,
  maxConnectionsBounds,
  maxLineBytesBounds,
  maxQueriesInFlightBounds,
  maxQueriesInTotalBounds,
  maxRepliesWaitingBounds,
  maxReplyBytesInTotalBounds,
  maxReplyBytesWaitingBounds,
  slowConsumerMsBounds,
} from "./bounds.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  remoteConnectionsPerAddress,
} from "../../sessions/limits.ts";
import { isLoopback } from "../../runtime/network.ts";

/** One limit: its flag, and what may be chosen. */
interface LimitSetting {
  readonly flag: string;
  readonly value: string;
  /** One line for the help, without the default. */
  readonly help: string;
  /** In the unit of `ClientLimits`. */
  readonly bounds: Bounds;
  /** How many of those the flag counts by; 1 if it is left out. */
  readonly unit?: number;
  /** Whether 0 stands for no limit. */
  readonly mayBeOff?: boolean;
  /** The default, for the help, where it is no number. */
  readonly fallback?: string;
}

const limits: Readonly<Record<keyof ClientLimits, LimitSetting>> = {
  maxLineBytes: {
    flag: "max-line-bytes",
    value: "BYTES",
    help: "longest line of a client",
    bounds: maxLineBytesBounds,
  },
  maxConnections: {
    flag: "max-connections",
    value: "COUNT",
    help: "connections of clients",
    bounds: maxConnectionsBounds,
  },
  maxConnectionsPerAddress: {
    flag: "max-connections-per-address",
    value: "COUNT",
    help: "those of one address, 0 for any number",
    bounds: maxConnectionsBounds,
    mayBeOff: true,
    fallback: `${remoteConnectionsPerAddress}; 0 on loopback`,
  },
  maxRepliesWaiting: {
    flag: "max-pipelined",
    value: "COUNT",
    help: "requests of a client unanswered before reading stops",
    bounds: maxRepliesWaitingBounds,
  },
  maxReplyBytesWaiting: {
    flag: "max-reply-bytes",
    value: "BYTES",
    help: "replies that a client has not read before reading stops",
    bounds: maxReplyBytesWaitingBounds,
  },
  maxReplyBytesInTotal: {
    flag: "max-reply-bytes-in-all",
    value: "BYTES",
    help: "those of all clients; beyond, the slowest are disconnected",
    bounds: maxReplyBytesInTotalBounds,
  },
  slowConsumerMs: {
    flag: "slow-consumer-seconds",
    value: "SECONDS",
    help: "disconnect a client that takes no reply for this long",
    bounds: slowConsumerMsBounds,
    unit: 1000,
  },
  idleMs: {
    flag: "idle-seconds",
    value: "SECONDS",
    help: "disconnect a client that says nothing for this long",
    bounds: idleMsBounds,
    unit: 1000,
    mayBeOff: true,
    fallback: "never",
  },
  maxQueriesInFlight: {
    flag: "max-whatsats-per-connection",
    value: "COUNT",
    help: "WHATSATs of a client asked at once; others wait",
    bounds: maxQueriesInFlightBounds,
  },
  maxQueriesInTotal: {
    flag: "max-whatsats",
    value: "COUNT",
    help: "WHATSATs of all clients asked at once; others wait",
    bounds: maxQueriesInTotalBounds,
  },
};

const limitKeys = Object.keys(limits) as (keyof ClientLimits)[];

/** The flags about what clients may take up. */
export const limitFlags: Flags = Object.fromEntries(
  limitKeys.map((key) => {
    const { fallback, flag, help, unit = 1, value } = limits[key];
    const standard = fallback ?? defaultClientLimits[key] / unit;
    return [flag, { value, help: `${help} (${standard})` }];
  }),
);

/**
 * The limits that were chosen.
 *
 * @throws {UsageError} Naming the flag that is wrong.
 */
export function readClientLimits(args: Arguments): Partial<ClientLimits> {
  const chosen: { -readonly [Key in keyof ClientLimits]?: number } = {};
  for (const key of limitKeys) {
    const { bounds: [least, most], flag, mayBeOff, unit = 1 } = limits[key];
    if (mayBeOff && args.flags.get(flag) === "0") {
      chosen[key] = Infinity;
      continue;
    }
    const number = wholeNumber(args, flag, least / unit, most / unit);
    if (number !== undefined) chosen[key] = number * unit;
  }
  return chosen;
}

/**
 * What is wrong with limits that a program has chosen, in one line that names
 * the first; undefined if nothing is.
 */
export function faultOfLimits(
  chosen: Partial<ClientLimits>,
): string | undefined {
  for (const key of limitKeys) {
    const { bounds: [least, most], mayBeOff } = limits[key];
    const number = chosen[key];
    const isFine = number === undefined || number === Infinity && mayBeOff ||
      Number.isInteger(number) && number >= least && number <= most;
    if (isFine) continue;
    return `${key}: expected a whole number from ${least} to ${most}` +
      `${mayBeOff ? " or Infinity" : ""}, found ${number}`;
  }
}

/** The limits of a server, given those that were chosen. */
export function limitsAt(
  clientHost: string,
  chosen: Partial<ClientLimits>,
): ClientLimits {
  const maxConnectionsPerAddress = isLoopback(clientHost)
    ? Infinity
    : remoteConnectionsPerAddress;
  return { ...defaultClientLimits, maxConnectionsPerAddress, ...chosen };
}
