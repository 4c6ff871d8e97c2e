import { describeFlags, readArguments } from "../../../cli/arguments.ts";
import { startServer } from "../../../mod.ts";
import { TopologyError } from "../../../peers/topology.ts";
import { SetupError, UsageError } from "../../../runtime/setup_error.ts";
import { settingFlags } from "../../../server/settings/flags.ts";
import { schema } from "../../../server/settings/schema.ts";
import {
  isGivenBy,
  type Schema,
  type Setting,
  variableOf,
} from "../../../server/settings/setting.ts";
import { requiredPermissions } from "../../../server/settings/requirements.ts";
import {
  readSettings,
  serverFlags,
} from "../../../server/settings/settings.ts";
import {
  flagSource,
  herdFileSource,
  optionSource,
  permissionsFor,
  resolveSettings,
  variableSource,
} from "../../../server/settings/sources.ts";
import { generate } from "../../../tools/generate.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../assert.ts";
import { Program, projectFolder } from "../../end_to_end/process.ts";

/** Sets variables until it is disposed of. */
function variables(values: Readonly<Record<string, string>>): Disposable {
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(values)) Deno.env.delete(name);
    },
  };
}

/** A herd file that exists until it is disposed of. */
function herdFile(settings: unknown): { path: string } & Disposable {
  const path = Deno.makeTempFileSync({ prefix: "herd-", suffix: ".json" });
  const servers = [{ name: "Hill" }];
  Deno.writeTextFileSync(path, JSON.stringify({ servers, settings }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

/** Reads settings as the programs do. */
const settingsFor = (...args: string[]) =>
  readSettings(readArguments(args, serverFlags));

const permissions = { env: true, read: true, write: true } as const;

Deno.test({
  name:
    "a flag wins over a variable, a variable over the herd file, the herd file over the default",
  permissions,
  async fn() {
    using file = herdFile({
      linkTimeoutMs: 6_000,
      maxClients: 6,
      catchUp: false,
      idleMs: 60_000,
      adminNames: ["a", "b"],
    });
    const timeouts = async (...args: string[]) =>
      (await settingsFor(`--config=${file.path}`, ...args)).linkTimeoutMs;
    assertEquals((await settingsFor()).linkTimeoutMs, 5_000);
    assertEquals(await timeouts(), 6_000);
    using _variables = variables({
      HERD_LINK_TIMEOUT_MS: "7000",
      HERD_IDLE_SECONDS: "0",
      HERD_NO_CATCH_UP: "false",
      HERD_ADMIN: "true",
      HERD_LOG_DIR: "",
    });
    assertEquals(await timeouts(), 7_000);
    assertEquals(await timeouts("--link-timeout-ms=8000"), 8_000);
    const settings = await settingsFor(`--config=${file.path}`);
    assertEquals(settings.maxClients, 6);
    assertEquals(settings.catchUp, true);
    assertEquals(settings.clientLimits.idleMs, Infinity);
    assertEquals(settings.admin, { host: "127.0.0.1", names: ["a", "b"] });
    assertEquals(settings.logDirectory, "logs");
    const without = await settingsFor("--admin=false", "--no-catch-up");
    assertEquals(without.admin, undefined);
    assertEquals(without.catchUp, false);
  },
});

Deno.test({
  name: "a variable can name the herd file, and its base port",
  permissions,
  async fn() {
    using file = herdFile({ maxClients: 6 });
    using _variables = variables({
      HERD_CONFIG: file.path,
      HERD_BASE_PORT: "9000",
    });
    const { maxClients, topology } = await settingsFor();
    assertEquals(maxClients, 6);
    assertEquals(topology.servers.map(({ clientPort }) => clientPort), [9000]);
  },
});

Deno.test("a variable that is not permitted is not read", async () => {
  await using program = Program.start([
    ...["run", "--frozen", "--allow-env=HERD_MAX_CLIENTS", "server.ts", "Hill"],
    "--print-permissions",
  ], { env: { HERD_MAX_CLIENTS: "7", HERD_LOG_DIR: "here" } });
  assertEquals(await program.ended(), 0, program.stderr);
  assertStringIncludes(
    program.stdout,
    " --allow-write=logs --allow-env=HERD_MAX_CLIENTS server.ts Hill\n",
  );
});

Deno.test({
  name:
    "a wrong value is reported with its source, what was found and what was expected",
  permissions,
  async fn() {
    for (
      const [name, value, message] of [
        ["HERD_MAX_CLIENTS", "0", "whole number from 1 to 100000000, found 0"],
        ["HERD_IDLE_SECONDS", "0.5", "number from 1 to 2592000, found 0.5"],
        ["HERD_ADMIN", "yes", "expected true or false, found yes"],
        ["HERD_PLACES", "bing", "expected auto, gazetteer, google"],
        ["HERD_HOST", "a b", "expected a host name or address, found a b"],
        ["HERD_TLS_CERT", "x.pem", "HERD_TLS_CERT needs --tls-key"],
      ]
    ) {
      using _variable = variables({ [name]: value });
      const error = await assertRejects(() => settingsFor(), SetupError);
      assertStringIncludes((error as Error).message, name);
      assertStringIncludes((error as Error).message, message);
    }
    for (
      const [settings, message] of [
        [
          { linkTimeoutMs: 10 },
          "linkTimeoutMs: expected a whole number from 3000 to 3600000, found 10",
        ],
        [{ maxClients: "7" }, 'from 1 to 100000000, found "7"'],
        [{ idleMs: null }, "from 1000 to 2592000000 or 0, found null"],
        [{ catchUp: 1 }, "catchUp: expected true or false, found 1"],
        [
          { adminNames: "a,b" },
          'a list of host names or addresses, found "a,b"',
        ],
        [
          { adminNames: ["a", ""] },
          'expected a host name or address, found ""',
        ],
        [{ host: [] }, "host: expected a host name or address, found []"],
        [{ onLogFailure: "panic" }, 'keep-serving or stop, found "panic"'],
        [{ placesUrl: "ftp://x/" }, "expected an http or https address"],
        [{ logDirectory: "" }, 'expected the path of a folder, found ""'],
      ] as const
    ) {
      using file = herdFile(settings);
      const [name] = Object.keys(settings);
      for (const flags of [[], ["--link-timeout-ms=5000", "--admin-names=a"]]) {
        const error = await assertRejects(
          () => settingsFor(`--config=${file.path}`, ...flags),
          SetupError,
          `${file.path}: settings.${name}: expected `,
        );
        assertStringIncludes((error as Error).message, message);
      }
    }
  },
});

Deno.test({
  name:
    "a herd file with an unknown or forbidden setting is refused with the nearest name",
  permissions,
  async fn() {
    for (
      const [settings, message] of [
        [
          { linkTimeout: 1 },
          'settings: "linkTimeout" is not known; did you mean linkTimeoutMs?',
        ],
        [
          { "max-clients": 1 },
          'settings: "max-clients" is not known; did you mean maxClients?',
        ],
        [
          { secret: "do-not-show-me-please" },
          'settings: "secret" is not known, and secretFile cannot be given ' +
          "here: use --secret-file or HERD_SECRET_FILE",
        ],
        [
          { secretFile: "do-not-show-me" },
          "settings.secretFile: cannot be given here: use --secret-file or " +
          "HERD_SECRET_FILE",
        ],
        [
          { basePort: 1 },
          'settings.basePort: cannot be given here: use "basePort", outside ' +
          'of "settings", --base-port or HERD_BASE_PORT',
        ],
        ["all", 'settings: expected an object, found "all"'],
        [null, "settings: expected an object, found null"],
      ] as const
    ) {
      using file = herdFile(settings);
      const error = await assertRejects(
        () => settingsFor(`--config=${file.path}`),
        SetupError,
        `${file.path}: ${message}`,
      );
      assert(!String(error).includes("do-not-show-me"));
    }
  },
});

Deno.test({
  name: "a herd file cannot give a setting that names a file",
  permissions: "none",
  fn() {
    for (const [name, setting] of Object.entries<Setting>(schema)) {
      if (setting.type !== "file") continue;
      assertThrows(
        () => herdFileSource(schema, { [name]: "x" }),
        TopologyError,
        `settings.${name}: cannot be given here`,
      );
    }
  },
});

Deno.test({
  name: "the permissions contain what settings read and write, from any source",
  permissions,
  async fn() {
    for (const [name, setting] of Object.entries<Setting>(schema)) {
      if (setting.type !== "file" && setting.type !== "folder") continue;
      const given = flagSource(new Map([[setting.flag, "some path"]]));
      const needs = permissionsFor(schema, resolveSettings(schema, [given]));
      for (const permission of setting.permission.split(" and ")) {
        const need = { name: permission, path: "some path" };
        assert(
          needs.some((one) => JSON.stringify(one) === JSON.stringify(need)),
          name,
        );
      }
    }
    using file = herdFile({ logDirectory: "elsewhere", admin: true });
    using _variables = variables({
      HERD_CONFIG: file.path,
      HERD_BASE_PORT: "9000",
      HERD_ADMIN_HOST: "::1",
      HERD_LINK_TIMEOUT_MS: "4000",
    });
    const settings = await settingsFor("--link-timeout-ms=5000");
    assertEquals(requiredPermissions(settings, ["Hill"]), [
      { name: "net", host: "127.0.0.1:9000" },
      { name: "net", host: "127.0.0.1:9100" },
      { name: "net", host: "[::1]:9200" },
      { name: "write", path: "elsewhere" },
      { name: "env", variable: "HERD_BASE_PORT" },
      { name: "read", path: file.path },
      { name: "env", variable: "HERD_CONFIG" },
      { name: "env", variable: "HERD_ADMIN_HOST" },
    ]);
  },
});

Deno.test({
  name: "each flag and each variable belongs to one setting",
  permissions: "none",
  fn() {
    const settings = Object.values<Setting>(schema);
    for (const nameOf of [variableOf, ({ flag }: Setting) => flag]) {
      assertEquals(new Set(settings.map(nameOf)).size, settings.length);
    }
    assert(!settings.map(variableOf).includes("HERD_SECRET"));
  },
});

Deno.test({
  name: "startServer() uses the herd's settings, and its own options first",
  permissions: "none",
  async fn() {
    const servers = [{ name: "Hill" }];
    const start = (settings: Record<string, unknown>, options = {}) =>
      startServer({ name: "Hill", herd: { servers, settings }, ...options });
    await assertRejects(
      () => start({ maxClients: 0 }),
      TopologyError,
      "settings.maxClients: expected a whole number from 1 to",
    );
    await assertRejects(
      () => start({ placesProvider: "google" }),
      RangeError,
      "googlePlacesKey: google needs a key",
    );
    await assertRejects(
      () => start({}, { limits: { idleMs: 1 } }),
      RangeError,
      "limits.idleMs: expected a whole number from 1000 to 2592000000 or " +
        "Infinity, found 1",
    );
    // These start until a permission is missing.
    for (
      const [settings, options, folder] of [
        [{ logDirectory: "theirs" }, {}, "theirs"],
        [{ logDirectory: "theirs" }, { logDirectory: "mine" }, "mine"],
        [{}, { limits: { idleMs: Infinity } }, "logs"],
      ] as const
    ) {
      await assertRejects(
        () => start(settings, options),
        SetupError,
        `--allow-write=${folder}`,
      );
    }
  },
});

Deno.test({
  name: "one entry adds a setting to every source and to the documentation",
  permissions,
  async fn() {
    const extended = {
      ...schema,
      napMs: {
        type: "whole number",
        flag: "nap-ms",
        unit: "MS",
        min: 5,
        max: 50,
        default: 20,
        group: "Naps",
        help: "sleep for this long at noon",
      },
    } as const satisfies Schema;
    const flags = settingFlags(extended);
    assertStringIncludes(
      describeFlags(flags),
      "\n\nNaps:\n  --nap-ms MS                          sleep for this long at noon (20)\n",
    );
    const napOf = async (
      { args = [], file = {}, options = {} }: {
        args?: string[];
        file?: Record<string, unknown>;
        options?: Record<string, unknown>;
      },
    ) =>
      resolveSettings(extended, [
        optionSource(options),
        flagSource(readArguments(args, flags).flags),
        await variableSource(extended),
        herdFileSource(extended, file),
      ]).values.napMs;
    const nap: number = await napOf({});
    assertEquals(nap, 20);
    assertEquals(await napOf({ file: { napMs: 21 } }), 21);
    {
      using _variable = variables({ HERD_NAP_MS: "22" });
      assertEquals(await napOf({ file: { napMs: 21 } }), 22);
      assertEquals(await napOf({ args: ["--nap-ms=23"] }), 23);
    }
    assertEquals(await napOf({ options: { napMs: 24 } }), 24);
    const wrong = "expected a whole number from 5 to 50, found 4";
    for (
      const [given, type, place] of [
        [{ args: ["--nap-ms", "4"] }, UsageError, "--nap-ms"],
        [{ file: { napMs: 4 } }, TopologyError, "settings.napMs"],
        [{ options: { napMs: 4 } }, RangeError, "napMs"],
      ] as const
    ) {
      await assertRejects(
        () => napOf(given as Parameters<typeof napOf>[0]),
        type,
        `${place}: ${wrong}`,
      );
    }
    const read = (path: string) => Deno.readTextFileSync(projectFolder + path);
    const files = generate(read, extended);
    assertStringIncludes(
      files.get("docs/CONFIGURATION.md")!.replaceAll(/ +/g, " "),
      "### Naps\n\n| flag | name | meaning | range | default | permission |",
    );
    assertStringIncludes(
      files.get("docs/CONFIGURATION.md")!.replaceAll(/ +/g, " "),
      "| `--nap-ms MS` | `napMs` | sleep for this long at noon | 5 to 50 | 20 |",
    );
    assertStringIncludes(
      files.get("server/settings/options.ts")!,
      "  /** Sleep for this long at noon. From 5 to 50, default 20. */\n" +
        "  readonly napMs?: number;\n",
    );
  },
});

Deno.test({
  name: "only its own sources can give a setting",
  permissions: "none",
  fn() {
    for (const kind of ["flag", "variable"] as const) {
      for (const setting of Object.values<Setting>(schema)) {
        assert(isGivenBy(setting, kind));
      }
    }
    const given = optionSource({ tlsKey: "key.pem", maxClients: 3 });
    const { values } = resolveSettings(schema, [given]);
    assertEquals([values.tlsKey, values.maxClients], [undefined, 3]);
  },
});
