import fc from "../fast_check.ts";
import { escapeBytes } from "../../log/escape.ts";
import { traceClient } from "../../log_analysis/trace_client.ts";
import { describePath } from "../../log_analysis/trace_text.ts";
import { heardAtUs, readReportLine } from "../../log_analysis/report_line.ts";
import type { ReportSelection } from "../../log_analysis/report_finder.ts";
import {
  fingerprint,
  formatFingerprint,
} from "../../peers/store/fingerprint.ts";
import {
  bytesOfText,
  type ByteString,
  textOfBytes,
} from "../../protocol/bytes.ts";
import { makeReport } from "../../protocol/report.ts";
import { createPaint } from "../../cli/paint.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyIamat, anyTimestamp } from "../protocol/arbitraries.ts";
import {
  lineOf,
  openLogs,
  position,
  startUs,
  withFolder,
  WrittenLog,
} from "./written_logs.ts";

/** An ID with any leaf, because a log does not contain the leaf. */
const idOf = (line: ByteString) =>
  "0a1f" + formatFingerprint(fingerprint(line));

/** The paths of a client's reports in a folder, as data and as text. */
async function trace(
  folder: string,
  client: string,
  selection: ReportSelection = { newest: 1 },
) {
  const { logs, options, warnings } = await openLogs(folder);
  const paths = await traceClient(logs, client, selection, options);
  const text = paths.map((path) => describePath(path, createPaint(false)))
    .join("\n\n");
  return { paths, text, warnings };
}

// Jaquez and Singleton are linked by a version without attributes.
for (const attributes of ["", " accuracy=14,tid=m\xfc"]) {
  const kind = attributes === "" ? "" : " with attributes";
  Deno.test(`a trace shows the whole path of a report${kind}, to the microsecond`, async () => {
    await withFolder(async (folder) => {
      const time = "1520023934.918963997";
      const line = lineOf("Hill", 1000, "kiwi", time);
      const other = lineOf("Hill", 1000, "kiwi2", time);
      const record = line + attributes;
      const id = idOf(record);
      const hill = await WrittenLog.start(folder, "Hill");
      hill.event(100, "peer/1/Jaquez", "link up", { neighbour: "Jaquez" })
        .event(100, "peer/2/Smith", "link up", { neighbour: "Smith" })
        .event(900, "client/1", "connected", { remote: "127.0.0.1:51234" })
        .received(1000, "client/1", `IAMAT kiwi ${position} ${time}`)
        .received(1000, "client/1", `IAMAT kiwi2 ${position} ${time}`)
        .sent(1200, "peer/1/Jaquez", record)
        .sent(1200, "peer/1/Jaquez", other)
        .sent(1210, "peer/2/Smith", record)
        .sent(1300, "client/1", line);
      await hill.close();
      const jaquez = await WrittenLog.start(folder, "Jaquez");
      jaquez.event(100, "peer/1/Hill", "link up", { neighbour: "Hill" })
        .event(100, "peer/2/Singleton", "link up", { neighbour: "Singleton" })
        .received(1410, "peer/1/Hill", record)
        .received(1410, "peer/1/Hill", other)
        .sent(1500, "peer/2/Singleton", line);
      await jaquez.close();
      const smith = await WrittenLog.start(folder, "Smith");
      smith.event(100, "peer/1/Hill", "link up", { neighbour: "Hill" })
        .event(100, "peer/2/Singleton", "link up", { neighbour: "Singleton" })
        .event(100, "peer/3/Campbell", "link up", { neighbour: "Campbell" })
        .received(200, "peer/3/Campbell", "PRUNE Hill")
        // A slow clock.
        .received(990, "peer/1/Hill", record)
        .sent(1600, "peer/2/Singleton", record)
        .sent(61600, "peer/3/Campbell", `HAVE 0123456789abcdef01 ${id}`)
        .received(61900, "peer/3/Campbell", `WANT ${id}`)
        .sent(62000, "peer/3/Campbell", record)
        .sent(62000, "peer/2/Singleton", `HAVE ${id}`);
      await smith.close();
      const singleton = await WrittenLog.start(folder, "Singleton");
      singleton.received(1700, "peer/1/Jaquez", line)
        .received(1770, "peer/2/Smith", record)
        .received(62400, "peer/2/Smith", `HAVE ${id}`);
      await singleton.close();
      const campbell = await WrittenLog.start(folder, "Campbell");
      campbell.received(61700, "peer/1/Smith", `HAVE ${id}`)
        .sent(61800, "peer/1/Smith", `WANT ${id}`)
        .received(62500, "peer/1/Smith", record);
      await campbell.close();
      const { paths, text, warnings } = await trace(folder, "kiwi");
      assertEquals(warnings, []);
      assertEquals(
        text,
        `kiwi  +34.068930-118.445127  1520023934.918963997
received by Hill at 2026-11-22T17:00:00.001000Z on client/1 (127.0.0.1:51234), 275342865.082036003 s after the client's time
                        sent   received        hop
Hill
├── Smith          +0.210 ms  -0.010 ms  -0.220 ms
│   ├── Singleton  +0.600 ms  +0.770 ms   0.170 ms  duplicate, dropped
│   ├── Singleton   +61.0 ms                        announced by HAVE, known already
│   └── Campbell    +61.0 ms   +61.5 ms   0.500 ms  requested after HAVE
└── Jaquez         +0.200 ms  +0.410 ms   0.210 ms
    └── Singleton  +0.500 ms  +0.700 ms   0.200 ms
reached 5 of 5 servers in 61.5 ms; 5 messages, 1 duplicate dropped
negative times: a line is logged after it was sent, and each server has its own clock`,
      );
      const [{ hops, report }] = paths;
      assertEquals(report.heardUs, startUs + 1000);
      assertEquals(
        hops.map(({ from, receivedUs, sentUs, to }) => [
          from,
          to,
          sentUs! - startUs,
          receivedUs! - startUs,
        ]),
        [
          ["Hill", "Smith", 1210, 990],
          ["Hill", "Jaquez", 1200, 1410],
          ["Jaquez", "Singleton", 1500, 1700],
          ["Smith", "Singleton", 1600, 1770],
          ["Smith", "Campbell", 62000, 62500],
        ],
      );
    });
  });
}

Deno.test("a trace shows servers that were down, newer reports and catch-up", async () => {
  await withFolder(async (folder) => {
    const older = lineOf("Hill", 1000, "kiwi", "7");
    const newer = lineOf("Smith", 2000, "kiwi", "8.50");
    const hill = await WrittenLog.start(folder, "Hill");
    hill.event(10, "peer/1/Smith", "link up", { neighbour: "Smith" })
      .received(1000, "client/1", `IAMAT kiwi ${position} 7`)
      .sent(1010, "peer/1/Smith", older)
      .event(1500, "peer/1/Smith", "link down", { neighbour: "Smith" })
      .event(1900, "peer/2/Smith", "link up", { neighbour: "Smith" })
      .sent(1950, "peer/2/Smith", older)
      .received(2100, "peer/2/Smith", newer)
      .event(2200, "peer/3/Jaquez", "link up", { neighbour: "Jaquez" })
      .sent(2300, "peer/3/Jaquez", newer)
      // A client that repeats an old report.
      .received(2400, "client/1", `IAMAT kiwi ${position} 7`)
      .sent(2400, "client/1", lineOf("Hill", 2400, "kiwi", "7"));
    await hill.close();
    const smith = await WrittenLog.start(folder, "Smith");
    smith.event(1900, "peer/1/Hill", "link up", { neighbour: "Hill" })
      .received(1980, "peer/1/Hill", older)
      .received(2000, "client/4", `IAMAT kiwi\t${position} 8.50`)
      .sent(2050, "peer/1/Hill", newer)
      .sent(2060, "client/4", newer);
    await smith.close();
    // It was killed and restarted, and receives a report that it had before.
    const again = await WrittenLog.start(folder, "Smith", 5000);
    again.event(5100, "peer/1/Hill", "link up", { neighbour: "Hill" })
      .received(5200, "peer/1/Hill", newer);
    await again.close();
    const jaquez = await WrittenLog.start(folder, "Jaquez", 2150);
    jaquez.received(2350, "peer/1/Hill", newer);
    await jaquez.close();
    const { paths, text } = await trace(folder, "kiwi", { newest: Infinity });
    assertEquals(
      text,
      `kiwi  +34.068930-118.445127  7
received by Hill at 2026-11-22T17:00:00.001000Z on client/1, 1795366793.001000000 s after the client's time
                sent   received       hop
Hill
├── Smith  +0.010 ms                       not received
└── Smith  +0.950 ms  +0.980 ms  0.030 ms  catch-up
reached 2 of 3 servers in 0.980 ms; 2 messages, 0 duplicates dropped
Jaquez did not receive it: its log begins later

kiwi  +34.068930-118.445127  7
received by Hill at 2026-11-22T17:00:00.002400Z on client/1, 1795366793.002400000 s after the client's time
Hill
reached 1 of 3 servers; 0 messages, 0 duplicates dropped
Hill had a newer report of this client and did not forward this one
Jaquez did not receive it, but had a newer one
Smith did not receive it, but had a newer one

kiwi  +34.068930-118.445127  8.50
received by Smith at 2026-11-22T17:00:00.002000Z on client/4, 1795366791.502000000 s after the client's time
                     sent   received       hop
Smith
└── Hill        +0.050 ms  +0.100 ms  0.050 ms
    ├── Jaquez  +0.300 ms  +0.350 ms  0.050 ms  catch-up
    └── Smith              +3.200 ms            new again after a restart
reached 3 of 3 servers in 0.350 ms; 3 messages, 0 duplicates dropped`,
    );
    assertEquals(paths.length, 3);
    const sameTime = await trace(folder, "kiwi", { time: "08.5" });
    assertEquals(sameTime.paths.map(({ report }) => report.line), [newer]);
    const sevens = await trace(folder, "kiwi", { time: "7.0" });
    assertEquals(sevens.paths.map(({ report }) => report.time), ["7", "7"]);
    const last = await trace(folder, "kiwi", { newest: 2 });
    assertEquals(last.paths.map(({ report }) => report.time), ["7", "8.50"]);
  });
});

Deno.test("a trace shows where a client was forgotten", async () => {
  await withFolder(async (folder) => {
    const line = lineOf("Hill", 1000, "kiwi");
    const later = lineOf("Hill", 5000, "kiwi", "1520023935");
    const until = `${startUs / 1e6}.003000000`;
    const hill = await WrittenLog.start(folder, "Hill");
    hill.event(100, "peer/1/Smith", "link up", { neighbour: "Smith" })
      .received(1000, "client/1", `IAMAT kiwi ${position} 1520023934`)
      .sent(1200, "peer/1/Smith", line)
      .event(3000, "server", "client forgotten", { client: "kiwi", until })
      .sent(3100, "peer/1/Smith", `FORGET kiwi ${until}`)
      .sent(3200, "peer/1/Smith", `FORGET kiwi2 ${until}`)
      .received(5000, "client/1", `IAMAT kiwi ${position} 1520023935`)
      .sent(5200, "peer/1/Smith", later);
    await hill.close();
    const smith = await WrittenLog.start(folder, "Smith");
    smith.received(1400, "peer/1/Hill", line)
      .received(3400, "peer/1/Hill", `FORGET kiwi ${until}`)
      .received(5400, "peer/1/Hill", later);
    await smith.close();
    const { paths, text } = await trace(folder, "kiwi", { newest: 2 });
    const [first, second] = text.split("\n\n");
    assertStringIncludes(
      first,
      `\nHill forgot it at 2026-11-22T17:00:00.003000Z, with all until ${until}` +
        `\nSmith forgot it at 2026-11-22T17:00:00.003400Z, with all until ${until}`,
    );
    assert(!second.includes("forgot"), second);
    assertStringIncludes(second, "reached 2 of 2 servers");
    assertEquals(paths[0].trace.forgettings.map(({ server }) => server), [
      "Hill",
      "Smith",
    ]);
  });
});

Deno.test("an ID of any bytes is found in plain and in escaped form", async () => {
  await withFolder(async (folder) => {
    const ids: ByteString[] = [
      "kiwi",
      "kiwi2",
      "iwi",
      "k.wi",
      "a\\x41",
      "aA",
      "\xff\x00\x1b[31m",
      bytesOfText("Grün🥝"),
      bytesOfText("\u202eiwik"),
      "<script>&amp;",
      "-->",
      "AT",
      "\\",
    ];
    const hill = await WrittenLog.start(folder, "Hill");
    const lines = new Map<ByteString, ByteString>();
    for (const [index, id] of ids.entries()) {
      const atUs = 1000 * (index + 1);
      const line = lineOf("Hill", atUs, id, `${index}`);
      lines.set(id, line);
      hill.received(atUs, "client/1", ` IAMAT\t${id}  ${position} ${index}\r`)
        .sent(atUs, "peer/1/Jaquez", line)
        .sent(atUs, "client/1", line)
        // An AT line from a client, which does not count as a report.
        .received(atUs + 1, "client/2", lineOf("Jaquez", 5, id, "999"))
        .sent(atUs + 1, "client/2", `? ${lineOf("Jaquez", 5, id, "999")}`);
    }
    await hill.close();
    for (const id of ids) {
      const plain = textOfBytes(id);
      for (const typed of [textOfBytes(escapeBytes(id)), plain]) {
        // Bytes that are not UTF-8 can only be typed in escaped form.
        if (bytesOfText(typed) !== id && typed === plain) continue;
        const { paths } = await trace(folder, typed, { newest: Infinity });
        const found = paths.map(({ report }) => report.line);
        assertEquals(found, [escapeBytes(lines.get(id)!)]);
        assertEquals(paths[0].trace.entry?.connection, "client/1");
        assertEquals(paths[0].hops.length, 1);
      }
    }
  });
});

Deno.test("several files form one log, and damaged lines are counted", async () => {
  await withFolder(async (folder) => {
    const ring = { maxFileBytes: 600, keptFiles: 3 };
    const hill = await WrittenLog.start(folder, "Hill", 0, ring);
    const lines: ByteString[] = [];
    for (let index = 0; index < 20; index++) {
      const line = lineOf("Hill", 1000 * index, "kiwi", `${index}`);
      lines.push(line);
      hill.received(1000 * index, "client/1", `IAMAT kiwi ${position} ${index}`)
        .sent(1000 * index + 1, "peer/1/Smith", line);
      await hill.flush();
    }
    await hill.close();
    // Another server, whose name looks like a file of Hill's ring.
    const other = await WrittenLog.start(folder, "Hill.7");
    other.received(1, "peer/1/Hill", lines.at(-1)!);
    await other.close();
    const { logs } = await openLogs(folder);
    assertEquals(logs.map(({ server }) => server), ["Hill", "Hill.7"]);
    const [{ files }] = logs;
    // The ring was used more than once, so the last file is not the newest.
    const texts = files.map(({ path }) => Deno.readTextFileSync(path));
    const times = texts.map((text) => text.slice(0, 27));
    assertEquals(times, times.toSorted());
    assertEquals(files.length, 4);
    assert(!files.at(-1)!.path.endsWith("Hill.3.log"));
    // The oldest reports are gone; all others are found, in order.
    const there = lines.filter((line) => texts.join("").includes(line));
    assert(there.length > 4 && there.length < 20);
    const all = await trace(folder, "kiwi", { newest: Infinity });
    assertEquals(all.paths.map(({ report }) => report.line), there);
    assertEquals(all.warnings, []);

    Deno.writeTextFileSync(files[0].path, "\xffnonsense\n", { append: true });
    Deno.writeTextFileSync(files[3].path, "2026-11-22T17:00", { append: true });
    const { paths, warnings } = await trace(folder, "kiwi");
    assertEquals(paths.map(({ report }) => report.line), [lines.at(-1)]);
    assertEquals(warnings, [
      "the log of Hill: 1 damaged line left out, 1 cut-off line left out",
    ]);

    // An implausible time at the beginning of a file does not change the file's
    // place.
    const places = files.map(({ path }) => path);
    Deno.writeTextFileSync(
      files[3].path,
      "0001-01-01T00:00:00.000000Z client/1 <- PING\n" + texts[3],
    );
    const { logs: [again] } = await openLogs(folder);
    assertEquals(again.files.map(({ path }) => path), places);
    assertEquals((await trace(folder, "kiwi")).warnings, [
      "the log of Hill: 2 damaged lines left out",
    ]);
  });
});

Deno.test("a trace with missing logs shows what the other logs have", async () => {
  await withFolder(async (folder) => {
    const line = lineOf("Hill", 1000, "kiwi", "7");
    // The logs of Hill and Smith are missing.
    const jaquez = await WrittenLog.start(folder, "Jaquez");
    jaquez.received(1400, "peer/1/Hill", line)
      .sent(1450, "peer/2/Smith", line)
      .sent(1460, "peer/3/Hill", line)
      .event(1500, "server", "log incomplete", {
        lostLines: 3,
        lostBytes: 99,
        cutLines: 0,
      });
    await jaquez.close();
    const campbell = await WrittenLog.start(folder, "Campbell");
    campbell.received(1900, "peer/1/Smith", line);
    await campbell.close();
    const singleton = await WrittenLog.start(folder, "Singleton", 100);
    singleton.received(1000, "peer/1/Hill", "PING");
    await singleton.close();
    const elsewhere = await WrittenLog.start(folder, "Elsewhere");
    elsewhere.received(2500, "peer/9/Nowhere", line);
    await elsewhere.close();
    // Its clock is slow, so it is listed first.
    const farther = await WrittenLog.start(folder, "Farther");
    farther.received(2400, "peer/1/Elsewhere", line);
    await farther.close();
    const { paths, text, warnings } = await trace(folder, "kiwi");
    assertEquals(
      paths[0].arrivals.map(({ server, state }) => `${server}: ${state}`),
      [
        "Hill: heard",
        "Jaquez: got",
        "Smith: no log",
        "Campbell: got",
        "Farther: got",
        "Elsewhere: got",
        "Singleton: missed",
      ],
    );
    assertEquals(
      text,
      `kiwi  +34.068930-118.445127  7
received by Hill at 2026-11-22T17:00:00.001000Z (no log of this server), 1795366793.001000000 s after the client's time
                           sent   received  hop
Hill
└── Jaquez                       +0.400 ms
    ├── Smith         +0.450 ms                  no log of this server
    │   └── Campbell             +0.900 ms
    └── Hill          +0.460 ms                  no log of this server
Nowhere
└── Elsewhere                    +1.500 ms
    └── Farther                  +1.400 ms
reached 4 of 5 servers in 1.500 ms; 6 messages, 0 duplicates dropped
Singleton did not receive it`,
    );
    assertEquals(warnings, [
      "the log of Jaquez: 3 lines missing, as the log says",
    ]);
  });
});

Deno.test("a cycle of servers does not make an endless tree", async () => {
  await withFolder(async (folder) => {
    const line = lineOf("Hill", 1000, "kiwi", "7");
    // Earlier records are gone with the oldest file of each log.
    const smith = await WrittenLog.start(folder, "Smith");
    smith.received(5000, "peer/1/Campbell", line);
    await smith.close();
    const campbell = await WrittenLog.start(folder, "Campbell");
    campbell.received(6000, "peer/1/Smith", line);
    await campbell.close();
    const { text } = await trace(folder, "kiwi");
    assertStringIncludes(
      text,
      `
Hill
Campbell                +5.000 ms
└── Smith               +4.000 ms
    └── Campbell        +5.000 ms
`,
    );
  });
});

Deno.test("a trace infers from the log why a report was sent", async () => {
  await withFolder(async (folder) => {
    const clients = ["flood", "held", "listed", "asked", "twice", "early"];
    const lines = new Map(
      clients.map((client) => [client, lineOf("Hill", 1000, client, "7")]),
    );
    const line = (client: string) => lines.get(client)!;
    const id = (client: string) => idOf(line(client));
    // The only other log is the neighbour's, which adds nothing.
    const jaquez = await WrittenLog.start(folder, "Jaquez");
    jaquez.event(0, "peer/1/Hill", "link up", { neighbour: "Hill" })
      .received(1900, "peer/1/Hill", line("early"))
      .event(1950, "peer/2/Smith", "link up", { neighbour: "Smith" })
      .received(1960, "peer/2/Smith", "GRAFT Elsewhere")
      .sent(1970, "peer/2/Smith", line("early"))
      .received(2000, "peer/1/Hill", line("flood"))
      .sent(2010, "peer/2/Smith", line("flood"))
      .received(2100, "peer/1/Hill", line("twice"))
      .sent(2110, "peer/2/Smith", line("twice"))
      .received(2200, "peer/2/Smith", "PRUNE Hill")
      .received(2300, "peer/1/Hill", line("held"))
      .received(2400, "peer/1/Hill", line("listed"))
      .received(2500, "peer/1/Hill", line("asked"))
      .sent(2600, "peer/2/Smith", `HAVE ${id("asked")}`)
      .received(2700, "peer/2/Smith", `WANT ${id("asked")}`)
      .received(2700, "peer/2/Smith", `WANT ${id("listed")}`)
      .sent(2800, "peer/2/Smith", line("asked"))
      .sent(2800, "peer/2/Smith", line("listed"))
      .sent(2800, "peer/2/Smith", line("held"))
      .sent(2900, "peer/2/Smith", line("twice"));
    await jaquez.close();
    const smith = await WrittenLog.start(folder, "Smith");
    smith.received(2650, "peer/3/Jaquez", `HAVE ${id("asked")}`);
    await smith.close();
    const routes = await Promise.all(clients.map(async (client) => {
      const { paths: [{ announcements, hops }] } = await trace(folder, client);
      if (client === "asked") {
        const announcement = { from: "Jaquez", to: "Smith", isWanted: true };
        assertEquals(announcements, [{
          ...announcement,
          timeUs: startUs + 2600,
        }]);
      }
      return hops.filter(({ from }) => from === "Jaquez")
        .map(({ route }) => route).join(", ");
    }));
    assertEquals(routes, [
      "flood",
      "catch-up",
      "catch-up",
      "asked",
      "flood, catch-up",
      "catch-up",
    ]);
  });
});

Deno.test("reports in one chunk are traced to their own connections", async () => {
  await withFolder(async (folder) => {
    const hill = await WrittenLog.start(folder, "Hill");
    for (const [index, time] of ["7", "8"].entries()) {
      const connection = `client/${index + 1}`;
      hill.received(1000, connection, `IAMAT kiwi ${position} ${time}`)
        .sent(1100, connection, lineOf("Hill", 1000, "kiwi", time));
    }
    await hill.close();
    const { paths } = await trace(folder, "kiwi", { newest: 2 });
    const entries = paths.map(({ report, trace }) => [
      report.time,
      trace.entry?.connection,
    ]);
    assertEquals(entries, [["7", "client/1"], ["8", "client/2"]]);
  });
});

Deno.test("on a terminal, hops that delivered nothing new are dim", async () => {
  await withFolder(async (folder) => {
    const line = lineOf("Hill", 1000, "kiwi", "7");
    const smith = await WrittenLog.start(folder, "Smith");
    smith.received(2000, "peer/1/Hill", line)
      .received(3000, "peer/2/Jaquez", line)
      .received(4000, "peer/3/Campbell", `HAVE ${idOf(line)}`);
    await smith.close();
    const { paths: [path] } = await trace(folder, "kiwi");
    const lines = describePath(path, createPaint(true)).split("\n");
    const dim = lines.filter((line) => line.includes("\x1b[2mSmith"));
    assertEquals(dim.length, 2);
    assertStringIncludes(dim[0], "\x1b[2mduplicate, dropped\x1b[22m");
    assertStringIncludes(
      dim[1],
      "\x1b[2mannounced by HAVE, known already\x1b[22m",
    );
  });
});

Deno.test("files are assigned to the servers that wrote them", async () => {
  await withFolder(async (folder) => {
    const names = ["a.1", "a.1.1", "b", "b.2", "c.3", "no.txt"];
    for (const name of names) {
      const file = name === "no.txt" ? name : `${name}.log`;
      await Deno.writeTextFile(`${folder}/${file}`, "");
    }
    const found = async (...paths: string[]) =>
      (await openLogs(...paths)).logs.map(({ files, server }) => [
        server,
        ...files.map(({ path }) => path.slice(folder.length + 1)),
      ]);
    assertEquals(await found(`${folder}/`), [
      ["a.1", "a.1.log", "a.1.1.log"],
      ["b", "b.log", "b.2.log"],
      ["c", "c.3.log"],
    ]);
    // A file given by path is read, whatever its name.
    assertEquals(await found(`${folder}/no.txt`, `${folder}/b.2.log`), [
      ["b", "b.2.log"],
      ["no.txt", "no.txt"],
    ]);
  });
});

Deno.test("errors for missing logs, clients and times list what is there", async () => {
  await withFolder(async (folder) => {
    await assertRejects(
      () => trace(folder, "kiwi"),
      Error,
      `no log in ${folder}: expected files such as Hill.log`,
    );
    await Deno.writeTextFile(`${folder}/Hill.log`, "nonsense\n");
    await assertRejects(
      () => trace(folder, "kiwi"),
      Error,
      `no record in ${folder}/Hill.log, but 1 damaged line`,
    );
    await Deno.remove(`${folder}/Hill.log`);
    const hill = await WrittenLog.start(folder, "Hill");
    // Not a valid report.
    hill.sent(0, "client/1", `AT Hill +1 __proto__ ${position} 15`);
    await hill.flush();
    await assertRejects(
      () => trace(folder, "__proto__"),
      Error,
      "no report of __proto__ in the logs, nor of any other client",
    );
    for (const id of ["kiwi.cs.ucla.edu", "plum", "Kiwj", "kiw\x1b"]) {
      hill.sent(0, "client/1", lineOf("Hill", 0, id, "7"));
    }
    await hill.close();
    const refusals: [string, ReportSelection, string][] = [
      [
        "kiwi",
        { newest: 1 },
        "no report of kiwi in the logs; there are reports of 4 clients, " +
        "among them kiwi.cs.ucla.edu, Kiwj",
      ],
      [
        "Hill",
        { newest: 1 },
        "no report of Hill in the logs; there are reports of 4 clients",
      ],
      [
        "__proto__",
        { newest: 1 },
        "no report of __proto__ in the logs; there are reports of 4 clients",
      ],
      [
        "plum",
        { time: "8" },
        "no report of plum with the time 8 in the logs",
      ],
    ];
    for (const [client, selection, message] of refusals) {
      const error = await assertRejects(
        () => trace(folder, client, selection),
        Error,
      );
      assertEquals(error.message, message);
    }
  });
});

Deno.test({
  name: "heardUs equals the time in the server's log",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyTimestamp, anyIamat, (now, iamat) => {
      const line = makeReport("Hill", now, iamat).line;
      const report = readReportLine(escapeBytes(line))!;
      assertEquals(
        report.heardUs,
        now.seconds * 1_000_000 + Math.floor(now.nanoseconds / 1000),
      );
      assertEquals(report.client, escapeBytes(iamat.client));
    }));
    assertEquals(heardAtUs("10.2", "-0.500000000"), 9_700_000);
    assertEquals(heardAtUs("0.9999999999", "+0.000000001"), 1_000_000);
  },
});
