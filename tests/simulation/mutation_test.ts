import { cpSync } from "node:fs";
import { Program, projectFolder } from "../herd/process.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

/** What the simulation needs, and nothing else. */
const parts = [
  "cli",
  "peers",
  "protocol",
  "runtime",
  "terminal",
  "tests/fakes",
  "tests/simulation",
  "deno.json",
  "deno.lock",
  "herd.json",
  "import_map.json",
];

/** Enough for each of these mistakes to show. */
const defaultSeeds = 40;

interface Mutation {
  /** What the code does not do any more. */
  readonly without: string;
  readonly file: string;
  /** Stands there once. */
  readonly code: string;
  readonly instead: string;
  /** What the simulation says. */
  readonly noticed: string;
  /** Fewer where the mistake makes the herds slow. */
  readonly seeds?: number;
}

const mutations: readonly Mutation[] = [
  {
    without: "the newest wins",
    file: "peers/table.ts",
    code: "!records.isOlder(known, report)",
    instead: "records.fingerprintOf(known) === fingerprintOf(view, start, end)",
    noticed: "something older took the place of something newer",
    seeds: 4,
  },
  {
    without: "not back to the sender",
    file: "peers/herd.ts",
    code: "if (conversation === sender) conversation.hearNews(stored);\n" +
      "      else conversation.tell",
    instead: "conversation.tell",
    noticed: "a report went back to the neighbour that had sent it",
  },
  {
    without: "to all but the sender",
    file: "peers/herd.ts",
    code: "if (conversation === sender) conversation",
    instead: "if (sender !== undefined) conversation",
    noticed: "no convergence",
  },
  {
    without: "heartbeat",
    file: "peers/link.ts",
    code: "if (this.#isListening) this.#silentBeats += 1;",
    instead: "",
    noticed: "no convergence",
  },
  {
    without: "catch-up",
    file: "peers/conversation.ts",
    code: "this.#catchUp?.start();",
    instead: "",
    noticed: "no convergence",
  },
  {
    without: "SYNCED behind all that is to be said",
    file: "peers/outbox.ts",
    code: "this.#beforeSynced = Infinity;",
    instead: "this.#beforeSynced = 0;",
    noticed: "a server says that it has caught up, and has not",
  },
  {
    without: "SYNC again where a comparison goes on",
    file: "peers/sync.ts",
    code: 'if (this.#state === "asked") this.#state = "asked too early";',
    instead: "",
    noticed: "a server says that it has caught up, and has not",
    seeds: 8,
  },
];

/** Runs the simulation of a folder; returns its exit status and its words. */
async function simulate(
  folder: string,
  seeds = defaultSeeds,
): Promise<{ code: number; output: string }> {
  await using program = Program.start([
    "run",
    "--no-check",
    "--allow-read=.",
    "tests/simulation/simulate.ts",
    `--seeds=${seeds}`,
  ], { cwd: folder });
  const code = await program.ended();
  return { code, output: program.stdout + program.stderr };
}

function copyProject(): string {
  const folder = Deno.makeTempDirSync({ prefix: "mutation-" });
  for (const part of parts) {
    cpSync(projectFolder + part, `${folder}/${part}`, { recursive: true });
  }
  return folder;
}

Deno.test("the simulation finds nothing wrong with the code as it is", async () => {
  const folder = copyProject();
  try {
    const { code, output } = await simulate(folder);
    assertEquals(code, 0, output);
    assertStringIncludes(output, "divergences: 0");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

for (const { code, file, instead, noticed, seeds, without } of mutations) {
  Deno.test(`the simulation notices code without: ${without}`, async () => {
    const folder = copyProject();
    try {
      const path = `${folder}/${file}`;
      const text = Deno.readTextFileSync(path);
      assertEquals(text.split(code).length, 2, `${code} in ${file}`);
      Deno.writeTextFileSync(path, text.replace(code, instead));
      const result = await simulate(folder, seeds);
      assertEquals(result.code, 1, result.output);
      assertStringIncludes(result.output, noticed);
      assert(/again: deno task simulate --seed \d+/.test(result.output));
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}
