import { formatMetrics } from "../admin/metrics.ts";
import { portKinds } from "../peers/port_kinds.ts";
import { serverFlags } from "../server/settings/settings.ts";
import { assert, assertEquals } from "./assert.ts";
import { projectFolder } from "./end_to_end/process.ts";
import { fakeStatus } from "./fakes/herd_status.ts";

const read = (path: string) => Deno.readTextFileSync(projectFolder + path);
const page = read("docs/OPERATIONS.md");

/** The client port of the first server of a herd, by default. */
const basePort = 8000;

/** The rows of the table below a heading. */
function rowsBelow(heading: string): string[] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`) + 1);
  const rows = section.slice(0, section.indexOf("\n## ") >>> 0).split("\n")
    .filter((line) => line.startsWith("| "));
  return rows.slice(2);
}

Deno.test("OPERATIONS.md explains exactly the metrics that exist", async () => {
  const { servers: [server] } = fakeStatus();
  const text = await formatMetrics(server, { startedAt: 0, cpuSeconds: 0 });
  const metrics = new Set(
    [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name),
  );
  assert(metrics.size > 20, String(metrics.size));
  const explained = new Set(
    rowsBelow("What to watch").flatMap((row) =>
      [...row.split(" | ")[0].matchAll(/`([a-z_]+)/g)].map(([, name]) => name)
    ),
  );
  assertEquals([...explained].sort(), [...metrics].sort());
  // The alerts and the other text.
  for (const [name] of page.matchAll(/\b(?:herd|process)_[a-z_]+/g)) {
    assert(metrics.has(name) || name === "herd_alerts", name);
  }
});

Deno.test("OPERATIONS.md names events and flags that exist", () => {
  const protocol = read("docs/PROTOCOL.md");
  const symptoms = rowsBelow("Trouble").map((row) => row.split(" | ")[0]);
  const words = symptoms.flatMap((symptom) =>
    [...symptom.matchAll(/`([a-z][a-z -]+)`/g)].map(([, word]) => word)
  );
  assert(words.length > 20, String(words.length));
  for (const word of words) {
    assert(protocol.includes(`\`${word}\``), `${word} is not in PROTOCOL.md`);
  }
  const flags = [...page.matchAll(/`--([a-z-]+)/g)].map(([, flag]) => flag);
  assert(flags.length > 20, String(flags.length));
  for (const flag of flags) assert(flag in serverFlags, `--${flag}`);
});

Deno.test("OPERATIONS.md, SECURITY.md and PROTOCOL.md have every kind of port", () => {
  const numbers = portKinds.map(({ offset }) => basePort + offset);
  const numbersIn = (text: string) =>
    [...text.matchAll(/\b8\d00\b/g)].map(([number]) => Number(number)).sort();
  // A row for each kind, with the field of the herd file.
  const ports = page.slice(page.indexOf("\n### Ports\n"));
  const rows = ports.slice(0, ports.indexOf("\nAll ports")).split("\n")
    .filter((line) => /^\| .*\d/.test(line));
  assertEquals(rows.length, portKinds.length);
  for (const { field, offset, serves } of portKinds) {
    const row = rows.find((row) => row.includes(`: ${basePort + offset} + i `));
    assert(row !== undefined && row.includes(`\`${field}\``), `${field}`);
    if (serves === "clients") assert(row.includes("| clients "), row);
  }
  const security = read("SECURITY.md");
  const cells = security.slice(security.indexOf("\n| port "))
    .split("\n\n")[0].split("\n").map((row) => row.split(" | ")[0]);
  assertEquals(numbersIn(cells.join("\n")), numbers);
  const protocol = read("docs/PROTOCOL.md");
  const [, sentence] = protocol.match(/All ports are TCP\.([^[]+)/)!;
  assertEquals(numbersIn(sentence), numbers);
});
