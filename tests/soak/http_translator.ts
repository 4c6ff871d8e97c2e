/**
 * Translates lines into requests of the HTTP gateway: reports into `POST /report`
 * or messages of OwnTracks, and queries into `GET /nearby/ID`. Their answers do
 * not have the AT line, so `GET /position/ID` follows each report.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { parsePosition } from "../../protocol/position.ts";
import { encodeId, nameInUtf8 } from "../../gateways/readers/ids.ts";
import type { Translation, Translator } from "./translators.ts";

/** What an answer is to, in the order of the requests. */
type Due =
  | { readonly kind: "taken" | "position" }
  | { readonly kind: "nearby" | "refused"; readonly line: ByteString };

/** The answers to reports that were taken. */
const taken = { http: '{"taken":1,"ignored":0}', owntracks: "[]" };

/** Translates for one connection. */
export class HttpTranslator implements Translator {
  readonly greeting = "";
  readonly #app: "http" | "owntracks";
  readonly #due: Due[] = [];
  #received: ByteString = "";
  /** Whether the report before a position was refused. */
  #wasRefused = false;

  constructor(app: "http" | "owntracks") {
    this.#app = app;
  }

  /** The readers encode some bytes, and change names that are not UTF-8. */
  static canReport(client: ByteString): boolean {
    return encodeId(client) === client && nameInUtf8(client) === client;
  }

  get isWithinAnswer(): boolean {
    return this.#received !== "";
  }

  report(
    _line: ByteString,
    client: ByteString,
    position: ByteString,
    time: ByteString,
  ): Translation {
    this.#due.push({ kind: "taken" }, { kind: "position" });
    const { latitude, longitude } = parsePosition(position)!;
    // An accuracy, as 0,0 without one is no fix. Texts keep the zeros before.
    const place = `"lat":"${latitude}","lon":"${longitude}","acc":5`;
    const post = this.#app === "http"
      ? request(
        "POST /report",
        `{"id":${JSON.stringify(client)},${place},"time":"${time}"}`,
      )
      : request(
        `POST /pub?u=${encodeBytes(client)}`,
        `{"_type":"location",${place},"tst":"${time}"}`,
      );
    const get = request(`GET /position/${encodeBytes(client)}`);
    return { bytes: post + get, expectation: "newest" };
  }

  query(
    line: ByteString,
    client: ByteString,
    [radiusKm, bound]: readonly [ByteString, ByteString],
  ): Translation {
    this.#due.push({ kind: "nearby", line });
    const path = `/nearby/${encodeBytes(client)}`;
    return {
      bytes: request(`GET ${path}?radius=${radiusKm}&bound=${bound}`),
      expectation: "exact",
    };
  }

  invalid(line: ByteString): Translation {
    this.#due.push({ kind: "refused", line });
    return { bytes: request("POST /report", line), expectation: "exact" };
  }

  receive(bytes: ByteString): ByteString {
    this.#received += bytes;
    let answers = "";
    while (true) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd < 0) return answers;
      const head = this.#received.slice(0, headEnd + 2);
      const [, status] = head.match(/^HTTP\/1\.1 (\d{3}) /) ?? [];
      const [, length] = head.match(/\r\ncontent-length: (\d+)\r\n/) ?? [];
      const end = headEnd + 4 + Number(length);
      if (this.#received.length < end) return answers;
      const body = this.#received.slice(headEnd + 4, end);
      this.#received = this.#received.slice(end);
      answers += this.#translate(status, body);
    }
  }

  #translate(status: string, body: ByteString): ByteString {
    const due = this.#due.shift();
    const text = `HTTP ${status} ${body.replaceAll("\n", " ")}\n`;
    switch (due?.kind) {
      case "taken":
        this.#wasRefused = status !== "200" || body !== taken[this.#app];
        return this.#wasRefused ? text : "";
      case "position":
        if (this.#wasRefused) return "";
        return status === "200" ? body : text;
      case "nearby":
        if (status === "404") return `? ${due.line}\n`;
        return status === "200" ? body : text;
      case "refused":
        return status === "400" ? `? ${due.line}\n` : text;
      default:
        return text;
    }
  }
}

/** A request; a POST if it has a body. */
function request(first: ByteString, body?: ByteString): ByteString {
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  return `${first} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n${body ?? ""}`;
}

/** Percent-encodes all bytes but letters and digits. */
function encodeBytes(bytes: ByteString): ByteString {
  return bytes.replace(
    /[^0-9A-Za-z]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
