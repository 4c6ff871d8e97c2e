import { countLog, countRecords } from "../../bench/herd_work.ts";
import { assertEquals } from "../assert.ts";

const time = "2026-11-22T17:31:38.424715Z";
const report = "Hill +1.000000000 kiwi +34.068930-118.445127 1520023934.91";

/** Two records of crossings, and one of an update. */
const records = [
  `${time} server -- info started name="Hill"`,
  `${time} client/1 <- IAMAT kiwi +34.068930-118.445127 1520023934.91`,
  `${time} client/1 <- WHATSAT peer/1 -> AT `,
  `${time} client/1 -> AT ${report}`,
  `${time} peer/1/Smith -> AT ${report}`,
  `${time} peer/2/Jaquez -> AT ${report}`,
  `${time} peer/1/Smith -> HAVE AT`,
  `${time} peer/2/Jaquez <- AT ${report}`,
  "",
  "peer/1/Smith -> AT",
];

const text = `${records.join("\n")}\n`;

Deno.test({
  name: "updates and crossings are counted, and no other records",
  permissions: "none",
  fn() {
    const counted = { updates: 0, crossings: 0 };
    countRecords(text, counted);
    assertEquals(counted, { updates: 1, crossings: 2 });
  },
});

Deno.test("a log that does not fit into the buffer is counted", async () => {
  const path = await Deno.makeTempFile();
  try {
    const times = 5_000;
    await Deno.writeTextFile(path, text.repeat(times));
    const counted = { updates: 0, crossings: 0 };
    await countLog(path, counted);
    assertEquals(counted, { updates: times, crossings: 2 * times });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a log that grows is counted on from its last whole line", async () => {
  const path = await Deno.makeTempFile();
  try {
    const cut = text.indexOf("IAMAT");
    await Deno.writeTextFile(path, text + text.slice(0, cut));
    const first = { updates: 0, crossings: 0 };
    const countedTo = await countLog(path, first);
    // The last line is incomplete.
    assertEquals(first, { updates: 1, crossings: 2 });
    await Deno.writeTextFile(path, text.slice(cut) + text, { append: true });
    const rest = { updates: 0, crossings: 0 };
    assertEquals(await countLog(path, rest, countedTo), 3 * text.length);
    assertEquals(rest, { updates: 2, crossings: 4 });
  } finally {
    await Deno.remove(path);
  }
});
