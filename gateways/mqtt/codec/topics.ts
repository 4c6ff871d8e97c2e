/**
 * Names of topics, and filters that match them.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import { maxFilterLevels, maxTopicBytes } from "../limits.ts";

/** Whether a text can be the name of a topic: not empty, without wildcards. */
export function isTopicName(topic: ByteString): boolean {
  return topic !== "" && !/[+#]/.test(topic);
}

/**
 * Whether a text can be a filter: a wildcard is a whole level, and `#` is the
 * last one.
 */
export function isTopicFilter(filter: ByteString): boolean {
  return filter !== "" && !/[^/][+#]|[+#][^/]|#\//.test(filter);
}

/** Whether a filter is within the limits. */
export function isShortFilter(filter: ByteString): boolean {
  return filter.length <= maxTopicBytes &&
    filter.split("/").length <= maxFilterLevels;
}

/** Whether a filter names a group of clients that share messages. */
export function isSharedFilter(filter: ByteString): boolean {
  return filter.startsWith("$share/");
}

/** Whether a valid filter matches the name of a topic. */
export function matchesFilter(filter: ByteString, topic: ByteString): boolean {
  // Wildcards do not match topics of the server itself (MQTT-4.7.2-1).
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (const [index, level] of wanted.entries()) {
    // It also matches the level above (MQTT 5, 4.7.1.2).
    if (level === "#") return true;
    if (index >= levels.length) return false;
    if (level !== "+" && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}
