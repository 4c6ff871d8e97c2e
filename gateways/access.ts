/**
 * Who may use a gateway. Without tokens only programs of this machine may, and
 * no web page. With tokens each sender must have one.
 *
 * @module
 */
import type { Access } from "../identity/access.ts";
import type { Identity } from "../identity/identity.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { ForwardedRefusal } from "../runtime/forwarded.ts";
import { isLoopback } from "../runtime/network.ts";
import { redactTokens } from "../runtime/redact_tokens.ts";
import type { Target } from "./readers/target.ts";

/** What access depends on. */
export interface AccessOptions {
  /** Checks tokens, if some are configured. */
  readonly identities: Access;
  /** Whether everybody may do everything, if no tokens are configured. */
  readonly isOpen: boolean;
  /** Origins of web pages that may use a gateway, such as `https://a.test`. */
  readonly allowedOrigins: readonly string[];
}

/** Why a sender is refused. */
export class AccessRefusal {
  /** 401 if a token would help. */
  readonly status: number;
  /** One line for the sender, without its end. Has no part of a credential. */
  readonly text: string;

  constructor(status: number, text: string) {
    this.status = status;
    this.text = text;
  }
}

/** An admitted request. */
export interface Admission {
  /** Undefined without tokens: then everything is permitted. */
  readonly identity: Identity | undefined;
  /** Whether it may report only, because its token was in the path. */
  readonly isReportOnly: boolean;
  /** The sender's address, also behind a proxy that is trusted. */
  readonly remote: string;
  /** The credential, to be kept out of examples; undefined for none. */
  readonly credential: ByteString | undefined;
}

/** The head of a request, as far as access depends on it. */
export interface AccessRequest {
  /** Values by names in lower case. */
  readonly headers: ReadonlyMap<string, ByteString>;
  /** The path as it was sent. */
  readonly path: ByteString;
  readonly target: Target;
  /** The other side's IP address. */
  readonly remote: string;
  readonly isEncrypted: boolean;
  /** A token that came in another way, such as a WebSocket subprotocol. */
  readonly token?: ByteString;
}

/** Fetch Metadata of requests that a page of another origin has caused. */
const foreignSites = /^(?:cross-site|same-site)$/i;

/** The rules of all gateways of one server. */
export class GatewayAccess {
  readonly #options: AccessOptions;
  /** The last Host that was a loopback name: it is nearly always the same. */
  #lastOwnHost: ByteString | undefined;
  /** The last address of this machine, which is nearly always the same too. */
  #lastOwnAddress: string | undefined;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whether senders need tokens. */
  get needsToken(): boolean {
    return this.#options.identities.requiresToken;
  }

  /** Checks tokens, and counts refusals. */
  get identities(): Access {
    return this.#options.identities;
  }

  /**
   * The identity of a token. Undefined if no tokens are configured: then the
   * sender needs none, but must be on this machine, unless the server is open to
   * everybody.
   *
   * @param token A password, for example; undefined if the sender gave none.
   * @param remote The sender's IP address.
   */
  identify(
    token: ByteString | undefined,
    remote: string,
  ): Identity | undefined | AccessRefusal {
    const { identities, isOpen } = this.#options;
    if (!identities.requiresToken) {
      if (isOpen || this.#isOwnAddress(remote)) return undefined;
      return new AccessRefusal(
        403,
        "This server has no tokens, so only programs on its machine may use it.",
      );
    }
    const result = identities.authenticate(token || undefined);
    if ("mayReport" in result) return result;
    return new AccessRefusal(
      401,
      result.reason === "no token"
        ? noToken
        : `The token is refused: ${result.reason}.`,
    );
  }

  /** Admits a request whose protocol asks for the token itself, as MQTT does. */
  admitLater(request: AccessRequest): Admission | AccessRefusal {
    const refusal = this.refusalOfPage(request);
    if (refusal !== undefined) return refusal;
    const { identities } = this.#options;
    const remote = identities.clientOf(request.remote, request.headers);
    if (remote instanceof ForwardedRefusal) {
      return new AccessRefusal(remote.status, `${remote.detail}.`);
    }
    return {
      identity: undefined,
      isReportOnly: false,
      credential: undefined,
      remote,
    };
  }

  /** Admits a request of HTTP, or of a WebSocket, or says why not. */
  admit(request: AccessRequest): Admission | AccessRefusal {
    const refusal = this.refusalOfPage(request);
    if (refusal !== undefined) return refusal;
    const { headers, path, target } = request;
    const remote = this.#options.identities.clientOf(request.remote, headers);
    if (remote instanceof ForwardedRefusal) {
      return new AccessRefusal(remote.status, `${remote.detail}.`);
    }
    const inHeader = tokenIn(headers.get("authorization")) || request.token;
    const inPath = target.token === undefined
      ? undefined
      : path.slice(target.token.start, target.token.end);
    const credential = inHeader ?? inPath;
    const identity = this.identify(credential, remote);
    if (identity instanceof AccessRefusal) {
      const isUserName = !credential && hasTokenAsUser(headers);
      return isUserName ? new AccessRefusal(401, tokenAsUser) : identity;
    }
    return {
      identity,
      isReportOnly: inHeader === undefined && inPath !== undefined,
      credential,
      remote,
    };
  }

  /** The value of Access-Control-Allow-Origin; undefined for none. */
  allowedOrigin(
    headers: ReadonlyMap<string, ByteString>,
  ): ByteString | undefined {
    const origin = headers.get("origin");
    return origin !== undefined && this.#options.allowedOrigins.includes(origin)
      ? origin
      : undefined;
  }

  #isOwnAddress(address: string): boolean {
    if (address === this.#lastOwnAddress) return true;
    if (!isLoopback(unmapped(address))) return false;
    this.#lastOwnAddress = address;
    return true;
  }

  #isOwnHost(host: ByteString): boolean {
    if (host === this.#lastOwnHost) return true;
    if (!isLoopback(hostnameOf(host))) return false;
    this.#lastOwnHost = host;
    return true;
  }

  /**
   * Why a web page may not send this. Any page can make a browser on this
   * machine send requests to it, and by DNS rebinding also with a name of the
   * page's own.
   */
  refusalOfPage(
    { headers, isEncrypted }: AccessRequest,
  ): AccessRefusal | undefined {
    const host = headers.get("host") ?? "";
    const isOpen = this.needsToken || this.#options.isOpen;
    if (!isOpen && !this.#isOwnHost(host)) {
      return new AccessRefusal(
        403,
        "Without --token-key-file only this machine is served: expected localhost in Host.",
      );
    }
    if (this.allowedOrigin(headers) !== undefined) return undefined;
    const origin = headers.get("origin");
    const own = `${isEncrypted ? "https" : "http"}://${host}`;
    if (origin !== undefined && origin.toLowerCase() !== own.toLowerCase()) {
      return new AccessRefusal(
        403,
        "A page of another origin has sent this: name it in --allow-origins.",
      );
    }
    if (foreignSites.test(headers.get("sec-fetch-site") ?? "")) {
      return new AccessRefusal(
        403,
        "A page of another site sent this request.",
      );
    }
    return undefined;
  }
}

/**
 * The token in an Authorization header: after `Bearer`, or as the password of
 * `Basic`, whose user name does not count.
 */
function tokenIn(value: ByteString | undefined): ByteString | undefined {
  const [, scheme, credentials] = value?.match(/^(\w+) +(\S+) *$/) ?? [];
  switch (scheme?.toLowerCase()) {
    case "bearer":
      return credentials;
    case "basic":
      return basicOf(credentials)?.password;
    default:
      return undefined;
  }
}

/** User name and password of `Basic`; undefined if they are not valid. */
function basicOf(
  credentials: string,
): { user: ByteString; password: ByteString } | undefined {
  try {
    const pair = atob(credentials);
    const [user] = pair.split(":", 1);
    return { user, password: pair.slice(user.length + 1) };
  } catch {
    return undefined;
  }
}

const noToken =
  "A token is missing: expected it as password, as Bearer, or in /t/TOKEN/.";

const tokenAsUser =
  "The token is the user name, and the password is empty: expected the token as password, and any user name.";

/** Whether `Basic` has what looks like a token as its user name. */
function hasTokenAsUser(headers: ReadonlyMap<string, ByteString>): boolean {
  const [, credentials] =
    headers.get("authorization")?.match(/^basic +(\S+) *$/i) ?? [];
  const user = credentials === undefined
    ? undefined
    : basicOf(credentials)?.user;
  // The first bytes of a JSON Web Token are always `{"`.
  return user !== undefined && /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(user);
}

/** Most patterns, and most bytes of each and of an ID, that a text names. */
const [mostNamedPatterns, mostNamedBytes] = [3, 128];

/**
 * Why a token does not permit a report or a query, and what it would permit. The
 * sender has the token, and can read its patterns in it.
 */
export function textOfNotPermitted(
  { reports, sees, subject }: Pick<Identity, "reports" | "sees" | "subject">,
  use: "report" | "query",
  client: ByteString,
): ByteString {
  const patterns = use === "report" ? reports : sees;
  const named = patterns.slice(0, mostNamedPatterns).map(shorten);
  const more = patterns.length - named.length;
  if (more > 0) named.push(`${more} more`);
  const what = use === "report" ? "reports for" : "queries about";
  return `The token of ${shorten(subject)} does not permit ${what} ` +
    `${shorten(client)}: expected ${
      named.length === 0 ? "a token that does" : named.join(" or ")
    }.`;
}

/** A name as an answer shows it: not too long, and never a token. */
function shorten(name: ByteString): ByteString {
  const text = redactTokens(name);
  return text.length > mostNamedBytes
    ? `${text.slice(0, mostNamedBytes)}...`
    : text;
}

/** The host in a Host header, without its port. */
function hostnameOf(host: ByteString): string {
  return host.replace(/:\d*$/, "").replace(/\.$/, "");
}

/** An address, in its IPv4 form if it has one. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, "");
}
