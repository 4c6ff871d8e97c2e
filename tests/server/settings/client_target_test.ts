import { type Flags, readArguments } from "../../../cli/arguments.ts";
import { SetupError, UsageError } from "../../../runtime/setup_error.ts";
import { findServer } from "../../../peers/topology.ts";
import {
  clientTargetFlags,
  readClientTarget,
} from "../../../server/settings/client_target.ts";
import { assertEquals, assertRejects } from "../../assert.ts";
import { authority } from "../../fakes/certificates.ts";
import { eve, expired, mira } from "../../fakes/client_certificates.ts";

/** Files in a folder, and the flags that name them. */
class Files implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "herd-" });

  flag(name: string, text: string): string {
    const path = `${this.#folder}/${name}`;
    Deno.writeTextFileSync(path, text);
    return `--${name}=${path}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

const flags: Flags = clientTargetFlags;

const read = (...args: readonly string[]) =>
  readClientTarget(readArguments(args, flags));

Deno.test("a client target has the port and the certificate that flags name", async () => {
  using files = new Files();
  const portOf = async (...args: readonly string[]) => {
    const { portOf, topology } = await read(...args);
    return portOf(findServer(topology, "Hill")!);
  };
  const none = {
    hostname: "127.0.0.1",
    port: 8000,
    tlsAuthority: undefined,
    tlsCertificate: undefined,
    tlsKey: undefined,
  };
  assertEquals(await portOf(), none);
  const ca = files.flag("tls-ca", authority);
  const secure = { ...none, port: 8300, tlsAuthority: authority };
  assertEquals(await portOf(ca), secure);
  const own = [
    files.flag("tls-cert", mira.cert),
    files.flag("tls-key", mira.key),
  ];
  assertEquals(await portOf(ca, ...own), {
    ...secure,
    tlsCertificate: mira.cert,
    tlsKey: mira.key,
  });
});

Deno.test("a fault of the files of a client certificate is named in one line", async () => {
  using files = new Files();
  const ca = files.flag("tls-ca", authority);
  const cert = (text: string) => files.flag("tls-cert", text);
  const key = (text: string) => files.flag("tls-key", text);
  for (
    const [args, kind, message] of [
      [[ca, cert(mira.cert)], UsageError, "--tls-cert needs --tls-key"],
      [[ca, key(mira.key)], UsageError, "--tls-key needs --tls-cert"],
      [
        [cert(mira.cert), key(mira.key)],
        UsageError,
        "--tls-cert needs --tls-ca",
      ],
      [
        [cert(mira.cert)],
        UsageError,
        "--tls-cert needs --tls-ca and --tls-key",
      ],
    ] as const
  ) await assertRejects(() => read(...args), kind, message);
  for (
    const [certText, keyText, message] of [
      [mira.cert, eve.key, "/tls-key: is not the certificate's key"],
      ["x", mira.key, "/tls-cert: expected certificates in PEM"],
      [mira.cert, "x", "/tls-key: expected a private key in PEM"],
      [expired.cert, expired.key, "/tls-cert: expired on 20"],
    ]
  ) {
    await assertRejects(
      () => read(ca, cert(certText), key(keyText)),
      SetupError,
      message,
    );
  }
  const missing = `${ca}.missing`;
  await assertRejects(
    () => read(missing),
    SetupError,
    "there is no such file",
  );
});
