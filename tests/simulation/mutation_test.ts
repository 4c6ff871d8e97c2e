import { cpSync } from "node:fs";
import { Program, projectFolder } from "../end_to_end/process.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { parseScenario } from "./corpus.ts";
import { drawPlan } from "./draw.ts";
import { forgettingMutations } from "./forgetting_mutations.ts";
import type { Mutation } from "./mutation.ts";
import { epochMs } from "./plan.ts";

/** What the simulation needs, and nothing else. */
const parts = [
  "cli",
  "packages",
  "peers",
  "protocol",
  "replica",
  "runtime",
  "tests/fakes",
  "tests/simulation",
  "deno.json",
  "deno.lock",
  "herd.json",
  "import_map.json",
];

/** Herds that are run where nothing else is said. */
const defaultSeeds = 20;

const corpusPath = "tests/simulation/corpus";

const syncMutation: Mutation = {
  without: "SYNC again where a comparison goes on",
  file: "peers/replication/anti_entropy.ts",
  code: 'if (this.#state === "asked") this.#state = "asked too early";',
  instead: "",
  noticed: "a server says that it has caught up, and has not",
  firstSeed: 1,
  seeds: 8,
};

const mutations: readonly Mutation[] = [
  {
    without: "the newest wins",
    file: "peers/store/report_table.ts",
    code: "!arena.isOlder(known, report)",
    instead: "arena.fingerprintOf(known) === fingerprintOf(view, start, end)",
    noticed: "something older took the place of something newer",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "not back to the sender",
    file: "peers/replication/flood_router.ts",
    code: "if (peer === sender) peer.onNewer(stored);\n      else peer.forward",
    instead: "peer.forward",
    noticed: "a report went back to the neighbour that had sent it",
    firstSeed: 34,
    seeds: 8,
  },
  {
    without: "to all but the sender",
    file: "peers/replication/flood_router.ts",
    code: "if (peer === sender) peer",
    instead: "if (sender !== undefined) peer",
    noticed: "no convergence",
    firstSeed: 40,
    seeds: 8,
  },
  {
    without: "heartbeat",
    file: "peers/links/link.ts",
    code: "if (this.#isReading) this.#silentHeartbeats += 1;",
    instead: "",
    noticed: "no convergence",
    firstSeed: 9,
    seeds: 8,
  },
  {
    without: "catch-up",
    file: "peers/replication/peer_replication.ts",
    code: "this.#antiEntropy?.start();",
    instead: "",
    noticed: "a server says that it has caught up, and has not",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "SYNCED behind all that is to be said",
    file: "peers/replication/outbox.ts",
    code: "this.#beforeSynced = Infinity;",
    instead: "this.#beforeSynced = 0;",
    noticed: "a server says that it has caught up, and has not",
    firstSeed: 13,
    seeds: 8,
  },
  syncMutation,
  {
    without: "an acceptor that repeats its answer",
    file: "tests/simulation/virtual_connection.ts",
    code: "    this.#back.greet();\n" +
      "    this.#repeatGreeting(firstRepeatMs, mostRepeats);",
    instead: "    this.#back.greet();",
    noticed: "connections that are no links",
    scenario: "dialler_without_power_in_the_handshake.json",
  },
  {
    without: "one excuse for a server that lacks a report",
    file: "tests/simulation/judge.ts",
    code: "if (isForgottenByAny(line, world)) continue;",
    // The report has little time left, or had until a short time ago.
    instead: `
      const [, , difference, , , time] = line.split(" ");
      const heardAtMs = 1000 * (Number(time) + Number(difference));
      const leftMs = heardAtMs + 1000 * (plan.clientTtlSeconds ?? Infinity) -
        (${epochMs} + world.time.elapsedMs);
      if (Math.abs(leftMs) <= 2_000) continue;`,
    noticed: "a report that a server had is lost",
    scenario: "report_missed_by_a_silent_link.json",
  },
];

/** Runs the simulation of a folder; returns its exit status and its words. */
async function simulate(
  folder: string,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  await using program = Program.start([
    "run",
    "--no-check",
    "--allow-read=.",
    "--allow-write=tests/simulation/corpus",
    "tests/simulation/simulate.ts",
    ...args,
  ], { cwd: folder });
  const code = await program.ended();
  return { code, output: program.stdout + program.stderr };
}

/** The flags that run the same herds in every run of the tests. */
function flagsFor(
  { firstSeed = 1, seeds = defaultSeeds }: Partial<Mutation>,
): string[] {
  return [`--first-seed=${firstSeed}`, `--seeds=${seeds}`];
}

/** A copy of the code. Gone at the end of `using`. */
class ProjectCopy implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "mutation-" });

  constructor() {
    for (const part of parts) {
      cpSync(projectFolder + part, `${this.folder}/${part}`, {
        recursive: true,
      });
    }
  }

  mutate({ code, file, instead }: Mutation): void {
    const path = `${this.folder}/${file}`;
    const text = Deno.readTextFileSync(path);
    assertEquals(text.split(code).length, 2, `${code} in ${file}`);
    Deno.writeTextFileSync(path, text.replace(code, instead));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("the simulation finds nothing wrong with the code as it is", async () => {
  using copy = new ProjectCopy();
  const { code, output } = await simulate(copy.folder, ...flagsFor({}));
  assertEquals(code, 0, output);
  assertStringIncludes(output, "divergences: 0");
  assertStringIncludes(output, "rules broken otherwise: 0");
});

for (const mutation of [...mutations, ...forgettingMutations]) {
  const { noticed, scenario, without } = mutation;
  Deno.test(`the simulation notices code without: ${without}`, async () => {
    using copy = new ProjectCopy();
    copy.mutate(mutation);
    const { code, output } = scenario === undefined
      ? await simulate(copy.folder, ...flagsFor(mutation), "--no-shrink")
      : await simulate(copy.folder, `--plan=${corpusPath}/${scenario}`);
    assertEquals(code, 1, output);
    assertStringIncludes(output, noticed);
    if (scenario !== undefined) return;
    assert(/again: deno task simulate --seed \d+/.test(output));
  });
}

Deno.test("the plan of a failing herd is made smaller, and written to a file", async () => {
  using copy = new ProjectCopy();
  copy.mutate(syncMutation);
  const found = await simulate(copy.folder, "--first-seed=1", "--seeds=1");
  assertEquals(found.code, 1, found.output);
  const [, file] = found.output.match(/made smaller: .*; now in (\S+)\n/)!;
  assertEquals(
    file,
    `${corpusPath}/a_server_says_that_it_has_caught_up_and_has_not_1.json`,
  );
  const text = Deno.readTextFileSync(`${copy.folder}/${file}`);
  const { about, plan } = parseScenario(text);
  assertStringIncludes(about, syncMutation.noticed);
  const { servers } = drawPlan(1);
  assert(plan.servers.length < servers.length);
  assert(plan.reports.length <= 3 && plan.faults.length <= 3, text);
  const again = await simulate(copy.folder, `--plan=${file}`);
  assertEquals(again.code, 1, again.output);
  assertStringIncludes(again.output, syncMutation.noticed);
  assertStringIncludes(again.output, "simulate: the herd failed\n");
});

Deno.test("simulate draws another first seed in each run, and says how to run it again", async () => {
  const outputs = [];
  for (let run = 0; run < 2; run++) {
    const { code, output } = await simulate(
      projectFolder,
      "--seeds=2",
      "--no-shrink",
    );
    assertEquals(code, 0, output);
    const [, seed] = output.match(/^first seed (\d+)\n/)!;
    const next = Number(seed) + 1;
    assertStringIncludes(output, `2 herds of 2 to 30 servers, seeds ${seed} `);
    assertStringIncludes(output, `to ${next}, in `);
    const again = `again: deno task simulate --first-seed ${seed} --seeds 2\n`;
    assertStringIncludes(output, again);
    outputs.push(seed);
  }
  assert(outputs[0] !== outputs[1]);
});

Deno.test("simulate says what is wrong with its flags", async () => {
  const told = [
    [["--seeds=1", "--minutes=1"], "--seeds and --minutes exclude each other"],
    [["--seed=1", "--plan=a"], "--seed and --plan exclude each other"],
    [["--first-seed=1", "--seed=1"], "--first-seed and --seed exclude"],
    [["--first-seed=2147483647"], "--first-seed: expected a whole number"],
    [["kiwi"], "simulate takes no words, found kiwi"],
  ] as const;
  for (const [args, message] of told) {
    const { code, output } = await simulate(projectFolder, ...args);
    assertEquals(code, 2, output);
    assertStringIncludes(output, message);
  }
  const { code, output } = await simulate(projectFolder, "--plan=none.json");
  assertEquals(code, 1);
  assertStringIncludes(output, "simulate: cannot read none.json: ");
});
