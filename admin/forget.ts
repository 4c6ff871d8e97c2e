/**
 * Answers `POST /forget?id=ID`, the only request to the administration port that
 * changes something: it deletes what was heard about a client, on every server.
 * It is taken from operators by their token, or, if none is required, from
 * programs on this machine only; and not from web pages.
 *
 * @module
 */
import { textOfBytes } from "../protocol/bytes.ts";
import { escapeBytes } from "../log/escape.ts";
import { formatTimestamp, isTime, parseTimestamp } from "../protocol/time.ts";
import type { ForgottenClient } from "../replica/history.ts";
import type { ForgetRefusal } from "../replica/replica.ts";
import { forwardedHeaderOf } from "../runtime/forwarded.ts";
import { isLoopback } from "../runtime/network.ts";
import type { ServerFacts } from "../server/status/status.ts";
import type { ObservedServer } from "./observed_server.ts";
import { readClientId } from "./client_id.ts";
import { replyJson, replyText } from "./replies.ts";

/**
 * Every request that changes something needs this header. A form of a web page
 * cannot send it, and a script of a page of another site would have to ask for
 * permission first, which it does not get.
 */
export const changeHeader = "herd-request";

/** What requests change, by the value of this header. */
const changes = {
  forget: "clients are forgotten",
  import: "records are imported",
} as const;

const usage = "expected POST /forget?id=ID or /forget?until=TIME&id=ID";

/** Why a client was not forgotten, and the status of the reply. */
const refusals: Readonly<Record<ForgetRefusal, readonly [number, string]>> = {
  ahead: [409, "until is more than a minute ahead of this server's clock"],
  expired: [409, "until is more than --forget-days ago"],
  full: [503, "the table has no room for further deletions"],
};

/** What the answer needs. */
export interface ForgetSite {
  readonly forget: ObservedServer["forget"];
  /** The state of the port's server. */
  readonly self: () => ServerFacts;
}

/**
 * Answers a request whose Host header was checked.
 *
 * @param remote The IP address of the other side; undefined if it is unknown.
 * @param isOperator Whether a token permits it, wherever it comes from.
 */
export async function answerForget(
  request: Request,
  remote: string | undefined,
  { forget, self }: ForgetSite,
  isOperator = false,
): Promise<Response> {
  const refusal = refuseChange(request, remote, isOperator, "forget");
  if (refusal !== undefined) return refusal;
  const { search } = new URL(request.url);
  // An ID may contain `&`, so it comes last.
  const [, time, id] = search.match(/^\?(?:until=([^&]*)&)?id=(.*)$/) ?? [];
  if (id === undefined) return replyText(400, usage);
  const until = time === undefined ? undefined : decode(time);
  if (time !== undefined && (until === undefined || !isTime(until))) {
    return replyText(400, "expected until=TIME in POSIX seconds");
  }
  const text = decode(id);
  const client = text === undefined ? undefined : readClientId(text);
  if (client === undefined) {
    return replyText(
      400,
      "expected id=ID with an ID as the log writes it: not empty, no white space, bytes that are not UTF-8 as \\xNN",
    );
  }
  let result: ForgottenClient | ForgetRefusal;
  try {
    result = await forget(
      client,
      until === undefined ? undefined : parseTimestamp(until),
    );
  } catch {
    return replyText(503, "the server cannot forget clients now");
  }
  if (typeof result === "string") return replyText(...refusals[result]);
  const { links, name } = self();
  return replyJson({
    server: name,
    client: textOfBytes(escapeBytes(client)),
    until: formatTimestamp(result.until),
    removed: result.removed !== undefined,
    historyRecords: result.historyRecords,
    linked: links.filter(({ isUp }) => isUp).map(({ neighbour }) => neighbour),
  });
}

/**
 * The refusal of a request that may not change anything.
 *
 * @param name What the header has to name.
 */
export function refuseChange(
  request: Request,
  remote: string | undefined,
  isOperator: boolean,
  name: keyof typeof changes,
): Response | undefined {
  const { headers, method } = request;
  if (method !== "POST") {
    return replyText(405, "expected POST", { allow: "POST" });
  }
  const refusal = isOperator
    ? undefined
    : refuseElsewhere(headers, remote, changes[name]);
  if (refusal !== undefined) return refusal;
  const foreign = refuseForeign(request);
  if (foreign !== undefined) return foreign;
  if (headers.get(changeHeader) !== name) {
    return replyText(403, `expected the header ${changeHeader}: ${name}`);
  }
  return undefined;
}

/** The refusal of a request that is not of this machine. */
function refuseElsewhere(
  headers: Headers,
  remote: string | undefined,
  what: string,
): Response | undefined {
  const address = remote?.replace(/^::ffff:/i, "");
  if (address === undefined || !isLoopback(address)) {
    return replyText(
      403,
      `${what} only at the request of this machine (loopback), not of ${
        address ?? "an unknown address"
      }`,
    );
  }
  const forwarded = forwardedHeaderOf(headers);
  return forwarded === undefined
    ? undefined
    : replyText(403, `a request with ${forwarded} was passed on by a proxy`);
}

/** The refusal of a request that a page of another site has sent. */
export function refuseForeign({ headers, url }: Request): Response | undefined {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site") ?? "none";
  // The scheme of the port's URL is not known behind a proxy.
  const isOwnOrigin = origin === null ||
    URL.parse(origin)?.host === new URL(url).host;
  return isOwnOrigin && /^(none|same-origin)$/.test(site)
    ? undefined
    : replyText(403, "pages of other sites are refused");
}

/** Text with its `%xx` decoded; undefined if it is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
