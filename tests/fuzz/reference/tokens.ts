/**
 * A second implementation of tokens and patterns, after docs/IDENTITY.md. It is
 * slow and simple, and uses no code of identity/.
 *
 * @module
 */
import { createHmac } from "node:crypto";

const alphabet =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The bytes of a base64url text, one character each; undefined for none. */
export function fromBase64Url(text: string): string | undefined {
  if (text.length % 4 === 1) return undefined;
  let bytes = "";
  let [bits, count] = [0, 0];
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return undefined;
    bits = bits * 64 + value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += String.fromCharCode(Math.floor(bits / 2 ** count));
    bits %= 2 ** count;
  }
  // Bits that no byte uses are 0.
  return bits === 0 ? bytes : undefined;
}

/** Bytes as base64url. */
export function toBase64Url(bytes: string): string {
  let text = "";
  let [bits, count] = [0, 0];
  for (const byte of bytes) {
    bits = bits * 256 + byte.charCodeAt(0);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += alphabet[Math.floor(bits / 2 ** count)];
      bits %= 2 ** count;
    }
  }
  return count === 0 ? text : text + alphabet[bits * 2 ** (6 - count)];
}

/** The object in a text of JSON; undefined if there is none, or duplicates. */
function objectIn(bytes: string): Record<string, unknown> | undefined {
  let text: string;
  let value: unknown;
  try {
    const array = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(array);
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return undefined;
  }
  return new Walk(text).isUnique()
    ? value as Record<string, unknown>
    : undefined;
}

/** Walks through a valid text of JSON, by its grammar. */
class Walk {
  readonly #text: string;
  #at = 0;
  #unique = true;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether no object has two members of one name. */
  isUnique(): boolean {
    this.#value();
    return this.#unique;
  }

  #space(): string {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
    return this.#text[this.#at];
  }

  #value(): void {
    const first = this.#space();
    if (first === "{") this.#members(() => this.#member(new Set()), "}");
    else if (first === "[") this.#members(() => () => this.#value(), "]");
    else if (first === '"') this.#string();
    else while (/[-+.\w]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #members(start: () => () => void, end: string): void {
    const next = start();
    this.#at += 1;
    if (this.#space() !== end) {
      next();
      while (this.#space() === ",") {
        this.#at += 1;
        next();
      }
    }
    this.#at += 1;
  }

  #member(names: Set<string>): () => void {
    return () => {
      this.#space();
      const name = this.#string();
      if (names.has(name)) this.#unique = false;
      names.add(name);
      this.#space();
      this.#at += 1;
      this.#value();
    };
  }

  #string(): string {
    const start = this.#at++;
    while (this.#text[this.#at] !== '"') {
      this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    }
    this.#at += 1;
    return JSON.parse(this.#text.slice(start, this.#at));
  }
}

/** Whether bytes are an ID: not empty, short, no white space, no `*`. */
export function isId(bytes: string): boolean {
  return bytes.length >= 1 && bytes.length <= 1024 &&
    ![...bytes].some((byte) => " \t\n\v\f\r*".includes(byte));
}

/** Whether bytes are a pattern. */
export function isPattern(bytes: string): boolean {
  if (bytes.length > 1024) return false;
  if (!bytes.endsWith("/*")) return isId(bytes);
  return isId(bytes.slice(0, -2));
}

/** Whether an ID matches a pattern. */
export function matches(pattern: string, id: string): boolean {
  if (!pattern.endsWith("/*")) return id === pattern;
  const head = id.slice(0, pattern.length - 1);
  return `${head}*` === pattern && id !== head;
}

function bytesOf(text: unknown): string | undefined {
  if (typeof text !== "string" || !text.isWellFormed()) return undefined;
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function patternsIn(value: unknown): string[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > 64) return undefined;
  const patterns = value.map(bytesOf);
  return patterns.every((one) => one !== undefined && isPattern(one))
    ? patterns as string[]
    : undefined;
}

const isTime = (value: unknown) =>
  typeof value === "number" && value >= 0 && value < Infinity;

/** The claims of a token as they must be read; undefined if it is refused. */
export function claimsOf(
  token: string,
  keyId: string,
  key: Uint8Array,
): unknown {
  if (token.length > 4096) return undefined;
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const [head, body, mac] = parts.map(fromBase64Url);
  if (head === undefined || body === undefined || mac === undefined) return;
  const header = objectIn(head);
  if (header?.alg !== "HS256" || header.kid !== keyId) return undefined;
  if ("crit" in header || "b64" in header) return undefined;
  if (Object.hasOwn(header, "typ") && !/^jwt$/i.test(String(header.typ))) {
    return;
  }
  if (Array.isArray(header.typ)) return undefined;
  const expected = createHmac("sha256", key)
    .update(parts[0]).update(".").update(parts[1]).digest("base64url");
  if (expected !== parts[2]) return undefined;
  const claims = objectIn(body);
  if (claims === undefined) return undefined;
  const own = (name: string) =>
    Object.hasOwn(claims, name) ? claims[name] : undefined;
  const subject = bytesOf(own("sub"));
  if (subject === undefined || !isId(subject)) return undefined;
  const tokenId = own("jti");
  if (typeof tokenId !== "string" || tokenId[0] === "#") return undefined;
  if (!/^[\x21-\x7e]{1,128}$/.test(tokenId)) return undefined;
  const [reports, sees] = [own("reports"), own("sees")].map(patternsIn);
  if (reports === undefined || sees === undefined) return undefined;
  const last = own("last") === undefined ? false : own("last");
  if (typeof last !== "boolean") return undefined;
  const role = own("role");
  if (role !== undefined && role !== "viewer" && role !== "operator") return;
  if (!isTime(own("exp"))) return undefined;
  for (const name of ["nbf", "iat"]) {
    if (own(name) !== undefined && !isTime(own(name))) return undefined;
  }
  return {
    subject,
    reports,
    sees,
    lastOnly: last,
    role,
    tokenId,
    expiresAt: own("exp"),
    notBefore: own("nbf"),
    issuedAt: own("iat"),
  };
}
