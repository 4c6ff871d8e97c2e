/**
 * The messages between linked neighbours, except AT and FORGET lines. A message is one
 * line: a verb and its fields, separated by single spaces.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import {
  formatTimestamp,
  isTime,
  parseTimestamp,
  type Timestamp,
} from "../../protocol/time.ts";
import { maxLineIds, maxListedReports } from "../limits.ts";
import {
  childrenPerNode,
  type DigestNode,
  formatNode,
  isLeaf,
  leavesBelow,
  parseNode,
} from "../store/digest_tree.ts";
import type { ContactAges } from "./contacts.ts";
import { fingerprintDigits, formatFingerprint } from "../store/fingerprint.ts";
import { type TreeKey, treeKeyDigits } from "../tree_key.ts";

/** Identifies a report or a deletion: its leaf in the digest tree and its fingerprint. */
export interface ReportId {
  /** 0 to 65,535. */
  readonly leaf: number;
  readonly fingerprint: number;
}

/** One report or deletion in a list. */
export interface ReportSummary {
  /** Its client's leaf in the digest tree, 0 to 65,535. */
  readonly leaf: number;
  /**
   * The fingerprint of the client's ID; for a deletion, of `FORGET`, a space and
   * the ID.
   */
  readonly client: number;
  readonly fingerprint: number;
  /** Its effective time, or that of a deletion, in whole POSIX seconds. */
  readonly seconds: number;
}

/** A message between neighbours. */
export type Message =
  /**
   * One that this version does not know, and that can be ignored: its verb
   * begins with `+`.
   */
  | { readonly verb: "OPTIONAL"; readonly line: ByteString }
  /** The sender's clock. Optional, for a server that does not know it. */
  | { readonly verb: "CLOCK"; readonly time: Timestamp }
  /** The key of the sender's digest tree, which is complete. */
  | { readonly verb: "TREE"; readonly key: TreeKey }
  /** Requests ECHOED when the lines before were processed. */
  | { readonly verb: "ECHO"; readonly number: number }
  /** The lines before ECHO with this number were processed. */
  | { readonly verb: "ECHOED"; readonly number: number }
  /** Shows that the link works, when nothing else was sent. */
  | { readonly verb: "PING" }
  /** Requests SYNCED when everything that waits now has been sent. */
  | { readonly verb: "SYNC" }
  /** Everything that waited when SYNC arrived has been sent. */
  | { readonly verb: "SYNCED" }
  /** Requests that reports of this server be held back. */
  | { readonly verb: "PRUNE"; readonly server: ByteString }
  /** Requests that reports of this server be sent at once again. */
  | { readonly verb: "GRAFT"; readonly server: ByteString }
  /** Announces reports that were held back. */
  | { readonly verb: "HAVE"; readonly ids: readonly ReportId[] }
  /** Requests reports. */
  | { readonly verb: "WANT"; readonly ids: readonly ReportId[] }
  /** How long the sender was apart from other servers. */
  | { readonly verb: "SEEN"; readonly ages: ContactAges }
  /** The sender's raised horizon. */
  | { readonly verb: "HORIZON"; readonly time: Timestamp }
  /** The digests of a node's children. */
  | {
    readonly verb: "DIGEST";
    readonly node: DigestNode;
    readonly digests: readonly number[];
  }
  /** All reports below a node. All lines but the last of a list are `PART`. */
  | {
    readonly verb: "LIST" | "PART";
    readonly node: DigestNode;
    readonly reports: readonly ReportSummary[];
  };

/**
 * Whether a message applies only to the connection on which it arrives, and not
 * to another connection between the same two servers.
 */
export function isOfConnection({ verb }: Message): boolean {
  switch (verb) {
    case "PRUNE":
    case "GRAFT":
    case "SYNC":
    case "SYNCED":
    case "TREE":
    case "SEEN":
    case "CLOCK":
    case "ECHO":
    case "ECHOED":
    case "DIGEST":
    case "LIST":
    case "PART":
      return true;
    default:
      return false;
  }
}

const leafDigits = 4;

/** A message that may be ignored, as older servers do. */
const clockOpening = "+CLOCK ";

/** The verb and the fields of a message that may be ignored. */
const optionalPattern = /^\+[A-Z0-9-]{1,32}(?: |$)/;

/** The number of an ECHO: at most 15 digits. */
const echoPattern = /^\d{1,15}$/;

/** An age in seconds: at most 10 digits. */
const agePattern = /^\d{1,10}$/;

/** More fields than any message has: a node, and the IDs of a line. */
const maxFields = maxLineIds + 2;

/** Hexadecimal digits of the latest time, in whole seconds. */
const maxSecondsDigits = 13;

/** Writes a message as a line, without its LF. */
export function formatMessage(message: Message): ByteString {
  switch (message.verb) {
    case "OPTIONAL":
      return message.line;
    case "PING":
    case "SYNC":
    case "SYNCED":
      return message.verb;
    case "CLOCK":
      return clockOpening + formatTimestamp(message.time);
    case "TREE":
      return `TREE ${message.key}`;
    case "ECHO":
    case "ECHOED":
      return `${message.verb} ${message.number}`;
    case "PRUNE":
    case "GRAFT":
      return `${message.verb} ${message.server}`;
    case "SEEN": {
      const { apart, others, table } = message.ages;
      return ["SEEN", table, apart, ...[...others].flat()].join(" ");
    }
    case "HORIZON":
      return `HORIZON ${formatTimestamp(message.time)}`;
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
 * Parses a message by the grammar of docs/PROTOCOL.md. Undefined if the line is
 * not a message, or names a server for which `isServer` is false.
 */
export function parseMessage(
  line: ByteString,
  isServer: (name: ByteString) => boolean,
): Message | undefined {
  if (line[0] === "+") {
    const text = line.slice(clockOpening.length);
    if (line.startsWith(clockOpening) && isTime(text)) {
      return { verb: "CLOCK", time: parseTimestamp(text) };
    }
    return optionalPattern.test(line) ? { verb: "OPTIONAL", line } : undefined;
  }
  const [verb, ...fields] = line.split(" ", maxFields + 1);
  if (fields.length === maxFields) return undefined;
  switch (verb) {
    case "PING":
    case "SYNC":
    case "SYNCED":
      return fields.length === 0 ? { verb } : undefined;
    case "TREE": {
      const [key] = fields;
      const isKey = fields.length === 1 && key.length === treeKeyDigits &&
        isHexadecimal(key);
      return isKey ? { verb, key } : undefined;
    }
    case "ECHO":
    case "ECHOED":
      return fields.length === 1 && echoPattern.test(fields[0])
        ? { verb, number: Number(fields[0]) }
        : undefined;
    case "PRUNE":
    case "GRAFT": {
      const [server] = fields;
      return fields.length === 1 && isServer(server)
        ? { verb, server }
        : undefined;
    }
    case "SEEN": {
      const ages = parseAges(fields, isServer);
      return ages === undefined ? undefined : { verb, ages };
    }
    case "HORIZON":
      return fields.length === 1 && isTime(fields[0])
        ? { verb, time: parseTimestamp(fields[0]) }
        : undefined;
    case "HAVE":
    case "WANT": {
      const ids = parseAll(fields, parseReportId);
      return ids !== undefined && ids.length > 0 && ids.length <= maxLineIds
        ? { verb, ids }
        : undefined;
    }
    case "DIGEST": {
      const node = parseNode(fields[0] ?? "");
      const digests = parseAll(fields.slice(1), parseDigest);
      const isWhole = digests?.length === childrenPerNode;
      return node !== undefined && !isLeaf(node) && isWhole
        ? { verb, node, digests }
        : undefined;
    }
    case "LIST":
    case "PART": {
      const node = parseNode(fields[0] ?? "");
      const reports = parseAll(fields.slice(1), parseSummary);
      return node !== undefined && reports !== undefined &&
          isList(verb, node, reports)
        ? { verb, node, reports }
        : undefined;
    }
  }
  return undefined;
}

/** Parses the fields of SEEN. */
function parseAges(
  [table, apart, ...others]: readonly string[],
  isServer: (name: ByteString) => boolean,
): ContactAges | undefined {
  const isAge = (text: string | undefined) =>
    text !== undefined && agePattern.test(text);
  if (!isAge(table) || !isAge(apart)) return undefined;
  const ages = new Map<string, number>();
  for (let index = 0; index < others.length; index += 2) {
    const [name, age] = others.slice(index, index + 2);
    if (!isServer(name) || ages.has(name) || !isAge(age)) return undefined;
    ages.set(name, Number(age));
  }
  return { table: Number(table), apart: Number(apart), others: ages };
}

/**
 * Whether a server may list these reports for a node: they are below it, and
 * only a leaf may have many.
 */
function isList(
  verb: "LIST" | "PART",
  node: DigestNode,
  reports: readonly ReportSummary[],
): boolean {
  const most = isLeaf(node)
    ? maxLineIds
    : verb === "LIST"
    ? maxListedReports
    : -1;
  const [first, last] = leavesBelow(node);
  return reports.length <= most &&
    reports.every(({ leaf }) => leaf >= first && leaf <= last);
}

/** Formats a report ID as in HAVE and WANT. */
export function formatReportId({ leaf, fingerprint }: ReportId): string {
  return hexadecimal(leaf, leafDigits) + formatFingerprint(fingerprint);
}

function parseReportId(text: string): ReportId | undefined {
  const isReportId = text.length === leafDigits + fingerprintDigits &&
    isHexadecimal(text);
  if (!isReportId) return undefined;
  const fingerprint = parseFingerprint(text.slice(leafDigits));
  const leaf = parseInt(text.slice(0, leafDigits), 16);
  return fingerprint === undefined ? undefined : { leaf, fingerprint };
}

function formatSummary(summary: ReportSummary): string {
  const { client, fingerprint, leaf, seconds } = summary;
  return hexadecimal(leaf, leafDigits) + formatFingerprint(client) +
    formatFingerprint(fingerprint) + seconds.toString(16);
}

function parseSummary(text: string): ReportSummary | undefined {
  const clientDigits = leafDigits + fingerprintDigits;
  const keyDigits = clientDigits + fingerprintDigits;
  const secondsDigits = text.length - keyDigits;
  const isSummary = secondsDigits > 0 && secondsDigits <= maxSecondsDigits &&
    isHexadecimal(text);
  if (!isSummary) return undefined;
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

/** Parses every field; undefined if one is invalid. */
function parseAll<Item>(
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
