/**
 * Kills a program at random moments while it writes a data folder, and checks
 * what the next one restores:
 *
 *     deno task kills --kills 500 --seed 1
 *
 * @module
 */
import { Random } from "../../runtime/random.ts";
import { Program, projectFolder, until } from "../end_to_end/process.ts";
import { clientCount, textOf } from "./kept_replica.ts";

/** What a kill may lose, in milliseconds. */
const lostMs = 1_000;

/** The program runs for at most this long, in milliseconds; seldom for longer. */
const [shortMs, longMs] = [300, 1_600];

/** What was found. */
export interface KillResult {
  readonly kills: number;
  readonly stored: number;
  /** How many of the last stored reports were lost, over all kills. */
  readonly lost: number;
  /** How many kills left a snapshot. */
  readonly snapshots: number;
}

/**
 * @throws {Error} If a restored report is wrong, or older than one of a second
 * before the kill or one that was restored before.
 */
export async function killAgainAndAgain(
  kills: number,
  seed: number,
  folder: string,
): Promise<KillResult> {
  const random = new Random(seed);
  let [next, last, storedLast, stored] = [0, -1, 0, 0];
  let [lost, snapshots] = [0, 0];
  /** By client, the number of its report that must not be lost. */
  const least = Array.from({ length: clientCount }, () => -1);
  for (let kill = 0; kill <= kills; kill++) {
    await using program = Program.start([
      "run",
      "--frozen",
      "--config=tests/deno.json",
      "--allow-read",
      `--allow-write=${folder}`,
      "--allow-env",
      "tests/storage/kept_replica.ts",
      folder,
      `${next}`,
    ]);
    await program.untilPrinted("restored ");
    await until(() => program.stdout.includes("\n"));
    const [first] = program.stdout.split("\n");
    const lines = first.slice("restored ".length).split(";");
    let newest = -1;
    for (const [client, line] of lines.entries()) {
      const number = numberOf(line);
      const isRight = line === "none" || line.endsWith(` ${textOf(number)}`) &&
          number % clientCount === client;
      if (!isRight) throw new Error(`client${client}: ${line} is wrong`);
      if (number < least[client]) {
        throw new Error(
          `client${client}: ${line} is older than ${textOf(least[client])}`,
        );
      }
      least[client] = number;
      newest = Math.max(newest, number);
    }
    lost += Math.min(storedLast, Math.max(0, last - newest));
    if (kill === kills) break;
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    if (names.some((name) => /^snapshot-\d+$/.test(name))) snapshots += 1;
    const runMs = random.below(random.chance(0.2) ? longMs : shortMs);
    const startMs = performance.now();
    let safe = -1;
    const printedAt: [atMs: number, number: number][] = [];
    while (performance.now() - startMs < runMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      printedAt.push([performance.now(), lastStored(program.stdout)]);
    }
    try {
      program.signal("SIGKILL");
    } catch {
      throw new Error(`the program has ended: ${program.stderr}`);
    }
    const killedMs = performance.now();
    await program.ended();
    if (program.stdout.includes("error")) throw new Error(program.stdout);
    for (const [atMs, number] of printedAt) {
      if (atMs <= killedMs - lostMs) safe = Math.max(safe, number);
    }
    const from = Math.max(next, safe - clientCount + 1);
    for (let number = from; number <= safe; number++) {
      least[number % clientCount] = number;
    }
    last = lastStored(program.stdout);
    storedLast = Math.max(0, last + 1 - next);
    stored += storedLast;
    // What was stored and not printed is not repeated.
    next = Math.max(next, last + 1) + 10_000;
    next -= next % clientCount;
  }
  return { kills, stored, lost, snapshots };
}

/** The number of a report. */
function numberOf(line: string): number {
  return line === "none" ? -1 : Number(line.split(" ").at(-1)) - 1_000_000;
}

/** The number in the last complete line about what was stored; -1 for none. */
function lastStored(stdout: string): number {
  const whole = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  const at = whole.lastIndexOf("\nstored ");
  return at < 0 ? -1 : Number(whole.slice(at).split(" ")[1]);
}

function numberAfter(flag: string, otherwise: number): number {
  const at = Deno.args.indexOf(flag);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

if (import.meta.main) {
  const seed = numberAfter("--seed", 1 + Math.floor(Math.random() * 1e9));
  const folder = await Deno.makeTempDir({ prefix: "herd-kills-" });
  console.log(`seed ${seed}, in ${folder}, from ${projectFolder}`);
  const result = await killAgainAndAgain(
    numberAfter("--kills", 500),
    seed,
    folder,
  );
  await Deno.remove(folder, { recursive: true });
  const { kills, lost, snapshots, stored } = result;
  console.log(
    `${kills} kills, ${stored} reports stored, ${lost} of the last lost, ` +
      `${snapshots} starts from a snapshot: nothing wrong, nothing older`,
  );
}
