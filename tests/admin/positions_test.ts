import {
  hashedIdBytes,
  maxLiveBytes,
  maxLivePositions,
  maxShownIdBytes,
  maxSnapshotPositions,
  snapshotPieceLines,
} from "../../admin/limits.ts";
import type { Positions } from "../../admin/position_types.ts";
import {
  LivePositions,
  readPosition,
  snapshot,
} from "../../admin/positions.ts";
import { WorkQueue } from "../../admin/work_queue.ts";
import { SystemClock } from "../../runtime/clock.ts";
import { bytesOfText, type ByteString } from "../../protocol/bytes.ts";
import { parseReport } from "../../protocol/report.ts";
import { assert, assertEquals } from "../assert.ts";
import { FakeObservedServer } from "../fakes/observed_server.ts";

const lineOf = (client: string) =>
  bytesOfText(
    `AT Hill +0.263873386 ${client} +34.068930-118.445127 1520023934.5`,
  );

/** A server that knows these lines. */
function serverWith(lines: readonly ByteString[]): FakeObservedServer {
  const server = new FakeObservedServer();
  server.known = [...lines];
  return server;
}

async function snapshotOf(
  lines: readonly ByteString[],
  known: number,
): Promise<Positions[]> {
  const clock = new SystemClock();
  const work = new WorkQueue(clock);
  const pieces = snapshot(serverWith(lines), known, clock, work);
  const all = await Array.fromAsync(pieces);
  work.close();
  return all;
}

/** The parts of a piece together. */
function whole(parts: Iterable<Positions>): Positions {
  const [first, ...rest] = parts;
  assert(rest.every(({ heard }) => heard === 0), "reports are counted once");
  const positions = [first, ...rest].flatMap(({ positions }) => positions);
  return { ...first, positions };
}

const reportOf = (client: string) => parseReport(lineOf(client), () => true)!;

Deno.test({
  name: "readPosition() reads client, position, server and time",
  permissions: "none",
  fn() {
    assertEquals(readPosition(lineOf("kiwi")), [
      "kiwi",
      34.06893,
      -118.445127,
      "Hill",
      1520023934.5,
    ]);
  },
});

Deno.test({
  name: "readPosition() escapes IDs to printable text",
  permissions: "none",
  fn() {
    const idOf = (client: string) => readPosition(lineOf(client))[0];
    assertEquals(idOf("Zürich"), "Zürich");
    assertEquals(idOf("<b>&amp;</b>"), "<b>&amp;</b>");
    const raw = lineOf("x").replace(" x ", " \x00\xff\\ ");
    assertEquals(readPosition(raw)[0], "\\x00\\xff\\\\");
  },
});

Deno.test({
  name: "LivePositions returns copies of all reports since the last call",
  permissions: "none",
  fn() {
    const live = new LivePositions();
    assertEquals([...live.drain(0)], []);
    const report = reportOf("kiwi");
    live.add(report);
    report.bytes.fill(0x21);
    live.add(reportOf("plum"));
    const [piece] = live.drain(7);
    assertEquals(
      { ...piece, positions: piece.positions.map(([client]) => client) },
      { isSnapshot: false, known: 7, heard: 2, positions: ["kiwi", "plum"] },
    );
    assertEquals([...live.drain(7)], []);
  },
});

Deno.test({
  name: "LivePositions returns an even sample of too many reports",
  permissions: "none",
  fn() {
    const live = new LivePositions();
    const count = 4 * maxLivePositions;
    const receiveAll = () => {
      for (let index = 0; index < count; index++) {
        live.add(reportOf(`client${index}`));
      }
      return whole(live.drain(count));
    };
    const first = receiveAll();
    assertEquals(first.positions.length, maxLivePositions);
    assertEquals(first.heard, count);
    const second = receiveAll();
    assertEquals(second.positions.length, maxLivePositions);
    assertEquals(second.heard, count);
    // The second sample is even; the first had only the first reports.
    assertEquals(second.positions.at(-1)![0], `client${count - 1}`);
    assertEquals(second.positions[0][0], "client3");
  },
});

Deno.test({
  name: "LivePositions returns the most allowed if there is one report more",
  permissions: "none",
  fn() {
    const live = new LivePositions();
    for (const time of ["first", "later"]) {
      for (let index = 0; index <= maxLivePositions; index++) {
        live.add(reportOf(`client${index}`));
      }
      const { positions } = whole(live.drain(1));
      assertEquals(positions.length, maxLivePositions, time);
    }
  },
});

Deno.test({
  name: "snapshot() returns every client once, in pieces",
  permissions: "none",
  async fn() {
    const clients = Array.from({ length: 1_234 }, (_, index) => `c${index}`);
    const pieces = await snapshotOf(clients.map(lineOf), clients.length);
    assert(pieces.length > 1);
    for (const { heard, isSnapshot, known } of pieces) {
      assertEquals([heard, isSnapshot, known], [0, true, 1_234]);
    }
    assertEquals(
      pieces.flatMap(({ positions }) => positions.map(([client]) => client)),
      clients,
    );
  },
});

for (const more of [1, 71, maxSnapshotPositions, 2 * maxSnapshotPositions]) {
  const known = maxSnapshotPositions + more;
  Deno.test({
    name: `snapshot() of ${known} clients returns the most allowed`,
    permissions: "none",
    async fn() {
      const lines = new Array<ByteString>(known).fill(lineOf("kiwi"));
      const pieces = await snapshotOf(lines, known);
      const shown = pieces.map(({ positions }) => positions.length);
      const total = shown.reduce((sum, count) => sum + count, 0);
      assertEquals(total, maxSnapshotPositions);
      assert(Math.max(...shown) <= snapshotPieceLines);
    },
  });
}

Deno.test({
  name: "snapshot() of too many clients is an even sample",
  permissions: "none",
  async fn() {
    const known = 4 * maxSnapshotPositions;
    const server = serverWith(
      Array.from({ length: known }, (_, index) => lineOf(`${index}`)),
    );
    const clock = new SystemClock();
    const work = new WorkQueue(clock);
    const { value } = await snapshot(server, known, clock, work).next();
    work.close();
    const [first, second] = value!.positions.map(([client]) => client);
    assertEquals([first, second], ["3", "7"]);
  },
});

Deno.test({
  name: "snapshot() of clients with long IDs has small pieces",
  permissions: "none",
  async fn() {
    const filler = "\x01".repeat(65_000);
    const ids = ["a", "b", "c"].flatMap((one) => [one + filler, filler + one]);
    const lines = ids.flatMap((id) =>
      Array.from({ length: 100 }, (_, index) => lineOf(`${id}${index}`))
    );
    const pieces = await snapshotOf(lines, lines.length);
    const shown = new Set<string>();
    for (const { positions } of pieces) {
      const bytes = JSON.stringify(positions).length;
      assert(bytes < 128 * 1024, `${bytes} bytes`);
      for (const [client] of positions) shown.add(client);
    }
    assertEquals(shown.size, lines.length);
  },
});

Deno.test({
  name: "LivePositions shows long IDs as snapshot() does, and reads few bytes",
  permissions: "none",
  fn() {
    const ids = [
      "x".repeat(maxShownIdBytes),
      "x".repeat(maxShownIdBytes + 1),
      "é".repeat(hashedIdBytes / 2 - 1),
      "é".repeat(hashedIdBytes / 2),
      "é".repeat(hashedIdBytes / 2) + "x",
      "\x01".repeat(65_000),
    ];
    const lines = ids.map(lineOf);
    const live = new LivePositions();
    for (const line of lines) live.add(parseReport(line, () => true)!);
    assertEquals(
      whole(live.drain(1)).positions,
      lines.map((line) => readPosition(line)),
    );
  },
});

Deno.test({
  name: "LivePositions reads a bounded number of bytes between two calls",
  permissions: "none",
  fn() {
    const live = new LivePositions();
    const position = `+${"0".repeat(60_000)}1+2`;
    const line = lineOf("kiwi").replace(/\+34\S+/, position);
    const report = parseReport(line, () => true)!;
    for (let count = 0; count < 100; count++) live.add(report);
    const { heard, positions } = whole(live.drain(1));
    assertEquals(heard, 100);
    assertEquals(positions.length, Math.floor(maxLiveBytes / report.end));
    live.add(report);
    assertEquals(whole(live.drain(1)).positions.length, 1);
  },
});

Deno.test({
  name: "snapshot() keeps its limit if more clients report in the meantime",
  permissions: "none",
  async fn() {
    const count = maxSnapshotPositions + 9;
    const lines = new Array<ByteString>(count).fill(lineOf("kiwi"));
    const pieces = await snapshotOf(lines, 5);
    const shown = pieces.reduce(
      (sum, { positions }) => sum + positions.length,
      0,
    );
    assertEquals(shown, maxSnapshotPositions);
  },
});

Deno.test({
  name: "snapshot() of no clients is empty",
  permissions: "none",
  async fn() {
    assertEquals(await snapshotOf([], 0), []);
  },
});
