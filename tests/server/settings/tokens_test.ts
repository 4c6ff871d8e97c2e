import { TokenKey } from "../../../identity/token_keys.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import {
  createKeyFile,
  fileExists,
  noteOnAccess,
  readRevokedTokens,
  readTokenKeys,
} from "../../../server/settings/tokens.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { keyBytes } from "../../identity/make_token.ts";

const key = new TokenKey("new", keyBytes);

/** Runs a test with the path of a file that does not exist. */
async function withPath(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await test(`${folder}/a file`);
  await Deno.remove(folder, { recursive: true });
}

/** Texts as editors of other systems write them. */
const edited: readonly ((text: string) => Uint8Array)[] = [
  (text) => new TextEncoder().encode(`\ufeff${text} \r\n\r\n`),
  (text) =>
    Uint8Array.from(
      [..."\xff\xfe", ...[...`# é\r\n${text}\r\n`].flatMap((c) => [c, "\0"])],
      (byte) => byte.charCodeAt(0),
    ),
];

Deno.test("key files and lists of revoked tokens are read as editors write them", async () => {
  for (const write of edited) {
    await withPath(async (path) => {
      await Deno.writeFile(path, write(key.formatLine()));
      const [read] = await readTokenKeys(path);
      assert(read.equals(key));
      await Deno.writeFile(path, write("one\r\ntwo"));
      assertEquals([...await readRevokedTokens(path)], ["one", "two"]);
    });
  }
  assertEquals((await readRevokedTokens(undefined)).size, 0);
});

Deno.test("a fault of these files is named with the file", () =>
  withPath(async (path) => {
    const missing = `${path}: there is no such file`;
    for (const read of [readTokenKeys, readRevokedTokens]) {
      const error = await assertRejects(() => read(path), SetupError);
      assertEquals(error.message, missing);
      await Deno.writeTextFile(path, "one two three");
      const wrong = await assertRejects(() => read(path), SetupError);
      assert(wrong.message.startsWith(`${path}:1: expected`), wrong.message);
      await Deno.remove(path);
    }
  }));

Deno.test("a new key file is private, and replaces no file", () =>
  withPath(async (path) => {
    assertEquals(await fileExists(path), false);
    await createKeyFile(path, key);
    assertEquals(await fileExists(path), true);
    assert((await readTokenKeys(path))[0].equals(key));
    assertEquals(await noteOnAccess(path), undefined);
    const other = new TokenKey("other", keyBytes);
    await assertRejects(() => createKeyFile(path, other), SetupError, "exists");
    assert((await readTokenKeys(path))[0].equals(key));
    await assertRejects(
      () => createKeyFile(`${path}/below`, key),
      SetupError,
      `${path}/below: `,
    );
  }));

Deno.test("a key file that all users can read or write is named", () =>
  withPath(async (path) => {
    await createKeyFile(path, key);
    const note = `${path}: all users of this machine have access to it; run: ` +
      `chmod 600 '${path}'`;
    const notes: [mode: number, note: string | undefined][] = [
      [0o600, undefined],
      [0o640, undefined],
      [0o644, note],
      [0o602, note],
    ];
    for (const [mode, expected] of notes) {
      await Deno.chmod(path, mode);
      assertEquals(await noteOnAccess(path), expected);
    }
  }));
