import { TokenRefusal } from "../../../identity/refusal.ts";
import { TokenKey } from "../../../identity/token_keys.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import {
  createKeyFile,
  fileExists,
  noteOnAccess,
  readCertificateIdentities,
  readRevokedTokens,
  readTokenKeys,
  readTokens,
} from "../../../server/settings/tokens.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import {
  attribute,
  commonName,
  makeCertificate,
} from "../../identity/make_certificate.ts";
import {
  key as newKey,
  keyBytes,
  makeToken,
  now,
  otherBytes,
  otherKey,
} from "../../identity/make_token.ts";

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

Deno.test("keys and revoked tokens are read again, and a faulty file changes nothing", () =>
  withPath(async (path) => {
    const revokedPath = `${path}.revoked`;
    await Deno.writeTextFile(path, otherKey.formatLine());
    await Deno.writeTextFile(revokedPath, "");
    const { authenticator, readAgain } = await readTokens(path, revokedPath);
    const renew = async () => (await readAgain())();
    const [oldToken, newToken] = [
      makeToken({}, { kid: "old" }, otherBytes),
      makeToken({ jti: "token-2" }),
    ];
    const reasons = () =>
      [oldToken, newToken].map((token) => {
        const result = authenticator.authenticate(token, now);
        return result instanceof TokenRefusal ? result.reason : "accepted";
      });
    assertEquals(reasons(), ["accepted", "unknown key"]);
    const lines = [newKey, otherKey].map((key) => key.formatLine());
    await Deno.writeTextFile(path, lines.join("\n"));
    await renew();
    assertEquals(reasons(), ["accepted", "accepted"]);
    await Deno.writeTextFile(revokedPath, "token-1");
    await renew();
    assertEquals(reasons(), ["revoked", "accepted"]);
    // The keys are right, and are not used without the other file.
    await Deno.writeTextFile(path, lines[1]);
    await Deno.writeTextFile(revokedPath, "a b");
    await assertRejects(renew, SetupError, `${revokedPath}:1: expected`);
    assertEquals(reasons(), ["revoked", "accepted"]);
    await Deno.remove(revokedPath);
    await assertRejects(renew, SetupError, "there is no such file");
    assertEquals(reasons(), ["revoked", "accepted"]);
  }));

Deno.test("identities of certificates are read again, and a faulty file changes nothing", () =>
  withPath(async (path) => {
    const certificate = makeCertificate([attribute(commonName, "mira")]);
    await Deno.writeTextFile(path, "CN:mira reports=a");
    const { authenticator, readAgain } = await readCertificateIdentities(path);
    const renew = async () => (await readAgain())();
    const mayReport = (client: string) =>
      authenticator.authenticate(certificate, now)?.mayReport(client);
    assertEquals(mayReport("a"), true);
    await Deno.writeTextFile(path, "CN:mira reports=b");
    await renew();
    assertEquals([mayReport("a"), mayReport("b")], [false, true]);
    await Deno.writeTextFile(path, "CN:eve last\nCN:mira");
    await assertRejects(renew, SetupError, `${path}:2: expected`);
    assertEquals(mayReport("b"), true);
    await Deno.writeTextFile(path, "CN:eve last");
    await renew();
    assertEquals(mayReport("b"), undefined);
  }));
