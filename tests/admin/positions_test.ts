import {
  maxLivePositions,
  maxSnapshotPositions,
  snapshotPieceLines,
} from "../../admin/limits.ts";
import type { Positions } from "../../admin/position_types.ts";
import {
  LivePositions,
  readPosition,
  snapshot,
} from "../../admin/positions.ts";
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

function snapshotOf(
  lines: readonly ByteString[],
  known: number,
): Promise<Positions[]> {
  return Array.fromAsync(snapshot(serverWith(lines), known));
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
    assertEquals(live.drain(0), undefined);
    const report = reportOf("kiwi");
    live.add(report);
    report.bytes.fill(0x21);
    live.add(reportOf("plum"));
    const piece = live.drain(7)!;
    assertEquals(
      { ...piece, positions: piece.positions.map(([client]) => client) },
      { isSnapshot: false, known: 7, heard: 2, positions: ["kiwi", "plum"] },
    );
    assertEquals(live.drain(7), undefined);
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
      return live.drain(count)!;
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
      const { positions } = live.drain(1)!;
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
    name: `snapshot() of ${known} clients returns the most allowed, evenly`,
    permissions: "none",
    async fn() {
      const lines = new Array<ByteString>(known).fill(lineOf("kiwi"));
      const shown = (await snapshotOf(lines, known))
        .map(({ positions }) => positions.length);
      assertEquals(shown.length, Math.ceil(known / snapshotPieceLines));
      const total = shown.reduce((sum, count) => sum + count, 0);
      assertEquals(total, maxSnapshotPositions);
      // The last piece may be shorter.
      const whole = shown.slice(0, -1);
      assert(Math.max(...whole) - Math.min(...whole) <= 1);
    },
  });
}

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
