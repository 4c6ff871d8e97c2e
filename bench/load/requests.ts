/**
 * The requests of the load generator. They are laid out once. Then only digits
 * are counted up in place, so that each request is newer than the one before
 * and costs the generator almost nothing.
 *
 * @module
 */

import { type GatewayLanguage, layOutGateway } from "./gateway_requests.ts";
import { clientName, countUp, positionOf, type Requests } from "./layout.ts";

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
  | `whatsat${number}`
  | GatewayLanguage;

const nowSeconds = Math.floor(Date.now() / 1000);

/** Clients' clocks are behind, so that counting up never passes the present. */
const clientSeconds = nowSeconds - 60;

/** A command to Redis. */
function redisCommand(...words: readonly string[]): string {
  const bulk = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join("")}`;
}

type LineLanguage = Exclude<Language, GatewayLanguage>;

const gatewayLanguages: readonly string[] = [
  "owntracks",
  "report",
  "overland",
  "mqtt",
] satisfies readonly GatewayLanguage[];

const isGatewayLanguage = (language: Language): language is GatewayLanguage =>
  gatewayLanguages.includes(language);

/** A request, and the length of what follows the digits to count up. */
function compose(
  language: LineLanguage,
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
  if (isGatewayLanguage(language)) {
    return layOutGateway(language, connection, clients);
  }
  const composed = Array.from(
    { length: clients },
    (_, client) => compose(language, connection, client),
  );
  const [{ text, behindCounter }] = composed;
  const bytes = new TextEncoder().encode(
    composed.map(({ text }) => text).join(""),
  );
  return {
    bytes,
    clients,
    lengthBytes: text.length,
    ...behindCounter === undefined ? {} : {
      renew: (start: number) =>
        countUp(bytes, start + text.length - behindCounter),
    },
    replyStart: replyStarts.get(language) ?? "A",
    replyEnds: language.startsWith("whatsat") ? 2 : 1,
  };
}
