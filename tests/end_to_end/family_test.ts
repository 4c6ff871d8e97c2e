/**
 * Runs the commands of GATEWAYS.md's family of three, and compares their output
 * with the document.
 *
 * @module
 */
import { assert, assertEquals } from "../assert.ts";
import { blocksOf, readDocument } from "../document.ts";
import { needs } from "../needs.ts";
import { freeBasePort, names, projectFolder, until } from "./process.ts";

/** A command, and what it prints. */
interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands in a section of a document. */
function stepsOf(document: string, heading: string): Step[] {
  const section = readDocument(document).split(`\n## ${heading}\n`)[1]
    .split("\n## ")[0];
  return blocksOf(section).flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command, ...output] = text.trimEnd().split("\n");
      return { command, output: output.join("\n") };
    });
}

/** Like a clone: all files of the project, and a place for others. */
function makeClone(): string {
  const folder = Deno.makeTempDirSync({ prefix: "herd-family-" });
  for (const { name } of Deno.readDirSync(projectFolder)) {
    if (/^\.|^logs$|\.(?:key|token|pem)$/.test(name)) continue;
    Deno.symlinkSync(projectFolder + name, `${folder}/${name}`);
  }
  Deno.mkdirSync(`${folder}/bin`);
  Deno.symlinkSync(Deno.execPath(), `${folder}/bin/deno`);
  return folder;
}

/** Each key has another ID. */
const keyId = /\d{4}-\d\d-\d\d-[0-9a-f]{4}/;

/** What a command prints to stdout. */
async function run(folder: string, command: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", command],
    cwd: folder,
    env: { PATH: `${folder}/bin:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trimEnd();
}

needs("curl", "mosquitto_pub", "mosquitto_sub", "openssl").test(
  "the family of three in GATEWAYS.md sees each other, and has a new key",
  async () => {
    const steps = stepsOf("docs/GATEWAYS.md", "A family of three");
    assert(steps.length > 20, `${steps.length}`);
    const folder = makeClone();
    const basePort = freeBasePort();
    const logOf = (name: string) =>
      Deno.readTextFileSync(`${folder}/logs/${name}.log`);
    try {
      for (const { command, output } of steps) {
        const here = command
          .replaceAll(/\b8[45]0\d\b/g, (port) => `${+port - 8000 + basePort}`)
          .replace(" up ", ` up --base-port=${basePort} `);
        const find = async () =>
          (await run(folder, here)).replaceAll(
            /\b\d{4,5}(?= \(TLS\))/g,
            (port) => `${+port - basePort + 8000}`,
          );
        // What a command before it has caused takes a moment.
        if (command.startsWith("grep ")) {
          await until(async () => await find() === output);
          continue;
        }
        assertEquals(
          (await find()).replace(keyId, "KEY"),
          output.replace(keyId, "KEY"),
          command,
        );
        const [, time] = command.match(/"tst":(\d+)/) ?? [];
        if (time === undefined || output.startsWith("The ")) continue;
        await until(() =>
          names.every((name) => logOf(name).includes(` ${time}`))
        );
      }
    } finally {
      await run(folder, "kill $(cat herd.pid)");
      await Deno.remove(folder, { recursive: true });
    }
  },
);
