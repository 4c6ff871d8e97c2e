import { Settling } from "../../replica/settling.ts";
import type { SetupError } from "../../runtime/setup_error.ts";
import { formatLine } from "../../storage/file_line.ts";
import { maxLoggedDamages } from "../../storage/limits.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { reportOf } from "../peers/reports.ts";
import { MemoryFolder } from "./memory_folder.ts";
import { forgetSeconds, openStorage } from "./open_storage.ts";

const now = 1_520_024_734;

function fileOf(...texts: readonly string[]): string {
  return texts.map((text) => String.fromCharCode(...formatLine(text))).join("");
}

const header = `herd-data 1 tail 1 Hill ${now}`;
const [kiwi, pear, fig] = ["kiwi", "pear", "fig"].map((client) =>
  reportOf(client, now - 100).line
);

/** The error of a start with these files. */
async function refusal(
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = new MemoryFolder();
  for (const [name, text] of Object.entries(files)) folder.put(name, text);
  const error = await assertRejects(
    () => openStorage(new ManualClock(), folder),
    Error,
  ) as SetupError;
  assertEquals(error.name, "SetupError");
  assert(!error.message.includes("\n"));
  return error.message;
}

Deno.test({
  name: "a torn tail loses its last record only",
  permissions: "none",
  async fn() {
    const whole = fileOf(header, kiwi, pear);
    const lastAt = fileOf(header, kiwi).length;
    for (let size = lastAt; size < whole.length; size++) {
      const folder = new MemoryFolder();
      folder.put("tail-1", whole.slice(0, size));
      const { events, replica, storage } = await openStorage(
        new ManualClock(),
        folder,
      );
      assertEquals(replica.find("kiwi"), kiwi);
      assertEquals(replica.find("pear"), undefined);
      assertEquals(storage.state.damages, 0);
      assertEquals(events.length, 1, events.join("; "));
      await storage.stop();
    }
  },
});

Deno.test({
  name: "a flipped bit is named with file and offset, and the rest is used",
  permissions: "none",
  async fn() {
    const whole = fileOf(header, kiwi, pear, fig);
    const pearAt = fileOf(header, kiwi).length;
    const figAt = fileOf(header, kiwi, pear).length;
    // A flipped bit of the LF damages the line after it, too.
    for (let at = pearAt; at < figAt - 1; at++) {
      const bytes = Array.from(whole, (character) => character.charCodeAt(0));
      bytes[at] ^= 1 << (at % 8);
      const folder = new MemoryFolder();
      folder.put("tail-1", String.fromCharCode(...bytes));
      const { events, replica, storage } = await openStorage(
        new ManualClock(),
        folder,
      );
      assertEquals(replica.find("kiwi"), kiwi);
      assertEquals(replica.find("pear"), undefined);
      assertEquals(replica.find("fig"), fig);
      assertEquals(storage.state.damages, bytes[at] === 0x0a ? 2 : 1);
      assertEquals(
        events[0],
        `data damaged file=data/Hill/tail-1 offset=${pearAt}`,
      );
      await storage.stop();
    }
  },
});

Deno.test({
  name: "a snapshot without its end is damaged",
  permissions: "none",
  async fn() {
    const folder = new MemoryFolder();
    const snapshot = fileOf(header.replace("tail", "snapshot"), kiwi);
    folder.put("snapshot-1", snapshot);
    const { events, replica, storage } = await openStorage(
      new ManualClock(),
      folder,
    );
    assertEquals(replica.find("kiwi"), kiwi);
    assertEquals(
      events[0],
      `data damaged file=data/Hill/snapshot-1 offset=${snapshot.length}`,
    );
    await storage.stop();
  },
});

Deno.test({
  name: "damage beyond some places is counted",
  permissions: "none",
  async fn() {
    const folder = new MemoryFolder();
    const damaged = "00000000 damaged\n".repeat(maxLoggedDamages + 5);
    folder.put("tail-1", fileOf(header) + damaged + fileOf(kiwi));
    const { events, storage } = await openStorage(new ManualClock(), folder);
    assertEquals(storage.state.damages, maxLoggedDamages + 5);
    const named = events.filter((event) => event.startsWith("data damaged"));
    assertEquals(named.length, maxLoggedDamages);
    await storage.stop();
  },
});

Deno.test({
  name: "a folder of another server is refused",
  permissions: "none",
  async fn() {
    assertEquals(
      await refusal({ "tail-1": fileOf(header.replace("Hill", "Smith")) }),
      "data/Hill has the data of the server Smith, not of Hill: give Hill " +
        "another --data-dir",
    );
  },
});

Deno.test({
  name: "a folder of a later format is refused",
  permissions: "none",
  async fn() {
    assertEquals(
      await refusal({ "tail-1": fileOf("herd-data 2 anything else") }),
      "data/Hill/tail-1 has format 2, and this program knows up to 1: start " +
        "the later version that wrote it, or give another --data-dir",
    );
  },
});

Deno.test({
  name: "a folder that is older than deletions are kept is refused",
  permissions: "none",
  async fn() {
    const at = now - forgetSeconds;
    const old = header.replace(`${now}`, `${at - 1}`);
    assertEquals(
      await refusal({ "tail-1": fileOf(old, kiwi) }),
      "data/Hill was last written 30 days ago, longer than deletions are kept " +
        "(--forget-days=30): clients in it may be forgotten since. Remove the " +
        "folder, or raise --forget-days",
    );
    const folder = new MemoryFolder();
    folder.put("tail-1", fileOf(old, `alive ${at} 0`, kiwi));
    const { replica, storage } = await openStorage(new ManualClock(), folder);
    assertEquals(replica.find("kiwi"), kiwi);
    await storage.stop();
  },
});

Deno.test({
  name: "the time in which a server was stopped counts for its contacts",
  permissions: "none",
  async fn() {
    const folder = new MemoryFolder();
    const old = header.replace(`${now}`, `${now - 9999}`);
    folder.put(
      "tail-1",
      fileOf(
        old,
        `alive ${now - 1000} 500 Smith=20`,
        `alive ${now - 9000} 1`,
      ),
    );
    const { replica, storage } = await openStorage(new ManualClock(), folder);
    assertEquals(replica.records.ages, {
      table: 1500,
      contacts: new Map([["Smith", 1020]]),
    });
    await storage.stop();
  },
});

Deno.test({
  name:
    "records of unknown servers and reports ahead of the clock are left out",
  permissions: "none",
  async fn() {
    const folder = new MemoryFolder();
    const ahead = reportOf("pear", now + 1000).line;
    const foreign = reportOf("fig", now - 100, "Jaquez").line;
    folder.put("tail-1", fileOf(header, kiwi, ahead, foreign, "later text"));
    const { events, replica, storage } = await openStorage(
      new ManualClock(),
      folder,
    );
    assertEquals(replica.status().clients, 1);
    assertEquals(replica.status().reports.newer, 0);
    assertEquals(
      events,
      [
        `data read folder=data/Hill records=3 restored=1 bytes=${
          folder.bytes -
          folder.textOf("tail-2").length
        } ` +
        "damagedPlaces=0 incompleteLines=0 foreignRecords=1",
      ],
    );
    await storage.stop();
  },
});

Deno.test({
  name:
    "the newest of a client's records counts, and deletions do, in any order",
  permissions: "none",
  async fn() {
    const newer = reportOf("kiwi", now - 50).line;
    const records = [
      kiwi,
      newer,
      pear,
      `FORGET pear ${now - 90}.000000000`,
      fig,
      `FORGET fig ${now - 200}.000000000`,
    ];
    for (const texts of [records, records.toReversed()]) {
      const folder = new MemoryFolder();
      folder.put("tail-1", fileOf(header, ...texts));
      const { replica, storage } = await openStorage(new ManualClock(), folder);
      assertEquals(replica.find("kiwi"), newer);
      assertEquals(replica.find("pear"), undefined);
      assertEquals(replica.find("fig"), fig);
      replica.put(reportOf("pear", now - 95), new Settling());
      assertEquals(replica.find("pear"), undefined);
      await storage.stop();
    }
  },
});
