/**
 * The levels of a topic that stand for a client's ID.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../protocol/bytes.ts";
import { encodeId, encodeName } from "./readers/ids.ts";
import { isUtf8 } from "./utf8.ts";

/** Bytes that cannot be in a topic, or should not. */
// deno-lint-ignore no-control-regex
const notInTopics = /[\x00-\x1f+#\x7f]/;

/** Percent-encoded bytes that are not encoded in topics. */
const encodedInIds = /%(20|25)/g;

/**
 * The levels after `owntracks` in which the device with this ID publishes;
 * undefined if it cannot be a topic.
 */
export function ownTracksName(client: ByteString): ByteString | undefined {
  return publishedName(client, encodeNames);
}

/** The same after `herd/report`. */
export function reportName(client: ByteString): ByteString | undefined {
  return publishedName(client, encodeId);
}

/** A text, if it can be a part of a topic. */
export function topicText(text: ByteString): ByteString | undefined {
  if (notInTopics.test(text)) return undefined;
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return isUtf8(encodeScratch(text), 0, text.length) ? text : undefined;
}

/**
 * The levels in which a device with this ID publishes: the readers make an ID
 * of a topic by encoding some bytes.
 */
function publishedName(
  client: ByteString,
  encode: (name: ByteString) => ByteString,
): ByteString | undefined {
  if (!client.includes("%")) return topicText(client);
  const name = client.replace(
    encodedInIds,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
  return encode(name) === client ? topicText(name) : undefined;
}

function encodeNames(name: ByteString): ByteString {
  return name.split("/").map(encodeName).join("/");
}
