/**
 * Who may use the administration port, if it requires tokens: programs by
 * `Authorization: Bearer`, and the dashboard by a cookie that a token is
 * exchanged for. A viewer may look, an operator may change something too, but
 * not by the cookie.
 *
 * @module
 */
import { type Access, bearerTokenOf } from "../identity/access.ts";
import type { Identity } from "../identity/identity.ts";
import type { Clock } from "../runtime/clock.ts";
import { addressKey } from "../runtime/network.ts";
import { FailedAttempts } from "./failed_attempts.ts";
import { maxSessions, sessionSeconds } from "./limits.ts";
import { pageFiles } from "./page.ts";
import { reply, replyText } from "./replies.ts";

export interface GateOptions {
  readonly access: Access;
  readonly clock: Clock;
  /** The administration port. Browsers send a cookie to all ports of a host. */
  readonly port: number;
  /** A new ID of a login, which cannot be guessed. */
  readonly createId: () => string;
}

/** A login that has not ended. */
interface Session {
  readonly identity: Identity;
  /** By `elapsedMs`. */
  readonly endsAtMs: number;
}

/** A request that may be answered. */
export interface Admission {
  /** Whether it may change something. */
  readonly isOperator: boolean;
  /** Whether it may read what devices have sent. A viewer may not. */
  readonly seesExamples: boolean;
  /** Whether it may see only whether the server is ready. */
  readonly isPublic: boolean;
  /** Whether it may see more than the newest position of a client. */
  readonly seesHistory: boolean;
  /** Whether what it reads may still be sent, for answers without end. */
  readonly isValid: () => boolean;
}

/** What may be read without a token: whether the server runs and is ready. */
const healthPaths = new Set(["/healthz", "/readyz"]);

/** The paths of requests that change something. */
export const changingPaths: ReadonlySet<string> = new Set([
  "/forget",
  "/import",
]);

/** The page's code, which is the same everywhere. */
const codePath = "/page/";

/** For requests that need no token. */
const publicAdmission: Admission = {
  isOperator: false,
  seesExamples: false,
  isPublic: true,
  seesHistory: false,
  isValid: () => true,
};

/** Guards the administration port of one server. */
export class Gate {
  readonly #options: GateOptions;
  readonly #attempts: FailedAttempts;
  /** By ID, the oldest first. */
  readonly #sessions = new Map<string, Session>();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#attempts = new FailedAttempts(options.clock);
  }

  /**
   * Decides about a request whose Host header was checked. Returns the answer if
   * that is a refusal or the page for logging in.
   *
   * @param client The client's IP address.
   * @param isEncrypted Whether the browser uses TLS.
   */
  admit(
    request: Request,
    client: string,
    isEncrypted: boolean,
  ): Admission | Response {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(codePath)) return publicAdmission;
    if (pathname === "/login") return this.#logIn(request, client, isEncrypted);
    const { headers } = request;
    if (healthPaths.has(pathname) && !this.#hasCredentials(headers)) {
      return publicAdmission;
    }
    const identity = this.#identityOf(request, client);
    if (identity instanceof Response) return identity;
    if (identity.role === undefined) return this.#refuseRole("viewer");
    const seesExamples = identity.role === "operator";
    const isOperator = seesExamples && headers.has("authorization");
    if (changingPaths.has(pathname) && !isOperator) {
      return this.#refuseRole("operator");
    }
    const { access } = this.#options;
    const isValid = () => !access.hasEnded(identity);
    const seesHistory = !identity.lastOnly;
    return { isOperator, seesExamples, isPublic: false, seesHistory, isValid };
  }

  #hasCredentials(headers: Headers): boolean {
    return headers.has("authorization") ||
      this.#sessionOf(headers) !== undefined;
  }

  #identityOf(request: Request, client: string): Identity | Response {
    const { headers } = request;
    if (headers.has("authorization")) {
      return this.#authenticate(headers, client);
    }
    const session = this.#sessionOf(headers);
    if (session !== undefined) return session.identity;
    this.#options.access.countRefusal("no-token");
    // A program that does not log in sees the reason, a browser the page.
    const page = pageFiles.get("/page/login.html")!;
    return (headers.get("accept") ?? "").includes("text/html")
      ? reply(401, page.contentType, page.text)
      : refuse("a token is required, as Authorization: Bearer TOKEN");
  }

  /** The identity of a token. Failed attempts of an address are limited. */
  #authenticate(headers: Headers, client: string): Identity | Response {
    const { access } = this.#options;
    const key = addressKey(client);
    const waitSeconds = this.#attempts.waitSeconds(key);
    if (waitSeconds > 0) {
      access.countRefusal("attempts");
      return replyText(429, "too many failed attempts from this address", {
        "retry-after": `${waitSeconds}`,
      });
    }
    const result = access.authenticate(bearerTokenOf(headers));
    if ("mayReport" in result) return result;
    this.#attempts.add(key);
    return refuse(
      result.reason === "no token"
        ? "expected Authorization: Bearer TOKEN"
        : `the token is not valid: ${result.detail}`,
    );
  }

  /** Exchanges a token for a cookie. */
  #logIn(request: Request, client: string, isEncrypted: boolean): Response {
    const { headers, method } = request;
    if (method !== "POST") {
      return replyText(405, "expected POST", { allow: "POST" });
    }
    const identity = this.#authenticate(headers, client);
    if (identity instanceof Response) return identity;
    if (identity.role === undefined) return this.#refuseRole("viewer");
    const { clock, createId } = this.#options;
    const id = createId();
    const endsAtMs = clock.elapsedMs() + sessionSeconds * 1000;
    this.#sessions.set(id, { identity, endsAtMs });
    if (this.#sessions.size > maxSessions) {
      this.#sessions.delete(this.#sessions.keys().next().value!);
    }
    const cookie = [
      `${this.#cookieName(isEncrypted)}=${id}`,
      "Path=/",
      `Max-Age=${sessionSeconds}`,
      "HttpOnly",
      "SameSite=Strict",
      ...isEncrypted ? ["Secure"] : [],
    ].join("; ");
    return replyText(200, "logged in", { "set-cookie": cookie });
  }

  #sessionOf(headers: Headers): Session | undefined {
    const { access, clock } = this.#options;
    for (const pair of (headers.get("cookie") ?? "").split("; ")) {
      const [name, id] = pair.split("=", 2);
      const isOurs = [true, false].some((is) => name === this.#cookieName(is));
      const session = isOurs ? this.#sessions.get(id) : undefined;
      if (session === undefined) continue;
      const isValid = clock.elapsedMs() < session.endsAtMs &&
        !access.hasEnded(session.identity);
      if (isValid) return session;
      this.#sessions.delete(id);
    }
    return undefined;
  }

  /** Browsers take a name with `__Host-` only over TLS. */
  #cookieName(isEncrypted: boolean): string {
    const name = `herd-${this.#options.port}`;
    return isEncrypted ? `__Host-${name}` : name;
  }

  #refuseRole(role: "viewer" | "operator"): Response {
    this.#options.access.countRefusal("role");
    return replyText(
      403,
      role === "viewer"
        ? "the token has no role; make one with --role viewer"
        : "a token with the role operator is required, as Authorization: Bearer TOKEN",
    );
  }
}

/** A refusal that names the scheme (RFC 6750). */
function refuse(sentence: string): Response {
  return replyText(401, sentence, { "www-authenticate": "Bearer" });
}
