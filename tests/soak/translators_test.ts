/**
 * Tests that clients which report by gateways find faults in their answers.
 *
 * @module
 */
import { assert, assertEquals } from "../assert.ts";
import { head } from "../gateways/websocket/client_frames.ts";
import { packet, text, uint16 } from "../gateways/mqtt/packets.ts";
import { Random } from "../../runtime/random.ts";
import { AnswerChecker, type NewestLine } from "./answers.ts";
import { drawClients, positionAt } from "./random_lines.ts";
import {
  canReport,
  createTranslator,
  drawVia,
  gateways,
  type Translator,
  type Via,
} from "./translators.ts";

const pure = { permissions: "none" } as const;

const time = "1520024733.5";
const position = positionAt(time);
const iamat = `IAMAT kiwi ${position} ${time}`;
const whatsat = "WHATSAT kiwi 1 2";

/** The AT line of a report about kiwi. */
const at = (sent = time) =>
  `AT Hill +0.250000000 kiwi ${positionAt(sent)} ${sent}`;

/** An answer of HTTP. */
const http = (status: number, body: string) =>
  `HTTP/1.1 ${status} X\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** A packet with a retained message about kiwi. */
const retained = (line: string) => packet(0x31, text("herd/at/kiwi") + line);

const puback = (id: number) => packet(0x40, uint16(id));
const [connack, suback, pingresp] = [
  packet(0x20, "\0\0"),
  packet(0x90, "\0\x02\0"),
  packet(0xd0, ""),
];

/** A message of a server. */
const message = (payload: string) =>
  head(payload.length, { isMasked: false, opcode: 2 }) + payload;

/** Sends a report, a query and a line that is no command. */
function sendThree(translator: Translator): void {
  translator.report(iamat, "kiwi", position, time);
  translator.query(whatsat, "kiwi", ["1", "2"], false);
  translator.invalid("PING");
}

/** What a client is told of bytes that come in pieces of this length. */
function receive(translator: Translator, bytes: string, piece = 1): string {
  let answers = "";
  for (let start = 0; start < bytes.length; start += piece) {
    answers += translator.receive(bytes.slice(start, start + piece));
  }
  return answers;
}

const right: Readonly<Record<Exclude<Via, "client port">, string>> = {
  http: http(200, '{"taken":1,"ignored":0}') + http(200, `${at()}\n`) +
    http(200, `${at()}\n{}\n\n`) + http(400, "no"),
  owntracks: http(200, "[]") + http(200, `${at()}\n`) +
    http(404, "unknown") + http(400, "no"),
  mqtt: connack + puback(1) + suback + retained(at()) + pingresp + puback(3),
  websocket: "HTTP/1.1 101 X\r\nupgrade: websocket\r\n\r\n" +
    message(`${at()}\n`) + head(2, { isMasked: false, opcode: 9 }) + "hi" +
    message(`${at()}\n{}\n\n`) + message("? PING\n"),
};

Deno.test(
  "answers of gateways become those of the client port, in pieces of any size",
  pure,
  () => {
    const query: Partial<Record<Via, string>> = {
      http: `${at()}\n{}\n\n`,
      websocket: `${at()}\n{}\n\n`,
    };
    for (const via of gateways) {
      for (const piece of [1, 7, 10_000]) {
        const translator = createTranslator(via);
        sendThree(translator);
        assertEquals(
          receive(translator, right[via], piece),
          `${at()}\n${query[via] ?? `? ${whatsat}\n`}? PING\n`,
          via,
        );
        assert(!translator.isWithinAnswer);
      }
    }
  },
);

Deno.test(
  "wrong answers of gateways are passed on, so that they are noticed",
  pure,
  () => {
    const cases: [Via, string][] = [
      ["http", http(200, '{"taken":0,"ignored":1}') + http(404, "x")],
      ["http", http(200, "[]") + http(200, `${at()}\n`)],
      ["owntracks", http(503, "x") + http(200, `${at()}\n`)],
      ["owntracks", http(200, "[]") + http(404, "unknown")],
      ["mqtt", packet(0x20, "\0\x05")],
      ["mqtt", connack + puback(9)],
      ["mqtt", connack + packet(0x90, "\0\x02\x80")],
      ["websocket", "HTTP/1.1 403 X\r\n\r\n"],
    ];
    for (const [via, bytes] of cases) {
      const translator = createTranslator(via);
      sendThree(translator);
      assert(/^[^\n]+\n$/.test(receive(translator, bytes)), `${via} ${bytes}`);
    }
    // Until a publish is acknowledged, an AT line does not answer it.
    const translator = createTranslator("mqtt");
    sendThree(translator);
    assertEquals(receive(translator, connack + suback + retained(at())), "");
  },
);

Deno.test(
  "the line after a report by a gateway is the report or a newer one",
  pure,
  () => {
    const faults = (line: string, sent: Partial<NewestLine> = {}) => {
      const found: string[] = [];
      const checker = new AnswerChecker(
        () => {},
        ({ kind }) => found.push(kind),
        () => 1_520_024_740_000,
      );
      checker.expect({
        kind: "newest",
        line: iamat,
        client: "kiwi",
        atLeast: [`AT Hill -0.001000000 kiwi ${position} ${time}`],
        sentAtMs: 1_520_024_733_600,
        ...sent,
      });
      checker.push(`${line}\n`);
      checker.end(false);
      return found;
    };
    assertEquals(faults(at()), []);
    assertEquals(faults(at("1520024734")), []);
    assertEquals(faults(at("1520024733.4")), ["wrong"]);
    assertEquals(faults(at().replace("kiwi", "pear")), ["wrong"]);
    assertEquals(faults(at().replace(position, "+1+1")), ["wrong"]);
    assertEquals(faults(`${at()}\n{}\n`), ["wrong"]);
  },
);

Deno.test(
  "a third of the connections go through gateways, each with its own IDs",
  pure,
  () => {
    const random = new Random(1);
    const drawn = Array.from({ length: 3_000 }, () => drawVia(random));
    for (const via of gateways) {
      const count = drawn.filter((other) => other === via).length;
      assert(count > 200 && count < 300, `${via}: ${count}`);
    }
    assert(!canReport("http", "a b"));
    assert(!canReport("owntracks", "\xff"));
    assert(!canReport("mqtt", "a+b"));
    const clients = drawClients(random, 300);
    for (const via of gateways) {
      const some = clients.filter((client) => canReport(via, client));
      assert(some.length > 30, via);
    }
  },
);
