import { formatMetrics } from "../admin/metrics.ts";
import { serverFlags } from "../server/settings/settings.ts";
import { assert, assertEquals } from "./assert.ts";
import { projectFolder } from "./end_to_end/process.ts";
import { fakeStatus } from "./fakes/herd_status.ts";

const read = (path: string) => Deno.readTextFileSync(projectFolder + path);
const page = read("docs/OPERATIONS.md");

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
