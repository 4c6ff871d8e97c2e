import type { Interval } from "../../log_analysis/link_times.ts";
import { sumUp } from "../../log_analysis/herd_stats.ts";
import { statsData } from "../../log_analysis/stats_json.ts";
import { statsPlot } from "../../log_analysis/stats_plot.ts";
import { describeStats } from "../../log_analysis/stats_text.ts";
import { PropagationSample } from "../../log_analysis/propagation.ts";
import { createPaint } from "../../cli/paint.ts";
import { verbs } from "../../protocol/command.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import {
  lineOf,
  openLogs,
  position,
  startUs,
  withFolder,
  WrittenLog,
} from "./written_logs.ts";

async function stats(folder: string) {
  const { logs, options } = await openLogs(folder);
  const herd = await sumUp(logs, options);
  // deno-lint-ignore no-explicit-any
  const data = statsData(herd) as any;
  return { herd, data, text: describeStats(herd, createPaint(false)) };
}

/** The logs of two servers, with all kinds of records. */
async function writeHerd(folder: string): Promise<void> {
  const reports = [1000, 2000, 3000].map((atUs) =>
    lineOf("Hill", atUs, `kiwi${atUs}`)
  );
  const hill = await WrittenLog.start(folder, "Hill");
  hill.sent(50, "peer/1", "HERD 3 Hill Smith x y")
    .event(100, "peer/1/Smith", "link up", { neighbour: "Smith" })
    .event(900, "client/1", "connected", { remote: "127.0.0.1:5" })
    .received(1000, "client/1", `IAMAT kiwi1000 ${position} 1520023934`)
    .received(1000, "client/1", ` \tWHATSAT kiwi 10 5`)
    .received(1000, "client/1", "WHATSAT nobody 10 5")
    .received(1000, "client/1", "iamat")
    .sent(1010, "peer/1/Smith", reports[0])
    .sent(1100, "client/1", reports[0])
    .sent(1250, "client/1", `${reports[0]}\n{}\n`)
    .sent(1250, "client/1", "? WHATSAT nobody 10 5")
    .sent(1250, "client/1", "? iamat")
    .received(2000, "client/1", `IAMAT kiwi2000 ${position} 1520023934`)
    .sent(2010, "peer/1/Smith", reports[1])
    .sent(2050, "client/1", reports[1])
    .received(3000, "client/1", `IAMAT kiwi3000 ${position} 1520023934`)
    .sent(3010, "peer/1/Smith", reports[2])
    .event(3100, "server", "log incomplete", {
      lostLines: 7,
      lostBytes: 700,
      cutLines: 0,
    }, "error")
    // It is unknown whether this answers the line above.
    .sent(3200, "client/1", reports[2])
    .event(3300, "client/1", "closed", { reason: "client closed" }, "debug")
    .sent(3400, "peer/1/Smith", "PING")
    .event(6000, "peer/1/Smith", "link down", {
      neighbour: "Smith",
      reason: "connection lost",
    })
    .event(8000, "peer/2/Smith", "link up", { neighbour: "Smith" })
    .sent(10_000, "peer/2/Smith", "DIGEST -");
  await hill.close();
  const smith = await WrittenLog.start(folder, "Smith");
  smith.event(200, "peer/1/Hill", "link up", { neighbour: "Hill" })
    .received(1200, "peer/1/Hill", reports[0])
    .received(1900, "peer/2/Jaquez", reports[0])
    .received(2255, "peer/1/Hill", reports[1])
    .received(3900, "peer/1/Hill", reports[2])
    .sent(4000, "peer/1/Hill", "WANT 0123456789abcdef01")
    .received(4000, "peer/1/Hill", "NONSENSE");
  await smith.close();
  // It was killed; its last record was at 4000.
  const again = await WrittenLog.start(folder, "Smith", 7000);
  again.event(7900, "peer/1/Hill", "link up", { neighbour: "Hill" })
    .event(9000, "peer/1/Hill", "link down", {
      neighbour: "Hill",
      reason: "stopping",
    });
  await again.close();
}

Deno.test("stats count every line, and measure reply times to the microsecond", async () => {
  await withFolder(async (folder) => {
    await writeHerd(folder);
    const { data } = await stats(folder);
    const [hill, smith] = data.servers;
    assertEquals(data.firstUs, startUs);
    assertEquals(data.lastUs, startUs + 10_000);
    assertEquals(hill.fromClients, { IAMAT: 3, WHATSAT: 1, invalid: 2 });
    assertEquals(hill.toClients, { AT: 3, places: 1, "?": 2 });
    assertEquals(hill.toPeers, { HERD: 1, AT: 3, PING: 1, DIGEST: 1 });
    assertEquals(hill.fromPeers, {});
    assertEquals(smith.fromPeers, { AT: 4, other: 1 });
    assertEquals(smith.toPeers, { WANT: 1 });
    assertEquals(hill.missing, { gaps: 1, lines: 7, bytes: 700 });
    assertEquals([hill.runs, smith.runs], [1, 2]);
    assertEquals([hill.connections, smith.connections], [1, 0]);
    assertEquals(hill.events["link-up"], 2);
    assertEquals(hill.waits, {
      ...Object.fromEntries(verbs.map((verb) => [verb, null])),
      IAMAT: { count: 2, p50Us: 50, p90Us: 100, p99Us: 100, maxUs: 100 },
      WHATSAT: { count: 1, p50Us: 250, p90Us: 250, p99Us: 250, maxUs: 250 },
    });
    assertEquals(smith.propagation, {
      count: 3,
      p50Us: 255,
      p90Us: 900,
      p99Us: 900,
      maxUs: 900,
      oneIn: 1,
    });
    assertEquals(hill.propagation, null);
    const records = await Array.fromAsync(
      [hill, smith],
      async ({ server }) => {
        const text = await Deno.readTextFile(`${folder}/${server}.log`);
        return text.split("\n").filter((line) => line !== "").length;
      },
    );
    assertEquals([hill.records, smith.records], records);
  });
});

Deno.test("a link is up when both logs say so", async () => {
  await withFolder(async (folder) => {
    await writeHerd(folder);
    const { data, text } = await stats(folder);
    const [link, ...others] = data.links;
    assertEquals(others, []);
    assertEquals(link.servers, ["Hill", "Smith"]);
    const up = [[200, 4000], [8000, 9000]];
    assertEquals(
      link.up,
      up.map(([fromUs, toUs]) => ({
        fromUs: startUs + fromUs,
        toUs: startUs + toUs,
      })),
    );
    assertEquals(link.shareUp, 0.48);
    assertEquals(link.losses, 2);
    assertEquals(link.reasons, {
      Hill: { "connection lost": 1 },
      Smith: { killed: 1, stopping: 1 },
    });
    assertStringIncludes(
      text,
      "  Hill – Smith  48.00 %     2  Hill: connection lost; " +
        "Smith: killed, stopping",
    );
    // A single log is sufficient. A link that is up at its end does not count
    // as lost.
    await Deno.remove(`${folder}/Smith.log`);
    const { data: alone } = await stats(folder);
    assertEquals(alone.links[0].shareUp, (5900 + 2000) / 10_000);
    assertEquals(alone.links[0].losses, 1);
  });
});

Deno.test("a replaced link does not count as lost, and a short loss is visible", async () => {
  await withFolder(async (folder) => {
    const neighbour = { neighbour: "Smith" };
    const lost = { ...neighbour, reason: "silent" };
    const hill = await WrittenLog.start(folder, "Hill");
    hill.event(0, "peer/1/Smith", "link up", neighbour)
      .event(1000, "peer/2/Smith", "link up", neighbour)
      .event(1100, "peer/1/Smith", "link down", {
        ...neighbour,
        reason: "replaced",
      })
      .event(1200, "peer/3/Smith", "link down", lost)
      .event(4_000_000, "peer/2/Smith", "link down", lost)
      .event(4_000_001, "peer/4/Smith", "link up", neighbour)
      .event(10_000_000, "server", "stopping");
    await hill.close();
    const { data, herd } = await stats(folder);
    assertEquals(
      data.links[0].up.map(({ fromUs, toUs }: Interval) => [
        fromUs - startUs,
        toUs - startUs,
      ]),
      [[0, 4_000_000], [4_000_001, 10_000_000]],
    );
    assertEquals(data.links[0].losses, 1);
    assertEquals(data.links[0].reasons, { Hill: { replaced: 1, silent: 1 } });
    // The bar in the legend, and the loss.
    const bars = [
      ...statsPlot(herd).svg.matchAll(
        /<rect\s+class="down"[^>]*?width="([^"]*)"/g,
      ),
    ];
    assertEquals(bars.map(([, width]) => width), ["18", "1"]);
  });
});

Deno.test("if the beginning of a log is missing, links are inferred from their traffic", async () => {
  await withFolder(async (folder) => {
    const hill = await WrittenLog.start(folder, "Hill");
    hill.event(0, "peer/1/Smith", "link up", { neighbour: "Smith" })
      .sent(1000, "peer/1/Smith", "PING")
      .sent(2000, "client/7", "? x")
      .event(3000, "peer/1/Smith", "link down", {
        neighbour: "Smith",
        reason: "silent",
      })
      .received(3500, "peer/1/Smith", "PING")
      .sent(5000, "peer/4", "HERD 3 Hill Smith x y");
    await hill.close();
    const path = `${folder}/Hill.log`;
    const lines = (await Deno.readTextFile(path)).split("\n");
    await Deno.writeTextFile(path, lines.slice(2).join("\n"));
    const { data } = await stats(folder);
    assertEquals(data.links[0].shareUp, 0.5);
    assertEquals(data.links[0].losses, 1);
    assertEquals(data.servers[0].fromClients, {});
  });
});

Deno.test({
  name: "a sample of many reports is kept, and each counts once",
  permissions: "none",
  fn() {
    const sample = new PropagationSample("Smith");
    sample.setBeginning(startUs);
    const reports = 50_000;
    for (let index = 0; index < reports; index++) {
      const attributes = index % 2 === 0 ? "" : " accuracy=14,tid=mx";
      const line = lineOf("Hill", index, `client-${index}`) + attributes;
      sample.received(startUs + index + 300, line);
      // A later receipt over another path.
      sample.received(startUs + index + 9_000_000, line);
    }
    // Reports of the server itself, received after a restart, and reports from
    // before the log began.
    for (const server of ["Smith", "Hill"]) {
      const early = server === "Smith" ? 0 : -1;
      for (let index = 0; index < 50; index++) {
        const line = lineOf(server, early, `early-${index}`);
        sample.received(startUs + 20_000_000, line);
      }
    }
    const { count, maxUs, oneIn, p50Us } = sample.result()!;
    assertEquals([p50Us, maxUs], [300, 300]);
    assert(count <= 20_000);
    // The sample size matches `oneIn`.
    assert(Math.abs(count * oneIn / reports - 1) < 0.05, `${count} ${oneIn}`);
  },
});

Deno.test("lines with implausible times change only the number of damaged lines", async () => {
  await withFolder(async (folder) => {
    await writeHerd(folder);
    const path = `${folder}/Hill.log`;
    const { herd, data } = await stats(folder);
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
    const wild = (year: string) =>
      `${year}-11-22T17:00:00.000001Z client/1 <- IAMAT x ${position} 15`;
    const spoilt = [
      // Without an empty line, the last line would count as truncated.
      wild("0001") + "\n",
      ...lines.slice(0, 9),
      wild("9999"),
      wild("2006"),
      ...lines.slice(9),
      wild("9999"),
    ];
    await Deno.writeTextFile(path, spoilt.join("\n") + "\n");
    const { herd: spoiltHerd, data: spoiltData } = await stats(folder);
    const [hill] = spoiltData.servers;
    assertEquals(hill.damagedLines, 4);
    hill.damagedLines = 0;
    hill.bytes = data.servers[0].bytes;
    assertEquals(spoiltData, data);
    assertEquals(statsPlot(spoiltHerd).svg, statsPlot(herd).svg);
  });
});

Deno.test("the plot is valid SVG for any logs", async () => {
  await withFolder(async (folder) => {
    await writeHerd(folder);
    // A file name may contain such a server name.
    const odd = await WrittenLog.start(folder, "odd");
    // A client that is answered in the same microsecond.
    odd.event(3e6, "client/1", "connected")
      .received(3e6, "client/1", `IAMAT kiwi ${position} 1520023934`)
      .sent(3e6, "client/1", lineOf("odd", 3e6, "kiwi"));
    await odd.close();
    const text = await Deno.readTextFile(`${folder}/odd.log`);
    await Deno.writeTextFile(
      `${folder}/<b>&\x1b.log`,
      text.replace("started", "stopped"),
    );
    await Deno.remove(`${folder}/odd.log`);
    const { herd } = await stats(folder);
    const { svg } = statsPlot(herd);
    assert(!/NaN|Infinity|undefined/.test(svg), svg);
    assertStringIncludes(svg, "&lt;b&gt;&amp;?");
    // deno-lint-ignore no-control-regex
    assert(!/<b>|[\x00-\x09\x0b-\x1f]/.test(svg));
    for (
      const word of ["Updates per second", "Links", "Time, UTC", "Hill – Smith"]
    ) {
      assertStringIncludes(svg, word);
    }
    assertStringIncludes(svg, "IAMAT p99");
    assertStringIncludes(svg, "prefers-color-scheme: dark");
    // All elements are closed.
    const opened = svg.match(/<[a-z]+(?=[\s>])/g)!.length;
    const closed = svg.match(/<\/[a-z]+>|\/>/g)!.length;
    assertEquals(opened, closed);
  });
});

Deno.test("a file that is truncated while it is read causes a warning", async () => {
  await withFolder(async (folder) => {
    await writeHerd(folder);
    const { logs, options, warnings } = await openLogs(folder);
    await Deno.truncate(`${folder}/Smith.log`, 300);
    await sumUp(logs, options);
    assertEquals(warnings, [
      `${folder}/Smith.log: the file was truncated while it was read`,
    ]);
  });
});

Deno.test("one record is enough for tables and a plot, and no record is an error", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/Hill.log`, "");
    const nothing = await assertRejects(() => stats(folder), Error);
    assertEquals(nothing.message, `no record in ${folder}/Hill.log`);
    await Deno.writeTextFile(`${folder}/Hill.log`, "\x00\xff\n\n\x01\n");
    await Deno.writeTextFile(`${folder}/Smith.log`, "");
    const garbage = await assertRejects(() => stats(folder), Error);
    assertEquals(
      garbage.message,
      `no record in ${folder}/Hill.log and 1 more, but 2 damaged lines`,
    );
    await Deno.remove(`${folder}/Smith.log`);
    await Deno.remove(`${folder}/Hill.log`);
    const hill = await WrittenLog.start(folder, "Hill");
    hill.event(0, "peer/1/Smith", "link up", { neighbour: "Smith" });
    await hill.close();
    const { herd, text } = await stats(folder);
    assertEquals(
      text,
      `1 log, from 2026-11-22T17:00:00.000000Z to 2026-11-22T17:00:00.000000Z: 0.000 ms

Servers  missing: lines that the server could not write, as the log says
                       first record      span  runs  connections  records  bytes  missing  cut off  damaged
  Hill  2026-11-22T17:00:00.000000Z  0.000 ms     1            0        2    138        0        0        0

Links  up: share of the whole span, in the logs of both servers
                    up  lost  reasons
  Hill – Smith  0.00 %     0

Events
           Hill
  link-up     1
  started     1`,
    );
    assert(!/NaN|Infinity|undefined/.test(statsPlot(herd).svg));
  });
});
