import manifest from "../../deno.json" with { type: "json" };
import { type AppName, appNames } from "../../commands/app_setup.ts";
import { TokenRefusal } from "../../identity/refusal.ts";
import { verifyToken } from "../../identity/token.ts";
import { parseKeyFile } from "../../identity/token_keys.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { qrCodesIn, readQrCode } from "../cli/read_qr_code.ts";
import {
  type Fields,
  publishedBy,
  requestOf,
} from "../commands/app_requests.ts";
import { now as testNow, signTexts } from "../identity/make_token.ts";
import mqtt from "../mqtt.ts";
import { GuardedServer, keys } from "./admin_tokens.ts";
import { ask, projectFolder } from "./process.ts";

/** What a command has printed. */
interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `deno task token` in a folder, with the permissions of the task. */
async function token(
  cwd: string,
  args: readonly string[],
  stdin = "",
): Promise<Ended> {
  const [, ...words] = manifest.tasks.token.command.split(" ");
  const command = words.map((word) =>
    word === "main.ts" ? `${projectFolder}main.ts` : word
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--config=${projectFolder}deno.json`,
      ...command.slice(1),
      ...args,
    ],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const { code, stderr, stdout } = await Promise.all([
    child.output(),
    // A program that does not read its stdin has closed it.
    writer.write(new TextEncoder().encode(stdin))
      .then(() => writer.close()).catch(() => {}),
  ]).then(([output]) => output);
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Runs a test in a new folder. */
async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("deno task token create makes a key and a token in a fresh clone", () =>
  inFolder(async (folder) => {
    const first = await token(folder, ["create", "mira/pixel", "--days", "30"]);
    assertEquals(first.code, 0, first.stderr);
    assertEquals(
      first.stderr,
      "token.key is a new key: servers need this file to accept the token\n",
    );
    if (Deno.build.os !== "windows") {
      assertEquals(Deno.statSync(`${folder}/token.key`).mode! & 0o777, 0o600);
    }
    const text = Deno.readTextFileSync(`${folder}/token.key`);
    const keys = parseKeyFile(text, "token.key");
    const verified = verifyToken(first.stdout.trimEnd(), keys);
    assert(!(verified instanceof TokenRefusal));
    const { claims } = verified;
    assertEquals(claims.subject, "mira/pixel");
    assertEquals(claims.reports, ["mira/pixel"]);
    assertEquals([claims.sees, claims.lastOnly], [[], false]);
    assertEquals(claims.expiresAt - claims.issuedAt!, 30 * 86_400);

    const flags = ["--sees", "fam/* é", "--reports", "a b/*", "--last"];
    const second = await token(folder, ["create", "mira", ...flags]);
    assertEquals([second.code, second.stderr], [0, ""]);
    const other = verifyToken(second.stdout.trimEnd(), keys);
    assert(!(other instanceof TokenRefusal));
    assertEquals(other.claims.reports, ["a", "b/*"]);
    assertEquals(other.claims.sees, ["fam/*", "\xc3\xa9"]);
    assertEquals(other.claims.lastOnly, true);
    assert(other.claims.tokenId !== claims.tokenId);
    assertEquals(Deno.readTextFileSync(`${folder}/token.key`), text);
  }));

/** The fields of each app on the sheet. */
function fieldsIn(sheet: string): Map<string, Fields> {
  const sections = sheet.split(/\n\n(?=\S)/);
  return new Map(sections.map((section) => {
    const [title, ...lines] = section.trim().split("\n");
    const fields = lines.flatMap((line) => {
      const [, field, value] = line.match(/^ {2}(\S.*?) {2,}(\S.*)$/) ?? [];
      return field === undefined ? [] : [[field, value]];
    });
    return [title, Object.fromEntries(fields)];
  }));
}

Deno.test("each app reports with the fields that token create prints, and no log has the token", async () => {
  await using server = new GuardedServer();
  await server.start("--http", "--mqtt");
  const { herd } = server;
  server.write("token.key", `${keys[0].formatLine()}\n`);
  const origin = `http://127.0.0.1:${herd.httpPortOf("Hill")}`;
  // A name for a sheet with all apps, and the ID for which they report.
  const sheetFor = async (subject: string) => {
    const made = await token(server.pathOf("."), [
      ...["create", subject, "--server", origin],
    ]);
    assertEquals(made.code, 0, made.stderr);
    // A script may take all of stdout as the token.
    assertMatch(made.stdout, /^[\w.-]+\n$/);
    return { text: made.stdout.trimEnd(), sheet: made.stderr };
  };
  const report = async (name: AppName, fields: Fields, subject: string) => {
    const request = requestOf(name, fields);
    if (request !== undefined) {
      const { url, ...init } = request;
      const response = await fetch(url, { method: "POST", ...init });
      assertEquals(response.status, 200, `${name}: ${await response.text()}`);
      if (!response.bodyUsed) await response.body?.cancel();
    } else {
      const client = await mqtt.connectAsync({
        host: fields.Host,
        port: Number(fields.Port),
        username: fields["User name"],
        password: fields.Password,
        reconnectPeriod: 0,
      });
      const { payload, topic } = publishedBy(fields);
      await client.publishAsync(topic, payload, { qos: 1 });
      await client.endAsync();
    }
    const answer = await ask(herd.portOf("Hill"), `WHATSAT ${subject} 0 0\n`);
    assertMatch(answer, / \+52\.5\+13\.4 /, name);
  };
  for (
    const [subject, missing, codes] of [
      ["mira/pixel", ["traccar"], 3],
      ["cab-7", ["owntracks", "owntracks-mqtt"], 2],
    ] as const
  ) {
    const { sheet, text } = await sheetFor(subject);
    const sections = [...fieldsIn(sheet).values()];
    assertEquals(sections.length, appNames.length);
    for (const [index, name] of appNames.entries()) {
      const isMissing = (missing as readonly string[]).includes(name);
      assertEquals(Object.keys(sections[index]).length === 0, isMissing, name);
      if (!isMissing) await report(name, sections[index], subject);
    }
    const links = qrCodesIn(sheet).map(readQrCode);
    assertEquals(links.length, codes);
    for (const link of links) {
      const { searchParams } = new URL(link!);
      const inline = searchParams.get("inline");
      const shown = inline === null ? link! : JSON.parse(atob(inline)).password;
      assert(shown.includes(text), link);
    }
    await herd.untilLogged("Hill", ` IAMAT ${subject} `);
    const log = herd.log("Hill");
    for (const part of text.split(".").slice(1)) {
      assert(!log.includes(part), `a part of the token is in: ${log}`);
    }
  }
});

Deno.test("token create shows one app, and says what is wrong with a server's URL", () =>
  inFolder(async (folder) => {
    const create = (...flags: string[]) =>
      token(folder, ["create", "mira/pixel", ...flags]);
    const one = await create(
      ...["--server", "http://herd.example", "--app", "curl"],
    );
    assertEquals(one.code, 0);
    assertMatch(
      one.stderr,
      /\n\nWithout TLS .*\n.*\n\ncurl, or .*\n {2}Command/,
    );
    assert(one.stderr.includes('-d \'{"id":"mira/pixel",'));
    const port = await create(
      ...["--server=https://[::1]:9000", "--mqtt-port=1883", "--app=mqtt"],
    );
    assertMatch(port.stderr, /Host +::1\n +Port +1883\n +TLS +on\n/);
    const see = " (see herd token --help)\n";
    const wrong = "--server: expected http:// or https://, a name or an " +
      `address, and perhaps a port, such as https://herd.example:8400${see}`;
    const cases: [flags: string[], message: string][] = [
      ...[
        "herd.example",
        "herd:8400",
        "ftp://a",
        "https://a/pub",
        "http://u:p@a",
      ]
        .map((url): [string[], string] => [["--server", url], wrong]),
      [
        ["--server=https://a:65500"],
        `--server: with this port, add --mqtt-port${see}`,
      ],
      [["--app=curl"], `--app needs --server${see}`],
      [["--mqtt-port=1"], `--mqtt-port needs --server${see}`],
      [
        ["--server=https://a", "--app=gps"],
        `--app: expected one of ${appNames.join(", ")}${see}`,
      ],
    ];
    for (const [flags, message] of cases) {
      const ended = await create(...flags);
      assertEquals(ended.stderr, `herd: ${message}`, flags.join(" "));
      assertEquals([ended.code, ended.stdout], [2, ""]);
    }
  }));

Deno.test("deno task token key makes a key file once", () =>
  inFolder(async (folder) => {
    const made = await token(folder, ["key"]);
    assertEquals([made.code, made.stderr], [0, ""]);
    assertMatch(
      made.stdout,
      /^token\.key has a new key, \d{4}-\d\d-\d\d-[0-9a-f]{4}\n$/,
    );
    const text = Deno.readTextFileSync(`${folder}/token.key`);
    const again = await token(folder, ["key"]);
    assertEquals(again.code, 1);
    assertEquals(
      again.stderr,
      "herd: token.key: this file exists, and is not replaced: tokens that " +
        "its keys have signed would end\n",
    );
    assertEquals(Deno.readTextFileSync(`${folder}/token.key`), text);
  }));

Deno.test("deno task token inspect shows what is in a token, and never the token", () =>
  inFolder(async (folder) => {
    const { stdout } = await token(folder, [
      ...["create", "mira/pixel", "--sees", "fam/*", "--role", "viewer"],
    ]);
    const made = stdout.trimEnd();
    const parts = made.split(".");
    const hides = ({ stderr, stdout }: Ended) => {
      for (const part of parts) {
        assert(!(stdout + stderr).includes(part), stdout + stderr);
      }
    };
    const shown = await token(folder, ["inspect"], ` ${made}\r\n`);
    hides(shown);
    assertEquals([shown.code, shown.stderr], [0, ""]);
    for (
      const line of [
        /^subject +mira\/pixel$/m,
        /^reports +mira\/pixel$/m,
        /^sees +fam\/\*$/m,
        /^role +viewer$/m,
        /^expires +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m,
        /^valid +yes$/m,
      ]
    ) assertMatch(shown.stdout, line);

    const asArgument = await token(folder, ["inspect", made]);
    hides(asArgument);
    assertEquals(asArgument.code, 0);
    assertEquals(
      asArgument.stderr,
      "the arguments of a program are visible to other users of the machine: " +
        "give the token on stdin instead\n",
    );

    const [tampered, forged] = [
      `${parts[0]}.${parts[1]}.${"A".repeat(43)}`,
      signTexts(
        '{"alg":"HS256","kid":"x"}',
        `{"sub":"\\u001b[31m","jti":"1","exp":${testNow}}`,
      ),
    ];
    const refused = await token(folder, ["inspect"], tampered);
    hides(refused);
    assertEquals(refused.code, 1);
    assertEquals(
      refused.stderr,
      "herd: the token is not valid: the key of this ID did not sign it\n",
    );
    assertMatch(refused.stdout, /^valid +no: the key of this ID did not/m);
    const escaped = await token(folder, ["inspect"], forged);
    assertEquals(escaped.code, 1);
    assertMatch(escaped.stdout, /^subject +\\x1b\[31m$/m);
    const nonsense = await token(folder, ["inspect"], "kiwi");
    assertEquals(nonsense.stdout, "");
    assertEquals(
      nonsense.stderr,
      "herd: the token is not valid: expected three parts in base64url, with " +
        "dots between them\n",
    );
  }));

Deno.test("deno task token refuses what it cannot do in one line, without a token", () =>
  inFolder(async (folder) => {
    const see = " (see herd token --help)\n";
    const secret = signTexts("{}", "{}");
    const whole = signTexts('{"alg":"HS256","kid":"a"}', '{"sub":"a"}');
    const cases: [args: string[], message: string, code: number][] = [
      [[], `expected create, inspect or key after token${see}`, 2],
      [[secret], `expected create, inspect or key after token${see}`, 2],
      [["create"], `expected one subject${see}`, 2],
      [["create", "a", secret], `expected one subject${see}`, 2],
      [
        ["create", "a b"],
        `expected an ID as the subject, but it contains white space${see}`,
        2,
      ],
      [
        ["create", "a", "--sees", "*"],
        "--sees: pattern 1: expected an ID or prefix/*, but * is not at its " +
        `end, after /${see}`,
        2,
      ],
      [
        ["create", "a", "--days", "0"],
        `--days: expected a whole number from 1 to 3652, found 0${see}`,
        2,
      ],
      [
        ["create", "a", "--role", "admin"],
        `--role: expected viewer or operator${see}`,
        2,
      ],
      [["inspect", secret, "a"], `expected one token${see}`, 2],
      [
        ["inspect"],
        "token.key: there is no such file; name the key file with " +
        "--token-key-file\n",
        1,
      ],
      [
        ["inspect", secret, "--token-key-file", "other.key"],
        "not permitted: run with --allow-read=other.key\n",
        1,
      ],
      // A token where the name of its file belongs, or that begins with -.
      [
        ["inspect", "--token-key-file", whole],
        "not permitted: run with --allow-read=[redacted]\n",
        1,
      ],
      [["inspect", `--${whole}`], `unknown flag --[redacted]${see}`, 2],
      [
        ["create", "a", "--role", whole, "--days", whole],
        `--days: expected a whole number from 1 to 3652, found [redacted]${see}`,
        2,
      ],
    ];
    for (const [args, message, code] of cases) {
      const ended = await token(folder, args);
      assertEquals(ended.stderr, `herd: ${message}`, args.join(" "));
      assertEquals([ended.code, ended.stdout], [code, ""]);
    }
    const elsewhere = await token(folder, [
      ...["create", "a", "--token-key-file", "other.key"],
    ]);
    assertMatch(elsewhere.stderr, / run instead: .*--allow-read=other\.key /);
    // A permission to write is not asked for: another file is never made.
    assert(!elsewhere.stderr.includes("--allow-write"), elsewhere.stderr);
  }));

Deno.test("deno task token warns of a key file that all users can read", () =>
  inFolder(async (folder) => {
    await token(folder, ["key"]);
    await Deno.chmod(`${folder}/token.key`, 0o644);
    const { code, stderr } = await token(folder, ["create", "a"]);
    assertEquals(code, 0);
    assertEquals(
      stderr,
      "token.key: all users of this machine have access to it; run: chmod 600 " +
        "token.key\n",
    );
  }));
