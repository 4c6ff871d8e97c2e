import { formatMetrics } from "../../admin/metrics.ts";
import { assert, assertEquals } from "../assert.ts";
import { projectFolder } from "../end_to_end/process.ts";
import { fakeStatus } from "../fakes/herd_status.ts";

const [server] = fakeStatus().servers;

/** The names of all fields, including nested ones. */
function fieldsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Array.isArray(value)
    ? value.flatMap(fieldsOf)
    : Object.entries(value).flatMap(([key, part]) => [key, ...fieldsOf(part)]);
}

Deno.test("ADMINISTRATION.md has every field of the status", async () => {
  const page = await Deno.readTextFile(
    `${projectFolder}docs/ADMINISTRATION.md`,
  );
  const fields = new Set(fieldsOf(server));
  assert(fields.size > 40, String(fields.size));
  for (const field of fields) assert(page.includes(`\`${field}\``), field);
});

Deno.test("metrics follow Prometheus's conventions, and OPERATIONS.md has each", async () => {
  const text = await formatMetrics(server, { startedAt: 0, cpuSeconds: 0 });
  const page = await Deno.readTextFile(`${projectFolder}docs/OPERATIONS.md`);
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  assert(types.length > 20);
  for (const [, name, type] of types) {
    assert(/^(herd|process)_[a-z_]+$/.test(name), name);
    assertEquals(name.endsWith("_total"), type === "counter", name);
    assert(page.includes(`\`${name}`), `${name} is not in OPERATIONS.md`);
  }
});
