/**
 * What a load generator asks. Requests are laid out once; only the digits that
 * make each one news are counted up in place, so that asking costs next to
 * nothing and a server has to do its whole work for each.
 *
 * @module
 */

/**
 * Who is asked what: `iamat` a server of the herd or a rival, `echo` the same
 * lines of somebody who sends them back, `geoadd` the same of Redis, and
 * `whatsat5` the herd for five places.
 */
export type Language = "iamat" | "echo" | "geoadd" | `whatsat${number}`;

/** Requests of equal length, one a client, used in turn. */
export interface Requests {
  /** All of them, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly count: number;
  readonly lengthBytes: number;
  /** Where in each the digits end that are counted up; 0 if none are. */
  readonly counterEnd: number;
  /** What each reply begins with. */
  readonly replyStart: string;
  /** With how many line feeds in a row a reply ends. */
  readonly replyEnds: 1 | 2;
}

/** A client's ID of 25 bytes. */
export function clientName(connection: number, client: number): string {
  const number = String(connection).padStart(5, "0");
  return `phone-${number}-${String(client).padStart(5, "0")}.herd.io`;
}

/**
 * Degrees north and west, somewhere in Los Angeles; so that the north can be
 * counted up for long before its dot is reached.
 */
function positionOf(connection: number, client: number): [string, string] {
  const [east, north] = [connection * 7919 % 1000, client * 7907 % 1000];
  return [(33.8 + north / 8000).toFixed(6), (118.2 + east / 5000).toFixed(6)];
}

/** Clients' clocks are a while behind, so that they can be counted up. */
const clientSeconds = Math.floor(Date.now() / 1000) - 60;

/** The text of a request, and how many bytes stand behind its counter. */
function compose(
  language: Language,
  connection: number,
  client: number,
): { text: string; behindCounter?: number } {
  const name = clientName(connection, client);
  const [north, west] = positionOf(connection, client);
  if (language === "geoadd") {
    // The position must change: to Redis nothing else is news.
    const words = ["GEOADD", "herd", `-${west}`, north, name];
    const bulk = words.map((word) => `$${word.length}\r\n${word}\r\n`);
    return {
      text: `*${words.length}\r\n${bulk.join("")}`,
      behindCounter: `\r\n${bulk.at(-1)}`.length,
    };
  }
  if (language === "iamat" || language === "echo") {
    const time = `${clientSeconds}.000000000`;
    return {
      text: `IAMAT ${name} +${north}-${west} ${time}\n`,
      behindCounter: 1,
    };
  }
  return { text: `WHATSAT ${name} 10 ${language.slice("whatsat".length)}\n` };
}

/** The requests of one connection, numbered from 0, for its own clients. */
export function layOut(
  language: Language,
  connection: number,
  count: number,
): Requests {
  const composed = Array.from(
    { length: count },
    (_, client) => compose(language, connection, client),
  );
  const [{ text, behindCounter }] = composed;
  return {
    bytes: new TextEncoder().encode(composed.map(({ text }) => text).join("")),
    count,
    lengthBytes: text.length,
    counterEnd: behindCounter === undefined ? 0 : text.length - behindCounter,
    replyStart: language === "echo" ? "I" : language === "geoadd" ? ":" : "A",
    replyEnds: language.startsWith("whatsat") ? 2 : 1,
  };
}

const zero = 0x30;
const nine = 0x39;

/** Counts the decimal digits that end at `end` up by one. */
export function countUp(bytes: Uint8Array, end: number): void {
  let at = end - 1;
  while (bytes[at] === nine) {
    bytes[at] = zero;
    at -= 1;
  }
  bytes[at] += 1;
}
