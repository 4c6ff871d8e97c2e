/**
 * Answers `POST /forget?id=ID`, the only request to the administration port that
 * changes something: it deletes what was heard about a client, on every server.
 * It is taken from programs on this machine only, and not from web pages.
 *
 * @module
 */
import { textOfBytes } from "../protocol/bytes.ts";
import { escapeBytes } from "../log/escape.ts";
import { formatTimestamp, isTime, parseTimestamp } from "../protocol/time.ts";
import type { ForgetRefusal, Forgotten, Replica } from "../replica/replica.ts";
import { isLoopback } from "../runtime/network.ts";
import type { ServerFacts } from "../server/status/status.ts";
import { readClientId } from "./client_id.ts";
import { replyJson, replyText } from "./replies.ts";

/**
 * Every request needs this header. A form of a web page cannot send it, and a
 * script of a page of another site would have to ask for permission first, which
 * it does not get.
 */
export const forgetHeader = "herd-request";
const forgetValue = "forget";

/** Headers of requests that a proxy has passed on. */
const forwardedHeaders = /^(forwarded|via|x-forwarded-.*|x-real-ip)$/;

const usage = "expected POST /forget?id=ID or /forget?until=TIME&id=ID";

/** Why a client was not forgotten, and the status of the reply. */
const refusals: Readonly<Record<ForgetRefusal, readonly [number, string]>> = {
  ahead: [409, "until is more than a minute ahead of this server's clock"],
  expired: [409, "until is more than --forget-days ago"],
  full: [503, "the table has no room for further deletions"],
};

/** What the answer needs. */
export interface ForgetSite {
  readonly forget: Replica["forget"];
  /** The state of the port's server. */
  readonly self: () => ServerFacts;
}

/**
 * Answers a request whose Host header was checked.
 *
 * @param remote The IP address of the other side; undefined if it is unknown.
 */
export async function answerForget(
  request: Request,
  remote: string | undefined,
  { forget, self }: ForgetSite,
): Promise<Response> {
  const refusal = refuse(request, remote);
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
  let result: Forgotten | ForgetRefusal;
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
    linked: links.filter(({ isUp }) => isUp).map(({ neighbour }) => neighbour),
  });
}

function refuse(
  { headers, method, url }: Request,
  remote: string | undefined,
): Response | undefined {
  if (method !== "POST") {
    return replyText(405, "expected POST", { allow: "POST" });
  }
  const address = remote?.replace(/^::ffff:/i, "");
  if (address === undefined || !isLoopback(address)) {
    return replyText(
      403,
      `clients are forgotten only at the request of this machine (loopback), not of ${
        address ?? "an unknown address"
      }`,
    );
  }
  for (const name of headers.keys()) {
    if (!forwardedHeaders.test(name)) continue;
    return replyText(403, `a request with ${name} was passed on by a proxy`);
  }
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site") ?? "none";
  const isOwnPage = (origin === null || origin === new URL(url).origin) &&
    /^(none|same-origin)$/.test(site);
  if (!isOwnPage) return replyText(403, "pages of other sites are refused");
  if (headers.get(forgetHeader) !== forgetValue) {
    return replyText(
      403,
      `expected the header ${forgetHeader}: ${forgetValue}`,
    );
  }
  return undefined;
}

/** Text with its `%xx` decoded; undefined if it is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
