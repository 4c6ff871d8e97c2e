/**
 * What linked neighbours say to each other besides AT lines. Each message is
 * one line: a verb and its fields, with one space between.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { maxTimeIntegerDigits } from "../../protocol/limits.ts";
import { isTime } from "../../protocol/time.ts";
import {
  childrenPerNode,
  type DigestNode,
  formatNode,
  isLeaf,
  parseNode,
} from "../store/digest_tree.ts";
import { fingerprintDigits, formatFingerprint } from "../store/fingerprint.ts";

/** Names a report: where it stands in the digest tree, and its fingerprint. */
export interface ReportId {
  /** 0 to 65,535. */
  readonly leaf: number;
  readonly fingerprint: number;
}

/** What a list says about one report. */
export interface ReportSummary {
  /** Where its client stands in the digest tree: 0 to 65,535. */
  readonly leaf: number;
  /** The fingerprint of the client's ID. */
  readonly client: number;
  readonly fingerprint: number;
  /** The client's time, in whole seconds. */
  readonly seconds: number;
}

/** A message between neighbours. */
export type Message =
  /** Nothing to say, but alive. */
  | { readonly verb: "PING" }
  /** Tell me when you have said all that there is to say now. */
  | { readonly verb: "SYNC" }
  /** I have, since you asked. */
  | { readonly verb: "SYNCED" }
  /** I get this server's reports from others: tell me of them, later. */
  | { readonly verb: "PRUNE"; readonly server: ByteString }
  /** I do not, after all: send them at once. */
  | { readonly verb: "GRAFT"; readonly server: ByteString }
  /** I have these reports. */
  | { readonly verb: "HAVE"; readonly ids: readonly ReportId[] }
  /** Send me these reports. */
  | { readonly verb: "WANT"; readonly ids: readonly ReportId[] }
  /** What was heard at or before this time, in POSIX seconds, is forgotten. */
  | { readonly verb: "HORIZON"; readonly seconds: number }
  /** The digests of a node's children. */
  | {
    readonly verb: "DIGEST";
    readonly node: DigestNode;
    readonly digests: readonly number[];
  }
  /** All reports below a node; `PART` of them if the list goes on. */
  | {
    readonly verb: "LIST" | "PART";
    readonly node: DigestNode;
    readonly reports: readonly ReportSummary[];
  };

/**
 * Whether a message is good for the connection on which it comes, and for no
 * other one between the same two servers.
 */
export function isOfConnection({ verb }: Message): boolean {
  switch (verb) {
    case "PRUNE":
    case "GRAFT":
    case "SYNC":
    case "SYNCED":
      return true;
    default:
      return false;
  }
}

const leafDigits = 4;

/** What the most seconds that a time may have come to. */
const maxSecondsDigits = 13;

/** The times that can be written: what comes before or behind them is nobody's. */
const [leastSeconds, mostSeconds] = [1e-6, 10 ** maxTimeIntegerDigits - 1];

/** Writes a message as a line, without its LF. */
export function formatMessage(message: Message): ByteString {
  switch (message.verb) {
    case "PING":
    case "SYNC":
    case "SYNCED":
      return message.verb;
    case "PRUNE":
    case "GRAFT":
      return `${message.verb} ${message.server}`;
    case "HORIZON":
      return `HORIZON ${formatHorizon(message.seconds)}`;
    case "HAVE":
    case "WANT":
      return [message.verb, ...message.ids.map(formatReportId)].join(" ");
    case "DIGEST":
      return [
        "DIGEST",
        formatNode(message.node),
        ...message.digests.map((digest) => digest.toString(16)),
      ].join(" ");
    case "LIST":
    case "PART":
      return [
        message.verb,
        formatNode(message.node),
        ...message.reports.map(formatSummary),
      ].join(" ");
  }
}

/**
 * Reads a message. Undefined unless it is one by the grammar of
 * docs/PROTOCOL.md, and `isServer` knows the server that it names.
 */
export function parseMessage(
  line: ByteString,
  isServer: (name: ByteString) => boolean,
): Message | undefined {
  const [verb, ...fields] = line.split(" ");
  switch (verb) {
    case "PING":
    case "SYNC":
    case "SYNCED":
      return fields.length === 0 ? { verb } : undefined;
    case "PRUNE":
    case "GRAFT": {
      const [server] = fields;
      return fields.length === 1 && isServer(server)
        ? { verb, server }
        : undefined;
    }
    case "HORIZON":
      return fields.length === 1 && isTime(fields[0])
        ? { verb, seconds: Number(fields[0]) }
        : undefined;
    case "HAVE":
    case "WANT": {
      const ids = all(fields, parseReportId);
      return ids !== undefined && ids.length > 0 ? { verb, ids } : undefined;
    }
    case "DIGEST": {
      const node = parseNode(fields[0] ?? "");
      const digests = all(fields.slice(1), parseDigest);
      const isWhole = digests?.length === childrenPerNode;
      return node !== undefined && !isLeaf(node) && isWhole
        ? { verb, node, digests }
        : undefined;
    }
    case "LIST":
    case "PART": {
      const node = parseNode(fields[0] ?? "");
      const reports = all(fields.slice(1), parseSummary);
      return node !== undefined && reports !== undefined
        ? { verb, node, reports }
        : undefined;
    }
  }
  return undefined;
}

/**
 * A horizon as a time, without a sign or an exponent. What was heard is a sum,
 * and a clock that is far off makes it one that cannot be written.
 */
function formatHorizon(seconds: number): string {
  return seconds < leastSeconds ? "0" : `${Math.min(seconds, mostSeconds)}`;
}

/** A mark as it stands in HAVE and WANT. */
export function formatReportId({ leaf, fingerprint }: ReportId): string {
  return hexadecimal(leaf, leafDigits) + formatFingerprint(fingerprint);
}

function parseReportId(text: string): ReportId | undefined {
  const isMark = text.length === leafDigits + fingerprintDigits &&
    isHexadecimal(text);
  if (!isMark) return undefined;
  const fingerprint = parseFingerprint(text.slice(leafDigits));
  const leaf = parseInt(text.slice(0, leafDigits), 16);
  return fingerprint === undefined ? undefined : { leaf, fingerprint };
}

function formatSummary(listed: ReportSummary): string {
  const { client, fingerprint, leaf, seconds } = listed;
  return hexadecimal(leaf, leafDigits) + formatFingerprint(client) +
    formatFingerprint(fingerprint) + seconds.toString(16);
}

function parseSummary(text: string): ReportSummary | undefined {
  const clientDigits = leafDigits + fingerprintDigits;
  const keyDigits = clientDigits + fingerprintDigits;
  const secondsDigits = text.length - keyDigits;
  const isListed = secondsDigits > 0 && secondsDigits <= maxSecondsDigits &&
    isHexadecimal(text);
  if (!isListed) return undefined;
  const client = parseFingerprint(text.slice(leafDigits, clientDigits));
  const fingerprint = parseFingerprint(text.slice(clientDigits, keyDigits));
  if (client === undefined || fingerprint === undefined) return undefined;
  const leaf = parseInt(text.slice(0, leafDigits), 16);
  const seconds = parseInt(text.slice(keyDigits), 16);
  return { leaf, client, fingerprint, seconds };
}

function parseDigest(text: string): number | undefined {
  return text.length > fingerprintDigits || !isHexadecimal(text)
    ? undefined
    : parseFingerprint(text);
}

function parseFingerprint(text: string): number | undefined {
  const fingerprint = parseInt(text, 16);
  return Number.isSafeInteger(fingerprint) ? fingerprint : undefined;
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function isHexadecimal(text: string): boolean {
  return /^[0-9a-f]+$/.test(text);
}

/** Reads every field; undefined if one cannot be read. */
function all<Item>(
  fields: readonly string[],
  parse: (field: string) => Item | undefined,
): Item[] | undefined {
  const items: Item[] = [];
  for (const field of fields) {
    const item = parse(field);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}
