/**
 * The keys that sign tokens, and the file that holds them:
 *
 *     # the key that signs, then the key before it
 *     2026-12 base64url-of-32-bytes-or-more
 *     2026-06 base64url-of-32-bytes-or-more
 *
 * Messages contain no part of a key.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";
import { splitFields } from "../protocol/fields.ts";
import { SetupError } from "../runtime/setup_error.ts";
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
import { faultAt, readEditedLines } from "./edited_lines.ts";
import {
  maxKeyBytes,
  maxKeyFileLength,
  maxKeyIdLength,
  maxKeys,
  minKeyBytes,
} from "./limits.ts";

const howToMakeOne = "make one with: deno task token key";

/** What a key file contains, for messages and the documentation. */
const lineHelp = "a key's ID and the key in base64url";

/** A key with its ID, `kid` in tokens. */
export class TokenKey {
  /** 1 to 64 letters, digits, dots, hyphens and underscores. */
  readonly id: ByteString;
  readonly #bytes: Uint8Array;

  /**
   * Creates a key. Its ID and its length are not checked here.
   *
   * @param id Without a fault.
   * @param bytes As many as `minKeyBytes` or more.
   */
  constructor(id: ByteString, bytes: Uint8Array) {
    this.id = id;
    this.#bytes = bytes;
  }

  /** The HMAC-SHA-256 of an ASCII text: 32 bytes. */
  sign(text: string): Uint8Array {
    return createHmac("sha256", this.#bytes).update(text).digest();
  }

  /** Whether this is that HMAC. Takes equally long for any 32 bytes. */
  verify(text: string, signature: Uint8Array): boolean {
    const expected = this.sign(text);
    return expected.length === signature.length &&
      timingSafeEqual(expected, signature);
  }

  /** Whether both have the same ID and the same bytes. */
  equals(other: TokenKey): boolean {
    return this.id === other.id && this.hasBytesOf(other);
  }

  /** Whether both have the same bytes. */
  hasBytesOf(other: TokenKey): boolean {
    return decodeBytes(this.#bytes, 0, this.#bytes.length) ===
      decodeBytes(other.#bytes, 0, other.#bytes.length);
  }

  /** The key's line in a key file. */
  formatLine(): string {
    return `${this.id} ${encodeBase64Url(this.#bytes)}`;
  }
}

/** Whether a text can be the ID of a key. */
export function isKeyId(text: unknown): text is ByteString {
  return typeof text === "string" && text.length <= maxKeyIdLength &&
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text);
}

/**
 * The keys in a key file. The first one signs.
 *
 * @param path For messages.
 * @throws {SetupError} Naming the file and the line, if there is no key or a
 * wrong one.
 */
export function parseKeyFile(text: string, path: string): TokenKey[] {
  const lines = readEditedLines(text, path, maxKeyFileLength);
  if (lines.length === 0) {
    throw new SetupError(`${path}: expected a key in it; ${howToMakeOne}`);
  }
  const keys: TokenKey[] = [];
  for (const line of lines) {
    const fail = (fault: string) => faultAt(path, line, fault);
    if (keys.length === maxKeys) throw fail(`expected at most ${maxKeys} keys`);
    const fields = splitFields(line.text, 2);
    if (fields.length !== 2) throw fail(`expected ${lineHelp}`);
    const [id, encoded] = fields;
    if (!isKeyId(id)) {
      throw fail(
        `expected a key's ID of 1 to ${maxKeyIdLength} letters, digits, dots, ` +
          "hyphens or underscores",
      );
    }
    const bytes = decodeBase64Url(encoded);
    if (bytes === undefined) {
      throw fail(`the key is not base64url without padding; ${howToMakeOne}`);
    }
    if (bytes.length < minKeyBytes || bytes.length > maxKeyBytes) {
      throw fail(
        `a key has ${minKeyBytes} to ${maxKeyBytes} bytes, found ` +
          `${bytes.length}; ${howToMakeOne}`,
      );
    }
    const key = new TokenKey(id, bytes);
    if (keys.some((other) => other.id === id)) {
      throw fail(`expected another ID than that of the first key`);
    }
    if (keys.some((other) => other.hasBytesOf(key))) {
      throw fail("expected two different keys, found the same one twice");
    }
    keys.push(key);
  }
  return keys;
}
