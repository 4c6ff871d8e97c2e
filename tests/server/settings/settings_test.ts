import { readArguments, UsageError } from "../../../cli/arguments.ts";
import { SetupError } from "../../../cli/exit.ts";
import {
  faultOf,
  secretsOfFile,
  secretsOfVariable,
} from "../../../server/settings/secrets.ts";
import { startServer } from "../../../mod.ts";
import {
  defaultLinkTimeoutMs,
  defaultMaxClients,
} from "../../../peers/limits.ts";
import { isLoopback } from "../../../runtime/network.ts";
import { schema } from "../../../server/settings/schema.ts";
import { variableOf } from "../../../server/settings/setting.ts";
import {
  openPorts,
  type PortSwitches,
  readSettings,
  serverFlags,
} from "../../../server/settings/settings.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../assert.ts";
import { Program, projectFolder, TestHerd } from "../../end_to_end/process.ts";

const oldSecret = "old-secret-0123456789abcdef";
const newSecret = "new-secret-0123456789abcdef";

/** Reads settings as the programs do. */
const settingsFor = (...args: string[]) =>
  readSettings(readArguments(args, serverFlags));

/** Sets HERD_SECRET until it is disposed of. */
function secretInEnvironment(value: string): Disposable {
  const before = Deno.env.get("HERD_SECRET");
  Deno.env.set("HERD_SECRET", value);
  return {
    [Symbol.dispose]() {
      if (before === undefined) Deno.env.delete("HERD_SECRET");
      else Deno.env.set("HERD_SECRET", before);
    },
  };
}

/** A file that exists until it is disposed of. */
function temporaryFile(text: string): { path: string } & Disposable {
  const path = Deno.makeTempFileSync({ prefix: "herd-" });
  Deno.writeTextFileSync(path, text);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

Deno.test({
  name: "a secret file holds one secret, or an old and a new one",
  permissions: "none",
  fn() {
    const both = [oldSecret, newSecret];
    for (
      const [text, secrets] of [
        [oldSecret, [oldSecret]],
        [`${oldSecret}\n`, [oldSecret]],
        [`\ufeff${oldSecret}\r\n${newSecret}\r\n`, both],
        [`\n \t\n  ${oldSecret}\t\n\n${newSecret} \n\n`, both],
        ["!".repeat(16), ["!".repeat(16)]],
        ["~".repeat(256), ["~".repeat(256)]],
      ] as const
    ) assertEquals(secretsOfFile(text, "FILE"), [...secrets]);
  },
});

Deno.test({
  name: "the environment variable holds the same secrets, or none",
  permissions: "none",
  fn() {
    const both = [oldSecret, newSecret];
    for (
      const [value, secrets] of [
        [undefined, []],
        ["", []],
        [" \n", []],
        [` ${oldSecret}\n`, [oldSecret]],
        [`${oldSecret} ${newSecret}`, both],
        [`${oldSecret}\r\n\t${newSecret}\n`, both],
      ] as const
    ) assertEquals(secretsOfVariable(value), [...secrets]);
  },
});

Deno.test({
  name: "the error of a wrong secret says what is wrong without its text",
  permissions: "none",
  fn() {
    const wrong = [
      ["", "FILE: expected a secret in it; make one with: openssl"],
      [" \n\n", "FILE: expected a secret in it; make one with: openssl"],
      [
        "fifteen-letters",
        "FILE: a secret has at least 16 characters, as a shorter one could " +
        "be guessed from a recorded handshake; make one with: openssl rand " +
        "-hex 32",
      ],
      [
        `${oldSecret}\nfifteen-letters`,
        "FILE: a secret has at least 16 characters",
      ],
      ["x".repeat(257), "FILE: a secret has at most 256 characters"],
      [`${oldSecret} ${newSecret}`, "FILE: a secret is printable ASCII"],
      [`${oldSecret}\u00e9`, "FILE: a secret is printable ASCII"],
      [`${oldSecret}\x7f`, "FILE: a secret is printable ASCII"],
      [`${oldSecret}\0`, "FILE: a secret is printable ASCII"],
      [
        `${oldSecret}\n${newSecret}\nthird-0123456789`,
        "FILE: expected at most 2 secrets, found 3",
      ],
      [
        `${oldSecret}\n ${oldSecret}`,
        "FILE: expected two different secrets, found the same one twice",
      ],
    ] as const;
    for (const [text, message] of wrong) {
      const error = assertThrows(() => secretsOfFile(text, "FILE"), SetupError);
      assert(error instanceof SetupError);
      assertEquals(error.message.slice(0, message.length), message);
      for (const part of ["secret-0", "fifteen", "xxxx", "third"]) {
        assert(!error.message.includes(part), error.message);
      }
    }
    for (const value of ["short", `${oldSecret} ${oldSecret}`]) {
      assertThrows(() => secretsOfVariable(value), SetupError, "HERD_SECRET: ");
    }
    assertEquals(faultOf([]), undefined);
    assertEquals(faultOf([oldSecret, newSecret]), undefined);
    assertEquals(typeof faultOf([`${oldSecret}\n`]), "string");
  },
});

Deno.test({
  name: "isLoopback() accepts only names and addresses of this machine",
  permissions: "none",
  fn() {
    for (
      const host of [
        "127.0.0.1",
        "127.0.0.0",
        "127.255.255.255",
        "::1",
        "[::1]",
        "localhost",
        "LocalHost",
      ]
    ) assert(isLoopback(host), host);
    for (
      const host of [
        "",
        "0.0.0.0",
        "::",
        "192.0.2.7",
        "128.0.0.1",
        "127.0.0.256",
        "127.0.0",
        "127.0.0.1.example",
        "127.0.0.1:8100",
        "127.example.0.1",
        "127..0.1",
        "::11",
        "1::1",
        "localhost.example",
        "my-localhost",
        "x\nlocalhost",
      ]
    ) assert(!isLoopback(host), host);
  },
});

Deno.test({
  name: "--secret-file wins over HERD_SECRET",
  permissions: { read: true, write: true, env: true },
  async fn() {
    using file = temporaryFile(`${newSecret}\n`);
    using _variable = secretInEnvironment(oldSecret);
    const fromVariable = await settingsFor();
    assertEquals(fromVariable.secrets, [oldSecret]);
    const fromFile = await settingsFor(`--secret-file=${file.path}`);
    assertEquals(fromFile.secrets, [newSecret]);
  },
});

Deno.test({
  name: "without permission HERD_SECRET is not read, and Deno does not prompt",
  permissions: "none",
  async fn() {
    const { secrets, secretsHelp } = await settingsFor();
    assertEquals(secrets, []);
    assertStringIncludes(secretsHelp, "--allow-env=HERD_SECRET");
  },
});

Deno.test({
  name: "durations and counts have flags, ranges and defaults",
  permissions: "none",
  async fn() {
    const limits = async (...args: string[]) => {
      const settings = await settingsFor(...args);
      const { clientTtlSeconds, linkTimeoutMs, maxClients } = settings;
      const { placesBudget, placesTtlSeconds } = settings;
      return [
        linkTimeoutMs,
        maxClients,
        clientTtlSeconds,
        placesTtlSeconds,
        placesBudget,
      ];
    };
    assertEquals(await limits(), [
      defaultLinkTimeoutMs,
      defaultMaxClients,
      undefined,
      0,
      undefined,
    ]);
    assertEquals([defaultLinkTimeoutMs, defaultMaxClients], [5_000, 5_000_000]);
    for (
      const [index, [name, least, most]] of ([
        ["link-timeout-ms", 3_000, 3_600_000],
        ["max-clients", 1, 100_000_000],
        ["client-ttl", 1, 1_000_000_000],
        ["places-ttl", 0, 2_592_000],
        ["places-budget", 1, 1_000_000_000],
      ] as const).entries()
    ) {
      for (const number of [least, most]) {
        assertEquals((await limits(`--${name}=${number}`))[index], number);
      }
      for (const wrong of [least - 1, most + 1, "1e4", "-1", "4000.5", "x"]) {
        await assertRejects(
          () => limits(`--${name}=${wrong}`),
          UsageError,
          `--${name}: expected a whole number from ${least} to ${most}, ` +
            `found ${wrong}`,
        );
      }
    }
  },
});

Deno.test({
  name: "startServer() names an option that is out of its range",
  permissions: "none",
  async fn() {
    for (
      const [options, message] of [
        [{ secrets: ["short"] }, "secrets: a secret has at least 16"],
        [{ secrets: [oldSecret, oldSecret] }, "secrets: expected two"],
        [{ secrets: [oldSecret, newSecret, "x"] }, "secrets: expected at most"],
        [
          { linkTimeoutMs: 2_999 },
          "linkTimeoutMs: expected a whole number from 3000 to 3600000, found 2999",
        ],
        [{ linkTimeoutMs: 4_000.5 }, "linkTimeoutMs: expected a whole number"],
        [{ maxClients: 0 }, "maxClients: expected a whole number from 1 to"],
        [{ maxClients: NaN }, "maxClients: expected a whole number from 1 to"],
        [{ clientTtlSeconds: 0 }, "clientTtlSeconds: expected a whole number"],
        [{ clientTtlSeconds: 2e9 }, "clientTtlSeconds: expected a whole"],
        [{ placesTtlSeconds: -1 }, "placesTtlSeconds: expected a whole"],
        [{ placesBudget: 0 }, "placesBudget: expected a whole number from 1"],
        [
          { onLogFailure: "panic" as "stop" },
          "onLogFailure: expected keep-serving or stop, found panic",
        ],
        [{ googlePlacesKey: "" }, "googlePlacesKey: expected one API key"],
        [
          { googlePlacesKey: "secret-0\n" },
          "googlePlacesKey: expected one API",
        ],
      ] as const
    ) {
      const error = await assertRejects(
        () => startServer({ name: "Hill", ...options }),
        RangeError,
        message,
      );
      assert(!String(error).includes("secret-0"), String(error));
    }
  },
});

Deno.test({
  name: "startServer() refuses a herd on several machines without a secret",
  permissions: "none",
  async fn() {
    const herd = {
      servers: [
        { name: "Near" },
        { name: "Middle", host: "::1" },
        { name: "Far", host: "192.0.2.7" },
      ],
      links: [["Near", "Middle"], ["Middle", "Far"]],
    };
    for (const name of ["Middle", "Far"]) {
      await assertRejects(
        () => startServer({ name, herd }),
        SetupError,
        "Far is at 192.0.2.7, outside this machine, and there is no secret: " +
          "give all servers the same secrets (16 characters or more), or " +
          "keep the herd on 127.0.0.1",
      );
      // With a secret it needs a permission next.
      await assertRejects(
        () =>
          startServer({
            name,
            herd,
            secrets: [oldSecret],
            openClients: true,
          }),
        SetupError,
        "not permitted: run with '--allow-net=",
      );
    }
    await assertRejects(
      () => startServer({ name: "Near", herd }),
      SetupError,
      "not permitted: run with '--allow-net=",
    );
  },
});

Deno.test({
  name: "an invalid API key is refused, and the error contains no part of it",
  permissions: { read: true, write: true },
  async fn() {
    for (
      const text of ["", " \n", "two keys", "two\nkeys", "k\u00e9y", "k\0y"]
    ) {
      using file = temporaryFile(text);
      const error = await assertRejects(
        () => settingsFor("--places=google", `--places-key-file=${file.path}`),
        SetupError,
        `${file.path}: expected `,
      );
      assert(!/two|keys|k.y/.test(String(error).replace("API key", "")));
    }
    using file = temporaryFile("\n one-key\r\n");
    const { places } = await settingsFor(
      "--places=google",
      `--places-key-file=${file.path}`,
    );
    assertEquals((await places.load()).name, "google");
  },
});

Deno.test({
  name: "a note warns of a key that is sent unencrypted to another machine",
  permissions: { read: true, write: true },
  async fn() {
    using file = temporaryFile("one-key");
    const noteOn = async (url: string) => {
      const { placesNote } = await settingsFor(
        "--places=google",
        `--places-key-file=${file.path}`,
        `--places-url=${url}`,
      );
      return placesNote;
    };
    assertStringIncludes(
      await noteOn("http://proxy.example/places") ?? "",
      "the key is sent unencrypted to --places-url; https would encrypt it",
    );
    for (
      const url of [
        "https://proxy.example/places",
        "http://127.0.0.1:8080/",
        "http://localhost:8080",
        "http://[::1]:8080/places",
      ]
    ) assertEquals(await noteOn(url), undefined, url);
  },
});

Deno.test("servers that share a secret link, read only its file, and do not log it", async () => {
  await using herd = new TestHerd();
  using both = temporaryFile(`${newSecret}\n${oldSecret}\n`);
  const ports = (...offsets: number[]) =>
    offsets.map((offset) => `127.0.0.1:${herd.basePort + offset}`).join(",");
  const hill = await herd.start("Hill", [`--secret-file=${both.path}`], {}, [
    "--no-prompt",
    `--allow-net=${ports(0, 100, 101, 102)}`,
    `--allow-write=${herd.logFolder}`,
    `--allow-read=${both.path}`,
  ]);
  const smith = await herd.start("Smith", [], { HERD_SECRET: oldSecret }, [
    "--no-prompt",
    `--allow-net=${ports(2, 100, 102, 103, 104)}`,
    `--allow-write=${herd.logFolder}`,
    "--allow-env=HERD_SECRET",
  ]);
  await herd.untilLinked(["Hill", "Smith"]);
  using other = temporaryFile("not-the-same-secret\n");
  const jaquez = await herd.start(
    "Jaquez",
    [`--secret-file=${other.path}`],
    {},
    [
      "--no-prompt",
      "--allow-net",
      "--allow-write",
      `--allow-read=${other.path}`,
    ],
  );
  assertStringIncludes(jaquez.stdout, "linked with no neighbour yet");
  for (
    const [name, server] of Object.entries({
      Hill: hill,
      Smith: smith,
      Jaquez: jaquez,
    })
  ) {
    server.signal("SIGTERM");
    assertEquals(await server.ended(), 0);
    for (const text of [server.stderr, server.stdout, herd.log(name)]) {
      assert(!/secret-0|same-secret/.test(text), text);
    }
  }
});

Deno.test("a server without a secret prints nothing about secrets", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  assert(!/secret/i.test(hill.stdout + hill.stderr), hill.stderr);
});

Deno.test("help lists every flag", async () => {
  for (const program of [["server.ts"], ["main.ts", "up"]]) {
    await using help = Program.start([
      "run",
      "--no-prompt",
      ...program,
      "--help",
    ]);
    assertEquals(await help.ended(), 0);
    for (
      const [name, { help: meaning, value }] of Object.entries(serverFlags)
    ) {
      const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
      const line = help.stdout.split("\n")
        .find((line) => line.startsWith(`  ${flag}  `));
      assertStringIncludes(line ?? `no line for ${flag}`, meaning);
    }
  }
});

Deno.test("the binary may read every variable of the settings", async () => {
  const read = (path: string) => Deno.readTextFile(projectFolder + path);
  const [compile, placesKey, secrets] = await Promise.all(
    [
      "tools/compile.ts",
      "server/settings/places_key.ts",
      "server/settings/secrets.ts",
    ].map(read),
  );
  const named = [...(placesKey + secrets).matchAll(/Variable = "([A-Z_]+)"/g)]
    .map(([, name]) => name);
  assertEquals(named, ["GOOGLE_PLACES_KEY", "HERD_SECRET"]);
  for (const setting of Object.values(schema)) named.push(variableOf(setting));
  const [, allowed] = compile.match(/"--allow-env=(.*)"/)!;
  assertEquals(allowed, "GOOGLE_PLACES_KEY,HERD_*");
  for (const name of named) {
    assert(/^(GOOGLE_PLACES_KEY|HERD_[A-Z_]+)$/.test(name), name);
  }
});

Deno.test({
  name: "an open administration port listens on loopback by default",
  permissions: "none",
  async fn() {
    const adminOf = async (args: string[], ports?: PortSwitches) =>
      (await readSettings(readArguments(args, serverFlags), ports)).admin;
    assertEquals(await adminOf([]), undefined);
    const usual = { host: "127.0.0.1", names: [] };
    assertEquals(await adminOf(["--admin"]), usual);
    assertEquals(await adminOf([], openPorts), usual);
    assertEquals(
      await adminOf([
        "--admin",
        "--admin-host=192.0.2.7",
        "--admin-names=herd.example,10.0.0.1",
      ]),
      { host: "192.0.2.7", names: ["192.0.2.7", "herd.example", "10.0.0.1"] },
    );
  },
});

Deno.test({
  name:
    "wrong flags of administration and HTTP ports are refused with a reason",
  permissions: "none",
  async fn() {
    const wrong = [
      [["--admin-host=::1"], "--admin-host needs --admin"],
      [["--admin-names=a"], "--admin-names needs --admin"],
      [["--allow-origins=https://a.test"], "--allow-origins needs --http"],
      [["--gateway-host=::1"], "--gateway-host needs --http"],
      [["--http", "--allow-origins=a.test"], "expected an origin such as"],
      [["--http", "--allow-origins=https://a.test/"], "https://a.test/"],
      [["--http", "--allow-origins=https://a.test,"], "found nothing"],
      [["--open-nmea=a"], "--open-nmea needs --nmea"],
      [["--admin", "--admin-host=a b"], "--admin-host: expected a host name"],
      [["--admin", "--admin-names=a,,b"], "or address, found nothing"],
      [["--admin", "--admin-names=a/b"], "or address, found a/b"],
    ] as const;
    for (const [args, message] of wrong) {
      const error = await assertRejects(
        () => readSettings(readArguments(args, serverFlags)),
        UsageError,
      );
      assertStringIncludes((error as UsageError).message, message);
    }
  },
});

Deno.test({
  name:
    "HTTP ports are open with --http and in herd up, for the origins that are given",
  permissions: "none",
  async fn() {
    const read = (args: string[], ports?: PortSwitches) =>
      readSettings(readArguments(args, serverFlags), ports);
    assertEquals((await read([])).http, false);
    assertEquals((await read([], openPorts)).http, true);
    assertEquals((await read(["--http=false"], openPorts)).http, false);
    const origins = ["https://map.example", "http://localhost:3000"];
    const args = ["--http", `--allow-origins=${origins}`];
    const { gateways, http } = await read(args);
    assertEquals([http, gateways.allowedOrigins], [true, origins]);
  },
});
