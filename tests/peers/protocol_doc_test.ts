import {
  formatHello,
  type Hello,
  proofText,
} from "../../peers/links/handshake.ts";
import {
  fingerprint,
  formatFingerprint,
} from "../../peers/store/fingerprint.ts";
import { hashOfTree } from "../../peers/store/tree_hash.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { parseMessage } from "../../peers/replication/messages.ts";
import { effectiveSeconds, heardAtOf, isNewer } from "../../protocol/order.ts";
import { parseReport, timeOf } from "../../protocol/report.ts";
import {
  compareTimestamps,
  formatTimestamp,
  parseTimestamp,
} from "../../protocol/time.ts";
import { createProver } from "../../runtime/identity.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { openRouter } from "../fakes/memory_herd.ts";
import { projectFolder } from "../end_to_end/process.ts";
import { takeLines } from "./replication/take_lines.ts";

const page = Deno.readTextFileSync(`${projectFolder}docs/PROTOCOL.md`);
const text = page.slice(page.indexOf("## The peer port"));

const kiwi = "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 " +
  "1520023934.918963997";

/** The indented line of the page that starts with a text. */
function lineOf(start: string): string {
  const line = text.split("\n").find((line) => line.startsWith(`    ${start}`));
  return line?.trim() ?? `no line starts with ${start}`;
}

Deno.test("the handshake in PROTOCOL.md is valid", async () => {
  const hello = (line: string): Hello => {
    const [, , from, to, incarnation, nonce, ...fields] = line.split(" ");
    const parts = fields.map((field) => field.split("=") as [string, string]);
    return { from, to, incarnation, nonce, fields: new Map(parts) };
  };
  const [dialer, acceptor] = [
    lineOf("HERD 5 Smith"),
    lineOf("HERD 5 Hill"),
  ];
  assertEquals(formatHello(hello(dialer)), dialer);
  assertEquals(formatHello(hello(acceptor)), acceptor);
  const [, secret] = text.match(/secret\s+above\s+is\s+`([^`]+)`/)!;
  const prove = createProver([secret]);
  for (const role of ["dialler", "acceptor"] as const) {
    const [proof] = await prove(
      proofText(role, hello(dialer), hello(acceptor), ""),
    );
    assertStringIncludes(text, `    PROOF ${proof}\n`);
  }
});

Deno.test("the hash and the fingerprint in PROTOCOL.md are correct", () => {
  const [, key] = lineOf("key     0").split(/ +/);
  const client = encodeBytes("kiwi.cs.ucla.edu");
  const hash = hashOfTree(key)
    .hash(new DataView(client.buffer), 0, client.length).toString(16)
    .padStart(8, "0");
  assertEquals(lineOf("hash "), `hash    ${hash}`);
  assertEquals(lineOf("report  AT"), `report  ${kiwi}`);
  const digits = fingerprint(kiwi).toString(16).padStart(14, "0");
  assertStringIncludes(
    text,
    `\n    ID      ${hash.slice(0, 4)}${digits}\n`,
  );
});

Deno.test("the records with attributes in PROTOCOL.md are as it says", () => {
  const rows = [
    ...page.matchAll(/^\| `(AT [^`]*)` +\| `([0-9a-f]{14})` +\|$/gm),
  ];
  assertEquals(rows.length, 5);
  for (const [index, [, record, digits]] of rows.entries()) {
    assertEquals(parseReport(record, () => true)?.record, record);
    assertEquals(formatFingerprint(fingerprint(record)), digits, record);
    if (index > 0) assertEquals(isNewer(record, rows[index - 1][1]), true);
  }
});

Deno.test("the comparison in PROTOCOL.md is the one of two servers", () => {
  const [, treeKey] = lineOf("key     0").split(/ +/);
  const [hill, smith] = [
    openRouter({ treeKey }),
    openRouter({ treeKey: lineOf("Smith: TREE").slice(-32) }),
  ];
  const receive = (
    router: typeof hill,
    from: string | undefined,
    line: string,
  ) => {
    const report = parseReport(line, () => true);
    if (report !== undefined) router.accept(report, from);
    else router.receive(from!, parseMessage(line, () => true)!);
  };
  receive(hill, undefined, kiwi);
  receive(hill, undefined, "AT Hill +0.500000000 pear +48.2-16.37 1520023935");
  const older = "kiwi.cs.ucla.edu +34.0-118.0 1520023900";
  receive(smith, undefined, `AT Smith +0.100000000 ${older}`);
  receive(smith, undefined, "AT Smith +0.200000000 plum +1+1 1520023950.5");
  const sides = [
    { name: "Hill", outbox: hill.link("Smith"), other: smith },
    { name: "Smith", outbox: smith.link("Hill"), other: hill },
  ];
  hill.compare("Smith");
  const sent: string[] = [];
  for (let before = -1; before < sent.length;) {
    before = sent.length;
    const written = sides.map(({ outbox }) => takeLines(outbox));
    for (const [index, { name, other }] of sides.entries()) {
      for (const line of written[index]) {
        sent.push(`    ${`${name}:`.padEnd(6)} ${line}`);
        receive(other, name, line);
      }
    }
    for (const router of [hill, smith]) router.rebuild();
  }
  assertEquals(sent.length, 19);
  assertEquals(hill.hasCaughtUpWith("Smith"), true);
  assertEquals(smith.hasCaughtUpWith("Hill"), true);
  assertStringIncludes(text, `\n\n${sent.join("\n")}\n\n`);
});

Deno.test("the order of reports in PROTOCOL.md is the one of the servers", () => {
  const rows = page.matchAll(
    /^\| `(AT [^`]*)` +\| `([\d.]+)` +\| `([\d.]+)` +\|$/gm,
  );
  const reports = [...rows].map(([, line, heard, effective]) => {
    const report = parseReport(line, () => true)!;
    assertEquals(formatTimestamp(heardAtOf(line)), heard);
    const time = parseTimestamp(timeOf(line));
    const isAhead = compareTimestamps(time, heardAtOf(line)) > 0;
    assertEquals(isAhead ? heard : formatTimestamp(time), effective);
    assertEquals(effectiveSeconds(report), parseTimestamp(effective).seconds);
    return line;
  });
  assertEquals(reports.length, 11);
  for (const [index, line] of reports.entries()) {
    for (const [other, than] of reports.entries()) {
      assertEquals(isNewer(line, than), index > other, `${line}, ${than}`);
    }
  }
});
