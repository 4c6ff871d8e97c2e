/**
 * The requests of the load generator. They are laid out once. Then only digits
 * are counted up in place, so that each request is newer than the one before
 * and costs the generator almost nothing.
 *
 * @module
 */

/**
 * What to send: `iamat` lines, the same to an `echo`, the same positions to
 * Redis (`geoadd`), AT lines as strings to Redis (`set`), or queries for five
 * places (`whatsat5`).
 */
export type Language =
  | "iamat"
  | "echo"
  | "geoadd"
  | "set"
  | `whatsat${number}`;

/** Requests of equal length, one for each client. */
export interface Requests {
  /** All requests, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly clients: number;
  readonly lengthBytes: number;
  /** Where the digits to count up end in each request; 0 if there are none. */
  readonly counterEnd: number;
  /** The first character of each reply. */
  readonly replyStart: string;
  /** A reply ends with this many line feeds in a row. */
  readonly replyEnds: 1 | 2;
}

/** A client's ID of 25 bytes. */
export function clientName(connection: number, client: number): string {
  const number = String(connection).padStart(5, "0");
  return `phone-${number}-${String(client).padStart(5, "0")}.herd.io`;
}

/**
 * Degrees north and west in Los Angeles. The decimals of the north can be
 * counted up for long before they overflow.
 */
function positionOf(connection: number, client: number): [string, string] {
  const [east, north] = [connection * 7919 % 1000, client * 7907 % 1000];
  return [(33.8 + north / 8000).toFixed(6), (118.2 + east / 5000).toFixed(6)];
}

const nowSeconds = Math.floor(Date.now() / 1000);

/** Clients' clocks are behind, so that counting up never passes the present. */
const clientSeconds = nowSeconds - 60;

/** A command to Redis. */
function redisCommand(...words: readonly string[]): string {
  const bulk = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join("")}`;
}

/** A request, and the length of what follows the digits to count up. */
function compose(
  language: Language,
  connection: number,
  client: number,
): { text: string; behindCounter?: number } {
  const name = clientName(connection, client);
  const [north, west] = positionOf(connection, client);
  switch (language) {
    case "iamat":
    case "echo": {
      const time = `${clientSeconds}.000000000`;
      const text = `IAMAT ${name} +${north}-${west} ${time}\n`;
      return { text, behindCounter: 1 };
    }
    case "geoadd":
      // Only another position is a change to Redis.
      return {
        text: redisCommand("GEOADD", "herd", `-${west}`, north, name),
        behindCounter: `\r\n$${name.length}\r\n${name}\r\n`.length,
      };
    case "set": {
      const time = `${nowSeconds}.${String(client).padStart(9, "0")}`;
      const line =
        `AT Hill +60.000263874 ${name} +34.068930-118.445127 ${time}`;
      return { text: redisCommand("SET", name, line) };
    }
    default: {
      const bound = language.slice("whatsat".length);
      return { text: `WHATSAT ${name} 10 ${bound}\n` };
    }
  }
}

const replyStarts = new Map([["echo", "I"], ["geoadd", ":"], ["set", "+"]]);

/** The requests of one connection, which has clients of its own. */
export function layOut(
  language: Language,
  connection: number,
  clients: number,
): Requests {
  const composed = Array.from(
    { length: clients },
    (_, client) => compose(language, connection, client),
  );
  const [{ text, behindCounter }] = composed;
  return {
    bytes: new TextEncoder().encode(composed.map(({ text }) => text).join("")),
    clients,
    lengthBytes: text.length,
    counterEnd: behindCounter === undefined ? 0 : text.length - behindCounter,
    replyStart: replyStarts.get(language) ?? "A",
    replyEnds: language.startsWith("whatsat") ? 2 : 1,
  };
}

const zero = 0x30;
const nine = 0x39;

/** Adds 1 to the decimal number that ends at `end`. */
export function countUp(bytes: Uint8Array, end: number): void {
  let at = end - 1;
  while (bytes[at] === nine) {
    bytes[at] = zero;
    at -= 1;
  }
  bytes[at] += 1;
}
