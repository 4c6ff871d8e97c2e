import { parseTopology } from "../peers/topology.ts";
import { serverFlags } from "../server/settings/settings.ts";
import { assert, assertEquals } from "./assert.ts";
import { blocksOf } from "./document.ts";
import { projectFolder } from "./end_to_end/process.ts";

const page = await Deno.readTextFile(`${projectFolder}docs/CONFIGURATION.md`);

Deno.test("CONFIGURATION.md names every flag with its default", () => {
  for (const [name, { help, value }] of Object.entries(serverFlags)) {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    // A flag that is not a setting has a sentence instead of a row.
    const row = page.split("\n").find((line) =>
      line.startsWith(`| \`${flag}\``) || line.startsWith(`\`${flag}\` `)
    );
    assert(row !== undefined, `${flag} is not in CONFIGURATION.md`);
    const [, number] = help.match(/\((\d+)\)$/) ?? [];
    if (number !== undefined) assert(row.includes(` ${number} `), row);
  }
});

Deno.test("CONFIGURATION.md shows a valid herd file", () => {
  const file = blocksOf(page).find((block) => block.startsWith("{"))!;
  const { servers } = parseTopology(JSON.parse(file));
  assertEquals(servers.map(({ clientPort }) => clientPort), [9000, 700]);
});
