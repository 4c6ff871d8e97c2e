import { readArguments, UsageError } from "../../../cli/arguments.ts";
import {
  noteOnLocalClients,
  noteOnPlainTokens,
  refuseOpenPorts,
} from "../../../server/settings/requirements.ts";
import {
  readSettings,
  serverFlags,
} from "../../../server/settings/settings.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { clientAuthority } from "../../fakes/client_certificates.ts";
import { hill } from "../../fakes/certificates.ts";

async function settingsFor(flags: readonly string[]) {
  return await readSettings(readArguments(flags, serverFlags));
}

/** A folder with the files of a server, and the flags that name them. */
class Files implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "herd-" });
  readonly tls = [
    this.write("tls-cert", hill.certificate),
    this.write("tls-key", hill.key),
  ];
  readonly certificates = [
    ...this.tls,
    this.write("tls-client-ca", clientAuthority),
    this.write("identities", "CN:mira reports=mira/*\n"),
  ];
  readonly tokens = this.write("token-key-file", `new ${"A".repeat(43)}\n`);

  /** Writes the file of a flag. */
  write(flag: string, text: string): string {
    const path = `${this.folder}/${flag}`;
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    return `--${flag}=${path}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Why a server does not start with these flags; "starts" if it does. */
async function outcomeOf(flags: readonly string[]): Promise<string> {
  const settings = await settingsFor(flags);
  try {
    refuseOpenPorts(settings, ["Hill"]);
    return "starts";
  } catch (error) {
    if (error instanceof SetupError) return error.message;
    throw error;
  }
}

Deno.test("a port beyond loopback has to identify its clients, and with tokens every port has to", async () => {
  using files = new Files();
  const host = "--host=0.0.0.0";
  const nothing = (port: string, instead: string) =>
    `Hill: the client port ${port} can be reached from other machines, and ` +
    "does not identify its clients: add --open-clients to let everybody " +
    `report and query for every client, or ${instead} to require certificates`;
  const all = "--tls-cert, --tls-key, --tls-client-ca and --identities";
  const two = "--tls-client-ca and --identities";
  const admin = (missing: string) =>
    "Hill: the administration port 0.0.0.0:8200 can be reached from other " +
    `machines: add ${missing}, or keep it on 127.0.0.1`;
  const gateway =
    "Hill: the HTTP port 0.0.0.0:8400 can be reached from other machines, and " +
    "does not identify its clients: add --token-key-file, or --open-clients " +
    "to let everybody report and query for every client, or close it with " +
    "--http=false";
  const nmea = gateway.replace(
    "HTTP port 0.0.0.0:8400",
    "NMEA port 0.0.0.0:8600",
  )
    .replace("--token-key-file", "--open-nmea").replace("--http", "--nmea");
  const openNmea = ["--nmea", "--gateway-host=0.0.0.0"];
  const senders = files.write("open-nmea", "192.0.2.7 van\n");
  const openAdmin = ["--admin", "--admin-host=0.0.0.0"];
  for (
    const [flags, outcome] of [
      [[], "starts"],
      [["--host=::1", "--admin"], "starts"],
      [[host], nothing("0.0.0.0:8000", all)],
      [["--host=hill.example"], nothing("hill.example:8000", all)],
      [[host, "--open-clients"], "starts"],
      [[host, ...files.tls], nothing("0.0.0.0:8000", two)],
      [[host, ...files.certificates], "starts"],
      [
        [host, ...files.certificates, "--plain-clients"],
        nothing("0.0.0.0:8000", `${two} and leave out --plain-clients`),
      ],
      [
        [host, ...files.certificates, "--plain-clients", "--open-clients"],
        "starts",
      ],
      [[files.tokens], "starts"],
      [[files.tokens, ...files.certificates], "starts"],
      [["--nmea", files.tokens], "starts"],
      // Certificates without tokens require nothing of plain text on loopback.
      [[...files.certificates, "--plain-clients"], "starts"],
      // The flag opens nothing to other machines.
      [[host, files.tokens, "--local-clients"], nothing("0.0.0.0:8000", all)],
      // Tokens tell nobody apart at a port that has no place for them.
      [[host, files.tokens], nothing("0.0.0.0:8000", all)],
      [["--http", "--gateway-host=0.0.0.0"], gateway],
      [["--http", "--gateway-host=0.0.0.0", "--open-clients"], "starts"],
      [
        ["--http", "--gateway-host=0.0.0.0", files.tokens, "--local-clients"],
        "starts",
      ],
      [openNmea, nmea],
      [[...openNmea, files.tokens, "--local-clients"], nmea],
      [[...openNmea, senders], "starts"],
      [[...openNmea, "--open-clients"], "starts"],
      [[...openNmea, ...files.certificates], "starts"],
      [[...openNmea, ...files.certificates, "--plain-clients"], nmea],
      [openAdmin, admin("--token-key-file, --tls-cert, --tls-key")],
      [
        [...openAdmin, "--open-clients"],
        admin("--token-key-file, --tls-cert, --tls-key"),
      ],
      [[...openAdmin, ...files.tls], admin("--token-key-file")],
      [
        [...openAdmin, files.tokens, "--local-clients"],
        admin("--tls-cert, --tls-key"),
      ],
      [[...openAdmin, files.tokens, ...files.certificates], "starts"],
    ] as const
  ) assertEquals(await outcomeOf(flags), outcome, flags.join(" "));
});

Deno.test("a note warns of tokens that other machines send in plain text", async () => {
  using files = new Files();
  const note = async (...flags: string[]) =>
    noteOnPlainTokens(await settingsFor([files.tokens, ...flags]), ["Hill"]);
  const all = ["--http", "--mqtt", "--gateway-host=192.0.2.7"];
  const text = (kinds: string) =>
    `other machines send tokens in plain text to the ${kinds} on ` +
    "192.0.2.7: add --tls-cert and --tls-key, or use --gateway-host 127.0.0.1 " +
    "and a proxy with TLS on this machine";
  assertEquals(await note(...all), text("HTTP and MQTT ports"));
  assertEquals(
    await note(...all, "--trusted-proxies=192.0.2.9"),
    text("MQTT port"),
  );
  assertEquals(await note(...all, ...files.tls), undefined);
  assertEquals(await note("--http", "--mqtt"), undefined);
});

Deno.test("a setting of identities needs the others that belong to it", async () => {
  using files = new Files();
  const [, , authority, identities] = files.certificates;
  const revoked = files.write("revoked-file", "");
  for (
    const [flags, message] of [
      [[revoked], "--revoked-file needs --token-key-file"],
      [[...files.tls, authority], "--tls-client-ca needs --identities"],
      [[...files.tls, identities], "--identities needs --tls-client-ca"],
      [
        [authority, identities],
        "--tls-client-ca needs --tls-cert and --tls-key",
      ],
    ] as const
  ) await assertRejects(() => settingsFor(flags), UsageError, message);
  const settings = await settingsFor([...files.certificates, files.tokens]);
  assertEquals(settings.identity?.tokens !== undefined, true);
  assertEquals(settings.identity?.certificates !== undefined, true);
  assertEquals((await settingsFor(files.tls)).identity, undefined);
});

Deno.test("a wrong file of identities is named, and changes nothing later", async () => {
  using files = new Files();
  const flags = [...files.certificates, files.tokens];
  const { identity, tls } = await settingsFor(flags);
  const grant = () => identity!.certificates;
  const rules = () => identity!.tokens!.rules.keys.map(({ id }) => id);
  for (
    const [flag, text, fault] of [
      ["identities", "CN:mira reports=*\n", "identities:1: "],
      ["token-key-file", "new short\n", "token-key-file:1: "],
      ["tls-client-ca", "nothing\n", "tls-client-ca: expected certificates"],
    ]
  ) {
    const path = `${files.folder}/${flag}`;
    const before = Deno.readTextFileSync(path);
    files.write(flag, text);
    await assertRejects(() => settingsFor(flags), SetupError, fault);
    const renewed = flag === "tls-client-ca" ? tls!.renew : identity!.renew;
    await assertRejects(renewed, SetupError, fault);
    assertEquals(rules(), ["new"]);
    files.write(flag, before);
  }
  files.write("token-key-file", `next ${"A".repeat(42)}E\n`);
  files.write("identities", "wrong\n");
  await assertRejects(identity!.renew, SetupError, "identities:1: ");
  assertEquals(rules(), ["new"]);
  files.write("identities", "CN:eve last\n");
  await identity!.renew();
  assertEquals(rules(), ["next"]);
  assertEquals(grant() !== undefined, true);
});

Deno.test("--trusted-proxies takes addresses and networks only", async () => {
  const { trustedProxies } = await settingsFor([
    "--trusted-proxies=127.0.0.1,10.0.0.0/8,2001:db8::/32",
  ]);
  assertEquals(trustedProxies, ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]);
  assertEquals((await settingsFor([])).trustedProxies, []);
  for (const value of ["proxy.example", "10.0.0.0/33", "::1,"]) {
    await assertRejects(
      () => settingsFor([`--trusted-proxies=${value}`]),
      UsageError,
      "--trusted-proxies: expected an IP address or a network such as 10.0.0.0/8",
    );
  }
});

Deno.test("a note says that programs on the machine need no token at a client port", async () => {
  using files = new Files();
  const noteOf = async (...flags: string[]) =>
    noteOnLocalClients(await settingsFor(flags), ["Hill"]);
  assertEquals(
    await noteOf(files.tokens),
    "the client port 127.0.0.1:8000 has no place for tokens, so every program " +
      "on this machine may report and query for every client: add " +
      "--local-clients if it may, or --tls-cert, --tls-key, --tls-client-ca " +
      "and --identities to require certificates",
  );
  for (
    const flags of [
      [],
      [files.tokens, "--local-clients"],
      [files.tokens, "--open-clients"],
      [files.tokens, ...files.certificates],
    ]
  ) assertEquals(await noteOf(...flags), undefined, flags.join(" "));
  const hasPlainPort = [...files.certificates, "--plain-clients"];
  assert(await noteOf(files.tokens, ...hasPlainPort) !== undefined);
});
