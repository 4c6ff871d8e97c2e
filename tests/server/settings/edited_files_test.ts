/** Files and variables as editors and scripts of other systems write them. */
import { readArguments } from "../../../cli/arguments.ts";
import { SetupError } from "../../../cli/exit.ts";
import {
  readSettings,
  serverFlags,
} from "../../../server/settings/settings.ts";
import { assertEquals, assertRejects } from "../../assert.ts";

const settingsFor = (...args: string[]) =>
  readSettings(readArguments(args, serverFlags));

/** A byte order mark, CR LF, and blanks at the ends of lines. */
const asInNotepad = (text: string) =>
  `\uFEFF${text.replaceAll("\n", " \t\r\n")} \r\n\r\n`;

const herd = JSON.stringify(
  {
    servers: [{ name: "Hill" }, { name: "Smith" }],
    links: [["Hill", "Smith"]],
  },
  null,
  2,
);

const key = "AIza-a-key-of-tests-only";

/** Writes files, runs a test with their paths, and removes the files. */
async function withFiles(
  texts: Readonly<Record<string, string>>,
  test: (pathOf: (name: string) => string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  await test((name) => `${folder}/${name}`);
  await Deno.remove(folder, { recursive: true });
}

Deno.test("a herd file, a secret and a key are read with BOM, CR LF and blanks", () =>
  withFiles({
    herd: asInNotepad(herd),
    secret: asInNotepad("a-secret-of-tests-only\nanother-secret-of-tests"),
    key: asInNotepad(key),
  }, async (pathOf) => {
    const { places, secrets, topology } = await settingsFor(
      `--config=${pathOf("herd")}`,
      `--secret-file=${pathOf("secret")}`,
      `--places-key-file=${pathOf("key")}`,
      "--places=google",
    );
    assertEquals(topology.servers.map(({ name }) => name), ["Hill", "Smith"]);
    assertEquals(secrets, [
      "a-secret-of-tests-only",
      "another-secret-of-tests",
    ]);
    assertEquals((await places.load()).name, "google");
  }));

Deno.test("the error for blanks inside a herd file's texts names them", async () => {
  const cases = {
    '"Hill "': "servers[0].name: expected 1 to 64 letters, digits, dots, " +
      'hyphens or underscores, found "Hill "',
    '"Hill", "host": "127.0.0.1 "': "Hill's host: expected a host name or " +
      'address, found "127.0.0.1 "',
  };
  for (const [name, message] of Object.entries(cases)) {
    const text = herd.replace('"Hill"', name);
    await withFiles({ herd: text }, async (pathOf) => {
      const error = await assertRejects(
        () => settingsFor(`--config=${pathOf("herd")}`),
        SetupError,
      );
      assertEquals(error.message, `${pathOf("herd")}: ${message}`);
    });
  }
});

Deno.test("a variable is read with CR and blanks at its end", async () => {
  const variables = {
    HERD_MAX_CLIENTS: "1000\r",
    HERD_ADMIN: "true \r",
    HERD_LOG_DIR: " \r",
    HERD_SECRET: "a-secret-of-tests-only\r",
    GOOGLE_PLACES_KEY: `${key}\r`,
  };
  for (const [name, value] of Object.entries(variables)) {
    Deno.env.set(name, value);
  }
  try {
    const settings = await settingsFor("--places=google");
    assertEquals(settings.maxClients, 1_000);
    assertEquals(settings.admin?.host, "127.0.0.1");
    assertEquals(settings.logDirectory, "logs");
    assertEquals(settings.secrets, ["a-secret-of-tests-only"]);
    assertEquals((await settings.places.load()).name, "google");
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
});
