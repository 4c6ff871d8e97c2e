/**
 * The target of a request: where it holds a token, and what of it may be
 * logged. Apps that can send no header field have the token in their address.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { decodeSegment } from "./parameters.ts";

/** Stands for a secret in a logged target. */
const hidden = "[token]";

/** A part of the path as it was sent. */
export interface Span {
  readonly start: number;
  /** The index after it. */
  readonly end: number;
}

/** What the path of a request says. */
export interface Target {
  /** Where the token of `/t/TOKEN/...` is in the path. */
  readonly token: Span | undefined;
  /** The path without `/t/TOKEN`; at least a slash. */
  readonly path: ByteString;
  /** Path and query with every secret replaced: for logs, errors and metrics. */
  readonly logged: ByteString;
}

const tokenForm = /^\/t\/([^/]+)/;

/** Secrets in paths of PhoneTrack and Home Assistant, each after its prefix. */
const otherSecrets = [
  /^([^]*?\/apps\/phonetrack\/(?:log\/[^/]*|[^/]*)\/)([^/]+)/,
  /^([^]*?\/api\/webhook\/)([^/]+)/,
];

/**
 * Tokens wherever they are, also behind a wrong prefix: the first bytes of a JSON
 * Web Token are always `{"`.
 */
const tokensAnywhere = /eyJ[\w-]{6,}(?:(?:\.|%2[eE])[\w-]*)*/g;

/** Keys of queries whose values are secrets. */
const secretKey =
  /^(?:access_|auth_|api_?)?(?:token|key|auth|pass|password|pwd|secret)$/i;

/** A path without `/t/TOKEN` before it; at least a slash. */
export function withoutToken(path: ByteString): ByteString {
  return path.startsWith("/t/")
    ? path.replace(tokenForm, "") || "/"
    : path || "/";
}

/**
 * Reads a target.
 *
 * @param path As sent, percent-encoded.
 * @param query As sent, without the question mark; undefined if there is none.
 */
export function readTarget(
  path: ByteString,
  query: ByteString | undefined,
): Target {
  const found = tokenForm.exec(path);
  const token = found === null
    ? undefined
    : { start: 3, end: 3 + found[1].length };
  const rest = token === undefined ? path : path.slice(token.end);
  let logged = (token === undefined ? "" : `/t/${hidden}`) + hideInPath(rest);
  if (query !== undefined) logged += `?${hideInQuery(query)}`;
  if (logged.includes("eyJ")) logged = logged.replace(tokensAnywhere, hidden);
  return { token, path: rest === "" ? "/" : rest, logged };
}

function hideInPath(path: ByteString): ByteString {
  const mayHide = path.includes("/phonetrack/") || path.includes("/webhook/");
  if (!mayHide) return path;
  const spans = otherSecrets.flatMap((form) => {
    const found = form.exec(path);
    if (found === null) return [];
    const start = found[1].length;
    return [{ start, end: start + found[2].length }];
  }).sort((one, other) => other.start - one.start);
  // The last one first, so that the others stay where they are.
  return spans.reduce(
    (text, { end, start }) => text.slice(0, start) + hidden + text.slice(end),
    path,
  );
}

/** What a query with a secret contains, unless it is percent-encoded. */
const partOfSecretKey = /token|key|auth|pass|pwd|secret|%/i;

function hideInQuery(query: ByteString): ByteString {
  if (!partOfSecretKey.test(query)) return query;
  return query.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 0) return pair;
    return secretKey.test(decodeSegment(pair.slice(0, equals)))
      ? `${pair.slice(0, equals)}=${hidden}`
      : pair;
  }).join("&");
}
