/**
 * http-parser-js, made stricter. It reads much that other servers read in another
 * way, which lets one request hide in another ("request smuggling"), and its
 * lines have no longest length. What it does not refuse is refused here.
 *
 * @module
 */
import { type HeadInfo, HTTPParser } from "../../packages/http_parser.ts";
import {
  type ByteString,
  decodeBytes,
  indexOfByte,
} from "../../protocol/bytes.ts";
import { readTarget } from "../readers/target.ts";
import {
  maxChunkLineBytes,
  maxFields,
  maxHeadBytes,
  maxKeptHeadBytes,
} from "./limits.ts";
import { HttpFault, type RequestHead } from "./request_head.ts";

/** Receives the parts of requests in their order. */
export interface RequestHandler {
  /** May throw a fault. */
  onHead(head: RequestHead): void;
  /** Bytes of the body, in a buffer of their own. May throw a fault. */
  onBody(bytes: Uint8Array): void;
  onEnd(): void;
}

const lineFeed = 0x0a;

/** A field name is a token (RFC 9110, 5.6.2); a value has no control bytes. */
const headerField = /^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/;

/** Fields that decide where a request ends, and whom it is for. */
const singleFields = new Set(["content-length", "host", "transfer-encoding"]);

/** A head, and its bytes with the empty line. */
interface KeptHead {
  readonly head: RequestHead;
  readonly bytes: Uint8Array;
}

/**
 * Whether another request may have the same head. One without a body has its
 * report in the query.
 */
const mayRepeat = ({ bodyBytes = 0, headers }: RequestHead): boolean =>
  bodyBytes > 0 && !headers.has("expect");

/** Parses requests, and tells a handler. */
export class StrictParser extends HTTPParser {
  readonly #handler: RequestHandler;
  hasBegun = false;
  hasHead = false;
  /** Bytes of the head, or of the trailer, so far. */
  #fieldBytes = 0;
  /** Where the head begins in the bytes being parsed; -1 if it began before. */
  #headStart = -1;
  /** The newest head that others may be equal to. */
  #kept: KeptHead | undefined;

  constructor(handler: RequestHandler) {
    super(HTTPParser.REQUEST);
    this.#handler = handler;
  }

  get heldBytes(): number {
    return this.line.length;
  }

  override [HTTPParser.kOnHeadersComplete](info: HeadInfo): void {
    this.hasHead = true;
    this.#fieldBytes = 0;
    const head = headOf(info);
    info.upgrade = head.isUpgrade;
    this.isChunked = head.bodyBytes === undefined;
    const bytes = this.offset - this.#headStart;
    if (this.#headStart >= 0 && bytes <= maxKeptHeadBytes && mayRepeat(head)) {
      const start = this.#headStart;
      this.#kept = { head, bytes: this.chunk.slice(start, this.offset) };
    }
    this.#handler.onHead(head);
  }

  /**
   * Must be called before bytes are parsed. If a request begins with the head of
   * an earlier one, byte by byte, as nearly all of a phone do, that is not parsed
   * again.
   *
   * @returns Where the bytes begin that are to be parsed.
   */
  skipKeptHead(bytes: Uint8Array, start: number, end: number): number {
    this.#headStart = -1;
    if (this.hasBegun || this.#kept === undefined) return start;
    const { bytes: kept, head } = this.#kept;
    if (kept.length > end - start) return start;
    for (let index = 0; index < kept.length; index++) {
      if (kept[index] !== bytes[start + index]) return start;
    }
    this.hasBegun = true;
    this.hasHead = true;
    this.body_bytes = head.bodyBytes!;
    this.state = "BODY_SIZED";
    this.#handler.onHead(head);
    return start + kept.length;
  }

  override [HTTPParser.kOnBody](bytes: Uint8Array): void {
    this.#handler.onBody(bytes);
  }

  override [HTTPParser.kOnMessageComplete](): void {
    this.hasBegun = false;
    this.hasHead = false;
    this.#fieldBytes = 0;
    this.#handler.onEnd();
  }

  /** A line ends in CR LF, has no other CR, and is not endless. */
  protected override consumeLine(): string | undefined {
    const { chunk, end, offset } = this;
    const found = indexOfByte(chunk, lineFeed, offset, end);
    const stop = found < 0 ? end : found;
    if (!this.hasBegun) this.#headStart = offset;
    this.hasBegun = true;
    this.line += decodeBytes(chunk, offset, stop);
    this.offset = found < 0 ? end : found + 1;
    this.#limitLine(this.offset - offset);
    if (found < 0) return undefined;
    const { line } = this;
    this.line = "";
    if (line === "" || line.indexOf("\r") !== line.length - 1) {
      throw new HttpFault(400, "A line does not end in CR LF.");
    }
    return line.slice(0, -1);
  }

  #limitLine(bytes: number): void {
    if (
      this.state === "BODY_CHUNKHEAD" || this.state === "BODY_CHUNKEMPTYLINE"
    ) {
      if (this.line.length <= maxChunkLineBytes) return;
      throw new HttpFault(400, "The line before a chunk is too long.");
    }
    this.#fieldBytes += bytes;
    if (this.#fieldBytes <= maxHeadBytes) return;
    throw new HttpFault(
      431,
      `The header fields are too long: expected at most ${maxHeadBytes} bytes.`,
    );
  }

  protected override parseHeader(line: string, headers: string[]): void {
    const found = headerField.exec(line);
    if (found === null) {
      throw new HttpFault(
        400,
        "A header field is not NAME: VALUE in one line.",
      );
    }
    const [, name, value] = found;
    const lowerName = name.toLowerCase();
    if (singleFields.has(lowerName) && hasField(headers, lowerName)) {
      throw new HttpFault(400, `There are two ${name} fields.`);
    }
    headers.push(lowerName, trimBlanks(value));
    if (headers.length <= 2 * maxFields) return;
    throw new HttpFault(
      431,
      `There are too many header fields: expected at most ${maxFields}.`,
    );
  }

  protected override BODY_CHUNKHEAD(): void {
    const line = this.consumeLine();
    if (line === undefined) return;
    const found = /^0*([0-9a-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i
      .exec(line);
    if (found === null) {
      throw new HttpFault(400, "The size of a chunk is no hexadecimal number.");
    }
    const size = parseInt(found[1], 16);
    this.body_bytes = size;
    this.state = size === 0 ? "BODY_CHUNKTRAILERS" : "BODY_CHUNK";
  }
}

/** Whether names and values, in turns, have this name. */
function hasField(headers: readonly string[], name: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === name) return true;
  }
  return false;
}

/** Checks what the parser does not. */
function headOf(info: HeadInfo): RequestHead {
  const { shouldKeepAlive, upgrade, url, versionMajor, versionMinor } = info;
  const method = HTTPParser.methods[info.method];
  const headers = new Map<string, ByteString>();
  for (let index = 0; index < info.headers.length; index += 2) {
    const name = info.headers[index];
    const value = info.headers[index + 1];
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  const authority = authorityOf(url);
  // RFC 9112, 3.2.2: that of an absolute target counts, whatever Host says.
  if (authority !== undefined && headers.has("host")) {
    headers.set("host", authority);
  }
  if (versionMajor !== 1 || versionMinor > 1) {
    throw new HttpFault(505, "The version is not HTTP/1.1.");
  }
  const isOld = versionMinor === 0;
  if (!isOld && !headers.has("host")) {
    throw new HttpFault(400, "The Host field is missing.");
  }
  // A client of HTTP/1.0 does not know the 100 (RFC 9110, 10.1.1).
  if (isOld) headers.delete("expect");
  const bodyBytes = bodyBytesOf(headers, isOld);
  const hasBody = bodyBytes !== 0;
  const asksForUpgrade = upgrade && method !== "CONNECT";
  if (asksForUpgrade && hasBody && isForWebSocket(headers)) {
    throw new HttpFault(400, "A request for a WebSocket has a body.");
  }
  // Java's client asks for HTTP/2 in each request. That can be ignored (RFC 9110,
  // 7.8), and then a body is a body.
  const isUpgrade = asksForUpgrade && !hasBody;
  const { path, query } = targetOf(url, method);
  return {
    method,
    path,
    query,
    headers,
    bodyBytes,
    isPersistent: shouldKeepAlive,
    isUpgrade,
    target: readTarget(path, query),
    isLineStream: isLineStream(path, headers),
  };
}

/** The types of a stream with one JSON text a line. */
const lineTypes = /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)\b/i;

function isLineStream(
  path: ByteString,
  headers: ReadonlyMap<string, ByteString>,
): boolean {
  return /^(?:\/t\/[^/]+)?\/report\/?$/.test(path) &&
    lineTypes.test(headers.get("content-type") ?? "") &&
    !headers.has("content-encoding");
}

function isForWebSocket(headers: ReadonlyMap<string, ByteString>): boolean {
  return /\bwebsocket\b/i.test(headers.get("upgrade")!);
}

/** Bytes of the body; undefined for chunks. */
function bodyBytesOf(
  headers: ReadonlyMap<string, ByteString>,
  isOld: boolean,
): number | undefined {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (coding === undefined) {
    if (length === undefined) return 0;
    if (/^[0-9]{1,15}$/.test(length)) return Number(length);
    throw new HttpFault(400, "Content-Length is not a number.");
  }
  if (length !== undefined) {
    throw new HttpFault(
      400,
      "Content-Length and Transfer-Encoding are both given.",
    );
  }
  if (isOld) throw new HttpFault(400, "HTTP/1.0 has no Transfer-Encoding.");
  if (coding.toLowerCase() === "chunked") return undefined;
  throw new HttpFault(501, "The Transfer-Encoding is not chunked.");
}

/** Begins a target in absolute form. */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;

function authorityOf(url: string): ByteString | undefined {
  return url.startsWith("/") ? undefined : absoluteForm.exec(url)?.[1];
}

/** Path and query of a target in origin, absolute or asterisk form. */
function targetOf(
  url: string,
  method: string,
): { path: ByteString; query: ByteString | undefined } {
  const target = url.startsWith("/") ? url : url.replace(absoluteForm, "");
  const isOrigin = /^[/?]/.test(target) || target === "" && url !== "";
  const isServer = target === "*" && method === "OPTIONS";
  // deno-lint-ignore no-control-regex
  if (!isOrigin && !isServer || /[\x00-\x20\x7f#]/.test(url)) {
    throw new HttpFault(400, "The request target is invalid: expected a path.");
  }
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  return {
    path: path === "" ? "/" : path,
    query: mark < 0 ? undefined : target.slice(mark + 1),
  };
}

/**
 * A text without spaces and tabs around it. `trim` would also remove bytes of
 * UTF-8, and a regular expression takes long for many spaces.
 */
function trimBlanks(text: ByteString): ByteString {
  let start = 0;
  let end = text.length;
  const isBlank = (index: number) =>
    text[index] === " " || text[index] === "\t";
  while (start < end && isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return text.slice(start, end);
}
