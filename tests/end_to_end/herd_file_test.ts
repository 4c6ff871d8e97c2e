/**
 * Tests adding a server to a herd and removing one, in the steps of
 * docs/OPERATIONS.md.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../assert.ts";
import { ask, type Program, TestHerd, until } from "./process.ts";
import { hasReport } from "./healing.ts";

/** A chain of three servers. The last one is added and removed. */
const names = ["Hill", "Jaquez", "Smith"];
const [inner, outer] = [["Hill", "Jaquez"], ["Jaquez", "Smith"]];

/** Servers that are started with different herd files. */
class ChangingHerd extends TestHerd {
  readonly #running = new Map<string, Program>();

  /**
   * Starts or restarts a server, with a herd file of these servers and links.
   */
  async restart(
    name: string,
    servers: readonly string[],
    links: readonly (readonly string[])[],
  ): Promise<void> {
    await this.stop(name);
    const path = `${this.logFolder}/${name}.json`;
    const file = { servers: servers.map((name) => ({ name })), links };
    await Deno.writeTextFile(path, JSON.stringify(file));
    const permissions = ["--allow-net", "--allow-write", "--allow-read"];
    const flags = [`--config=${path}`];
    this.#running.set(name, await this.start(name, flags, {}, permissions));
  }

  async stop(name: string): Promise<void> {
    const program = this.#running.get(name);
    program?.signal("SIGTERM");
    await program?.ended();
  }

  async report(server: string, client: string): Promise<void> {
    const line = `IAMAT ${client} +1+1 ${Date.now() / 1000}\n`;
    assertMatch(await ask(this.portOf(server), line), /^AT /);
  }

  /** Waits until a server has reports of all these clients. */
  async untilKnown(server: string, ...clients: string[]): Promise<void> {
    for (const client of clients) {
      await until(() => hasReport(this, server, client));
    }
  }

  /** Checks that no link ended because of a wrong line. */
  checkLogs(): void {
    for (const name of this.#running.keys()) {
      assertEquals(this.log(name).match(/.* reason="nonsense".*/), null, name);
    }
  }
}

Deno.test("a server can be added to a running herd", async () => {
  await using herd = new ChangingHerd();
  const old = names.slice(0, 2);
  for (const name of old) await herd.restart(name, old, [inner]);
  await herd.report("Hill", "early");
  await herd.untilKnown("Jaquez", "early");
  for (const name of old) {
    await herd.restart(name, names, [inner, outer]);
    await herd.untilKnown(name, "early");
  }
  await herd.restart("Smith", names, [inner, outer]);
  await herd.untilKnown("Smith", "early");
  await herd.report("Smith", "late");
  await herd.untilKnown("Hill", "late");
  herd.checkLogs();
});

Deno.test("a server can be removed from a running herd, which keeps its reports", async () => {
  await using herd = new ChangingHerd();
  for (const name of names) await herd.restart(name, names, [inner, outer]);
  await herd.report("Smith", "of-smith");
  await herd.untilKnown("Hill", "of-smith");
  await herd.stop("Smith");
  // Its name stays in the herd file, as reports have it as their origin.
  for (const name of ["Hill", "Jaquez"]) {
    await herd.restart(name, names, [inner]);
    await herd.untilKnown(name, "of-smith");
  }
  herd.checkLogs();
});

Deno.test("a server says which servers of its herd file cannot reach each other", async () => {
  await using herd = new TestHerd();
  const path = `${herd.logFolder}/parts.json`;
  const servers = ["Hill", "Jaquez", "Smith", "Pear"].map((name) => ({ name }));
  const links = [["Hill", "Smith"]];
  await Deno.writeTextFile(path, JSON.stringify({ servers, links }));
  const permissions = ["--allow-net", "--allow-write", "--allow-read"];
  const hill = await herd.start("Hill", [`--config=${path}`], {}, permissions);
  const note = "the herd file has no links between these servers, so reports " +
    "do not pass between them: Hill, Smith; Jaquez; Pear\n";
  await until(() => hill.stderr.includes(note));
  hill.signal("SIGINT");
  assertEquals(await hill.ended(), 0);
  assertEquals(hill.stdout.trimEnd().split("\n").at(-1), "Hill has stopped.");
});
