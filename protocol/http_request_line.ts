/**
 * Recognises requests of HTTP at a port that does not speak it.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";

/** Method, target and version (RFC 9112, 3); servers accept a CR before the LF. */
const requestLine = /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/\d\.\d\r?$/;

/**
 * Whether a line, without its LF, is the first one of an HTTP request. Every
 * browser begins a connection with such a line.
 */
export function isHttpRequestLine(line: ByteString): boolean {
  return requestLine.test(line);
}
