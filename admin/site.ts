/**
 * Answers requests to the administration port. The methods are GET and HEAD,
 * which change nothing, and POST for `/forget` and `/import` only.
 *
 * @module
 */
import { clientOf } from "../protocol/report.ts";
import type { Found, Replica } from "../replica/replica.ts";
import type { HerdStatus, ServerFacts } from "../server/status/status.ts";
import { readClientId } from "./client_id.ts";
import type { EventStream } from "./event_stream.ts";
import { answerForget, type ForgetSite, refuseForeign } from "./forget.ts";
import { type Admission, changingPaths, type Gate } from "./gate.ts";
import { answerHistory, type HistorySite } from "./history.ts";
import { isOwnHost } from "./hosts.ts";
import { answerImport, type ImportSite } from "./import.ts";
import type { PageFile } from "./page.ts";
import { metricsContentType } from "./metrics.ts";
import { readPosition } from "./positions.ts";
import { ForwardedRefusal, TrustedProxies } from "../runtime/forwarded.ts";
import { commonHeaders, reply, replyJson, replyText } from "./replies.ts";
import { startOfCutId } from "./shown_id.ts";
import { withoutExamples } from "./examples.ts";

export interface SiteOptions extends ForgetSite {
  /** The dashboard's files, by path. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** Finds the newest AT line of a client. */
  readonly find: Replica["find"];
  /** Finds the newest AT line of the client whose ID is shown like this. */
  readonly findShown: (shown: string) => Promise<Found>;
  /** A whole ID, escaped as in the log. */
  readonly escapeWhole: HistorySite["escapeWhole"];
  readonly status: () => HerdStatus;
  /** All metrics of the port's server, in Prometheus's text format. */
  readonly metrics: () => Promise<string>;
  readonly events: EventStream;
  readonly history: HistorySite;
  readonly imports: ImportSite;
}

/** What a port asks of requests. */
export interface PortRules {
  /** Accepted hosts of the Host header, besides loopback ones. */
  readonly names: readonly string[];
  /** The proxies whose headers count. */
  readonly proxies?: TrustedProxies;
  /** Checks tokens; undefined if none are required. */
  readonly gate?: Gate;
  /** Whether the port speaks TLS. */
  readonly isEncrypted?: boolean;
  /** Called for each request that a proxy has passed on that is not trusted. */
  readonly onForwarded?: () => void;
}

const noProxies = new TrustedProxies([]);

/** For a port on which everybody may look. */
const openAdmission: Admission = {
  isOperator: false,
  seesExamples: true,
  isPublic: false,
  seesHistory: true,
  isValid: () => true,
};

const paths =
  "/, /metrics, /healthz, /readyz, /status.json, /client.json?id=ID, /history.json?id=ID, /events, /map.json, POST /forget?id=ID, POST /import";

/**
 * Answers one request.
 *
 * @param site Undefined while the server starts.
 * @param remote The IP address of the other side; undefined if it is unknown.
 */
export async function answer(
  request: Request,
  rules: PortRules,
  site: SiteOptions | undefined,
  remote?: string,
): Promise<Response> {
  const response = await answerAdmitted(request, rules, site, remote);
  if (request.method !== "HEAD") return response;
  await response.body?.cancel();
  return new Response(null, response);
}

async function answerAdmitted(
  request: Request,
  { gate, isEncrypted = false, names, onForwarded, proxies = noProxies }:
    PortRules,
  site: SiteOptions | undefined,
  remote: string | undefined,
): Promise<Response> {
  const refusal = refuse(request, names);
  if (refusal !== undefined) return refusal;
  const client = proxies.clientOf(remote ?? "", request.headers);
  if (client instanceof ForwardedRefusal) {
    onForwarded?.();
    return replyText(client.status, client.detail);
  }
  const isSecure = isEncrypted ||
    request.headers.get("x-forwarded-proto") === "https";
  const admission = gate === undefined
    ? openAdmission
    : gate.admit(request, client, isSecure);
  if (admission instanceof Response) return admission;
  if (site === undefined) return replyText(503, "the server is starting");
  const { isOperator } = admission;
  switch (new URL(request.url).pathname) {
    case "/forget":
      return await answerForget(request, remote, site, isOperator);
    case "/import":
      return await answerImport(request, remote, site.imports, isOperator);
    default:
      return await find(request, site, admission);
  }
}

function isChange({ url }: Request): boolean {
  return changingPaths.has(new URL(url).pathname);
}

function isLogin({ url }: Request): boolean {
  return new URL(url).pathname === "/login";
}

/** The refusal of a request; undefined if it is accepted. */
function refuse(
  request: Request,
  names: readonly string[],
): Response | undefined {
  const { headers, method, url } = request;
  // HTTP/2 has no Host header, and in HTTP/1.1 a URL as the target overrides it.
  const host = URL.parse(url)?.host;
  if (host === undefined) return replyText(400, "the Host header is invalid");
  const hosts = [host, headers.get("host") ?? host];
  if (!hosts.every((one) => isOwnHost(one, names))) {
    return replyText(
      403,
      "the Host header names neither this machine nor one of --admin-names",
    );
  }
  // A page of another site may link here, but may not read the answers.
  const isForeign = headers.get("sec-fetch-site") === "cross-site";
  if (isForeign && headers.get("sec-fetch-mode") !== "navigate") {
    return replyText(403, "pages of other sites are refused");
  }
  if (method === "GET" || method === "HEAD" || isChange(request)) {
    return undefined;
  }
  if (method === "POST" && isLogin(request)) return refuseForeign(request);
  return replyText(405, "expected GET or HEAD", {
    allow: "GET, HEAD",
  });
}

async function find(
  { url }: Request,
  site: SiteOptions,
  { isPublic, isValid, seesExamples, seesHistory }: Admission,
): Promise<Response> {
  const { pathname } = new URL(url);
  const file = site.files.get(pathname);
  if (file !== undefined) return reply(200, file.contentType, file.text);
  switch (pathname) {
    case "/metrics":
      return reply(200, metricsContentType, await site.metrics());
    case "/healthz":
      return replyHealth(
        site.self().isStopping ? "the server is stopping" : null,
        "ok",
      );
    case "/readyz":
      return isPublic
        ? replyHealth(site.self().notReady && "not ready", "ready")
        : replyHealth(site.self().notReady, describeReady(site.self()));
    case "/status.json":
      return replyJson(
        seesExamples ? site.status() : withoutExamples(site.status()),
        2,
      );
    case "/client.json":
      return await replyClient(url, site);
    case "/history.json":
      return seesHistory
        ? await answerHistory(url, site.history)
        : replyText(403, "the token permits newest positions only");
    case "/events":
      return replyEvents(site.events, isValid, seesExamples);
    default:
      return replyText(404, `not found; the paths are ${paths}`);
  }
}

/** The answer of a server that is ready, which notes a clock that differs. */
function describeReady({ clock }: Pick<ServerFacts, "clock">): string {
  if (!clock.differs) return "ready";
  const seconds = Math.abs(clock.aheadSeconds).toFixed(1);
  const way = clock.aheadSeconds > 0 ? "ahead of" : "behind";
  return `ready, but its clock is ${seconds} s ${way} the median of ` +
    `${clock.clocks} clocks, its own and its neighbours'`;
}

function replyHealth(fault: string | null, word: string): Response {
  return fault === null ? replyText(200, word) : replyText(503, fault);
}

async function replyClient(url: string, site: SiteOptions): Promise<Response> {
  const { search, searchParams } = new URL(url);
  // An ID may contain `&shown=`.
  const shown = search.startsWith("?shown=") ? searchParams.get("shown") : null;
  const client = shown === null
    ? readClientId(idOf(search))
    : startOfCutId(shown);
  if (client === undefined) {
    return replyText(
      400,
      "expected /client.json?id=ID with an ID as the log writes it: not empty, no white space, unprintable bytes as \\xNN",
    );
  }
  let line: Found;
  try {
    line = await (shown === null ? site.find(client) : site.findShown(shown));
  } catch {
    return replyText(503, "the server cannot find clients now");
  }
  if (line === undefined) {
    return replyText(404, "no client with this ID is known");
  }
  const [id, ...position] = readPosition(line);
  const whole = await site.escapeWhole(clientOf(line));
  const found = { position: [whole, ...position], shown: id };
  return replyJson(found);
}

/**
 * The ID in a query: everything after the first `id=`, as IDs contain `&` and
 * `+` too. `%xx` is decoded, and `+` is no space.
 */
function idOf(query: string): string {
  const [, encoded = ""] = query.match(/^\?(?:.*?&)??id=(.*)$/) ?? [];
  const escaped = encoded.replaceAll("+", "%2B").replaceAll("&", "%26");
  return new URLSearchParams(`id=${escaped}`).get("id")!;
}

/** Keeps proxies from holding back or changing a stream. */
const streamHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

function replyEvents(
  events: EventStream,
  isValid: () => boolean,
  seesExamples: boolean,
): Response {
  const stream = events.subscribe(isValid, seesExamples);
  if (stream === undefined) {
    const later = { "retry-after": "5" };
    return replyText(503, "too many event streams are open", later);
  }
  return new Response(stream, {
    headers: {
      ...commonHeaders,
      ...streamHeaders,
      "content-type": "text/event-stream",
    },
  });
}
