/**
 * A phone's connection to the HTTP gateway of a server. Reports are messages of
 * an app. Its answers do not have the AT line, so each report is followed by a
 * query for its position, which shows whether the server has stored it.
 *
 * @module
 */
import { readAt } from "../client/operands.ts";
import {
  type At,
  InvalidCommandError,
  type NearbyAnswer,
  type NearbyQuery,
  type PositionReport,
} from "../client/types.ts";
import { textOfBytes } from "../protocol/bytes.ts";
import { parsePosition } from "../protocol/position.ts";
import type { HttpAnswer, HttpClient } from "./http_client.ts";
import type { Connection } from "./servers.ts";

/** The apps whose messages phones can send. */
export const httpApps = ["http", "owntracks"] as const;

/** One of them. */
export type HttpApp = (typeof httpApps)[number];

/** How an app reports, and its answer to a report that was taken. */
interface App {
  readonly start: (client: string) => string;
  /** JSON in ASCII. Digits are those of the report. */
  readonly body: (report: SentReport) => string;
  readonly answer: string;
}

/** A report in the parts that apps send. */
export interface SentReport {
  readonly client: string;
  readonly latitude: string;
  readonly longitude: string;
  readonly time: string;
}

const apps: Readonly<Record<HttpApp, App>> = {
  http: {
    start: () => "POST /report",
    body: ({ client, latitude, longitude, time }) =>
      `{"id":${JSON.stringify(client)},"lat":${latitude},"lon":${longitude},` +
      `"time":${time}}`,
    answer: '{"taken":1,"ignored":0}',
  },
  owntracks: {
    start: (client) => `POST /pub?u=${encodeURIComponent(client)}`,
    body: ({ latitude, longitude, time }) =>
      `{"_type":"location","lat":${latitude},"lon":${longitude},` +
      `"tst":${time},"tid":"ph"}`,
    answer: "[]",
  },
};

/** A connection. IDs are ASCII, and times digits. */
export class HttpPhone implements Connection {
  readonly #http: HttpClient;
  readonly #app: App;

  constructor(http: HttpClient, app: HttpApp) {
    this.#http = http;
    this.#app = apps[app];
  }

  async report(report: PositionReport): Promise<At> {
    const { client } = report;
    const { answer, body, start } = this.#app;
    const posted = this.#http.request(start(client), body(partsOf(report)));
    const found = this.position(client);
    // Its fault matters only if the report was taken.
    found.catch(() => {});
    const taken = await posted;
    if (taken.status !== 200 || taken.body !== answer) {
      throw new InvalidCommandError(
        `expected ${answer}, found ${shown(taken)}`,
      );
    }
    return await found;
  }

  /** The newest AT line of a client. */
  async position(client: string): Promise<At> {
    const path = `/position/${encodeURIComponent(client)}`;
    return readAt(lineOf(await this.#http.request(`GET ${path}`)));
  }

  /** Rejects with the client port's words if no report is known. */
  async nearby(
    { bound, client, radiusKm }: NearbyQuery,
  ): Promise<NearbyAnswer> {
    const path = `/nearby/${encodeURIComponent(client)}`;
    const answer = await this.#http.request(
      `GET ${path}?radius=${radiusKm}&bound=${bound}`,
    );
    if (answer.status === 404) {
      const command = `WHATSAT ${client} ${radiusKm} ${bound}`;
      throw new InvalidCommandError(`the server answered 404 to ? ${command}`);
    }
    const line = lineOf(answer);
    const text = textOfBytes(answer.body.slice(line.length + 1));
    const { results, status } = JSON.parse(text);
    return { at: readAt(line), text, status, results };
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  abort(): void {
    this.#http.abort();
  }
}

/** The parts of a report, with the digits that it has. */
export function partsOf(
  { client, position, time }: PositionReport,
): SentReport {
  const { latitude, longitude } = parsePosition(`${position}`)!;
  return {
    client,
    latitude: latitude.replace("+", ""),
    longitude: longitude.replace("+", ""),
    time: `${time}`,
  };
}

/** The AT line that begins an answer. */
function lineOf(answer: HttpAnswer): string {
  const [line] = answer.body.split("\n", 1);
  if (answer.status === 200 && line.startsWith("AT ")) return line;
  throw new InvalidCommandError(`expected an AT line, found ${shown(answer)}`);
}

/** An answer for people: its status and its first line. */
function shown({ body, status }: HttpAnswer): string {
  return `${status} ${textOfBytes(body.split("\n", 1)[0])}`;
}
