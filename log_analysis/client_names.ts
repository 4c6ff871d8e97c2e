/**
 * Finds the clients in the logs, to suggest similar IDs if a client is not
 * found.
 *
 * @module
 */
import { formatCount } from "../cli/numbers.ts";
import { levenshteinDistance } from "../packages/levenshtein_distance.ts";
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";
import {
  type Direction,
  ownCopy,
  type TrafficVisitor,
} from "./record_reader.ts";
import { mentionsReport } from "./report_finder.ts";
import { readReportLine } from "./report_line.ts";

/** Most clients that are counted. */
const maxClients = 200_000;

/** Most similar IDs that are listed. */
const maxSimilar = 3;

/** Characters of an ID that are compared. */
const comparedLength = 64;

/**
 * Counts clients, and collects the IDs that are most similar to the requested
 * one.
 */
export class ClientNames implements TrafficVisitor {
  readonly #requested: string;
  readonly #clients = new Set<ByteString>();
  #similar: { readonly client: ByteString; readonly distance: number }[] = [];

  /** @param requested The ID that was not found, escaped. */
  constructor(requested: ByteString) {
    this.#requested = requested.slice(0, comparedLength);
  }

  traffic(
    _: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    if (!mentionsReport(connection, direction, text)) return;
    const [, , , client] = text.split(" ", 5);
    if (client === undefined || this.#clients.has(client)) return;
    if (this.#clients.size >= maxClients) return;
    // A search for this ID would not find a line that only looks like a report.
    if (readReportLine(text) === undefined) return;
    const copy = ownCopy(client);
    this.#clients.add(copy);
    this.#compare(copy);
  }

  /**
   * The number of clients and the similar IDs, as the continuation of a message
   * that ends with `in the logs`.
   */
  describe(): string {
    const count = this.#clients.size;
    if (count === 0) return ", nor of any other client";
    const many = count >= maxClients ? "at least " : "";
    const there = `; there are reports of ${many}` +
      formatCount(count, "client");
    const names = this.#similar.map(({ client }) => textOfBytes(client));
    return names.length === 0
      ? there
      : `${there}, among them ${names.join(", ")}`;
  }

  #compare(client: ByteString): void {
    const distance = this.#distanceTo(client.slice(0, comparedLength));
    if (distance === undefined) return;
    this.#similar = [...this.#similar, { client, distance }]
      .sort((a, b) => a.distance - b.distance)
      .slice(0, maxSimilar);
  }

  /** Undefined if the IDs are not similar. */
  #distanceTo(client: string): number | undefined {
    const [a, b] = [client.toLowerCase(), this.#requested.toLowerCase()];
    if (a.includes(b) || b.includes(a)) return 0;
    const maxDistance = Math.floor(b.length / 3);
    if (Math.abs(a.length - b.length) > maxDistance) return undefined;
    const distance = levenshteinDistance(a, b);
    return distance <= maxDistance ? distance : undefined;
  }
}
