import { cpSync } from "node:fs";
import { Program, projectFolder } from "../end_to_end/process.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { attributeMutations } from "./attribute_mutations.ts";
import { parseScenario } from "./corpus.ts";
import { deletionMutations } from "./deletion_mutations.ts";
import { drawPlan } from "./draw.ts";
import { folderMutations } from "./folder_mutations.ts";
import { expiryMutations } from "./expiry_mutations.ts";
import type { Mutation } from "./mutation.ts";
import { timeMutations } from "./time_mutations.ts";
import { treeMutations } from "./tree_mutations.ts";
import { epochMs } from "./plan.ts";

/** The files and folders that the simulation needs. */
const parts = [
  "cli",
  "packages",
  "peers",
  "protocol",
  "replica",
  "runtime",
  "storage",
  "tests/fakes",
  "tests/fuzz/reference",
  "tests/simulation",
  "tests/storage/memory_folder.ts",
  "deno.json",
  "deno.lock",
  "herd.json",
  "import_map.json",
];

/** The default number of seeds. */
const defaultSeeds = 20;

const corpusPath = "tests/simulation/corpus";

const syncMutation: Mutation = {
  without: "repeating SYNC while a comparison continues",
  file: "peers/replication/anti_entropy.ts",
  code: 'if (this.#state === "sent") this.#state = "sent too early";',
  instead: "",
  noticed: "a server emits caught up too early",
  firstSeed: 1,
  seeds: 8,
};

const mutations: readonly Mutation[] = [
  {
    without: "keeping the newest report",
    file: "peers/store/report_table.ts",
    code: "!this.#arena.isOlder(known, report)",
    instead: "this.#arena.fingerprintOf(known) ===\n" +
      "          fingerprintOf(report.view, report.start, report.recordEnd)",
    noticed: "an older report replaced a newer one",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "sparing the sender in a flood",
    file: "peers/replication/flood_router.ts",
    code: "if (peer === sender) peer.onNewer(stored);\n      else peer.forward",
    instead: "peer.forward",
    noticed: "a report went back to the neighbour that had sent it",
    firstSeed: 34,
    seeds: 8,
  },
  {
    without: "forwarding reports of neighbours",
    file: "peers/replication/flood_router.ts",
    code: "if (peer === sender) peer",
    instead: "if (sender !== undefined) peer",
    noticed: "no convergence",
    firstSeed: 40,
    seeds: 8,
  },
  {
    without: "ending links with silent neighbours",
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
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "sending SYNCED after everything that waits",
    file: "peers/replication/outbox.ts",
    code: "this.#isSyncOpen = true;\n    this.#beforeSynced = undefined;",
    instead: "this.#isSyncOpen = true;\n" +
      "    this.#beforeSynced = { backlog: 0, wanted: 0 };",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 8,
  },
  syncMutation,
  {
    ...syncMutation,
    without: "repeating SYNC where reports expire",
    firstSeed: 14,
    seeds: 2,
  },
  {
    without: "going down the tree in a comparison",
    file: "peers/replication/anti_entropy.ts",
    code: "    digests.forEach((theirs, index) => {",
    instead: "    if (node !== root) return;\n" +
      "    digests.forEach((theirs, index) => {",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 20,
  },
  {
    without: "requesting announced reports",
    file: "peers/replication/peer_replication.ts",
    code: "      this.outbox.requestReport(id);\n    }",
    instead: "    }",
    noticed: "a report does not go round a dead link",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "replacing reports that wait by newer ones",
    file: "peers/replication/outbox.ts",
    code: "    } else {\n      const record =",
    instead: "    } else if (!this.#backlog.has(keyOf(report))) {\n" +
      "      const record =",
    // The comparison 30 s later would repair it.
    noticed: "no convergence",
    firstSeed: 5,
    seeds: 4,
  },
  {
    without: "distrusting a former incarnation",
    file: "peers/links/link_manager.ts",
    code: "const from = isCurrentIncarnation() ? name : undefined;",
    instead: "const from = name;",
    noticed: "no convergence",
    scenario: "report_arrives_late_from_a_former_incarnation.json",
  },
  {
    without: "ignoring PRUNE and SYNCED on a drained connection",
    file: "peers/links/link_manager.ts",
    code: "? neighbour.link === link",
    instead: "? isCurrentIncarnation()",
    noticed: "a server emits caught up too early",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "a deadline of handshakes",
    file: "peers/links/pending_handshakes.ts",
    code: "      deadlineMs,\n    );",
    instead: "      1e9,\n    );",
    noticed: "connections that are not links",
    firstSeed: 1,
    seeds: 8,
  },
  {
    without: "comparing every 30 s",
    file: "peers/links/link_manager.ts",
    code: "heartbeats % (compareEveryMs / pingAfterMs) === 0",
    instead: "false",
    noticed: "no convergence",
    firstSeed: 42,
    seeds: 1,
  },
  {
    without: "repeating the SYN-ACK",
    file: "tests/simulation/virtual_connection.ts",
    code: "    this.#toDialer.sendAck();\n" +
      "    this.#repeatSynAck(firstRepeatMs, maxRepeats);",
    instead: "    this.#toDialer.sendAck();",
    noticed: "connections that are not links",
    scenario: "dialer_loses_power_in_the_handshake.json",
  },
  {
    without: "an exact exception for expired reports",
    file: "tests/simulation/invariants.ts",
    code: "if (hasExpiredAnywhere(line, world)) continue;",
    // Ignores reports that expire soon, or have expired a short time ago.
    instead: `
      const [, , difference, , , time] = line.split(" ");
      const receivedAtMs = 1000 * (Number(time) + Number(difference));
      const leftMs = receivedAtMs + 1000 * (plan.clientTtlSeconds ?? Infinity) -
        (${epochMs} + world.time.elapsedMs);
      if (Math.abs(leftMs) <= 2_000) continue;`,
    noticed: "a report that a server had is lost",
    scenario: "report_missed_on_a_dead_link.json",
  },
];

/** Runs the simulation in a folder. */
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

/** The flags that select the same herds in every run of the tests. */
function flagsFor(
  { firstSeed = 1, seeds = defaultSeeds }: Partial<Mutation>,
): string[] {
  return [`--first-seed=${firstSeed}`, `--seeds=${seeds}`];
}

/** A copy of the code, deleted at the end of `using`. */
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

Deno.test("simulate finds no failure in the unchanged code", async () => {
  using copy = new ProjectCopy();
  const { code, output } = await simulate(copy.folder, ...flagsFor({}));
  assertEquals(code, 0, output);
  assertStringIncludes(output, "divergences: 0");
  assertStringIncludes(output, "rules broken otherwise: 0");
});

for (
  const mutation of [
    ...mutations,
    ...attributeMutations,
    ...deletionMutations,
    ...expiryMutations,
    ...folderMutations,
    ...timeMutations,
    ...treeMutations,
  ]
) {
  const { noticed, scenario, without } = mutation;
  Deno.test(`simulate fails for code without: ${without}`, async () => {
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

Deno.test("simulate shrinks the plan of a failing herd, and writes it to a file", async () => {
  using copy = new ProjectCopy();
  copy.mutate(syncMutation);
  const found = await simulate(copy.folder, "--first-seed=1", "--seeds=1");
  assertEquals(found.code, 1, found.output);
  const [, file] = found.output.match(/shrunk: .*; written to (\S+)\n/)!;
  assertEquals(
    file,
    `${corpusPath}/a_server_emits_caught_up_too_early_1.json`,
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

Deno.test("simulate draws another first seed in each run, and prints how to repeat it", async () => {
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

Deno.test("simulate explains invalid flags", async () => {
  const cases = [
    [["--seeds=1", "--minutes=1"], "--seeds and --minutes exclude each other"],
    [["--seed=1", "--plan=a"], "--seed and --plan exclude each other"],
    [["--first-seed=1", "--seed=1"], "--first-seed and --seed exclude"],
    [
      ["--first-seed=2147483647", "--seeds=2"],
      "--first-seed: expected a whole number",
    ],
    [["kiwi"], "simulate takes only flags, found kiwi"],
  ] as const;
  for (const [args, message] of cases) {
    const { code, output } = await simulate(projectFolder, ...args);
    assertEquals(code, 2, output);
    assertStringIncludes(output, message);
  }
  const files = [
    ["none.json", "simulate: cannot read none.json: No such file"],
    ["herd.json", "simulate: cannot read herd.json: about: expected a text"],
  ];
  for (const [file, message] of files) {
    const { code, output } = await simulate(projectFolder, `--plan=${file}`);
    assertEquals(code, 1);
    assertStringIncludes(output, message);
  }
});
