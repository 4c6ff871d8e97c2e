import { maxLivePositions, maxSnapshotPositions } from "../../admin/limits.ts";
import {
  LivePositions,
  readPosition,
  snapshot,
} from "../../admin/positions.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { parseReport } from "../../protocol/report.ts";
import { assert, assertEquals } from "../assert.ts";

const lineOf = (client: string) =>
  bytesOfText(
    `AT Hill +0.263873386 ${client} +34.068930-118.445127 1520023934.5`,
  );

const reportOf = (client: string) => parseReport(lineOf(client), () => true)!;

Deno.test({
  name: "readPosition() says where, who, by whom heard and when",
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
  name: "readPosition() gives IDs of any bytes as printable text",
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
  name: "LivePositions show all that came in since the last time, copied",
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
  name: "LivePositions show an even sample where there are too many",
  permissions: "none",
  fn() {
    const live = new LivePositions();
    const count = 4 * maxLivePositions;
    const hearAll = () => {
      for (let index = 0; index < count; index++) {
        live.add(reportOf(`client${index}`));
      }
      return live.drain(count)!;
    };
    const first = hearAll();
    assertEquals(first.positions.length, maxLivePositions);
    assertEquals(first.heard, count);
    const second = hearAll();
    assertEquals(second.positions.length, maxLivePositions);
    assertEquals(second.heard, count);
    // No longer just those that come first.
    assertEquals(second.positions.at(-1)![0], `client${count - 1}`);
    assertEquals(second.positions[0][0], "client3");
  },
});

Deno.test({
  name: "LivePositions show as many as they may of hardly too many",
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
  name: "snapshot() gives every client once, in pieces",
  permissions: "none",
  fn() {
    const clients = Array.from({ length: 1_234 }, (_, index) => `c${index}`);
    const pieces = [...snapshot(clients.map(lineOf), clients.length)];
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
    name: `snapshot() of ${known} clients gives as many as it may, evenly`,
    permissions: "none",
    fn() {
      const line = lineOf("kiwi");
      let walked = 0;
      const lines = function* () {
        for (; walked < known; walked++) yield line;
      };
      const shown: number[] = [];
      for (const { positions } of snapshot(lines(), known)) {
        shown.push(positions.length);
      }
      assertEquals(walked, known);
      const inAll = shown.reduce((sum, count) => sum + count, 0);
      assertEquals(inAll, maxSnapshotPositions);
      // The last piece may be a short one.
      const whole = shown.slice(0, -1);
      assert(Math.max(...whole) - Math.min(...whole) <= 1);
    },
  });
}

Deno.test({
  name: "snapshot() gives no more than it may if clients come meanwhile",
  permissions: "none",
  fn() {
    const line = lineOf("kiwi");
    const lines = function* () {
      for (let index = 0; index < maxSnapshotPositions + 9; index++) yield line;
    };
    let shown = 0;
    for (const { positions } of snapshot(lines(), 5)) shown += positions.length;
    assertEquals(shown, maxSnapshotPositions);
  },
});

Deno.test({
  name: "snapshot() of nobody is empty",
  permissions: "none",
  fn() {
    assertEquals([...snapshot([], 0)], []);
  },
});
