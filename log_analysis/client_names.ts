/**
 * Which clients there are in the logs: for who asks for one that is not there.
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

/** No more clients than this are told apart. */
const maxClients = 200_000;

/** So many that resemble the one asked for are named. */
const maxSimilar = 3;

/** Longer IDs are compared by their beginnings. */
const comparedLength = 64;

/** Counts clients, and keeps those whose IDs are like the one asked for. */
export class ClientNames implements TrafficVisitor {
  readonly #requested: string;
  readonly #clients = new Set<ByteString>();
  #similar: { readonly client: ByteString; readonly distance: number }[] = [];

  /** @param asked The ID that is not there, escaped. */
  constructor(asked: ByteString) {
    this.#requested = asked.slice(0, comparedLength);
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
    // What only looks like a report is not found by who asks for it either.
    if (readReportLine(text) === undefined) return;
    const own = ownCopy(client);
    this.#clients.add(own);
    this.#compare(own);
  }

  /** How many there are, and who resembles: goes on behind `in the logs`. */
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

  /** Undefined if they are not alike. */
  #distanceTo(client: string): number | undefined {
    const [a, b] = [client.toLowerCase(), this.#requested.toLowerCase()];
    if (a.includes(b) || b.includes(a)) return 0;
    const most = Math.floor(b.length / 3);
    if (Math.abs(a.length - b.length) > most) return undefined;
    const distance = levenshteinDistance(a, b);
    return distance <= most ? distance : undefined;
  }
}
