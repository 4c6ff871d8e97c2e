import { decodeBytes } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { authority, hill } from "../fakes/certificates.ts";
import { GuardedServer, keys, tokenOf } from "./admin_tokens.ts";
import { ask, connect, Program, readAll, until } from "./process.ts";

/** Runs a subcommand of `herd` against a server. */
async function run(
  server: GuardedServer,
  ...args: readonly string[]
): Promise<{ code: number; output: string }> {
  await using program = Program.start([
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-read",
    "main.ts",
    ...args,
    `--base-port=${server.herd.basePort}`,
  ]);
  const code = await program.ended();
  return { code, output: program.stdout + program.stderr };
}

Deno.test("with --token-key-file the administration port requires tokens on loopback too", async () => {
  await using server = new GuardedServer();
  await server.start();
  const viewer = server.write("viewer", `${tokenOf("viewer")}\n`);
  const operator = server.write(
    "operator",
    tokenOf("operator", { role: "operator" }),
  );
  await ask(server.herd.portOf("Hill"), "IAMAT kiwi +1+2 1520023934\n");
  const required = "a token is required, as Authorization: Bearer TOKEN";
  const none = await run(server, "status", "Hill");
  assertEquals(none.code, 1);
  assertStringIncludes(none.output, required);
  const seen = await run(server, "status", "Hill", `--token-file=${viewer}`);
  assertEquals(seen.code, 0, seen.output);
  assertMatch(seen.output, /Hill .*ready|Hill/);
  const forget = (...flags: string[]) =>
    run(server, "forget", "kiwi", "--server=Hill", ...flags);
  assertStringIncludes((await forget()).output, required);
  assertStringIncludes(
    (await forget(`--token-file=${viewer}`)).output,
    "a token with the role operator is required",
  );
  const forgotten = await forget(`--token-file=${operator}`);
  assertEquals(forgotten.code, 0, forgotten.output);
  assertStringIncludes(forgotten.output, "its report is deleted");
  assertEquals(await server.statusOf("/healthz"), 200);
  assertEquals(await server.statusOf("/metrics"), 401);
});

Deno.test("beyond loopback the administration port speaks TLS only", async () => {
  await using server = new GuardedServer();
  const [cert, key, ca] = [
    ["cert", hill.certificate],
    ["key", hill.key],
    ["ca", authority],
  ].map(([name, text]) => server.write(name, text));
  await server.start(
    "--admin-host=0.0.0.0",
    `--tls-cert=${cert}`,
    `--tls-key=${key}`,
  );
  const port = server.herd.adminPortOf("Hill");
  assertStringIncludes(
    server.program.stdout,
    `dashboard at https://0.0.0.0:${port}/`,
  );
  using plain = await connect(port);
  await writeAll(plain, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const answer = await readAll(plain).catch(() => "");
  assert(!answer.includes("HTTP/1.1"), answer);
  const token = server.write("token", tokenOf("viewer"));
  const secure = ["--admin-host=127.0.0.1", `--token-file=${token}`];
  const seen = await run(server, "status", "Hill", ...secure, `--tls-ca=${ca}`);
  assertEquals(seen.code, 0, seen.output);
  // The token is not sent in plain text to another machine.
  const unsafe = await run(
    server,
    "status",
    "Hill",
    "--admin-host=192.0.2.1",
    `--token-file=${token}`,
  );
  assertEquals(unsafe.code, 2);
  assertMatch(unsafe.output, /192\.0\.2\.1:\d+ unencrypted; add --tls-ca/);
  // A handshake that fails is no error of the program.
  assertEquals(server.program.stderr.includes("Error"), false);
});

Deno.test("nothing that a server writes has a part of a credential", async () => {
  await using server = new GuardedServer();
  await server.start();
  const { address, herd, program } = server;
  const secret = "hunter2hunter2";
  const viewer = tokenOf("viewer");
  const tokens = [
    viewer,
    tokenOf("expired", { exp: 1 }),
    tokenOf("none", { role: undefined }),
    `${viewer.slice(0, -4)}AAAA`,
    tokenOf("other", {}, keys[1]),
  ];
  const ways = tokens.flatMap((token): [string, Record<string, string>][] => [
    ["/status.json", { authorization: `Bearer ${token}` }],
    ["/login", { authorization: `Bearer ${token}` }],
    ["/status.json", { authorization: `Basic ${btoa(`mira:${token}`)}` }],
    [`/t/${token}/events`, {}],
    [`/status.json?token=${token}`, {}],
    [`/client.json?id=a&token=${token}`, { authorization: `Bearer ${viewer}` }],
    ["/", { cookie: `herd-session=${token}; __Host-herd=${secret}` }],
  ]);
  ways.push(["/", { authorization: `Basic ${btoa(`mira:${secret}`)}` }]);
  let answers = "";
  const request = async (path: string, headers: Record<string, string>) => {
    for (const method of ["GET", "POST"]) {
      const response = await fetch(`http://${address}${path}`, {
        method,
        headers,
      });
      answers += `${response.status} ${[...response.headers]}\n`;
      if (!path.startsWith("/events")) answers += await response.text();
    }
  };
  // The answers to one address stop after some failures.
  for (const [path, headers] of ways) await request(path, headers);
  // Heads that are no requests.
  for (
    const head of [
      `GET /t/${viewer}/x HTTP/1.1\r\nAuthorization: Bearer ${viewer}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization ${viewer}\r\n\r\n`,
      `GET /\u0001?token=${secret} HTTP/9\r\n\r\n`,
      `MQTT\u0004mira\u000e${secret}`,
    ]
  ) {
    using connection = await connect(herd.adminPortOf("Hill"));
    await writeAll(connection, head);
    await connection.closeWrite();
    answers += await readAll(connection);
  }
  // What an operator looks at.
  const look = { headers: { authorization: `Bearer ${viewer}` } };
  await until(async () => {
    const response = await fetch(`http://${address}/metrics`, look);
    answers += await response.text();
    return response.ok || response.status === 429;
  });
  await server.renew();
  program.signal("SIGTERM");
  assertEquals(await program.ended(), 0);
  const written = [answers, program.stdout, program.stderr, herd.log("Hill")]
    .join("\n");
  assertStringIncludes(written, "identities-renewed");
  const parts = [
    secret,
    btoa(secret),
    ...tokens.flatMap((token) => {
      const [header, claims, signature] = token.split(".");
      return [header, claims, signature, btoa(`mira:${token}`).slice(8, 40)];
    }),
  ];
  for (const part of parts) {
    assert(!written.includes(part.slice(0, 12)), part);
  }
});

/** A token, and when it begins and ceases to be valid, in milliseconds. */
interface Phase {
  readonly token: string;
  /** The address of its owner: failed attempts are limited by address. */
  readonly client: string;
  /** Requests that begin later must be accepted, until `endsFrom`. */
  validFromMs: number;
  /** Requests that end earlier must be accepted. */
  endsFromMs: number;
  /** Requests that begin later must be refused. */
  endedByMs: number;
}

Deno.test("keys and revocations change under load without a wrong answer", async () => {
  await using server = new GuardedServer();
  await server.start("--trusted-proxies=127.0.0.1");
  const phases: Phase[] = [];
  let clients = 0;
  const add = (token: string): Phase => {
    clients += 1;
    const phase = {
      token,
      client: `192.0.2.${clients}`,
      validFromMs: performance.now(),
      endsFromMs: Infinity,
      endedByMs: Infinity,
    };
    phases.push(phase);
    return phase;
  };
  const statusOf = ({ client, token }: Phase) =>
    server.statusOf("/client.json?id=x", token, client);
  // After many refusals of an address it is 429.
  const isRefusal = (status: number) => status === 401 || status === 429;
  const faults: string[] = [];
  let accepted = 0;
  let refused = 0;
  let isOver = false;
  const work = async () => {
    for (let turn = 0; !isOver; turn++) {
      const phase = phases[turn % phases.length];
      const beganMs = performance.now();
      const status = await statusOf(phase);
      const endedMs = performance.now();
      // No client has this ID.
      const isAccepted = status === 404;
      if (isAccepted) accepted += 1;
      else refused += 1;
      const { endedByMs, endsFromMs, validFromMs } = phase;
      if (!isAccepted && beganMs >= validFromMs && endedMs <= endsFromMs) {
        faults.push(`refused with ${status}`);
      }
      if (isAccepted && beganMs >= endedByMs) faults.push("accepted late");
    }
  };
  /** Changes the files. The phases have ended when the server has read them. */
  const change = async (write: () => void, ...ended: readonly Phase[]) => {
    write();
    const nowMs = performance.now();
    for (const phase of ended) phase.endsFromMs = nowMs;
    await server.renew();
    for (const phase of ended) phase.endedByMs = performance.now();
  };
  let old = add(tokenOf("0", {}, keys[0]));
  const workers = Array.from({ length: 4 }, () =>
    work().catch((error) => {
      faults.push(`${error} ${server.program.stderr}`);
      isOver = true;
    }));
  let [current, next] = keys;
  const stream = await fetch(`http://${server.address}/events`, {
    headers: { authorization: `Bearer ${old.token}` },
  });
  const streamed = (async () => {
    for await (const _ of stream.body!);
  })();
  for (let round = 1; round <= 4; round++) {
    await change(() => server.writeKeys(next, current));
    const fresh = add(tokenOf(`${round}`, {}, next));
    const revoked = add(
      tokenOf(`${round}-revoked`, {}, next),
    );
    // Both keys are in use.
    const before = accepted;
    await until(() => accepted > before + 20 || isOver);
    await change(() => server.writeRevoked(`${round}-revoked`), revoked);
    phases.splice(phases.indexOf(revoked), 1);
    await change(() => server.writeKeys(next), old);
    assert(isRefusal(await statusOf(revoked)));
    assert(isRefusal(await statusOf(old)));
    phases.splice(phases.indexOf(old), 1);
    if (round === 1) await streamed;
    old = fresh;
    [current, next] = [next, current];
  }
  isOver = true;
  await Promise.all(workers);
  assertEquals(faults, []);
  assert(accepted > 100, `${accepted} ${refused}`);
});

Deno.test("a token is accepted until its end and its leeway, and not later", async () => {
  await using server = new GuardedServer();
  await server.start();
  const endsAt = Math.floor(Date.now() / 1000) + 3;
  const token = tokenOf("short", { exp: endsAt - 60 });
  const cookieless = await fetch(`http://${server.address}/events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assertEquals(cookieless.status, 200);
  let received = "";
  let lastAtSeconds = 0;
  for await (const chunk of cookieless.body!) {
    received += decodeBytes(chunk, 0, chunk.length);
    lastAtSeconds = Date.now() / 1000;
  }
  assertStringIncludes(received, "event: status");
  assert(lastAtSeconds < endsAt + 1, `${lastAtSeconds - endsAt}`);
  await until(() => Date.now() / 1000 >= endsAt);
  assertEquals(await server.statusOf("/status.json", token), 401);
});
