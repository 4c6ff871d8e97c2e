/**
 * A typed client of the herd, for other programs: says where things are, asks
 * what is near them, and reads the answers.
 *
 * @module
 */
import {
  allocateBuffer,
  bytesOfText,
  type ByteString,
  decodeBytes,
  textOfBytes,
} from "./protocol/bytes.ts";
import { formatCommand, isBound, isRadius } from "./protocol/command.ts";
import { isField } from "./protocol/fields.ts";
import { LineFramer } from "./protocol/framer.ts";
import { isPosition } from "./protocol/position.ts";
import { fieldsOf } from "./protocol/report.ts";
import { isTime } from "./protocol/time.ts";
import { closeQuietly, type Transport, writeAll } from "./runtime/transport.ts";

/** Where a server's client port is. */
export interface Address {
  /** Host name or address; 127.0.0.1 if it is left out. */
  readonly hostname?: string;
  /** TCP port, such as 8000. */
  readonly port: number;
}

/** A client's report of where it is. */
export interface Update {
  /** The client's ID: any text without white space. */
  readonly client: string;
  /**
   * Decimal degrees: `{ latitude: 34.06893, longitude: -118.445127 }`, or the
   * ISO 6709 text `+34.068930-118.445127`, which is sent digit by digit.
   */
  readonly position:
    | string
    | { readonly latitude: number; readonly longitude: number };
  /**
   * When it was there: a date, or the digits of POSIX seconds such as
   * `1520023934.918963997`. Now if it is left out.
   */
  readonly time?: Date | string;
}

/** What to look for around a client. */
export interface Question {
  /** The ID of the client to look around. */
  readonly client: string;
  /** Kilometres, 0 to 50. */
  readonly radiusKm: number;
  /** Most places wanted, 0 to 20. */
  readonly bound: number;
}

/** A server's word on where a client is: an AT line, taken apart. */
export interface At {
  /** The line as the server sent it. */
  readonly line: string;
  /** The server that heard the client. */
  readonly server: string;
  /** That server's clock minus the client's, in seconds: `+0.263873386`. */
  readonly clockDifference: string;
  /** The client's ID. */
  readonly client: string;
  /** ISO 6709 decimal degrees. */
  readonly position: string;
  /** POSIX seconds by the client's clock. */
  readonly time: string;
}

/** What is near a client. */
export interface Nearby {
  /** Where the client is. */
  readonly at: At;
  /** Google's answer, or one of its shape, as text. */
  readonly text: string;
  /** The status in the answer: `OK`, `ZERO_RESULTS`, `REQUEST_DENIED`, ... */
  readonly status: string;
  /** The places in the answer, nearest or most prominent first. */
  readonly results: readonly Place[];
}

/** A place of a Nearby Search. Google sends more than these fields. */
export interface Place {
  /** What people call it. */
  readonly name: string;
  /** What the service calls it, unique within the service. */
  readonly place_id: string;
  /** Where it is, in decimal degrees. */
  readonly geometry: {
    readonly location: { readonly lat: number; readonly lng: number };
  };
  /** What kind of place it is, such as `locality`. */
  readonly types?: readonly string[];
  /** Its street, or its region and country. */
  readonly vicinity?: string;
  /** What else the service says of it. */
  readonly [field: string]: unknown;
}

/** The server called a request invalid: for WHATSAT, mostly an unknown ID. */
export class InvalidCommandError extends Error {
  /** Always `InvalidCommandError`. */
  override readonly name = "InvalidCommandError";
}

/** The connection ended before the answer came. */
export class DisconnectedError extends Error {
  /** Always `DisconnectedError`. */
  override readonly name = "DisconnectedError";
}

/** A request that waits for its reply. */
interface Waiting {
  readonly expectsPlaces: boolean;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A reply: its first line, and the text behind it if there is any. */
interface Reply {
  readonly line: ByteString;
  readonly text: ByteString;
}

/** Longest line of an answer, in bytes: some services print on one line. */
const maxAnswerBytes = 8 * 1024 * 1024;

const readBufferBytes = 64 * 1024;

/**
 * A connection to one server of the herd. Requests may overlap; replies come
 * in order.
 *
 * ```ts
 * import { HerdClient } from "./mod.ts";
 *
 * await using client = await HerdClient.connect({ port: 8000 });
 * await client.iamat({
 *   client: "kiwi",
 *   position: { latitude: 34.06893, longitude: -118.445127 },
 * });
 * const { results } = await client.whatsat({
 *   client: "kiwi",
 *   radiusKm: 10,
 *   bound: 5,
 * });
 * for (const { name, vicinity } of results) console.log(name, vicinity);
 * ```
 */
export class HerdClient implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #waiting: Waiting[] = [];
  readonly #reading: Promise<void>;
  #writing: Promise<void> = Promise.resolve();
  #end: Error | undefined;

  private constructor(transport: Transport) {
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /**
   * Connects to a server. Needs permission for the network.
   *
   * @throws {Deno.errors.ConnectionRefused} If no server is there.
   */
  static async connect(address: Address): Promise<HerdClient> {
    const { hostname = "127.0.0.1", port } = address;
    const transport = await Deno.connect({ hostname, port });
    transport.setNoDelay();
    return new HerdClient(transport);
  }

  /**
   * Reports where a client is.
   *
   * @throws {RangeError} If the update cannot be sent as it is.
   * @throws {DisconnectedError} If the connection ended first.
   */
  async iamat(update: Update): Promise<At> {
    const client = fieldOf(update.client, "client");
    const position = positionText(update.position);
    const time = timeText(update.time);
    const line = formatCommand({ verb: "IAMAT", client, position, time });
    return readAt((await this.#ask(line, false)).line);
  }

  /**
   * Asks what is near a client.
   *
   * @throws {RangeError} If the question cannot be sent as it is.
   * @throws {InvalidCommandError} If the herd has not heard of the client.
   * @throws {DisconnectedError} If the connection ended first.
   */
  async whatsat(question: Question): Promise<Nearby> {
    const client = fieldOf(question.client, "client");
    const radiusKm = numberText(question.radiusKm, "radiusKm", isRadius);
    const bound = numberText(question.bound, "bound", isBound);
    const line = formatCommand({ verb: "WHATSAT", client, radiusKm, bound });
    const reply = await this.#ask(line, true);
    const text = textOfBytes(reply.text);
    const { results, status } = JSON.parse(text);
    return { at: readAt(reply.line), text, status, results };
  }

  /** Says that no more requests come, and closes when all are answered. */
  async close(): Promise<void> {
    try {
      await this.#writing;
      await this.#transport.closeWrite();
    } catch {
      // The connection ended first; the requests that wait are told so.
    }
    await this.#reading;
    closeQuietly(this.#transport);
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask(line: ByteString, expectsPlaces: boolean): Promise<Reply> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ expectsPlaces, resolve, reject });
      this.#writing = this.#writing
        .then(() => writeAll(this.#transport, line + "\n"))
        .catch((error) => this.#disconnect(error));
    });
  }

  async #read(): Promise<void> {
    const framer = new LineFramer(maxAnswerBytes);
    const buffer = allocateBuffer(readBufferBytes);
    let first: ByteString | undefined;
    let text: ByteString[] = [];
    try {
      while (true) {
        const count = await this.#transport.read(buffer);
        if (count === null) break;
        framer.push(decodeBytes(buffer, 0, count));
        let line;
        while ((line = framer.next()) !== undefined) {
          if (first !== undefined && line !== "") {
            text.push(line);
          } else if (first !== undefined) {
            // An empty line ends the places.
            this.#settle({ line: first, text: text.join("\n") });
            first = undefined;
            text = [];
          } else if (
            this.#waiting[0]?.expectsPlaces && !line.startsWith("?")
          ) {
            first = line;
          } else {
            this.#settle({ line, text: "" });
          }
        }
      }
    } catch (error) {
      return this.#disconnect(error);
    }
    this.#disconnect(undefined);
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if (reply.line.startsWith("AT ")) {
      waiting?.resolve(reply);
    } else {
      waiting?.reject(
        new InvalidCommandError(
          `the server answered ${textOfBytes(reply.line)}`,
        ),
      );
    }
  }

  #disconnect(cause: unknown): void {
    this.#end ??= new DisconnectedError(
      "the connection ended before the answer came",
      { cause },
    );
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}

function readAt(line: ByteString): At {
  const [server, clockDifference, client, position, time] = fieldsOf(line);
  return {
    line: textOfBytes(line),
    server: textOfBytes(server),
    clockDifference,
    client: textOfBytes(client),
    position,
    time,
  };
}

function fieldOf(text: string, what: string): ByteString {
  const bytes = bytesOfText(text);
  if (isField(bytes)) return bytes;
  throw new RangeError(
    `${what}: expected text without white space, found ${JSON.stringify(text)}`,
  );
}

function positionText(position: Update["position"]): ByteString {
  const text = typeof position === "string"
    ? position
    : signedText(position.latitude) + signedText(position.longitude);
  if (isPosition(text)) return text;
  throw new RangeError(
    "position: expected latitude -90 to 90 and longitude -180 to 180 in " +
      `decimal degrees, found ${JSON.stringify(position)}`,
  );
}

/** Eight decimals of a degree are a millimetre. */
function signedText(degrees: number): string {
  const digits = Math.abs(degrees).toFixed(8).replace(/\.?0+$/, "");
  return `${degrees < 0 ? "-" : "+"}${digits}`;
}

function timeText(time: Update["time"]): ByteString {
  const text = typeof time === "string"
    ? time
    : ((time?.getTime() ?? Date.now()) / 1000).toFixed(3);
  if (isTime(text)) return text;
  throw new RangeError(
    `time: expected POSIX seconds as digits, found ${JSON.stringify(text)}`,
  );
}

function numberText(
  number: number,
  what: string,
  isValid: (text: ByteString) => boolean,
): ByteString {
  // Never in exponents, and no more digits than a double has.
  const text = number.toFixed(6).replace(/\.?0+$/, "");
  if (isValid(text)) return text;
  throw new RangeError(`${what}: ${number} is out of range`);
}
