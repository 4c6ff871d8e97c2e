/**
 * The opening handshake of WebSockets (RFC 6455, section 4.2).
 *
 * @module
 */
import { hash } from "node:crypto";
import type { ByteString } from "../../protocol/bytes.ts";
import type { UpgradeRefusal, UpgradeRequest } from "../http/upgrades.ts";

/** The value that RFC 6455 adds to the key of a client. */
const keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The only version of the protocol in use. */
const version = "13";

/** Begins the subprotocol that is the client's token. */
const tokenPrefix = "token.";

/** What the server speaks by WebSocket, by the names of subprotocols. */
export const subprotocols = { reports: "herd", mqtt: "mqtt" } as const;

/** The subprotocols that a client offers, the preferred one first. */
export function offeredProtocols(
  headers: ReadonlyMap<string, ByteString>,
): readonly ByteString[] {
  const value = headers.get("sec-websocket-protocol") ?? "";
  return value.split(",").map((name) => name.trim())
    .filter((name) => name !== "");
}

/**
 * The token among the subprotocols: a page in a browser can send no other
 * header.
 */
export function tokenIn(
  headers: ReadonlyMap<string, ByteString>,
): ByteString | undefined {
  return offeredProtocols(headers)
    .find((name) => name.startsWith(tokenPrefix))
    ?.slice(tokenPrefix.length);
}

/**
 * The subprotocol to answer: that of the server if it is offered. A browser
 * accepts no answer without one of those that it has offered.
 */
export function chooseProtocol(
  headers: ReadonlyMap<string, ByteString>,
  wanted: ByteString,
): ByteString | undefined {
  const offered = offeredProtocols(headers);
  return offered.includes(wanted) ? wanted : offered.at(0);
}

/** Why a request cannot become a WebSocket; undefined if it can. */
export function faultOfHandshake(
  { headers, method }: UpgradeRequest,
): UpgradeRefusal | undefined {
  if (method !== "GET") {
    return refuse(405, "A WebSocket begins with GET.", [["allow", "GET"]]);
  }
  if (headers.get("sec-websocket-version") !== version) {
    return refuse(426, `Expected Sec-WebSocket-Version: ${version}.`, [
      ["sec-websocket-version", version],
    ]);
  }
  const key = headers.get("sec-websocket-key") ?? "";
  // 16 bytes in base64.
  return /^[A-Za-z0-9+/]{22}==$/.test(key)
    ? undefined
    : refuse(400, "Expected a Sec-WebSocket-Key of 16 bytes in base64.");
}

function refuse(
  status: number,
  text: string,
  headers: UpgradeRefusal["headers"] = [],
): UpgradeRefusal {
  return { status, text, headers };
}

/** The head of the answer that turns the connection into a WebSocket. */
export function handshakeAnswer(
  headers: ReadonlyMap<string, ByteString>,
  protocol: ByteString | undefined,
): ByteString {
  const key = headers.get("sec-websocket-key")!;
  const chosen = protocol === undefined
    ? ""
    : `sec-websocket-protocol: ${protocol}\r\n`;
  return "HTTP/1.1 101 Switching Protocols\r\n" +
    "upgrade: websocket\r\n" +
    "connection: Upgrade\r\n" +
    `sec-websocket-accept: ${hash("sha1", key + keySuffix, "base64")}\r\n` +
    `${chosen}\r\n`;
}
